// What a model lets slip, on models made for it.
#include "events/model/analysis.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/catch.h"

using namespace tenure;
using nlohmann::json;

namespace {

// Three roles, of which only the boss rules; `rules` is the document's list.
json staff(const char* rules) {
  json document = json::parse(R"json({
    "id": "staff", "scales": {"yes_no": ["no", "yes"]}, "owner_role": "boss", "custom_roles": false,
    "permissions": [
      {"id": "work", "name": "Work", "module": "M", "scale": "yes_no"},
      {"id": "hire", "name": "Hire", "module": "M", "scale": "yes_no"},
      {"id": "rule", "name": "Rule", "module": "M", "scale": "yes_no", "owner_only": true}],
    "roles": [
      {"id": "boss", "name": "Boss", "rank": 30, "cardinality": "exactly_one",
       "grants": {"work": "yes", "hire": "yes", "rule": "yes"}},
      {"id": "lead", "name": "Lead", "rank": 20, "grants": {"work": "yes", "hire": "yes"}},
      {"id": "hand", "name": "Hand", "rank": 10, "grants": {"work": "yes"}},
      {"id": "guest", "name": "Guest", "rank": 0}]})json");
  document["rules"] = json::parse(rules);
  for (json& rule : document["rules"]) rule["because"] = "It is so.";
  return document;
}

std::shared_ptr<const AccessModel> parsed(const json& document) {
  auto model = AccessModel::parse(document.dump());
  if (!model) FAIL(model.error().front().pointer + ": " + model.error().front().because);
  return *model;
}

std::string name(const AccessModel& model, const AnalysedRole& role) {
  return role ? model.roles()[*role].id.text : "custom";
}

// Each escalation as "guest>lead" with ! where another account is needed, sorted.
std::vector<std::string> raised(const AccessModel& model) {
  std::vector<std::string> found;
  for (const Escalation& each : find_escalations(model).found) {
    found.push_back(name(model, each.role) + ">" + name(model, each.to) + (each.alone ? "" : "!"));
  }
  std::sort(found.begin(), found.end());
  return found;
}
using Names = std::vector<std::string>;

Escalation one(const AccessModel& model, const std::string& from, const std::string& to) {
  for (const Escalation& each : find_escalations(model).found) {
    if (name(model, each.role) == from && name(model, each.to) == to) return each;
  }
  FAIL("nobody in " << from << " comes to " << to);
  return {};
}

Names idle(const char* rules) {
  const auto model = parsed(staff(rules));
  Names found;
  for (const IdleRule& each : find_idle_rules(*model)) {
    CHECK(each.because.back() == '.');
    found.push_back(model->rules()[each.rule].id);
  }
  return found;
}

}  // namespace

TEST_CASE(
    "given a rule that lets everybody change any role, then all but the boss's role is within everybody's reach") {
  const auto model = parsed(staff(R"([{"id": "all", "actions": ["member.role_changed"]}])"));
  CHECK(raised(*model) == Names{"guest>hand", "guest>lead", "hand>lead"});
  CHECK(one(*model, "guest", "lead").gains.size() == 2);
}

TEST_CASE("given rules that let nobody touch themselves, then it takes a colleague") {
  const auto model = parsed(staff(R"([{"id": "all", "actions": ["member.role_changed"], "target": {"self": false}}])"));
  CHECK(raised(*model) == Names{"guest>hand!", "guest>lead!", "hand>lead!"});
  const Escalation found = one(*model, "hand", "lead");
  REQUIRE(found.steps.size() == 1);
  CHECK_FALSE(found.steps[0].by_self);
  CHECK(found.steps[0].for_self);
  CHECK(name(*model, found.steps[0].as) == "hand");
}

TEST_CASE("given rules by rank, then what is to be given lies below whoever gives, and nobody rises") {
  const auto model = parsed(staff(R"([{"id": "down", "actions": ["member.role_changed", "member.invited"],
    "target": {"below_actor": true}, "gives": {"below_actor": true}},
    {"id": "joins", "actions": ["invitation.accepted"], "target": {"self": true}}])"));
  CHECK(raised(*model).empty());
}

TEST_CASE("given two steps that each role may take for itself, then both are told in order") {
  const auto model = parsed(staff(R"([
    {"id": "first", "actions": ["member.role_changed"], "actor": {"roles": ["guest"]}, "gives": {"roles": ["hand"]}},
    {"id": "second", "actions": ["member.added"], "actor": {"permission": "work"}, "gives": {"roles": ["lead"]}},
    {"id": "rest", "actions": ["member.role_changed"], "actor": {"roles": ["boss"]}}])"));
  CHECK(raised(*model) == Names{"guest>hand", "guest>lead", "hand>lead"});
  const Escalation found = one(*model, "guest", "lead");
  CHECK(found.alone);
  REQUIRE(found.steps.size() == 2);
  CHECK(found.steps[0].rule == "first");
  CHECK(found.steps[1].rule == "second");
  CHECK(found.steps[1].actions == std::vector<std::string_view>{"member.added"});
  CHECK(name(*model, found.steps[1].as) == "hand");
}

TEST_CASE("given somebody who may be brought in above oneself, then the newcomer gives the role back") {
  const auto model = parsed(staff(R"([
    {"id": "invite", "actions": ["member.invited"], "actor": {"roles": ["hand"]}, "target": {"member": false}},
    {"id": "join", "actions": ["invitation.accepted"], "target": {"self": true}},
    {"id": "promote", "actions": ["member.role_changed"], "actor": {"roles": ["lead"]}, "target": {"self": false}}])"));
  CHECK(raised(*model) == Names{"hand>lead!"});
  const Escalation found = one(*model, "hand", "lead");
  REQUIRE(found.steps.size() == 2);
  CHECK(found.steps[0].by_self);
  CHECK_FALSE(found.steps[0].for_self);
  CHECK(found.steps[0].actions == std::vector<std::string_view>{"member.invited", "invitation.accepted"});
  CHECK_FALSE(found.steps[1].by_self);
  CHECK(found.steps[1].for_self);
}

TEST_CASE("given invitations that nobody may accept, then they bring nobody in") {
  const auto model = parsed(staff(R"([
    {"id": "invite", "actions": ["member.invited"], "actor": {"roles": ["hand"]}},
    {"id": "promote", "actions": ["member.role_changed"], "actor": {"roles": ["lead"]}}])"));
  CHECK(raised(*model).empty());
}

TEST_CASE("given groups and scoped grants that bring a role, then they count, and are no way further") {
  const auto groups = parsed(staff(R"([
    {"id": "g", "actions": ["group.created", "group.member_added"], "actor": {"roles": ["guest"]}},
    {"id": "leads_own", "actions": ["ownership.transferred"], "actor": {"roles": ["hand"]}},
    {"id": "r", "actions": ["member.role_changed"], "actor": {"roles": ["boss"]}}])"));
  // A Guest who joins the Hands' group is no Hand: ownership stays out of their reach. A colleague who took it
  // promotes.
  CHECK(raised(*groups) == Names{"guest>hand", "guest>lead", "hand>boss", "hand>lead!"});
  CHECK(one(*groups, "guest", "lead").steps[0].actions ==
        std::vector<std::string_view>{"group.created", "group.member_added"});
  const auto grants = parsed(staff(R"([{"id": "g", "actions": ["role.granted"], "actor": {"roles": ["hand"]}}])"));
  CHECK(raised(*grants) == Names{"hand>lead"});
}

TEST_CASE("given a model that lets a role make custom ones and give them, then the best of those is within reach") {
  json document = staff(R"([
    {"id": "make", "actions": ["role.created"], "actor": {"roles": ["guest"]}},
    {"id": "give", "actions": ["member.role_changed"], "gives": {"not_roles": ["boss", "lead", "hand"]}},
    {"id": "rest", "actions": ["member.role_changed"], "actor": {"roles": ["boss"]}}])");
  document["custom_roles"] = true;
  const auto model = parsed(document);
  // A Hand turns Guest first.
  CHECK(raised(*model) == Names{"guest>custom", "hand>custom"});
  CHECK(one(*model, "hand", "custom").steps.size() == 3);
  const Escalation found = one(*model, "guest", "custom");
  REQUIRE(found.steps.size() == 2);
  CHECK(found.steps[0].actions == std::vector<std::string_view>{"role.created"});
  CHECK(found.gains.size() == 2);
  document["custom_roles"] = false;
  CHECK(raised(*parsed(document)).empty());
}

TEST_CASE("permissions that no role holds are found, be they granted nowhere, out of reach or switched off") {
  json document = staff("[]");
  document["custom_roles"] = true;
  document["features"] = json::parse(R"([{"id": "beta", "name": "Beta", "on_by_default": false}])");
  document["permissions"].push_back(
      json::parse(R"({"id": "fly", "name": "Fly", "module": "M", "scale": "yes_no", "options": ["no"]})"));
  document["permissions"].push_back(
      json::parse(R"({"id": "land", "name": "Land", "module": "M", "scale": "yes_no", "parent": "fly"})"));
  document["permissions"].push_back(
      json::parse(R"({"id": "glide", "name": "Glide", "module": "M", "scale": "yes_no", "feature": "beta"})"));
  document["roles"][1]["grants"]["land"] = "yes";
  document["roles"][1]["grants"]["glide"] = "yes";
  const auto found = find_held_by_nobody(*parsed(document));
  REQUIRE(found.size() == 3);
  CHECK(found[0].permission == 3);
  CHECK_FALSE(found[0].custom_roles_may);
  CHECK(found[1].permission == 4);
  CHECK(found[1].custom_roles_may);
  CHECK(found[2].permission == 5);
}

TEST_CASE("a role includes another that grants no more and sees no further") {
  json document = staff("[]");
  document["resource_kinds"] = json::parse(R"([{"id": "queue", "name": "Queue"}])");
  document["permissions"][0]["resource"] = "queue";
  document["roles"][2]["grants"]["work"] = json::parse(R"({"level": "yes", "visibility": "assigned"})");
  const auto narrow = find_inclusions(*parsed(document));
  CHECK(narrow.includes == std::vector<std::pair<RoleIndex, RoleIndex>>{{0, 1}, {0, 2}, {1, 2}});
  document["roles"][1]["grants"].erase("work");
  CHECK(find_inclusions(*parsed(document)).includes == std::vector<std::pair<RoleIndex, RoleIndex>>{{0, 1}, {0, 2}});
}

TEST_CASE("a rule whose conditions exclude one another or whose actors do not exist decides nothing") {
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"kinds": ["system"], "roles": ["lead"]}}])") ==
        Names{"a"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"kinds": ["system"]},
                  "target": {"below_actor": true}}])") == Names{"a"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "target": {"self": true, "below_actor": true}}])") ==
        Names{"a"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"],
                  "target": {"roles": ["hand"], "not_roles": ["hand", "lead"]}}])") == Names{"a"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"roles": ["lead"], "disabled": true}}])") ==
        Names{"a"});
  CHECK(
      idle(R"([{"id": "a", "actions": ["member.removed"], "target": {"self": false, "below_actor": true}}])").empty());
}

TEST_CASE("a rule that another one always decides before it decides nothing") {
  CHECK(idle(R"([{"id": "a", "actions": ["member.*"], "actor": {"roles": ["lead", "boss"]}},
                 {"id": "b", "actions": ["member.removed"], "actor": {"roles": ["lead"]}}])") == Names{"b"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"permission": "hire"}},
                 {"id": "b", "actions": ["member.removed"], "actor": {"permission": "hire"},
                  "target": {"self": false}}])") == Names{"b"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"roles": ["lead"]}},
                 {"id": "b", "actions": ["member.*"], "actor": {"roles": ["lead"]}}])")
            .empty());
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "actor": {"roles": ["lead"]}},
                 {"id": "no", "actions": ["*"], "effect": "forbid"}])") == Names{"a"});
  CHECK(idle(R"([{"id": "a", "actions": ["member.removed"], "target": {"roles": ["hand"]}},
                 {"id": "b", "actions": ["member.removed"]}])")
            .empty());
}

TEST_CASE("a model of a thousand roles is analysed, and what is too much to show is counted") {
  json document = staff(R"([{"id": "all", "actions": ["member.role_changed"]}])");
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    document["permissions"].push_back({{"id", "p" + number}, {"name", "P"}, {"module", "M"}, {"scale", "yes_no"}});
    json role{{"id", "r" + number}, {"name", "R"}};
    role["grants"]["p" + number] = "yes";
    document["roles"].push_back(role);
  }
  const auto model = parsed(document);
  const Escalations found = find_escalations(*model);
  CHECK(found.searched == Searched::together);
  CHECK(found.found.size() == analysis_rows_max);
  // Each role that can raise itself is told, also where its rows are not.
  CHECK(found.alone.size() == 1003);
  // Each of the thousand takes 999 others, Lead and Hand; Lead, Hand, Guest take the thousand, Hand Lead as well, and
  // Guest Lead and Hand.
  CHECK(found.total == 1000 * 1001 + 3000 + 1 + 2);
  CHECK(find_held_by_nobody(*model).empty());
  CHECK(find_idle_rules(*model).empty());
}

TEST_CASE("a model whose roles the rules tell apart one by one is searched as far as it goes, and that is said") {
  json document = staff(R"([{"id": "down", "actions": ["member.role_changed"], "target": {"below_actor": true},
                             "gives": {"at_most_actor": true}}])");
  const auto with = [&](int roles) {
    for (int i = 0; i < roles; ++i) {
      document["roles"].push_back({{"id", "r" + std::to_string(i)}, {"name", "R"}, {"rank", 100 + i}});
    }
    return find_escalations(*parsed(document)).searched;
  };
  CHECK(with(20) == Searched::together);
  document = staff(R"([{"id": "down", "actions": ["member.role_changed"], "target": {"below_actor": true},
                        "gives": {"at_most_actor": true}}])");
  CHECK(with(100) == Searched::alone);
  document = staff(R"([{"id": "down", "actions": ["member.role_changed"], "target": {"below_actor": true},
                        "gives": {"at_most_actor": true}}])");
  CHECK(with(400) == Searched::nothing);
}
