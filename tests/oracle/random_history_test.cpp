// The random histories are worth asking about: they repeat from their seed, contain everything, and their questions
// have answers of every sort.
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "tests/catch.h"
#include "tests/oracle/random_question.h"

using namespace tenure::oracle;
using nlohmann::json;

TEST_CASE("the same seed gives the same models, events and questions") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  const RandomHistory one = random_history(seed), two = random_history(seed);
  CHECK(one.models == two.models);
  CHECK(one.events == two.events);
  CHECK(one.recorded_us == two.recorded_us);
  std::mt19937_64 first(seed), second(seed);
  CHECK(random_question(first, one).asked == random_question(second, two).asked);
  CHECK(random_history(seed + 1).events != one.events);
}

TEST_CASE("positions start where they are told to, and retractions name earlier ones but never the creation") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::size_t retractions = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const RandomHistory history = random_history(seed + i, 100);
    for (std::size_t e = 0; e < history.events.size(); ++e) {
      REQUIRE(history.events[e].at("data").is_object());
      REQUIRE(history.occurred_us(e) <= history.recorded_us[e] + 300'000'000);
      if (e > 0) REQUIRE(history.recorded_us[e - 1] < history.recorded_us[e]);
      if (history.events[e].at("type") != "event.retracted") continue;
      ++retractions;
      const auto named = history.events[e].at("data").at("position").get<std::int64_t>();
      REQUIRE(named > history.first_position);
      REQUIRE(named < history.position(e));
    }
  }
  CHECK(retractions > 30);
}

TEST_CASE("an instant written and read again is the same instant") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 1'000; ++i) {
    const auto us = static_cast<std::int64_t>(random() % 4'000'000'000'000'000) - 1'000'000'000'000'000;
    REQUIRE(instant_us(instant_text(us)) == us);
  }
  CHECK(instant_text(1'500'000) == "1970-01-01T00:00:01.5Z");
}

namespace {

// Counts what an answer is: its kind, and of what sort.
void count(const Question& question, const json& given, std::map<std::string, int>& answers) {
  ++answers[question.kind];
  if (given.contains("refused")) {
    ++answers["refused"];
  } else if (given.at("before_history").get<bool>()) {
    ++answers["before history"];
  } else if (given.contains("rows")) {
    ++answers[question.kind + (given.at("rows").empty() ? " nobody" : " somebody")];
    for (const auto& [key, row] : given.at("rows").items()) {
      if (row.value("found_so", false)) ++answers[question.kind + " found so"];
      if (question.kind == "who_can") ++answers[row.at("reach").get<std::string>()];
      if (question.kind == "who_can" && row.contains("paths")) {
        for (const json& path : row.at("paths")) ++answers["path " + path.at("kind").get<std::string>()];
      }
      if (question.kind == "who_can_over") ++answers[row.at("intervals").size() > 1 ? "intervals" : "one interval"];
    }
  } else if (given.contains("status")) {
    ++answers["status " + given.at("status").get<std::string>()];
  } else if (given.contains("cells")) {
    for (const json& permissions : given.at("cells")) {
      for (const json& cells : permissions) {
        for (const json& cell : cells) ++answers[cell.at("causes").empty() ? "kept" : "changed"];
      }
    }
  } else {
    ++answers[given.at("row").is_null() ? "no" : "yes"];
    if (!given.contains("denied")) return;
    for (const json& reason : given.at("denied")) ++answers["denied " + reason.get<std::string>()];
  }
}

}  // namespace

TEST_CASE("two hundred histories contain every type, and their questions every sort of answer") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::cout << "random histories from seed " << seed << std::endl;
  std::set<std::string> types;
  std::map<std::string, int> answers;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const RandomHistory history = random_history(seed + i);
    const NaiveFold oracle = oracle_of(history);
    for (const json& event : history.events) types.insert(event.at("type").get<std::string>());
    std::mt19937_64 random(seed + i);
    // Twice as many as it takes as a rule, since the rarest sort comes about once in a thousand.
    for (int q = 0; q < 80; ++q) {
      const Question question = random_question(random, history);
      count(question, answer(oracle, question), answers);
    }
  }
  for (const auto& [sort, count] : answers) std::cout << "  " << sort << ": " << count << "\n";
  CHECK(types.size() == 33);
  for (const char* sort : {"all",
                           "assigned",
                           "listed",
                           "yes",
                           "no",
                           "before history",
                           "refused",
                           "who_can nobody",
                           "who_can somebody",
                           "members somebody",
                           "group_members somebody",
                           "invitations somebody",
                           "groups somebody",
                           "one interval",
                           "intervals",
                           "path role",
                           "path group",
                           "path grant",
                           "path everyone",
                           "status active",
                           "status removed",
                           "denied no member",
                           "denied nothing given",
                           "denied disabled",
                           "denied feature off",
                           "denied owner only",
                           "denied parent",
                           "denied too low",
                           "denied found later",
                           "members found so",
                           "groups found so",
                           "changed",
                           "kept"}) {
    CAPTURE(sort);
    CHECK(answers[sort] > 1);
  }
  CHECK(answers["who_can somebody"] * 4 > answers["who_can"]);
}

TEST_CASE("five hundred histories get every sort of verdict") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::map<std::string, int> verdicts;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const RandomHistory history = random_history(seed + i);
    const NaiveFold oracle = oracle_of(history);
    for (std::size_t e = 0; e < history.events.size(); ++e) {
      const NaiveVerdict verdict = oracle.verdict(history.position(e));
      ++verdicts[verdict.result];
      ++verdicts[verdict.rule.starts_with("rule") ? verdict.result + " by a rule" : verdict.rule];
    }
  }
  for (const auto& [sort, count] : verdicts) std::cout << "  verdict " << sort << ": " << count << "\n";
  for (const char* sort : {"allowed",
                           "violation",
                           "unspecified",
                           "allowed by a rule",
                           "violation by a rule",
                           "lifecycle.begins",
                           "lifecycle.changes_nothing",
                           "lifecycle.last_holder",
                           "lifecycle.exactly_one_holder",
                           "lifecycle.not_the_owner",
                           "lifecycle.unknown_role",
                           "lifecycle.role_deleted",
                           "lifecycle.role_exists",
                           "lifecycle.system_role_fixed",
                           "lifecycle.role_not_available",
                           "lifecycle.not_a_member_role",
                           "lifecycle.level_not_offered",
                           "lifecycle.options_unspecified",
                           "lifecycle.unknown_resource_kind",
                           "lifecycle.owner_only",
                           "lifecycle.no_custom_roles",
                           "lifecycle.unknown_setting",
                           "lifecycle.unknown_setting_value",
                           "lifecycle.unknown_feature",
                           "lifecycle.unknown_permission",
                           "lifecycle.unknown_level",
                           "member.added.not_allowed"}) {
    CAPTURE(sort);
    CHECK(verdicts[sort] > 1);
  }
}

TEST_CASE("an interval begins and ends where the answers about its instants say so") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  int boundaries = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const RandomHistory history = random_history(seed + i);
    const NaiveFold oracle = oracle_of(history);
    std::mt19937_64 random(seed + i);
    const json asked = random_question(random, history, "who_can_over").asked;
    const std::string permission = asked.at("permission").get<std::string>();
    const std::int64_t first = history.occurred_us(0) - 3'600'000'000, known = history.last_position();
    const auto rows = oracle.who_can_over(permission, {}, {}, first, history.recorded_us.back() + 3'600'000'000, known);
    for (const auto& [identity, row] : rows) {
      const auto level_at = [&, who = identity](std::int64_t us) {
        const auto held = oracle.can(who, permission, {}, {}, us, known);
        return held ? held->level : std::string();
      };
      std::vector<std::int64_t> instants;
      for (const NaiveInterval& each : row.intervals) {
        for (const std::int64_t edge : {each.from_us, each.to_us.value_or(history.recorded_us.back())}) {
          for (const std::int64_t beside : {-1'000, -1, 0, 1, 1'000}) instants.push_back(edge + beside);
        }
      }
      for (std::size_t e = 0; e < history.events.size(); e += 3) instants.push_back(history.occurred_us(e));
      for (const std::int64_t us : instants) {
        std::string within;
        for (const NaiveInterval& each : row.intervals) {
          if (each.from_us <= us && (!each.to_us || us < *each.to_us)) within = each.level;
        }
        REQUIRE(within == level_at(us));
        ++boundaries;
      }
    }
  }
  CHECK(boundaries > 100);
}
