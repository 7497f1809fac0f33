// Reviews at random through the whole program: its routes, its log, its views and its clock, with restarts, beside the
// naive review, which is told what was acknowledged and what the test itself did to the holds. The seed is printed;
// TENURE_SEED repeats a run, TENURE_REVIEWS changes its length.
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "events/instant.h"
#include "tests/oracle/naive_review.h"
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::oracle::NaiveReview;
using tenure::oracle::ReviewWord;
using tenure::test::named_review;
using tenure::test::ReviewsTold;

constexpr std::int64_t hour_us = 3'600'000'000;
constexpr int members = 4, people = 8, nobody = -1;  // the members, and four from outside

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string identity(int person) { return "p" + std::to_string(person) + "@acme.test"; }
std::string text(const json& value) { return value.get<std::string>(); }
int number_of(const json& identity) { return text(identity).at(1) - '0'; }

std::int64_t us_of(const json& text) {
  const auto at = tenure::parse_instant(text.get<std::string>(), "at");
  REQUIRE(at.has_value());
  return at->us;
}

class Reviewed {
 public:
  explicit Reviewed(std::uint64_t seed) : random_(seed) {
    acme_.clock(tenure::format_instant({now_us_}));
    for (int member = 0; member < members; ++member) {
      acme_.happens("member.added", {{"member", identity(member)}, {"role", "member"}});
      give(member);
    }
    for (int member = 0; member < members; ++member) {
      if (one_in(4)) take_ahead(member);
    }
    acme_.told("/review-definitions", definition());
    acme_.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
    const json opened = acme_.events("review.opened").at(0);
    naive_.opened_at = us_of(opened.at("recorded_at"));
    heard_ = opened.at("position").get<std::int64_t>();
    items_.resize(members);
    naive_.now.resize(members);
    for (const json& item : acme_.items("q1")) {
      const int member = number_of(item.at("member"));
      items_[static_cast<std::size_t>(member)] = text(item.at("item"));
      note_state(member, text(item.at("state")));
      NaiveReview::Item naive{member, "grant", text(item.at("state")), {}, std::nullopt};
      for (const auto& reviewers : reviewers_) {
        std::set<int> others = reviewers;
        others.erase(member);
        naive.reviewers.push_back(others);
      }
      naive_.items.push_back(naive);
    }
    REQUIRE(naive_.items.size() == members);
    std::sort(naive_.items.begin(), naive_.items.end(),
              [](const auto& a, const auto& b) { return a.member < b.member; });
  }

  void step() {
    later(one_in(8) ? 60 : 6);
    switch (random_() % 12) {
      case 0:
      case 1:
        change_hold();
        break;
      case 2:
        reassign();
        break;
      case 3:
      case 4:
        let_the_clock_look();
        break;
      case 5:
        keep_report();
        acme_.restart();
        story_ += "restart\n";
        break;
      case 6:
        if (one_in(6)) close();
        break;
      default:
        decide(one_in(3) ? 1 + random_() % 3 : 1);
    }
    agree();
  }

  bool is_open() const { return naive_.status() == "open"; }
  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t refused() const { return refused_; }

  // What was decided is all there, and every report that was made is made again, by another process.
  void at_the_end() {
    keep_report();
    acme_.happens("group.created", {{"group", "later"}});
    acme_.restart();
    INFO(story_);
    for (const auto& [position, report] : reports_) {
      INFO("at position " << position);
      CHECK(acme_.ask("GET", "/reviews/q1/report?position=" + std::to_string(position)).body == report);
    }
    std::map<std::int64_t, json> told;
    const json report = acme_.get("/reviews/q1/report");
    for (const json& row : report.at("tables").at("decisions")) {
      told[row.at("position").get<std::int64_t>()] = row;
    }
    CHECK(told.size() == acknowledged_);
    for (const ReviewWord& word : naive_.words) {
      if (word.kind != "decided") continue;
      REQUIRE(told.count(word.position) == 1);
      const json& row = told.at(word.position);
      CHECK(row.at("reviewer") == identity(word.person));
      CHECK(row.at("member") == identity(word.item));
      CHECK(row.at("decision") == word.verb);
      CHECK(row.at("state") == word.state);
      CHECK(row.at("counts") == (word.verb != "delegate" && naive_.counts_now(word.item, word)));
    }
  }

 private:
  bool one_in(std::uint64_t n) { return random_() % n == 0; }
  int any(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  NaiveReview::Hold& hold(int item) { return naive_.now[static_cast<std::size_t>(item)]; }

  void later(std::uint64_t hours_most) {
    now_us_ += static_cast<std::int64_t>(random_() % hours_most) * hour_us + 60'000'000;
    acme_.clock(tenure::format_instant({now_us_}));
    come_into_force();
  }

  json definition() {
    static const char* const rules[] = {"one_decides", "all_agree", "any_revoke"};
    static const char* const silences[] = {"keep", "revoke", "leave_open"};
    naive_.no_answer = silences[any(3)];
    naive_.justification = "never";
    naive_.ends_early = one_in(3);
    json stages = json::array();
    for (int stage = 0, count = 1 + any(2); stage < count; ++stage) {
      std::set<int> reviewers{members + any(people - members)};
      for (int more = any(3); more > 0; --more) reviewers.insert(any(people));
      if (reviewers.size() == 1 && *reviewers.begin() < members) reviewers.insert(members);
      NaiveReview::Stage naive;
      naive.rule = rules[any(3)];
      naive.days = 3 + any(4);
      if (one_in(2)) naive.remind_days = {2};
      if (one_in(2)) naive.escalate_to = any(people);
      json named = json::array();
      for (const int person : reviewers) named.push_back(identity(person));
      json told{{"reviewers", {{{"kind", "named"}, {"people", named}}}}, {"outcome", naive.rule}, {"days", naive.days}};
      if (!naive.remind_days.empty()) told["remind_days"] = naive.remind_days;
      if (naive.escalate_to != nobody) {
        told["escalate_to"] = identity(naive.escalate_to);
        told["escalate_days"] = naive.escalate_days;
      }
      stages.push_back(told);
      reviewers_.push_back(reviewers);
      naive_.stages.push_back(naive);
    }
    return {{"id", "q"},
            {"name", "Random"},
            {"scope", {{"kinds", {"grant"}}}},
            {"stages", stages},
            {"no_answer", naive_.no_answer},
            {"justification", "never"},
            {"ends_early", naive_.ends_early}};
  }

  // ---- the holds, which the test knows of by itself

  json grant(int member) const {
    return {{"principal", "member:" + identity(member)}, {"role", "write"}, {"on", "repo:acme/web"}};
  }
  std::int64_t give(int member) { return static_cast<std::int64_t>(acme_.happens("role.granted", grant(member))); }
  // A state belongs to the event by which the hold stands: whatever the program calls it, it calls no other one so.
  void note_state(int item, const std::string& state) {
    for (const auto& [other, seen] : states_) REQUIRE(other != state);
    states_[state] = item;
    hold(item).state = state;
  }

  // An event that is recorded now and comes into force within the next minutes; the clock goes by whole ones.
  struct InForce {
    int item;
    std::int64_t at, position;
    bool gives;
  };
  std::string soon(InForce& event) {
    event.at = now_us_ + 30'000'000 + any(4) * 60'000'000;
    return tenure::format_instant({event.at});
  }
  void take_ahead(int item) {
    InForce event{item, 0, 0, false};
    event.position = static_cast<std::int64_t>(acme_.happens("role.revoked", grant(item), soon(event)));
    ahead_.push_back(event);
  }
  void give_ahead(int item) {
    InForce event{item, 0, 0, true};
    event.position = static_cast<std::int64_t>(acme_.happens("role.granted", grant(item), soon(event)));
    ahead_.push_back(event);
  }
  bool is_ahead(int item) const {
    return std::any_of(ahead_.begin(), ahead_.end(), [&](const InForce& event) { return event.item == item; });
  }

  void come_into_force() {
    for (const InForce& event : std::exchange(ahead_, {})) {
      if (event.at > now_us_) {
        ahead_.push_back(event);
      } else if (is_open()) {
        hold(event.item).since = event.position;
        if (event.gives) {
          given_anew(event.item);
        } else {
          hold(event.item).state.clear();
        }
        story_ += "item " + std::to_string(event.item) + " has come to be " + hold(event.item).state + "\n";
      }
    }
  }

  void given_anew(int item) {
    hold(item).anew = true;
    const auto now = acme_.ask("GET", "/reviews/q1/items/" + items_[static_cast<std::size_t>(item)]);
    REQUIRE(now.status == 200);
    // Of a review that has ended nothing is looked at any more.
    if (is_open()) note_state(item, text(now.said().at("state")));
  }

  void change_hold() {
    const int item = any(members);
    if (is_ahead(item)) return;
    if (is_open() && one_in(4)) {
      hold(item).state.empty() ? give_ahead(item) : take_ahead(item);
    } else if (hold(item).state.empty()) {
      hold(item).since = give(item);
      given_anew(item);
    } else if (is_open()) {
      hold(item).since = static_cast<std::int64_t>(acme_.happens("role.revoked", grant(item)));
      hold(item).state.clear();
    }
    story_ += "item " + std::to_string(item) + " is " + hold(item).state + "\n";
  }

  // ---- what is said

  void hear(ReviewWord word, std::int64_t position, std::int64_t at) {
    word.position = position;
    word.at = at;
    story_ += std::to_string(position) + " " + word.kind + " " + word.verb + " item " + std::to_string(word.item) +
              " by " + std::to_string(word.person) + " to " + std::to_string(word.to) + "\n";
    naive_.hear(word);
    heard_ = std::max(heard_, position);
  }

  void decide(std::size_t count) {
    static const char* const verbs[] = {"keep", "keep", "revoke", "delegate"};
    int reviewer = any(people);
    const auto asked = naive_.asked(any(members), naive_.stage(), now_us_);
    if (!asked.empty() && !one_in(4)) reviewer = *std::next(asked.begin(), any(static_cast<int>(asked.size())));
    json decisions = json::array();
    std::vector<ReviewWord> words;
    for (std::size_t n = 0; n < count; ++n) {
      ReviewWord word;
      word.kind = "decided";
      word.item = any(members);
      word.person = reviewer;
      word.stage = static_cast<std::int64_t>(naive_.stage());
      word.verb = verbs[any(4)];
      word.state = hold(word.item).state;
      if (word.state.empty() || one_in(5))
        word.state = std::next(states_.begin(), any(static_cast<int>(states_.size())))->first;
      json decision{
          {"item", items_[static_cast<std::size_t>(word.item)]}, {"state", word.state}, {"decision", word.verb}};
      if (word.verb == "delegate") {
        word.to = any(people);
        decision["to"] = identity(word.to);
        if (one_in(2)) {
          word.until = now_us_ + 30 * hour_us;
          decision["until"] = tenure::format_instant({*word.until});
        }
      }
      words.push_back(word);
      decisions.push_back(decision);
    }
    const std::int64_t at = now_us_;
    const auto answer = acme_.decide("q1", identity(reviewer), count == 1 ? decisions.at(0) : decisions);
    INFO(story_ << decisions.dump() << " by " << reviewer << ": " << answer.body);
    if (count > 1 && !is_open()) {
      CHECK(answer.status == 409);
      ++refused_;
      return;
    }
    const json said = answer.said();
    // All of a call are held against the review as it was before the call.
    std::vector<std::set<std::string>> against;
    for (const ReviewWord& word : words) against.push_back(naive_.against(word, true, at));
    for (std::size_t n = 0; n < count; ++n) {
      const json& one = count == 1 ? said : said.at("items").at(n);
      const bool taken = (count == 1 ? answer.status : one.at("status").get<unsigned>()) == 201;
      REQUIRE(taken == against[n].empty());
      if (taken) {
        ++acknowledged_;
        hear(words[n], one.at("position").get<std::int64_t>(), recorded_at("review.decided", one.at("position")));
      } else {
        ++refused_;
        const json& problem = count == 1 ? said : one.at("problem");
        CHECK(against[n].contains(problem.at("code").get<std::string>()));
      }
    }
  }

  std::int64_t recorded_at(const char* type, const json& position) {
    for (const json& event : acme_.events(type)) {
      if (event.at("position") == position) return us_of(event.at("recorded_at"));
    }
    FAIL("nothing stands at position " << position.dump());
    return 0;
  }

  // The field at fault of a reassignment that would ask nobody else: whoever it is taken from is not asked, or all of
  // it is about whoever is to be asked.
  std::string in_vain(const ReviewWord& word) const {
    bool theirs = false;
    for (int item = 0; item < members; ++item) {
      if (word.item >= 0 && word.item != item) continue;
      bool of_them = word.person < 0;
      for (std::size_t stage = naive_.stage(); stage < reviewers_.size(); ++stage) {
        of_them = of_them || naive_.asked(item, stage, now_us_).contains(word.person);
      }
      if (of_them && item != word.to) return {};
      theirs = theirs || of_them;
    }
    return theirs ? "/to" : "/from";
  }

  void reassign() {
    ReviewWord word;
    word.kind = "reassigned";
    word.to = any(people);
    json body{{"to", identity(word.to)}};
    if (one_in(2)) {
      const auto& reviewers = reviewers_[naive_.stage()];
      word.person = *std::next(reviewers.begin(), any(static_cast<int>(reviewers.size())));
      body["from"] = identity(word.person);
    }
    if (one_in(2)) {
      word.item = any(members);
      body["item"] = items_[static_cast<std::size_t>(word.item)];
    }
    if (word.person == word.to) return;
    const auto answer = acme_.post("/reviews/q1/reassign", body);
    INFO(story_ << body.dump() << ": " << answer.body);
    const bool taken = is_open() && in_vain(word).empty();
    REQUIRE((answer.status / 100 == 2) == taken);
    if (is_open() && !taken) CHECK(answer.field() == in_vain(word));
    if (!taken) return;
    json event;
    for (const json& each : acme_.events("review.reassigned")) {
      if (event.is_null() || each.at("position") > event.at("position")) event = each;
    }
    hear(word, event.at("position").get<std::int64_t>(), us_of(event.at("recorded_at")));
  }

  void close() {
    const auto answer = acme_.post("/reviews/q1/close", json::object());
    INFO(story_ << answer.body);
    REQUIRE((answer.status / 100 == 2) == is_open());
    if (is_open()) hear_new({"review.closed"});
  }

  // What the clock asks for by now, in the naive review's words, is what it has recorded.
  void let_the_clock_look() {
    acme_.pass();
    hear_new({"review.reminded", "review.escalated", "review.stage_ended", "review.closed"});
  }

  void hear_new(const std::vector<const char*>& types) {
    std::map<std::int64_t, json> news;
    for (const char* type : types) {
      for (const json& event : acme_.events(type)) {
        const auto position = event.at("position").get<std::int64_t>();
        if (position > heard_) news[position] = event;
      }
    }
    // What a look of the clock records was due before any of it.
    const auto due =
        news.empty() ? std::vector<ReviewWord>() : naive_.due(us_of(news.begin()->second.at("recorded_at")));
    for (const auto& [position, event] : news) {
      const json& data = event.at("data");
      const std::int64_t at = us_of(event.at("recorded_at"));
      ReviewWord word;
      word.kind = event.at("type").get<std::string>().substr(std::string("review.").size());
      word.because = data.value("because", "");
      word.stage = data.value("stage", std::int64_t{0});
      word.open = data.value("open", std::int64_t{0});
      if (data.contains("reviewer")) word.person = number_of(data.at("reviewer"));
      if (data.contains("to")) word.to = number_of(data.at("to"));
      INFO(story_ << event.dump());
      if (word.because != "asked") {
        CHECK(std::any_of(due.begin(), due.end(), [&](const ReviewWord& each) {
          return each.kind == word.kind && each.person == word.person && each.to == word.to && each.open == word.open;
        }));
      }
      hear(word, position, at);
    }
  }

  void keep_report() {
    const auto position =
        static_cast<std::uint64_t>(acme_.happens("group.created", {{"group", "g" + std::to_string(++groups_)}}));
    reports_[position] = acme_.ask("GET", "/reviews/q1/report?position=" + std::to_string(position)).body;
  }

  // ---- whether both say the same

  void agree() {
    INFO(story_);
    const json review = acme_.get("/reviews/q1");
    REQUIRE(review.at("status") == naive_.status());
    std::map<std::string, json> found;
    for (const json& item : acme_.items("q1")) found[text(item.at("item"))] = item;
    std::set<std::string> overdue;
    for (const json& item : acme_.items("q1", "view=overdue")) overdue.insert(text(item.at("item")));
    REQUIRE(found.size() == items_.size());
    for (int i = 0; i < members; ++i) {
      INFO("item " << i);
      const json& item = found.at(items_[static_cast<std::size_t>(i)]);
      CHECK(item.at("status") == naive_.item_status(i));
      CHECK(overdue.contains(item.at("item").get<std::string>()) == naive_.overdue(i, now_us_));
      const NaiveReview::Result result = naive_.result(i);
      CHECK(item.at("result").at("outcome") == result.ends);
      CHECK(item.at("result").at("because") == result.because);
      if (result.because == "decided") CHECK(item.at("result").at("by").at("position") == result.decision);
    }
  }

  std::mt19937_64 random_;
  ReviewsTold acme_{"github", "observe", "2026-01-05T09:00:00Z"};
  std::int64_t now_us_ = us_of("2026-01-05T10:00:00Z");
  NaiveReview naive_;
  std::vector<std::set<int>> reviewers_;          // of each stage
  std::vector<std::string> items_;                // by member
  std::map<std::string, int> states_;             // every state that a hold was ever in
  std::map<std::uint64_t, std::string> reports_;  // by position
  std::int64_t heard_ = 0;
  std::size_t acknowledged_ = 0, refused_ = 0;
  int groups_ = 0;
  std::vector<InForce> ahead_;
  std::string story_;
};

}  // namespace

TEST_CASE("random reviews through the whole program are as the naive review has them, and report the same again",
          "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t reviews = number_from("TENURE_REVIEWS", 25);
  std::cout << "random reviews: TENURE_SEED=" << seed << ", " << reviews << " reviews" << std::endl;
  std::mt19937_64 random(seed);
  std::size_t acknowledged = 0, refused = 0;
  for (std::uint64_t i = 0; i < reviews; ++i) {
    const std::uint64_t review_seed = random();
    INFO("run seed " << seed << ", review seed " << review_seed);
    Reviewed reviewed(review_seed);
    for (int step = 0; step < 60 && reviewed.is_open(); ++step) reviewed.step();
    reviewed.at_the_end();
    acknowledged += reviewed.acknowledged();
    refused += reviewed.refused();
  }
  std::cout << "  " << acknowledged << " decisions acknowledged, " << refused << " refused\n";
  CHECK(acknowledged > reviews);
  CHECK(refused > reviews);
}
