#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "services/api/page_ahead.h"
#include "services/api/parts.h"
#include "services/api/rows.h"
#include "services/http/accept.h"
#include "services/reports/csv_cell.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

// Rows of one page: each costs the opening of the organization once, and some hundred bytes of memory a row.
constexpr const char* stream_page_rows = "5000";
constexpr std::size_t chunk_bytes = 64 * 1024;

enum class Form : std::uint8_t { json, csv, ndjson };

Form asked_form(const Request& request) {
  static constexpr std::string_view offers[] = {"application/json", "text/csv", "application/x-ndjson"};
  static constexpr Form forms[] = {Form::json, Form::csv, Form::ndjson};
  // Whoever takes none of them gets JSON, in which a no would be written, too.
  return forms[http::preferred(request.header_list("Accept"), offers).value_or(http::Preferred{}).offer];
}

std::string text_of(const json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  const bool texts =
      value.is_array() && std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
  if (!texts) return value.dump();
  std::string all;
  for (const json& each : value) all += (all.empty() ? "" : "; ") + each.get<std::string>();
  return all;
}

// The end of the value that begins at a place of a JSON text without blanks, which is how rows are written.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  for (int depth = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
      if (depth == 0) return at + 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // of what it stands in
      if (--depth == 0) return at + 1;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return text.size();
}

// The members of an object in such a text: their names and values as they stand there.
using Members = std::vector<std::pair<std::string_view, std::string_view>>;
void members_of(std::string_view object, Members& members) {
  members.clear();
  if (object.size() < 2 || object.front() != '{') return;
  for (std::size_t at = 1; at < object.size() && object[at] == '"';) {
    const std::size_t name_end = end_of_value(object, at), value_end = end_of_value(object, name_end + 1);
    members.emplace_back(object.substr(at + 1, name_end - at - 2),
                         object.substr(name_end + 1, value_end - name_end - 1));
    at = value_end + 1;
  }
}

std::string_view member_of(const Members& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.first == name; });
  return found == members.end() ? std::string_view() : found->second;
}

// The text of a value as it stands in a row; only what a document is needed for becomes one.
std::string cell_of(std::string_view value) {
  if (value.empty() || value == "null") return {};
  if (value.front() == '"' && value.find('\\') == std::string_view::npos) {
    return std::string(value.substr(1, value.size() - 2));
  }
  const bool plain = value == "true" || value == "false" || value.find_first_not_of("-0123456789") == value.npos;
  return plain ? std::string(value) : text_of(json::parse(value));
}

std::string cell_at(const Members& row, std::string_view path) {
  const auto dot = path.find('.');
  std::string_view value = member_of(row, path.substr(0, dot));
  if (dot == std::string_view::npos) return cell_of(value);
  Members inner;
  members_of(value, inner);
  return cell_at(inner, path.substr(dot + 1));
}

// One list, page after page.
class Stream {
 public:
  Stream(http::BlockingHandler handler, const Request& request, Form form, std::vector<std::string> columns)
      : handler_(std::move(handler)),
        base_(request),
        form_(form),
        columns_(std::move(columns)),
        ahead_([this](const std::string& cursor) { return ask(cursor); }) {
    base_.add_header(stream_page_field, stream_page_rows);
    base_.kept = std::make_shared<std::shared_ptr<const void>>();
  }

  // The answer to begin with, or the handler's own where it is a no.
  Response begin(const std::shared_ptr<Stream>& self) {
    Response first = ask({});
    if (first.status != 200) return first;
    take(std::move(first.body));
    Response response;
    if (form_ == Form::csv) {
      response.content_type = http::MediaType("text/csv; charset=utf-8");
    } else {
      response.content_type = http::MediaType("application/x-ndjson");
    }
    for (const auto& [name, value] : head_.items()) {
      std::string field = "Tenure-" + name;
      std::replace(field.begin(), field.end(), '_', '-');
      response.headers.emplace_back(std::move(field), text_of(value));
    }
    response.more = [self](std::string& chunk) { return self->next_chunk(chunk); };
    response.ahead = [self] { self->ahead_.make(); };
    return response;
  }

 private:
  Response ask(const std::string& cursor) {
    Request request = base_;
    if (!cursor.empty()) request.add_query("cursor", cursor);
    return handler_(request);
  }

  // Finds the rows of a page, which stand as an array of objects under "items", each with a line's end behind it
  // (PageRows) if it is a list with pages, and with the cursor behind them.
  void take(std::string body) {
    body_ = std::move(body);
    static constexpr std::string_view items = "\"items\":[";
    const std::size_t begin = body_.find(items);
    if (begin == std::string::npos) throw std::logic_error("a list without items");
    if (head_.is_null()) {
      std::string head = body_.substr(0, begin);
      if (head.ends_with(',')) head.pop_back();
      head_ = json::parse(head + "}");
    }
    at_ = begin + items.size();
    in_lines_ = body_.find('\n', at_) != std::string::npos;
    // The cursor stands behind the items, unless what is found there is something else: then that page is asked in
    // vain.
    static constexpr std::string_view next = "],\"next\":\"";
    const std::size_t cursor = body_.rfind(next);
    if (cursor == std::string::npos || cursor < at_) return;
    const std::size_t from = cursor + next.size();
    ahead_.want(body_.substr(from, body_.find('"', from) - from));
  }

  // The next row's text; nothing at the end of the page.
  std::string_view next_row() {
    if (body_[at_] == ',') ++at_;
    if (body_[at_] == ']') return {};
    const std::size_t begin = at_;
    const std::size_t end = in_lines_ ? body_.find('\n', begin) : end_of_value(body_, begin);
    if (end == std::string::npos) throw std::logic_error("a row without an end");
    at_ = end + in_lines_;
    return std::string_view(body_).substr(begin, end - begin);
  }

  enum class Next : std::uint8_t { page, none, in_the_making };

  Next next_page() {
    const json rest = json::parse("{\"items\":[" + body_.substr(at_));
    if (!rest.contains("next")) return Next::none;
    // Whether it has expired was asked when the page was made (asked_page).
    if (base_.identity_as<Token>()->revoked) throw http::CutShort();
    auto page = ahead_.take(rest.at("next").get<std::string>());
    if (!page) return Next::in_the_making;
    if (page->status == 401) throw http::CutShort();
    if (page->status != 200) throw std::runtime_error("a page of a stream was refused: " + page->body);
    take(std::move(page->body));
    return Next::page;
  }

  bool next_chunk(std::string& chunk) {
    if (form_ == Form::csv && !headed_) {
      for (const std::string& column : columns_) (chunk += chunk.empty() ? "" : ",") += column;
      chunk += "\r\n";
    }
    headed_ = true;
    while (chunk.size() < chunk_bytes) {
      const std::string_view row = next_row();
      if (row.empty()) {
        const Next next = next_page();
        if (next == Next::none) return false;
        if (next == Next::in_the_making) return true;
        continue;
      }
      if (form_ == Form::ndjson) {
        chunk.append(row) += '\n';
      } else {
        add_line(chunk, row);
      }
    }
    return true;
  }

  void add_line(std::string& chunk, std::string_view row) {
    members_of(row, members_);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) chunk += ',';
      reports::append_csv_text(chunk, cell_at(members_, columns_[i]));
    }
    chunk += "\r\n";
  }

  http::BlockingHandler handler_;
  Request base_;
  Form form_;
  std::vector<std::string> columns_;
  json head_;
  std::string body_;
  std::size_t at_ = 0;
  bool in_lines_ = true;  // the page in hand has a line's end behind each row
  Members members_;       // of the row in hand
  bool headed_ = false;
  PageAhead ahead_;
};

}  // namespace

http::BlockingHandler with_rows(std::vector<std::string> columns, http::BlockingHandler handler) {
  return [columns = std::move(columns), handler = std::move(handler)](Request& request) {
    const Form form = asked_form(request);
    if (form == Form::json) return handler(request);
    for (const char* name : {"limit", "cursor"}) {
      if (!request.query(name)) continue;
      return http::problem(refuse(RefusalCode::invalid_field,
                                  "CSV and NDJSON are the whole list; leave \"" + std::string(name) + "\" out.", name),
                           400);
    }
    const auto stream = std::make_shared<Stream>(handler, request, form, columns);
    return stream->begin(stream);
  };
}

}  // namespace tenure::services
