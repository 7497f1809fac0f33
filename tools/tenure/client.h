// What every client command shares: where the server is, who asks, and what comes back.
//
// One thread. A command writes its answer to standard output, what went wrong to standard error, and returns an exit
// code (exit_codes.h).
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace tenure {

struct ClientOptions {
  std::string url = "http://127.0.0.1:7400";
  std::string token;
  std::string data = "./data";  // where admin.token is looked for
  bool json = false;
  std::string rows;  // of lists, as they are streamed: a media type, or empty
};

// Query parameters in order; the ones with an empty value are left out.
using Query = std::vector<std::pair<std::string, std::string>>;
// As many rows as a list has.
inline constexpr std::size_t every_row = 1'000'000'000;
using Headers = std::vector<std::pair<std::string, std::string>>;
std::string with_query(const std::string& path, const Query& query);
// "/v1/orgs/ORG" and what comes behind it; the name may hold any character.
std::string org_path(const std::string& org, const std::string& rest = {});

class Client {
 public:
  explicit Client(ClientOptions options);

  // One request; a body is JSON unless `headers` say otherwise. False when it failed: it has been said, and `exit_code`
  // tells how.
  bool request(const std::string& method, const std::string& target, const std::string& body, nlohmann::json& answer,
               const Headers& headers = {});
  // The same, but a no is for the caller to tell: `because` is its sentence, and `answer` the server's problem; null
  // where no problem came.
  bool request_quietly(const std::string& method, const std::string& target, const std::string& body,
                       nlohmann::json& answer, const Headers& headers = {});
  bool get(const std::string& target, nlohmann::json& answer) { return request("GET", target, {}, answer); }
  bool upload(const std::string& target, const std::function<std::string()>& source, nlohmann::json& answer);
  // What the server sends, as it is.
  bool download(const std::string& target, std::ostream& out, const Headers& headers = {});
  // A list, followed page by page to its end; `items` are all rows, `first` the first page. Where rows are to be
  // streamed they go to standard output as they come, all of them, and there is nothing left to be shown: false, of
  // exit code 0.
  bool list(const std::string& path, const Query& query, std::size_t most, nlohmann::json& first,
            nlohmann::json& items);
  // One that comes in one page.
  bool whole_list(const std::string& path, nlohmann::json& answer);
  // The same as `list` where a page is asked for in another way than by GET: `ask` adds `limit` and `cursor` to its
  // question.
  using AskPage = std::function<bool(const Query& page, nlohmann::json& answer)>;
  bool pages(const AskPage& ask, std::size_t most, nlohmann::json& first, nlohmann::json& items);

  const ClientOptions& options() const { return options_; }
  int exit_code() const { return exit_code_; }
  const std::string& because() const { return because_; }

 private:
  bool take(unsigned status, const std::string& body, nlohmann::json& answer);
  bool fail(const std::string& because, nlohmann::json& answer);
  bool tell(const nlohmann::json& problem);
  // Streams a list where that is wanted.
  bool streamed(const std::string& target, std::size_t most);
  bool is_no_list();

  ClientOptions options_;
  int exit_code_ = 0;
  std::string because_;
};

// What a server or a file says may hold control characters, which would move a terminal's cursor or change its colours:
// each is shown as U+FFFD.
std::string printable(const std::string& text);
// A field of an answer for a terminal: empty where it is absent or null, the parts of a list with commas between.
std::string text_of(const nlohmann::json& item, const char* field);
// " (found so)" where a field says that the basis is a baseline: since when, nobody knows.
std::string found_so(const nlohmann::json& item, const char* basis);
// When an event took effect, and since when what a row tells has been so; with that behind it.
std::string when_of(const nlohmann::json& event);
std::string since_of(const nlohmann::json& row);
// ", by ana@acme.test, approved by ben@acme.test: the reason", as far as an event says so.
std::string said_by(const nlohmann::json& event);
// "role.edited at position 812, 2024-02-29T10:00:00Z, by ana@acme.test: the reason"
std::string event_line(const nlohmann::json& event);
// How many of what a list had, and what it rests on.
void print_footer(const nlohmann::json& head, const std::string& what);
// What is said of an answer about a time before the history, a line; without a beginning where nothing was known at
// all.
std::string before_history_told(const std::string& history_from);
// Says so where an answer is about a time before the history. What is streamed has it on standard error.
void warn_before_history(const nlohmann::json& head);
// A list that was followed to its end, as one JSON document. Returns exit_ok.
int print_whole(nlohmann::json first, const nlohmann::json& items);
// Rows under a heading, columns as wide as they need.
void print_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows);

}  // namespace tenure
