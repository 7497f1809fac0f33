#include <nlohmann/json.hpp>

#include "events/digest.h"
#include "events/limits.h"
#include "events/model/access_model.h"
#include "events/model/actions.h"
#include "tests/catch.h"

using namespace tenure;
using nlohmann::json;

namespace {

// A model that uses every part of the format.
json whole_model() {
  return json::parse(R"json({
    "id": "shop", "title": "A shop", "description": "For tests.",
    "scales": {"access": ["none", "view", "full"], "yes_no": ["no", "yes"]},
    "resource_kinds": [{"id": "queue", "name": "Queue"}, {"id": "site", "name": "Site", "declared": false}],
    "features": [{"id": "voice", "name": "Voice"}, {"id": "beta", "name": "Beta", "on_by_default": false}],
    "permissions": [
      {"id": "calls", "name": "Calls", "module": "Desk", "submodule": "Phone", "scale": "access", "resource": "queue",
       "parent": "desk", "parent_level": "full", "feature": "voice", "options": ["none", "full"]},
      {"id": "desk", "name": "Desk", "module": "Desk", "scale": "access"},
      {"id": "billing", "name": "Billing", "module": "Account", "scale": "yes_no", "owner_only": true},
      {"id": "reports", "name": "Reports", "module": "Desk", "scale": "access"}
    ],
    "roles": [
      {"id": "owner", "name": "Owner", "kind": "system", "rank": 30, "inherits": ["lead"], "cardinality": "exactly_one",
       "grants": {"billing": "yes"}},
      {"id": "lead", "name": "Lead", "rank": 20, "inherits": ["clerk", "auditor"],
       "grants": {"calls": {"level": "full", "visibility": "all_unless_assigned"}, "reports": "none"}},
      {"id": "clerk", "name": "Clerk", "rank": 10, "description": "Answers calls.",
       "grants": {"calls": {"level": "full", "visibility": "assigned"}, "desk": "view"}, "unspecified": ["reports"]},
      {"id": "auditor", "name": "Auditor", "rank": 5, "grants": {"desk": "full"}},
      {"id": "coach", "name": "Coach", "rank": 1, "available": false},
      {"id": "host", "name": "Host", "member_role": false, "grants": {"desk": "view"}}
    ],
    "settings": [{"id": "doors", "name": "Doors", "on_kind": "site", "initial": "shut",
                  "values": {"shut": null, "open": "host"}}],
    "owner_role": "owner", "former_owner_role": "lead", "custom_roles": true, "groups": {"inherit_from_parents": true},
    "outsiders_hold_scoped_grants": true, "invitees_share_disabling": true, "kept_when_disabled": ["reports"],
    "rules": [
      {"id": "leads_invite", "because": "Leads invite.", "actions": ["member.invited", "group.*"],
       "actor": {"kinds": ["member"], "roles": ["lead"], "permission": "calls", "level": "full"},
       "target": {"roles": ["clerk"], "not_roles": ["owner"], "below_actor": true, "self": false, "last_holder": false},
       "gives": {"a_role": true, "roles": ["clerk", "auditor"], "not_roles": ["owner"], "below_actor": true,
                 "at_most_actor": true}},
      {"id": "never_yourself", "because": "Not yourself.", "actions": ["member.invited"], "effect": "forbid",
       "target": {"self": true}}
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

std::vector<std::string> places_of_faults(const std::string& document) {
  const auto model = AccessModel::parse(document);
  REQUIRE_FALSE(model.has_value());
  std::vector<std::string> places;
  for (const ModelFault& fault : model.error()) {
    CHECK_FALSE(fault.because.empty());
    places.push_back(fault.pointer);
  }
  return places;
}

struct Wrong {
  std::string_view place;  // what is put there
  std::string_view value;
  std::string_view pointer;  // where the fault is
};

std::string level_of(const AccessModel& model, std::string_view role, std::string_view permission) {
  const auto index = *model.permission(permission);
  return model.level_name(index, model.cell(*model.role(role), index).level).text;
}

std::shared_ptr<const AccessModel> shipped(std::string_view id) {
  for (const ShippedModel& model : shipped_models()) {
    if (model.id == id) return parsed(json::parse(model.document));
  }
  FAIL("no model is shipped as " << id);
  return nullptr;
}

constexpr Wrong wrongs[] = {
    {"/colour", "1", "/colour"},
    {"/id", "\"a b\"", "/id"},
    {"/id", "7", "/id"},
    {"/title", "\"\"", "/title"},
    {"/custom_roles", "\"yes\"", "/custom_roles"},
    {"/groups", "[]", "/groups"},
    {"/groups/inherit", "true", "/groups/inherit"},
    {"/scales/short", "[\"none\"]", "/scales/short"},
    {"/scales/twice", "[\"none\",\"all\",\"none\"]", "/scales/twice/2"},
    {"/scales/numbers", "[0,1]", "/scales/numbers/0"},
    {"/resource_kinds/0/id", "\"a:b\"", "/resource_kinds/0/id"},
    {"/resource_kinds/1/id", "\"queue\"", "/resource_kinds/1/id"},
    {"/features/1/id", "\"voice\"", "/features/1/id"},
    {"/features/1/on_by_default", "1", "/features/1/on_by_default"},
    {"/permissions/3", "[]", "/permissions/3"},
    {"/permissions/3/id", "\"desk\"", "/permissions/3/id"},
    {"/permissions/3/name", "null", "/permissions/3/name"},
    {"/permissions/3/scale", "\"steps\"", "/permissions/3/scale"},
    {"/permissions/3/resource", "\"car\"", "/permissions/3/resource"},
    {"/permissions/3/feature", "\"fax\"", "/permissions/3/feature"},
    {"/permissions/3/parent", "\"nothing\"", "/permissions/3/parent"},
    {"/permissions/3/parent", "\"reports\"", "/permissions/3/parent"},
    {"/permissions/1/parent", "\"calls\"", "/permissions/1/parent"},
    {"/permissions/3/parent_level", "\"full\"", "/permissions/3/parent_level"},
    {"/permissions/0/parent_level", "\"most\"", "/permissions/0/parent_level"},
    {"/permissions/0/parent_level", "\"none\"", "/permissions/0/parent_level"},
    {"/permissions/3/options", "[]", "/permissions/3/options"},
    {"/permissions/3/options", "[\"none\",\"most\"]", "/permissions/3/options/1"},
    {"/permissions/3/options", "[\"none\",\"none\"]", "/permissions/3/options/1"},
    {"/permissions/3/owner_only", "0", "/permissions/3/owner_only"},
    {"/roles/3", "\"auditor\"", "/roles/3"},
    {"/roles/3/id", "\"two words\"", "/roles/3/id"},
    {"/roles/3/id", "\"lead\"", "/roles/3/id"},
    {"/roles/3/kind", "\"custom\"", "/roles/3/kind"},
    {"/roles/3/rank", "1.5", "/roles/3/rank"},
    {"/roles/3/rank", "-1", "/roles/3/rank"},
    {"/roles/3/rank", "1000001", "/roles/3/rank"},
    {"/roles/3/rank", "9007199254740992", "/roles/3/rank"},
    {"/roles/3/inherits", "[\"nobody\"]", "/roles/3/inherits/0"},
    {"/roles/3/inherits", "[\"lead\"]", "/roles/3/inherits"},
    {"/roles/3/inherits", "[\"auditor\"]", "/roles/3/inherits"},
    {"/roles/3/inherits", "[7]", "/roles/3/inherits/0"},
    {"/roles/3/cardinality", "\"two\"", "/roles/3/cardinality"},
    {"/roles/4/cardinality", "\"at_least_one\"", "/roles/4/cardinality"},
    {"/roles/3/grants/flying", "\"full\"", "/roles/3/grants/flying"},
    {"/roles/3/grants/desk", "\"most\"", "/roles/3/grants/desk"},
    {"/roles/3/grants/desk", "2", "/roles/3/grants/desk"},
    {"/roles/3/grants/desk", "{\"visibility\":\"all\"}", "/roles/3/grants/desk/level"},
    {"/roles/3/grants/desk", "{\"level\":\"full\",\"visibility\":\"some\"}", "/roles/3/grants/desk/visibility"},
    {"/roles/3/grants/desk", "{\"level\":\"full\",\"sight\":\"all\"}", "/roles/3/grants/desk/sight"},
    {"/roles/3/grants/billing", "\"yes\"", "/roles/3/grants"},
    {"/roles/3/unspecified", "[\"desk\"]", "/roles/3/unspecified/0"},
    {"/roles/3/unspecified", "[\"flying\"]", "/roles/3/unspecified/0"},
    {"/settings/0/on_kind", "\"car\"", "/settings/0/on_kind"},
    {"/settings/0/initial", "\"ajar\"", "/settings/0/initial"},
    {"/settings/0/values/open", "\"nobody\"", "/settings/0/values/open"},
    {"/settings/0/values/open", "true", "/settings/0/values/open"},
    {"/owner_role", "\"nobody\"", "/owner_role"},
    {"/owner_role", "\"host\"", "/owner_role"},
    {"/former_owner_role", "\"coach\"", "/former_owner_role"},
    {"/kept_when_disabled/0", "\"flying\"", "/kept_when_disabled/0"},
    {"/rules/1/id", "\"leads_invite\"", "/rules/1/id"},
    {"/rules/1/id", "\"lifecycle.mine\"", "/rules/1/id"},
    {"/rules/1/id", "\"member.added.not_allowed\"", "/rules/1/id"},
    {"/rules/1/effect", "\"maybe\"", "/rules/1/effect"},
    {"/rules/1/actions", "[]", "/rules/1/actions"},
    {"/rules/1/actions", "[\"member.promoted\"]", "/rules/1/actions/0"},
    {"/rules/1/actions", "[\"member*\"]", "/rules/1/actions/0"},
    {"/rules/1/actions", "[\"source.recorded\"]", "/rules/1/actions/0"},
    {"/rules/1/actions", "[\"token.*\"]", "/rules/1/actions/0"},
    {"/rules/1/actions", "[\"role.created\"]", "/rules/1/target"},
    {"/rules/0/actions", "[\"member.removed\"]", "/rules/0/gives"},
    {"/rules/0/actor/kinds", "[\"robot\"]", "/rules/0/actor/kinds/0"},
    {"/rules/0/actor/roles", "[\"nobody\"]", "/rules/0/actor/roles/0"},
    {"/rules/0/actor/permission", "\"flying\"", "/rules/0/actor/permission"},
    {"/rules/0/actor/level", "\"most\"", "/rules/0/actor/level"},
    {"/rules/0/actor/level", "\"none\"", "/rules/0/actor/level"},
    {"/rules/1/actor", "{\"level\":\"full\"}", "/rules/1/actor/level"},
    {"/rules/0/target/roles", "[\"nobody\"]", "/rules/0/target/roles/0"},
    {"/rules/0/target/self", "\"no\"", "/rules/0/target/self"},
    {"/rules/0/gives/roles", "[\"nobody\"]", "/rules/0/gives/roles/0"},
    {"/rules/0/gives/level", "\"full\"", "/rules/0/gives/level"},
};

}  // namespace

TEST_CASE("a model that uses every part of the format is read as written") {
  const auto model = parsed(whole_model());
  CHECK(model->id() == ModelId("shop"));
  CHECK(model->title() == "A shop");
  REQUIRE(model->permissions().size() == 4);
  const PermissionRule& calls = model->permissions()[*model->permission("calls")];
  CHECK(calls.name == "Calls");
  CHECK(calls.submodule == "Phone");
  CHECK(calls.parent == model->permission("desk"));
  CHECK(calls.parent_level == 2);
  CHECK(calls.resource_kind == "queue");
  CHECK(calls.feature == "voice");
  CHECK(calls.options == std::vector<LevelIndex>{0, 2});
  CHECK(model->permissions()[*model->permission("billing")].owner_only);
  CHECK(model->roles()[*model->role("owner")].cardinality == Cardinality::exactly_one);
  CHECK_FALSE(model->roles()[*model->role("coach")].available);
  CHECK_FALSE(model->roles()[*model->role("host")].member_role);
  CHECK_FALSE(model->feature("beta")->on_by_default);
  CHECK_FALSE(model->resource_kind("site")->declared);
  CHECK(model->resource_kind("queue")->declared);
  CHECK(model->setting("doors")->initial == "shut");
  REQUIRE(model->setting("doors")->values.size() == 2);
  CHECK(model->setting("doors")->values[0].everyone_role == model->role("host"));
  CHECK_FALSE(model->setting("doors")->values[1].everyone_role);
  CHECK(model->has_owner_role());
  CHECK(model->owner_role() == model->role("owner"));
  CHECK(model->former_owner_role() == model->role("lead"));
  CHECK(model->custom_roles());
  CHECK(model->groups_inherit_from_parents());
  CHECK(model->outsiders_hold_scoped_grants());
  CHECK(model->invitees_share_disabling());
  CHECK(model->kept_when_disabled() == std::vector<PermissionIndex>{*model->permission("reports")});
  CHECK_FALSE(model->permission("nothing"));
  CHECK_FALSE(model->role("nobody"));
  CHECK_FALSE(model->level(0, "most"));
  CHECK_FALSE(model->feature("none"));
  CHECK_FALSE(model->setting("none"));
}

TEST_CASE("a rule is read with its conditions, and prohibitions stand before allowances") {
  const auto model = parsed(whole_model());
  REQUIRE(model->rules().size() == 2);
  const ActionRule& rule = model->rules()[0];
  CHECK(rule.allow);
  CHECK(rule.actor_kinds == std::vector<std::string>{"member"});
  CHECK(rule.actor_roles == std::vector<RoleIndex>{*model->role("lead")});
  CHECK(rule.actor_permission == model->permission("calls"));
  CHECK(rule.actor_level == 2);
  CHECK(rule.target_below_actor);
  CHECK(rule.target_is_actor == false);
  CHECK(rule.given_at_most_actor);
  for (std::size_t action = 0; action < action_count; ++action) {
    const std::string_view name = action_type(action).name;
    INFO(name);
    if (name == "member.invited") {
      CHECK(model->rules_of(action) == std::vector<std::uint16_t>{1, 0});
    } else if (name.starts_with("group.")) {
      CHECK(model->rules_of(action) == std::vector<std::uint16_t>{0});
    } else {
      CHECK(model->rules_of(action).empty());
    }
  }
}

TEST_CASE("an inherited grant is merged: the higher level wins, then the wider sight") {
  const auto model = parsed(whole_model());
  const auto calls = *model->permission("calls");
  const auto reports = *model->permission("reports");
  CHECK(model->cell(*model->role("clerk"), calls).visibility == Visibility::assigned);
  CHECK(model->cell(*model->role("lead"), calls).visibility == Visibility::all_unless_assigned);
  CHECK(model->cell(*model->role("owner"), calls).visibility == Visibility::all_unless_assigned);
  CHECK(level_of(*model, "lead", "desk") == "full");
  CHECK(level_of(*model, "owner", "desk") == "full");
  CHECK(level_of(*model, "owner", "billing") == "yes");
  CHECK(level_of(*model, "lead", "billing") == "no");
  CHECK(model->cell(*model->role("clerk"), reports).unspecified);
  CHECK_FALSE(model->cell(*model->role("lead"), reports).unspecified);
  CHECK_FALSE(model->cell(*model->role("owner"), reports).unspecified);
  CHECK(model->cells(*model->role("clerk")).size() == 3);
  CHECK(model->cells(*model->role("coach")).empty());
}

TEST_CASE("the same rules are the same version however the document is laid out, other rules are another") {
  const json document = whole_model();
  const auto plain = parsed(document);
  const auto spaced = AccessModel::parse(document.dump(4));
  REQUIRE(spaced.has_value());
  CHECK(plain->version() == (*spaced)->version());
  CHECK(plain->document() == (*spaced)->document());
  CHECK(plain->version() == to_hex(sha256(plain->document())));
  json other = document;
  other["roles"][3]["grants"]["desk"] = "view";
  CHECK(parsed(other)->version() != plain->version());
}

TEST_CASE("a model without an owner role gives a new organization's owner its highest available role") {
  json document = whole_model();
  document.erase("owner_role");
  document.erase("former_owner_role");
  document.erase("rules");
  document["permissions"][2].erase("owner_only");
  document["roles"][4]["rank"] = 99;  // coming soon
  const auto model = parsed(document);
  CHECK_FALSE(model->has_owner_role());
  CHECK(model->owner_role() == model->role("owner"));
  CHECK_FALSE(model->former_owner_role());
}

TEST_CASE("each fault of a model's document is reported at its place") {
  for (const Wrong& wrong : wrongs) {
    INFO(wrong.place << " = " << wrong.value);
    json document = whole_model();
    document[json::json_pointer(std::string(wrong.place))] = json::parse(wrong.value);
    const auto places = places_of_faults(document.dump());
    INFO(json(places).dump());
    CHECK(std::find(places.begin(), places.end(), wrong.pointer) != places.end());
  }
}

TEST_CASE("each part that a model needs is missed at its place") {
  for (const char* place : {"/id",
                            "/scales",
                            "/permissions",
                            "/roles",
                            "/permissions/3/id",
                            "/permissions/3/name",
                            "/permissions/3/module",
                            "/permissions/3/scale",
                            "/roles/3/id",
                            "/roles/3/name",
                            "/resource_kinds/0/id",
                            "/resource_kinds/0/name",
                            "/features/0/id",
                            "/features/0/name",
                            "/settings/0/id",
                            "/settings/0/name",
                            "/settings/0/initial",
                            "/settings/0/values",
                            "/settings/0/on_kind",
                            "/rules/0/id",
                            "/rules/0/because",
                            "/rules/0/actions"}) {
    INFO(place);
    json patch = json::array({{{"op", "remove"}, {"path", place}}});
    const auto places = places_of_faults(whole_model().patch(patch).dump());
    INFO(json(places).dump());
    CHECK(std::find(places.begin(), places.end(), place) != places.end());
  }
}

TEST_CASE("all faults of a document are reported together, up to a limit") {
  json document = whole_model();
  document["permissions"][3]["scale"] = "steps";
  document["roles"][3]["grants"]["flying"] = "full";
  document["rules"][1]["effect"] = "maybe";
  CHECK(places_of_faults(document.dump()) ==
        std::vector<std::string>{"/permissions/3/scale", "/roles/3/grants/flying", "/rules/1/effect"});
  for (int i = 0; i < 1000; ++i) document["wrong" + std::to_string(i)] = 1;
  const auto places = places_of_faults(document.dump());
  CHECK(places.size() == 1001);
  CHECK(places.back().empty());
}

TEST_CASE("what is no JSON object, too large or given twice is no model") {
  CHECK(places_of_faults("{") == std::vector<std::string>{""});
  CHECK(places_of_faults("[]") == std::vector<std::string>{""});
  CHECK(places_of_faults(std::string(limits::model_bytes_max + 1, ' ')) == std::vector<std::string>{""});
  const auto twice = AccessModel::parse(R"({"id":"a","id":"b"})");
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error()[0].because.find("byte 10") != std::string::npos);
  CHECK(places_of_faults(R"({"id":"a","scales":{},"permissions":[],"roles":[]})") ==
        std::vector<std::string>{"/roles"});
}

TEST_CASE("a model of the largest size that is allowed is read, one permission more is refused") {
  json document = whole_model();
  const json one = document["permissions"][3];
  for (std::size_t i = document["permissions"].size(); i < limits::model_permissions_max; ++i) {
    json next = one;
    next["id"] = "p" + std::to_string(i);
    document["permissions"].push_back(next);
  }
  CHECK(parsed(document)->permissions().size() == limits::model_permissions_max);
  json next = one;
  next["id"] = "one_more";
  document["permissions"].push_back(next);
  const auto places = places_of_faults(document.dump());
  CHECK(std::find(places.begin(), places.end(), "/permissions") != places.end());
}

TEST_CASE("every shipped model is read without a fault and is shipped under its own id") {
  REQUIRE_FALSE(shipped_models().empty());
  for (const ShippedModel& model : shipped_models()) {
    INFO(model.id);
    CHECK(parsed(json::parse(model.document))->id().text == model.id);
  }
}

TEST_CASE("every cell of the shipped github model is what that platform grants") {
  const auto model = shipped("github");
  const std::map<std::string, std::pair<std::string, std::string>> cells{
      {"owner", {"admin", "yes"}},      {"member", {"none", "no"}}, {"admin", {"admin", "no"}},
      {"maintain", {"maintain", "no"}}, {"write", {"write", "no"}}, {"triage", {"triage", "no"}},
      {"read", {"read", "no"}},
  };
  REQUIRE(model->roles().size() == cells.size());
  REQUIRE(model->permissions().size() == 2);
  for (const auto& [role, levels] : cells) {
    INFO(role);
    CHECK(level_of(*model, role, "repository") == levels.first);
    CHECK(level_of(*model, role, "organization") == levels.second);
    CHECK(model->roles()[*model->role(role)].member_role == (role == "owner" || role == "member"));
  }
  CHECK(model->owner_role() == model->role("owner"));
  CHECK(model->groups_inherit_from_parents());
  CHECK(model->outsiders_hold_scoped_grants());
  CHECK_FALSE(model->custom_roles());
  CHECK_FALSE(model->resource_kind("repo")->declared);
  const SettingRule* base = model->setting("base_permission");
  REQUIRE(base);
  CHECK(base->on_kind == "repo");
  CHECK(base->initial == "none");
  REQUIRE(base->values.size() == 4);
  for (const SettingValue& value : base->values) {
    CHECK(value.everyone_role == (value.value == "none" ? std::nullopt : model->role(value.value)));
  }
}
