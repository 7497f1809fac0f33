// A whole Tenure over memory with access reviews, asked through its own routes without a socket; its clock, and when
// the review clock looks, are the test's to say. One organization "acme", owned by olga@acme.test.
//
// Owned by one test, one thread. Whoever asks for a body by `get`, `told` or `decided` has the test fail on a no.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace tenure::test {

using nlohmann::json;

// Who is in the stories; olga is there from the start.
inline constexpr const char* olga = "olga@acme.test";
inline constexpr const char* ana = "ana@acme.test";
inline constexpr const char* ben = "ben@acme.test";
inline constexpr const char* cy = "cy@acme.test";

class ReviewsTold {
 public:
  struct Answer {
    unsigned status = 0;
    std::string body;
    json said() const { return json::parse(body); }
    std::string code() const { return said().value("code", ""); }
    std::string field() const { return said().value("field", ""); }
  };

  explicit ReviewsTold(const std::string& model = "github", const char* mode = "observe",
                       const std::string& now = "2026-01-05T09:00:00Z", bool with_org = true);
  ~ReviewsTold();

  // The time is this from now on, and a millisecond later with each request; it never goes back.
  void clock(const std::string& now);
  // The review clock looks at the organization.
  void pass();
  // Everything but the store and the people anew, as in a fresh process.
  void restart();
  // The program is stopped after the next review that closes: that and so many commits more are kept, and nothing that
  // comes behind them, until the restart.
  void stops_after_close(int commits);
  // After the next review that closes, so many reads of the store are answered and the one behind them is not.
  void read_fails_after_close(int reads);
  bool has_read_failed() const;
  // Whether the review clock can look at the organization.
  bool passes();
  // An event as a Tenure wrote it that left the rest of what a review came to undone: so many were applied, none is
  // held back.
  void remediated(const std::string& review, std::uint64_t applied);
  // A review as a Tenure opened it that searched for findings otherwise, in all else as `like`: of whom it kept that
  // there were some, nothing where it was too old for that, and the items that came of it.
  void opened_otherwise(const std::string& like, const std::string& review, const std::optional<std::string>& found,
                        const std::vector<json>& items);

  // A token's name for `speak_as`: it has these scopes and decides as this principal.
  void token(const std::string& name, const std::string& principal, std::vector<std::string> scopes);
  // Who sends from here on; at first "admin", which may do everything.
  void speak_as(const std::string& name) { speaks_ = name; }

  // `path` behind /v1/orgs/acme.
  Answer ask(const std::string& method, const std::string& path, const std::string& body = {});
  // Whether the same is given up where its client has gone.
  bool given_up(const std::string& method, const std::string& path, const std::string& body = {});
  Answer post(const std::string& path, const json& body) { return ask("POST", path, body.dump()); }
  json get(const std::string& path);
  json told(const std::string& path, const json& body);  // POST, done

  // An event by olga, now or at an instant; its position.
  std::uint64_t happens(const std::string& type, const json& data, const std::string& at = {},
                        const std::string& by = "olga@acme.test");
  // Forgets a person: their key and what finds them.
  void erased(const std::string& person);
  // The newest events of a type.
  std::vector<json> events(const std::string& type);

  // ---- reviews
  // All items of a list, to its end.
  std::vector<json> items(const std::string& review, const std::string& query = {});
  // The one item of a member with a kind; fails unless there is exactly one.
  json item(const std::string& review, const std::string& member, const std::string& kind, const std::string& of = {});
  // {"item","state","decision"} of an item as it was read.
  static json decision(const json& item, const std::string& verb, const json& more = json::object());
  Answer decide(const std::string& review, const std::string& reviewer, const json& decisions);
  void decided(const std::string& review, const std::string& reviewer, const json& decisions);

 private:
  struct Inside;
  Answer ask(const std::string& method, const std::string& path, const std::string& body, bool gone);
  std::unique_ptr<Inside> inside_;
  std::string speaks_ = "admin";
};

// {"kind":"named","people":[…]} alone, one stage of 14 days.
json named_review(const std::string& id, const std::vector<std::string>& people, const json& more = json::object());

}  // namespace tenure::test
