// The parts of a model's document that say how permissions hang together, how far a grant reaches and who gives what.
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/model/access_model.h"
#include "tests/catch.h"

using namespace tenure;
using nlohmann::json;

namespace {

json console() {
  return json::parse(R"json({
    "id": "console",
    "scales": {"steps": ["no", "view", "yes"], "reach": ["none", "own", "all"]},
    "resource_kinds": [{"id": "queue", "name": "Queue", "owned_by_creator": true}, {"id": "call", "name": "Call"}],
    "areas": [{"id": "floor", "name": "The floor", "modules": ["Monitor", "Desk"]}],
    "permissions": [
      {"id": "monitor", "name": "Monitor", "module": "Monitor", "scale": "steps", "resource": "queue",
       "visibility": {"view": "where_assigned", "yes": "assigned"}, "when_children_off": "view",
       "description": "Watching."},
      {"id": "sight", "name": "Sight", "module": "Monitor", "scale": "reach", "parent": "monitor",
       "options": ["own", "all"]},
      {"id": "join", "name": "Join", "module": "Monitor", "scale": "steps", "parent": "monitor"},
      {"id": "move", "name": "Move", "module": "Desk", "scale": "steps"},
      {"id": "close", "name": "Close", "module": "Desk", "scale": "steps", "level_from": "move"},
      {"id": "hand_on", "name": "Hand on", "module": "Office", "scale": "steps", "options_unspecified": true,
       "level_from": "move"}
    ],
    "roles": [
      {"id": "lead", "name": "Lead", "rank": 2,
       "grants": {"monitor": "yes", "move": "yes", "hand_on": "no", "sight": "own"}},
      {"id": "clerk", "name": "Clerk", "rank": 1,
       "grants": {"monitor": {"level": "yes", "visibility": "all"}}, "unspecified": ["move"]}
    ],
    "rules": [
      {"id": "leads_do", "because": "Leads do.", "actions": ["*"], "leaves_others_open": true,
       "actor": {"roles": ["lead"]}},
      {"id": "hands_off", "because": "The disabled keep their hands off.", "actions": ["assignment.*"],
       "effect": "forbid", "actor": {"disabled": true}, "on": {"kinds": ["queue"]},
       "target": {"member": true, "below_actor": false}},
      {"id": "no_gifts", "because": "No gifts.", "actions": ["group.*"], "effect": "forbid", "gives": {"a_role": true}}
    ]
  })json");
}

std::shared_ptr<const AccessModel> parsed(const json& document) {
  auto model = AccessModel::parse(document.dump());
  if (!model) {
    for (const auto& fault : model.error()) UNSCOPED_INFO(fault.pointer << ": " << fault.because);
  }
  REQUIRE(model.has_value());
  return *model;
}

std::vector<std::string> places_of_faults(const json& document) {
  const auto model = AccessModel::parse(document.dump());
  std::vector<std::string> places;
  if (model) return places;
  for (const ModelFault& fault : model.error()) places.push_back(fault.pointer);
  return places;
}

// A model with these roles below an owner and these rules.
json team(const std::vector<json>& more_roles, const std::vector<json>& rules) {
  json document = json::parse(R"json({"id": "team", "scales": {"yes_no": ["no", "yes"]}, "owner_role": "owner",
    "permissions": [{"id": "give", "name": "Give", "module": "Team", "scale": "yes_no"}],
    "roles": [{"id": "owner", "name": "Owner", "rank": 9, "grants": {"give": "yes"}}]})json");
  for (const json& role : more_roles) document["roles"].push_back(role);
  document["rules"] = json(rules);
  return document;
}

// A rule of which only these parts matter.
json rule(std::string_view parts) {
  static int made = 0;
  json whole = json::parse(parts);
  whole["id"] = "rule_" + std::to_string(++made);
  whole["because"] = "It is so.";
  return whole;
}
using Rules = std::vector<json>;

const json ghost{{"id", "ghost"}, {"name", "Ghost"}, {"rank", 5}};

constexpr std::pair<std::string_view, std::string_view> wrongs[] = {
    {"/resource_kinds/0/owned_by_creator", "1"},
    {"/areas/0/modules/0", "\"Cellar\""},
    {"/areas/0/id", "\"a b\""},
    {"/permissions/0/visibility/view", "\"some\""},
    {"/permissions/0/visibility/most", "\"all\""},
    {"/permissions/2/visibility", R"({"yes": "assigned"})"},
    {"/permissions/0/when_children_off", "\"most\""},
    {"/permissions/0/when_children_off", "2"},
    {"/permissions/3/when_children_off", "\"view\""},
    {"/permissions/4/level_from", "\"nothing\""},
    {"/permissions/4/level_from", "\"sight\""},
    {"/permissions/4/level_from", "\"hand_on\""},
    {"/permissions/4/level_from", "7"},
    {"/permissions/1/options_unspecified", "true"},
    {"/permissions/0/description", "\"\""},
    {"/rules/0/leaves_others_open", "\"yes\""},
    {"/rules/1/leaves_others_open", "true"},
    {"/rules/1/actor/disabled", "false"},
    {"/rules/1/on/kinds/0", "\"car\""},
    {"/rules/1/on", "{}"},
    {"/rules/1/target/member", "1"},
    {"/rules/2/gives/a_role", "\"no\""},
};

}  // namespace

TEST_CASE("how permissions hang together and how far grants reach is read as written") {
  const auto model = parsed(console());
  const PermissionRule& monitor = model->permissions()[0];
  CHECK(monitor.description == "Watching.");
  CHECK(monitor.visibility_at(0) == Visibility::all);
  CHECK(monitor.visibility_at(1) == Visibility::where_assigned);
  CHECK(monitor.visibility_at(2) == Visibility::assigned);
  CHECK(monitor.when_children_off == LevelIndex{1});
  CHECK(monitor.switches == std::vector<PermissionIndex>{2});  // "sight" has no option to be off
  CHECK(model->permissions()[4].level_from == PermissionIndex{3});
  CHECK(model->permissions()[5].options_unspecified);
  CHECK(model->permissions()[1].offers(1));
  CHECK_FALSE(model->permissions()[1].offers(0));
  CHECK(model->resource_kind("queue")->owned_by_creator);
  CHECK_FALSE(model->resource_kind("call")->owned_by_creator);
  for (const char* area : {"floor", "The floor", "Monitor"}) CHECK(model->in_area(0, area));
  for (const char* area : {"Desk", "Office", "cellar"}) CHECK_FALSE(model->in_area(0, area));
  CHECK_FALSE(model->in_area(5, "floor"));
}

TEST_CASE("a rule's further conditions are read as written") {
  const auto model = parsed(console());
  CHECK(model->rules()[0].leaves_others_open);
  const ActionRule& hands_off = model->rules()[1];
  CHECK(hands_off.actor_disabled);
  CHECK(hands_off.on_kinds == std::vector<std::string>{"queue"});
  CHECK(hands_off.target_is_member == true);
  CHECK(hands_off.target_not_below_actor);
  CHECK_FALSE(hands_off.target_below_actor);
  CHECK(model->rules()[2].gives_a_role == true);
}

TEST_CASE("a grant that names no visibility has the permission's own at that level") {
  const auto model = parsed(console());
  CHECK(model->cell(0, 0).visibility == Visibility::assigned);
  CHECK(model->cell(1, 0).visibility == Visibility::all);
}

TEST_CASE("given a role that is silent of a permission, then it has the level of the one it is taken from") {
  const auto model = parsed(console());
  CHECK(model->cell(0, 4).level == 2);
  CHECK(model->cell(0, 5).level == 0);  // it says no itself
  CHECK(model->cell(1, 4).level == 0);
  CHECK_FALSE(model->cell(1, 4).unspecified);
}

TEST_CASE("each fault of these parts is reported at its place") {
  for (const auto& [place, value] : wrongs) {
    INFO(place << " = " << value);
    json document = console();
    document[json::json_pointer(std::string(place))] = json::parse(value);
    const auto places = places_of_faults(document);
    INFO(json(places).dump());
    const auto is_there = [&](const std::string& at) { return at == place || at == std::string(place) + "/kinds"; };
    CHECK(std::any_of(places.begin(), places.end(), is_there));
  }
}

TEST_CASE("a role that no rule lets anybody give is a fault of the model") {
  const auto places = [&](std::string_view parts) { return places_of_faults(team({ghost}, Rules{rule(parts)})); };
  for (const char* parts :
       {R"({"actions": ["member.role_changed"], "gives": {"roles": ["owner"]}})",
        R"({"actions": ["member.role_changed"], "gives": {"not_roles": ["ghost"]}})",
        R"({"actions": ["member.added"], "gives": {"a_role": false}})",
        R"({"actions": ["member.*"], "actor": {"roles": ["ghost"]}, "gives": {"below_actor": true}})",
        R"({"actions": ["member.*"], "actor": {"kinds": ["system"]}, "gives": {"below_actor": true}})",
        R"({"actions": ["member.*"], "actor": {"kinds": ["system"], "permission": "give"}})",
        R"({"actions": ["member.*"], "actor": {"kinds": ["system"], "roles": ["owner"]}})"}) {
    INFO(parts);
    CHECK(places(parts) == std::vector<std::string>{"/roles/1"});
  }
  for (const char* parts :
       {R"({"actions": ["member.role_changed"]})", R"({"actions": ["member.*"], "gives": {"below_actor": true}})",
        R"({"actions": ["member.*"], "actor": {"permission": "give"}})",
        R"({"actions": ["member.*"], "actor": {"roles": ["ghost"]}, "gives": {"at_most_actor": true}})"}) {
    INFO(parts);
    CHECK(places(parts).empty());
  }
}

TEST_CASE("a model that was published before the check for roles that nobody may give is still read from the log") {
  const std::string document =
      team({ghost}, Rules{rule(R"({"actions": ["member.added"], "gives": {"a_role": false}})")}).dump();
  CHECK_FALSE(AccessModel::parse(document).has_value());
  const auto kept = AccessModel::parse_published(document);
  REQUIRE(kept.has_value());
  CHECK((*kept)->role("ghost"));
  CHECK_FALSE(AccessModel::parse_published(R"({"id": "team"})").has_value());
}

TEST_CASE("a role may be given in another way than by hand, and where no rule speaks of giving that is left open") {
  const json owners = rule(R"({"actions": ["member.role_changed"], "gives": {"roles": ["owner"]}})");
  const auto given = [&](const Rules& rules) { return places_of_faults(team({ghost}, rules)).empty(); };
  CHECK_FALSE(given({owners}));
  CHECK(given({owners, rule(R"({"actions": ["group.created"]})")}));
  CHECK(given({owners, rule(R"({"actions": ["role.granted"]})")}));
  CHECK(given({rule(R"({"actions": ["member.removed"]})")}));
  CHECK(given({}));
  const json everybody = rule(R"({"actions": ["member.*"]})");
  CHECK(given({everybody, rule(R"({"actions": ["member.*"], "effect": "forbid", "actor": {"kinds": ["support"]}})")}));
  CHECK_FALSE(given({everybody, rule(R"({"actions": ["member.*"], "effect": "forbid"})")}));
}

TEST_CASE("a role that is not available need not be given, one for scopes alone is given on a scope") {
  json role = ghost;
  const auto given = [&](const json& one) { return places_of_faults(team({role}, Rules{one})).empty(); };
  role["available"] = false;
  CHECK(given(rule(R"({"actions": ["member.*"], "gives": {"roles": ["owner"]}})")));
  role["available"] = true;
  role["member_role"] = false;
  CHECK(given(rule(R"({"actions": ["member.*"], "gives": {"roles": ["owner"]}})")));
  CHECK(given(rule(R"({"actions": ["role.granted"], "gives": {"roles": ["ghost"]}})")));
  CHECK_FALSE(given(rule(R"({"actions": ["role.granted"], "gives": {"roles": ["owner"]}})")));
}

TEST_CASE("faults of different parts are reported together, a role that nobody may give among them") {
  json role = ghost;
  role["inherits"].push_back("ghost");
  json document = team({role}, Rules{rule(R"({"actions": ["member.role_changed"], "gives": {"roles": ["owner"]},
                                              "actor": {"roles": ["nobody"]}})")});
  document["roles"][0]["grants"]["give"] = "perhaps";
  document["permissions"][0]["parent"] = "give";
  const auto places = places_of_faults(document);
  for (const char* place :
       {"/roles/0/grants/give", "/permissions/0/parent", "/roles/1/inherits", "/roles/1", "/rules/0/actor/roles/0"}) {
    INFO(place << " in " << json(places).dump());
    CHECK(std::find(places.begin(), places.end(), place) != places.end());
  }
}

TEST_CASE("permissions nest as deep as the limit and no deeper") {
  const auto chain = [](std::size_t length) {
    json document = team({}, {});
    for (std::size_t i = 0; i < length; ++i) {
      json next = document["permissions"][0];
      next["id"] = "p" + std::to_string(i);
      next["parent"] = i == 0 ? "give" : "p" + std::to_string(i - 1);
      document["permissions"].push_back(next);
    }
    return document;
  };
  CHECK(places_of_faults(chain(limits::model_parents_max)).empty());
  CHECK_FALSE(places_of_faults(chain(limits::model_parents_max + 1)).empty());
}

TEST_CASE("roles that inherit one another's many cells over and over are refused, not merged without end") {
  json document = team({}, {});
  json all = json::object();
  for (int i = 0; i < 2000; ++i) {
    json next = document["permissions"][0];
    next["id"] = "p" + std::to_string(i);
    document["permissions"].push_back(next);
    all["p" + std::to_string(i)] = "yes";
  }
  for (int i = 0; i < 1500; ++i) {
    json next{{"id", "r" + std::to_string(i)}, {"name", "R"}};
    if (i == 0) next["grants"] = all;
    if (i > 0) next["inherits"].push_back("r" + std::to_string(i - 1));
    document["roles"].push_back(next);
  }
  CHECK(places_of_faults(document) == std::vector<std::string>{"/roles"});
}

TEST_CASE("a model of ten thousand permissions and a thousand roles is read") {
  json document = team({}, Rules{rule(R"({"actions": ["*"]})")});
  for (int i = 1; i < 10'000; ++i) {
    json next = document["permissions"][0];
    next["id"] = "p" + std::to_string(i);
    document["permissions"].push_back(next);
  }
  for (int i = 1; i < 1'000; ++i) {
    json next{{"id", "r" + std::to_string(i)}, {"name", "R"}};
    for (int j = 0; j < 50; ++j) next["grants"]["p" + std::to_string(1 + (i * 37 + j * 101) % 9'999)] = "yes";
    document["roles"].push_back(next);
  }
  const auto model = parsed(document);
  CHECK(model->permissions().size() == 10'000);
  CHECK(model->roles().size() == 1'000);
  CHECK(model->cell(*model->role("r1"), *model->permission("p38")).level == 1);
}
