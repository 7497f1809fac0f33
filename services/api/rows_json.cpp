#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "services/api/rows.h"
#include "services/http/problem.h"
#include "services/reports/csv_cell.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

// Rows of one page: each costs the opening of the organization once, and some hundred bytes of memory a row.
constexpr const char* stream_page_rows = "10000";
constexpr std::size_t chunk_bytes = 64 * 1024;

enum class Form : std::uint8_t { json, csv, ndjson };

Form asked_form(const Request& request) {
  const auto accept = request.header("Accept").value_or("");
  if (accept.find("text/csv") != std::string_view::npos) return Form::csv;
  if (accept.find("application/x-ndjson") != std::string_view::npos) return Form::ndjson;
  return Form::json;
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

std::string at_path(const json& row, const std::string& path) {
  const json* value = &row;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const auto member = value->is_object() ? value->find(path.substr(begin, end - begin)) : value->end();
    if (member == value->end()) return {};
    value = &*member;
    begin = end + 1;
  }
  return text_of(*value);
}

// One list, page after page.
class Stream {
 public:
  Stream(http::BlockingHandler handler, const Request& request, Form form, std::vector<std::string> columns)
      : handler_(std::move(handler)), base_(request), form_(form), columns_(std::move(columns)) {
    base_.add_header(stream_page_field, stream_page_rows);
    base_.kept = std::make_shared<std::shared_ptr<const void>>();
  }

  // The answer to begin with, or the handler's own where it is a no.
  Response begin(const std::shared_ptr<Stream>& self) {
    Response first = ask({});
    if (first.status != 200) return first;
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
    return response;
  }

 private:
  Response ask(const std::string& cursor) {
    Request request = base_;
    if (!cursor.empty()) request.add_query("cursor", cursor);
    Response page = handler_(request);
    if (page.status == 200) take(std::move(page.body));
    return page;
  }

  // Finds the rows of a page, which stand as an array of objects under "items", with the cursor behind them.
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
  }

  // The next row's text; nothing at the end of the page.
  std::string_view next_row() {
    if (body_[at_] == ',') ++at_;
    if (body_[at_] == ']') return {};
    const std::size_t begin = at_;
    int depth = 0;
    bool in_text = false;
    for (; at_ < body_.size(); ++at_) {
      const char c = body_[at_];
      if (in_text) {
        if (c == '\\') ++at_;
        if (c == '"') in_text = false;
        continue;
      }
      if (c == '"') in_text = true;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    ++at_;
    return std::string_view(body_).substr(begin, at_ - begin);
  }

  bool next_page() {
    const json rest = json::parse("{\"items\":[" + body_.substr(at_));
    if (!rest.contains("next")) return false;
    const Response page = ask(rest.at("next").get<std::string>());
    if (page.status != 200) throw std::runtime_error("a page of a stream was refused: " + page.body);
    return true;
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
        if (!next_page()) return false;
        continue;
      }
      if (form_ == Form::ndjson) {
        chunk.append(row) += '\n';
      } else {
        add_line(chunk, json::parse(row));
      }
    }
    return true;
  }

  void add_line(std::string& chunk, const json& row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) chunk += ',';
      reports::append_csv_text(chunk, at_path(row, columns_[i]));
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
  bool headed_ = false;
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
