#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/tenure/client.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"

namespace tenure {

using nlohmann::json;

std::string with_query(const std::string& path, const Query& query) {
  std::string target = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    target += separator + name + '=' + percent_encoded(value);
    separator = '&';
  }
  return target;
}

std::string org_path(const std::string& org, const std::string& rest) {
  return "/v1/orgs/" + percent_encoded(org) + rest;
}

Client::Client(ClientOptions options) : options_(std::move(options)) {
  const bool local =
      options_.url.find("//127.0.0.1") != std::string::npos || options_.url.find("//localhost") != std::string::npos;
  if (!options_.token.empty() || !(local || options_.url.find("//[::1]") != std::string::npos)) return;
  // On the server's own machine the first start left a token for everything.
  std::ifstream file(options_.data + "/admin.token");
  std::getline(file, options_.token);
}

bool Client::take(unsigned status, const std::string& body, json& answer) {
  answer = json::parse(body, nullptr, false);
  if (status < 400 && !answer.is_discarded()) return true;
  exit_code_ = status == 401 || status == 403 ? exit_forbidden
               : status >= 500                ? exit_failed
               : status >= 400                ? exit_refused
                                              : exit_failed;
  if (answer.is_discarded() || !answer.contains("detail")) {
    answer = nullptr;
    because_ = "the server answered " + std::to_string(status) + ": " + printable(body);
  } else {
    because_ = printable(answer.at("detail").get<std::string>()) + " (" + answer.value("code", "") + ")";
  }
  return false;
}

// No answer came.
bool Client::fail(const std::string& because, json& answer) {
  answer = nullptr;
  because_ = because;
  exit_code_ = exit_unreachable;
  return false;
}

// Says what went wrong. Always false.
bool Client::tell(const json& problem) {
  if (options_.json && !problem.is_null()) std::cout << problem.dump() << "\n";
  std::cerr << "tenure: " << because_ << "\n";
  if (problem.is_null()) return false;
  if (problem.value("status", 0) == 401 && options_.token.empty()) {
    std::cerr << "tenure: no token was sent: give --token or TENURE_TOKEN, or the server's folder with --data.\n";
  }
  const json errors = problem.value("errors", json::array());
  for (std::size_t i = 0; i < errors.size() && i < 20 && errors.size() > 1; ++i) {
    std::cerr << "  event " << errors[i].value("index", 0) << " " << printable(errors[i].value("field", "")) << ": "
              << printable(errors[i].value("detail", "")) << "\n";
  }
  return false;
}

bool Client::request(const std::string& method, const std::string& target, const std::string& body, json& answer,
                     const Headers& headers) {
  return is_no_list() && (request_quietly(method, target, body, answer, headers) || tell(answer));
}

bool Client::request_quietly(const std::string& method, const std::string& target, const std::string& body,
                             json& answer, const Headers& headers) {
  const auto server = server_address(options_.url);
  HttpQuestion question{method, target, options_.token, body, headers};
  const bool typed =
      std::any_of(headers.begin(), headers.end(), [](const auto& h) { return h.first == "Content-Type"; });
  if (!body.empty() && !typed) question.headers.emplace_back("Content-Type", "application/json");
  const auto got = server ? http_request(*server, question) : Outcome<HttpAnswer>(server.error());
  return got ? take(got->status, got->body, answer) : fail(got.error().because, answer);
}

bool Client::upload(const std::string& target, const std::function<std::string()>& source, json& answer) {
  if (!is_no_list()) return false;
  const auto server = server_address(options_.url);
  const HttpQuestion question{"POST", target, options_.token, {}, {{"Content-Type", "application/x-ndjson"}}};
  const auto got = server ? http_upload(*server, question, source) : Outcome<HttpAnswer>(server.error());
  return (got ? take(got->status, got->body, answer) : fail(got.error().because, answer)) || tell(answer);
}

bool Client::download(const std::string& target, std::ostream& out, const Headers& headers) {
  const auto server = server_address(options_.url);
  const HttpQuestion question{"GET", target, options_.token, {}, headers};
  const auto write = [&](std::string_view piece) { out << piece; };
  const auto got = server ? http_download(*server, question, write) : Outcome<HttpAnswer>(server.error());
  json answer;
  if (!got) return fail(got.error().because, answer) || tell(answer);
  if (got->status != 200) return take(got->status, got->body, answer) || tell(answer);
  out.flush();
  // Rows have no place for it, and none at all would look like nobody.
  if (got->header("Tenure-before-history") == "true") {
    std::cerr << before_history_told(got->header("Tenure-history-from"));
  }
  if (out) return true;
  std::cerr << "tenure: not all of it could be written.\n";
  exit_code_ = exit_failed;
  return false;
}

bool Client::streamed(const std::string& target, std::size_t most) {
  if (options_.rows.empty()) return false;
  if (most != every_row) {
    std::cerr << "tenure: --csv and --ndjson give whole lists; leave --limit out.\n";
    exit_code_ = exit_usage;
  } else {
    (void)download(target, std::cout, {{"Accept", options_.rows}});
  }
  return true;
}

// What is no list has no rows to stream.
bool Client::is_no_list() {
  if (options_.rows.empty()) return true;
  std::cerr << "tenure: --csv and --ndjson are for lists; this command has none.\n";
  exit_code_ = exit_usage;
  return false;
}

bool Client::whole_list(const std::string& path, json& answer) {
  return !streamed(path, every_row) && get(path, answer);
}

bool Client::list(const std::string& path, const Query& query, std::size_t most, json& first, json& items) {
  if (streamed(with_query(path, query), most)) return false;
  const auto ask = [&](const Query& page, json& answer) {
    Query whole = query;
    whole.insert(whole.end(), page.begin(), page.end());
    return get(with_query(path, whole), answer);
  };
  return pages(ask, most, first, items);
}

bool Client::pages(const AskPage& ask, std::size_t most, json& first, json& items) {
  items = json::array();
  Query query{{"limit", std::to_string(std::min<std::size_t>(most, 1000))}, {"cursor", ""}};
  while (true) {
    json page;
    if (!ask(query, page)) return false;
    if (first.is_null()) first = page;
    // Where counting takes long, the last page tells.
    if (page.contains("total")) first["total"] = page.at("total");
    const std::size_t room = most - items.size(), rows = page.at("items").size();
    for (json& item : page.at("items")) {
      if (items.size() < most) items.push_back(std::move(item));
    }
    const bool cut = rows > room || (rows == room && page.contains("next"));
    if (cut)
      std::cerr << "tenure: these are the first " << most << "; there are more, --limit says how many to show.\n";
    if (cut || !page.contains("next")) return true;
    query.back().second = page.at("next").get<std::string>();
  }
}

std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c >= 0x20 && c != 0x7F && !c1) {
      out += text[i];
      continue;
    }
    out += "\xEF\xBF\xBD";
    i += c1 ? 1 : 0;
  }
  return out;
}

std::string text_of(const nlohmann::json& item, const char* field) {
  const auto it = item.find(field);
  if (it == item.end() || it->is_null()) return "";
  if (it->is_string()) return printable(it->get<std::string>());
  if (!it->is_array()) return it->dump();
  std::string all;
  for (const nlohmann::json& part : *it)
    all += (all.empty() ? "" : ", ") + (part.is_string() ? printable(part.get<std::string>()) : part.dump());
  return all;
}

std::string found_so(const nlohmann::json& item, const char* basis) {
  return text_of(item, basis) == "baseline" ? " (found so)" : "";
}

std::string when_of(const nlohmann::json& event) { return text_of(event, "occurred_at") + found_so(event, "basis"); }

std::string since_of(const nlohmann::json& row) {
  // A review's item names the event itself.
  const bool names_event = row.contains("granted");
  return text_of(row, "since") + (names_event ? found_so(row.at("granted"), "basis") : found_so(row, "since_basis"));
}

std::string said_by(const nlohmann::json& event) {
  std::string text;
  if (event.contains("actor")) text += ", by " + text_of(event.at("actor"), "id");
  if (event.contains("approved_by")) text += ", approved by " + text_of(event.at("approved_by"), "id");
  if (event.contains("reason")) text += ": " + text_of(event, "reason");
  return text;
}

std::string event_line(const nlohmann::json& event) {
  return text_of(event, "type") + " at position " + event.at("position").dump() + ", " + when_of(event) +
         said_by(event);
}

void print_footer(const nlohmann::json& head, const std::string& what) {
  const std::string total = head.contains("total") ? head.at("total").dump() : "more than these";
  std::cout << "\n"
            << total << " " << what << ", as of " << text_of(head, "as_of") << ", position " << head.at("position")
            << "\n";
  warn_before_history(head);
}

std::string before_history_told(const std::string& history_from) {
  const std::string begins = history_from.empty() ? "" : ", which begins " + printable(history_from);
  return "!! This asks about a time before the history" + begins +
         ": nothing is known of it, which does not mean nobody.\n";
}

void warn_before_history(const nlohmann::json& head) {
  if (!head.value("before_history", false)) return;
  std::cout << before_history_told(text_of(head, "history_from"));
}

int print_whole(nlohmann::json first, const nlohmann::json& items) {
  first["items"] = items;
  first.erase("next");
  std::cout << first.dump(2) << "\n";
  return exit_ok;
}

void print_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& raw_rows) {
  auto rows = raw_rows;
  for (auto& row : rows) std::transform(row.begin(), row.end(), row.begin(), printable);
  const auto width_of = [](const std::string& text) {
    std::size_t width = 0;
    for (const unsigned char c : text) width += (c & 0xC0) != 0x80;  // UTF-8: count characters, not bytes
    return width;
  };
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < heading.size(); ++c) {
    std::size_t width = width_of(heading[c]);
    for (const auto& row : rows) width = std::max(width, width_of(row[c]));
    widths.push_back(width);
  }
  const auto print = [&](const std::vector<std::string>& row) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      std::cout << row[c];
      if (c + 1 < row.size()) std::cout << std::string(widths[c] - width_of(row[c]) + 2, ' ');
    }
    std::cout << "\n";
  };
  print(heading);
  for (const auto& row : rows) print(row);
}

}  // namespace tenure
