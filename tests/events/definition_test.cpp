// Definitions of access reviews: what is taken, what is refused and where, and that nothing is lost between a client,
// the log and a client again. The documents are in review_definitions.json; the JSON Schema is tested with the same
// ones.
#include "events/review/definition.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "events/model/role_trial.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::review;
using nlohmann::json;

const json& documents() {
  static const json read = [] {
    std::ifstream file(TENURE_SOURCE_DIR "/tests/events/review_definitions.json");
    return json::parse(file);
  }();
  return read;
}

std::vector<std::string> places(const std::vector<Refusal>& refusals) {
  std::vector<std::string> fields;
  for (const Refusal& refusal : refusals) fields.push_back(refusal.field);
  std::sort(fields.begin(), fields.end());
  return fields;
}

Definition definition_of(const json& document) {
  const auto read = read_definition(document.dump());
  INFO(document.dump());
  if (!read) FAIL(read.error().front().field << ": " << read.error().front().because);
  return *read;
}

std::string by_identity(const Person& person) { return person.identity; }

// Whoever has this number among the people, as the log has them.
std::vector<Person> subjects_of(const Definition& definition) {
  std::vector<Person> people(definition.people.size());
  for (std::size_t i = 0; i < people.size(); ++i) people[i].subject.bytes[0] = static_cast<std::uint8_t>(i + 1);
  return people;
}

std::string because(const json& document) {
  const auto read = read_definition(document.dump());
  REQUIRE_FALSE(read.has_value());
  return read.error().front().because;
}

}  // namespace

TEST_CASE("every refusal of a definition is told at once, each with its place") {
  REQUIRE(documents().at("refused").size() > 50);
  for (const auto& [name, wrong] : documents().at("refused").items()) {
    INFO(name);
    const auto read = read_definition(wrong.at("document").dump());
    REQUIRE_FALSE(read.has_value());
    auto wanted = wrong.at("fields").get<std::vector<std::string>>();
    std::sort(wanted.begin(), wanted.end());
    CHECK(places(read.error()) == wanted);
    for (const Refusal& refusal : read.error()) {
      CHECK(refusal.code == RefusalCode::invalid_field);
      CHECK(refusal.because.ends_with('.'));
    }
  }
}

TEST_CASE("a definition comes back from the log and from its shown form as it was stated") {
  for (const auto& [name, document] : documents().at("taken").items()) {
    INFO(name);
    const Definition stated = definition_of(document);
    const std::string stored = stored_definition(stated);
    const auto kept = from_log(stored, subjects_of(stated));
    REQUIRE(kept.has_value());
    CHECK(stored_definition(*kept) == stored);
    REQUIRE(kept->people.size() == stated.people.size());
    for (std::size_t i = 0; i < kept->people.size(); ++i) CHECK(kept->people[i].subject.bytes[0] == i + 1);
    const auto identity = [&](const Person& person) { return stated.people[person.subject.bytes[0] - 1U].identity; };
    const std::string shown = shown_definition(*kept, identity);
    CHECK(shown == shown_definition(stated, by_identity));
    const auto again = read_definition(shown);
    REQUIRE(again.has_value());
    CHECK(stored_definition(*again) == stored);
    // Whatever was stated is shown as it was, times in UTC.
    json wanted = document;
    if (wanted.contains("schedule") && wanted["schedule"].contains("once")) {
      wanted["schedule"]["once"] = "2026-03-31T22:00:00Z";
    }
    wanted.erase("stages");
    json merged = json::parse(shown);
    merged.merge_patch(wanted);
    CHECK(merged == json::parse(shown));
  }
}

TEST_CASE("each field of a definition arrives where it belongs") {
  const Definition all = definition_of(documents().at("taken").at("everything"));
  CHECK(all.id == "Eng_2026.Q1-a");
  CHECK(all.name == "Quarterly");
  CHECK(all.description == "Of engineering");
  CHECK(all.purpose == Purpose::review);
  const ReviewScope& scope = all.scope;
  CHECK(scope.kinds == std::vector{HoldKind::role, HoldKind::group, HoldKind::grant, HoldKind::invitation});
  CHECK(scope.roles == std::vector{RoleId("admin"), RoleId("release manager")});
  CHECK(scope.groups == std::vector{GroupId("eng"), GroupId("ops/ночь")});
  REQUIRE(scope.permissions.size() == 1);
  CHECK(scope.permissions[0].permission == PermissionId("repository"));
  CHECK(scope.permissions[0].level == LevelId("write"));
  CHECK(scope.resources == std::vector{ResourceId{"repo", "acme/web"}, ResourceId{"repo", "*.js"}});
  CHECK(scope.members == std::vector{Standing::active, Standing::disabled, Standing::outside});
  CHECK(scope.changed_since_last);
  CHECK(scope.findings == std::vector<std::string>{"rule_violation", "dormant"});

  REQUIRE(all.people.size() == 4);
  CHECK(all.people[0].identity == "ana@acme.test");
  CHECK(all.people[3].identity == "ben");
  REQUIRE(all.stages.size() == 3);
  const Stage& first = all.stages[0];
  REQUIRE(first.reviewers.size() == 4);
  CHECK(first.reviewers[0].kind == SourceKind::named);
  CHECK(first.reviewers[0].people == std::vector<PersonIndex>{0, 1});
  CHECK(first.reviewers[1].kind == SourceKind::group_owners);
  CHECK(first.reviewers[2].kind == SourceKind::granted_by);
  CHECK(first.reviewers[3].kind == SourceKind::holders_of);
  CHECK(first.reviewers[3].role == RoleId("owner"));
  CHECK(first.fallback == std::vector<PersonIndex>{2});
  CHECK(first.outcome == OutcomeRule::all_agree);
  CHECK(first.remind_days == std::vector<std::uint64_t>{7, 3, 1});
  CHECK(first.escalate_to == PersonIndex{2});
  CHECK(first.escalate_days == 2);
  CHECK(all.stages[1].outcome == OutcomeRule::any_revoke);
  CHECK(all.stages[1].fallback == std::vector<PersonIndex>{0});
  CHECK(all.stages[1].escalate_days == 1);
  CHECK(all.stages[2].days == 366);

  CHECK(all.no_answer == NoAnswer::revoke);
  CHECK(all.justification == Justification::always);
  CHECK(all.revocations_at_most == std::uint64_t{0});
  CHECK(all.carry_over);
  CHECK_FALSE(all.ends_early);
  CHECK(all.remedy_days == 30);
  CHECK(all.remedy_owner == PersonIndex{2});
  REQUIRE(all.group_owners.size() == 2);
  CHECK(all.group_owners[1].group == GroupId("ops/ночь"));
  CHECK(all.group_owners[1].people == std::vector<PersonIndex>{3, 2});
  REQUIRE(all.schedule);
  CHECK(all.schedule->rrule == "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1");
  CHECK(all.schedule->tz == "Europe/Berlin");
  CHECK_FALSE(all.schedule->once);
}

TEST_CASE("what a definition leaves out has the value that the API promises") {
  const Definition least = definition_of(documents().at("taken").at("the least"));
  CHECK(least.purpose == Purpose::review);
  CHECK(least.stages[0].days == 14);
  CHECK(least.stages[0].outcome == OutcomeRule::one_decides);
  CHECK(least.no_answer == NoAnswer::leave_open);
  CHECK(least.justification == Justification::endings);
  CHECK_FALSE(least.revocations_at_most);
  CHECK_FALSE(least.carry_over);
  CHECK_FALSE(least.ends_early);
  CHECK(least.remedy_days == 14);
  CHECK(least.people.empty());
  const Definition report = definition_of(documents().at("taken").at("a report of everything"));
  CHECK(report.purpose == Purpose::access_report);
  CHECK(report.stages.empty());
  CHECK(report.period_days == 90);
}

TEST_CASE("a refusal says the choices, the limit and the way out") {
  const auto least = documents().at("taken").at("the least");
  json wrong = least;
  wrong["no_answer"] = "wait";
  CHECK(because(wrong) == "It is one of keep, revoke or leave_open.");
  wrong = least;
  wrong["remedy"] = {{"hours", 1}};
  CHECK(because(wrong) == "No such member is known here; known are days, owner.");
  wrong = least;
  wrong["revocations_at_most"] = 2'000'000;
  CHECK(because(wrong).find("from 0 to 1000000") != std::string::npos);
}

TEST_CASE("a definition names at most a thousand people, however they are spread, and says how to do with fewer") {
  json document = documents().at("taken").at("the least");
  json people = json::array();
  for (std::size_t i = 0; i < people_max; ++i) people.push_back("p" + std::to_string(i));
  document["stages"][0]["fallback"] = people;
  document["group_owners"] = {{{"group", "eng"}, {"people", people}}};
  CHECK(definition_of(document).people.size() == people_max);
  document["remedy"] = {{"owner", "one more"}};
  const auto read = read_definition(document.dump());
  REQUIRE_FALSE(read.has_value());
  CHECK(places(read.error()) == std::vector<std::string>{"/remedy/owner"});
  CHECK(read.error()[0].because.find("1000") != std::string::npos);
  CHECK(read.error()[0].because.find("holders_of") != std::string::npos);
}

TEST_CASE("what is no JSON, holds a name twice or is too long is refused as that") {
  const auto broken = read_definition(R"({"id":"q",)");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error()[0].code == RefusalCode::malformed_json);
  CHECK(broken.error()[0].offset == std::uint64_t{10});
  CHECK_FALSE(read_definition(R"({"id":"q","id":"r","name":"n","stages":[{"fallback":["ana"]}]})").has_value());
  json document = documents().at("taken").at("the least");
  document["description"] = std::string(definition_bytes_max, 'x');
  const auto long_one = read_definition(document.dump());
  REQUIRE_FALSE(long_one.has_value());
  CHECK(long_one.error()[0].code == RefusalCode::too_large);
}

TEST_CASE("a stored definition names nobody, and is canonical") {
  const Definition all = definition_of(documents().at("taken").at("everything"));
  const std::string stored = stored_definition(all);
  for (const Person& person : all.people) CHECK(stored.find('"' + person.identity) == std::string::npos);
  CHECK(stored == json::parse(stored).dump());
  CHECK(stored.find(R"("remedy":{"days":30,"owner":2})") != std::string::npos);
}

TEST_CASE("a stored definition that names somebody who is not beside it is corruption, not a guess") {
  const Definition all = definition_of(documents().at("taken").at("everything"));
  auto people = subjects_of(all);
  people.pop_back();
  const auto read = from_log(stored_definition(all), people);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == FailureCode::corruption);
  CHECK(read.error().because.find("/stages/1/escalate_to") != std::string::npos);
  CHECK_FALSE(from_log(documents().at("taken").at("a fallback alone").dump(), {}).has_value());
  CHECK_FALSE(from_log("nothing", {}).has_value());
}

TEST_CASE("the shipped definition asks the owners about everything in a team, every quarter") {
  const auto read = read_definition(quarterly_basics_json("Inhaber \"1\""));
  REQUIRE(read.has_value());
  CHECK(read->id == quarterly_basics);
  CHECK(read->scope.kinds.empty());
  REQUIRE(read->stages.size() == 1);
  CHECK(read->stages[0].reviewers.at(0).kind == SourceKind::holders_of);
  CHECK(read->stages[0].reviewers.at(0).role == RoleId("Inhaber \"1\""));
  CHECK(read->no_answer == NoAnswer::leave_open);
  REQUIRE(read->schedule);
  CHECK(read->schedule->rrule == "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1");
  CHECK(read->people.empty());
}

TEST_CASE("the shipped definition asks about the only owner who gave the role, then whoever manages members") {
  const auto read = read_definition(quarterly_basics_json("owner", {RoleId("admin"), RoleId("lead")}));
  REQUIRE(read.has_value());
  const auto& asked = read->stages.at(0).reviewers;
  REQUIRE(asked.size() == 4);
  CHECK(asked[1].kind == SourceKind::granted_by);
  CHECK(asked[2].role == RoleId("admin"));
  CHECK(asked[3].role == RoleId("lead"));
}

TEST_CASE("who manages members in each shipped model follows from its rules, those who may remove them first") {
  const std::map<std::string_view, std::vector<std::string>> managers{
      {"answering-agent", {"admin"}},
      {"ccai", {"app_developer", "app_tester", "supervisor"}},
      {"chatbot-team", {"admin"}},
      {"cx-modules", {}},
      {"github", {}},
      {"newo", {"technical_owner", "account_manager", "viewer"}}};
  std::size_t models = 0;
  for (const ShippedModel& shipped : shipped_models()) {
    const auto model = AccessModel::parse(shipped.document);
    REQUIRE(model.has_value());
    std::vector<std::string> found;
    for (const RoleIndex role : roles_that_manage_members(**model)) found.push_back((*model)->roles()[role].id.text);
    INFO(shipped.id);
    CHECK(found == managers.at(shipped.id));
    ++models;
  }
  CHECK(models == 6);
}

TEST_CASE("the schema of definitions that the program carries is the file's") {
  std::ifstream file(TENURE_SOURCE_DIR "/events/review/definition.schema.json");
  CHECK(json::parse(definition_schema()) == json::parse(file));
}
