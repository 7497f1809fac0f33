#include "events/judge.h"

#include "tests/catch.h"
#include "tests/events/team_in_memory.h"

using namespace tenure;
using testing::TeamInMemory;
using Status = TeamState::Status;

namespace {

constexpr std::string_view shop = R"json({
  "id": "shop", "title": "A shop",
  "scales": {"access": ["none", "view", "full"]},
  "resource_kinds": [{"id": "queue", "name": "Queue"}],
  "features": [{"id": "voice", "name": "Voice"}],
  "permissions": [
    {"id": "desk", "name": "Desk", "module": "Desk", "scale": "access", "options": ["none", "full"]},
    {"id": "billing", "name": "Billing", "module": "Account", "scale": "access", "owner_only": true},
    {"id": "calls", "name": "Calls", "module": "Desk", "scale": "access", "resource": "queue"}
  ],
  "roles": [
    {"id": "owner", "name": "Owner", "rank": 30, "cardinality": "exactly_one", "grants": {"billing": "full"}},
    {"id": "lead", "name": "Lead", "rank": 20, "cardinality": "at_least_one"},
    {"id": "clerk", "name": "Clerk", "rank": 10},
    {"id": "coach", "name": "Coach", "available": false},
    {"id": "host", "name": "Host", "member_role": false}
  ],
  "settings": [{"id": "doors", "name": "Doors", "initial": "shut", "values": {"shut": null, "open": null}}],
  "owner_role": "owner", "custom_roles": true,
  "rules": [
    {"id": "manage_below", "because": "Leads and the owner manage those below them.",
     "actions": ["member.removed", "member.role_changed", "member.added"],
     "actor": {"roles": ["owner", "lead"]}, "target": {"below_actor": true}, "gives": {"below_actor": true}},
    {"id": "removal", "because": "Leads and the owner remove those below them.",
     "actions": ["member.disabled"], "actor": {"roles": ["owner", "lead"]},
     "target": {"below_actor": true, "self": false}},
    {"id": "not_yourself", "because": "Nobody removes their own account.", "effect": "forbid",
     "actions": ["member.removed"], "target": {"self": true}},
    {"id": "support_moves_ownership", "because": "Only support moves ownership.",
     "actions": ["ownership.transferred"], "actor": {"kinds": ["support"]}, "target": {"not_roles": ["clerk"]}},
    {"id": "desk_edits_roles", "because": "The desk permission edits roles.",
     "actions": ["role.*"], "actor": {"permission": "desk", "level": "full"}},
    {"id": "invite_clerks", "because": "Leads invite clerks.",
     "actions": ["member.invited"], "actor": {"roles": ["lead"]}, "gives": {"roles": ["clerk"]}},
    {"id": "up_to_own", "because": "A role of one's own rank may be handed on to invitees.",
     "actions": ["group.created"], "actor": {"roles": ["lead"]}, "gives": {"at_most_actor": true}},
    {"id": "queue_people", "because": "Whoever runs a queue assigns people to it.",
     "actions": ["assignment.*"], "actor": {"permission": "calls", "level": "full"}},
    {"id": "keep_last_clerk", "because": "The last clerk stays enabled.", "effect": "forbid",
     "actions": ["member.disabled"], "target": {"roles": ["clerk"], "last_holder": true}},
    {"id": "no_features_by_integration", "because": "Integrations leave features alone.", "effect": "forbid",
     "actions": ["feature.*"], "actor": {"kinds": ["integration"]}}
  ]
})json";

const AccessModel& shop_model() {
  static const auto model = *AccessModel::parse(shop);
  return *model;
}

const AccessModel& github_model() {
  static const auto model = [] {
    for (const ShippedModel& shipped : shipped_models()) {
      if (shipped.id == "github") return *AccessModel::parse(shipped.document);
    }
    return std::shared_ptr<const AccessModel>();
  }();
  REQUIRE(model);
  return *model;
}

Person person(const char* identity) { return {identity, {}}; }

Event by(const char* actor, EventPayload data) {
  Event event;
  event.actor = {ActorKind::member, person(actor)};
  event.data = std::move(data);
  return event;
}
Event by(ActorKind kind, EventPayload data) {
  Event event;
  event.actor = {kind, person("tool")};
  event.data = std::move(data);
  return event;
}

// Oda is the owner, Lea and Leo lead, Cem and Cleo are clerks, Dora is disabled, Gus has gone, Ivy is invited.
TeamInMemory shop_team() {
  TeamInMemory team;
  team.with("oda", "owner").with("lea", "lead").with("leo", "lead").with("cem", "clerk").with("cleo", "clerk");
  team.with("dora", "lead", Status::disabled).with("gus", "", Status::removed).with("ivy", "lead", Status::invited);
  team.custom_roles = {"night"};
  team.deleted_roles = {"old"};
  team.with("nia", "night");
  team.powers = {{"cem", 0, 2, "*"}, {"lea", 2, 2, "q1"}};
  return team;
}

Verdict in_shop(const Event& event, const TeamInMemory& team = shop_team()) { return judge(shop_model(), event, team); }

void check_allowed(const Verdict& verdict, std::string_view rule) {
  CHECK(verdict.result == VerdictResult::allowed);
  CHECK(verdict.rule == rule);
  CHECK(verdict.because.empty());
}
void check_violation(const Verdict& verdict, std::string_view rule) {
  CHECK(verdict.result == VerdictResult::violation);
  CHECK(verdict.rule == rule);
  REQUIRE_FALSE(verdict.because.empty());
  CHECK(verdict.because.back() == '.');
}
void check_unspecified(const Verdict& verdict) {
  CHECK(verdict.result == VerdictResult::unspecified);
  CHECK(verdict.rule.empty());
}

event::MemberRoleChanged role_of(const char* member, const char* role) { return {person(member), RoleId(role)}; }
event::RoleCreated new_role(const char* role, Grants grants = {}) {
  return {RoleId(role), "A role", std::nullopt, std::nullopt, std::move(grants)};
}
event::RoleGranted granted(const char* to, const char* role, Scope on) {
  return {std::move(on), {Principal::Kind::member, person(to), {}}, RoleId(role)};
}
Scope on_repo(const char* id) { return {Scope::Kind::resource, "repo", id}; }

}  // namespace

TEST_CASE("given a rank below the actor's, when the actor removes that member, then it is allowed") {
  check_allowed(in_shop(by("lea", event::MemberRemoved{person("cem")})), "manage_below");
  check_allowed(in_shop(by("oda", event::MemberRemoved{person("lea")})), "manage_below");
  check_allowed(in_shop(by("lea", event::MemberRemoved{person("nia")})), "manage_below");  // custom roles rank lowest
}

TEST_CASE(
    "given an equal or higher rank, when the actor removes that member, then it is a violation that says who may") {
  const Verdict verdict = in_shop(by("lea", event::MemberRemoved{person("leo")}));
  check_violation(verdict, "member.removed.not_allowed");
  CHECK(verdict.because.find("Leads and the owner manage those below them.") != std::string::npos);
  check_violation(in_shop(by("cem", event::MemberRemoved{person("cleo")})), "member.removed.not_allowed");
  check_violation(in_shop(by("nia", event::MemberRemoved{person("cleo")})), "member.removed.not_allowed");
}

TEST_CASE("given a prohibition and an allowance that both match, then the prohibition decides") {
  const Verdict verdict = in_shop(by("lea", event::MemberRemoved{person("lea")}));
  check_violation(verdict, "not_yourself");
  CHECK(verdict.because == "Nobody removes their own account.");
}

TEST_CASE("a role counts for its actor only while they are an active member") {
  for (const char* actor : {"dora", "gus", "ivy", "stranger"}) {
    INFO(actor);
    check_violation(in_shop(by(actor, event::MemberRemoved{person("cem")})), "member.removed.not_allowed");
  }
  check_violation(in_shop(by(ActorKind::system, event::MemberRemoved{person("cem")})), "member.removed.not_allowed");
}

TEST_CASE("a role given is held against the rule's limits on what may be given") {
  check_allowed(in_shop(by("lea", role_of("nia", "clerk"))), "manage_below");
  check_violation(in_shop(by("lea", role_of("cem", "lead"))), "member.role_changed.not_allowed");
  check_allowed(in_shop(by("oda", role_of("cem", "lead"))), "manage_below");
  check_allowed(in_shop(by("lea", event::MemberAdded{person("new"), std::nullopt})), "manage_below");
  check_allowed(in_shop(by("lea", event::MemberInvited{person("new"), RoleId("clerk"), {}, {}})), "invite_clerks");
  check_violation(in_shop(by("lea", event::MemberInvited{person("new"), RoleId("lead"), {}, {}})),
                  "member.invited.not_allowed");
  check_violation(in_shop(by("lea", event::MemberInvited{person("new"), std::nullopt, {}, {}})),
                  "member.invited.not_allowed");
  const auto group = [](const char* role) {
    return event::GroupCreated{GroupId("g"), std::nullopt, std::nullopt, RoleId(role)};
  };
  check_allowed(in_shop(by("lea", group("lead"))), "up_to_own");
  check_allowed(in_shop(by("lea", group("night"))), "up_to_own");
}

TEST_CASE("given a rule by permission, then whoever holds it at that level may, with any role") {
  check_allowed(in_shop(by("cem", new_role("day"))), "desk_edits_roles");
  check_violation(in_shop(by("cleo", new_role("day"))), "role.created.not_allowed");
  check_violation(in_shop(by(ActorKind::integration, new_role("day"))), "role.created.not_allowed");
}

TEST_CASE("given a permission about a resource, then it counts for that resource alone") {
  check_allowed(in_shop(by("lea", event::AssignmentAdded{person("cem"), {"queue", "q1"}})), "queue_people");
  check_violation(in_shop(by("lea", event::AssignmentAdded{person("cem"), {"queue", "q2"}})),
                  "assignment.added.not_allowed");
}

TEST_CASE("ownership moves only by the actors that the model names and only to the roles it admits") {
  const event::OwnershipTransferred to_lea{person("oda"), std::nullopt, person("lea")};
  check_allowed(in_shop(by(ActorKind::support, to_lea)), "support_moves_ownership");
  check_violation(in_shop(by("oda", to_lea)), "ownership.transferred.not_allowed");
  check_violation(
      in_shop(by(ActorKind::support, event::OwnershipTransferred{person("oda"), std::nullopt, person("cem")})),
      "ownership.transferred.not_allowed");
  check_violation(
      in_shop(by(ActorKind::support, event::OwnershipTransferred{person("lea"), std::nullopt, person("leo")})),
      "lifecycle.not_the_owner");
  check_violation(
      in_shop(by(ActorKind::support, event::OwnershipTransferred{person("oda"), RoleId("owner"), person("lea")})),
      "lifecycle.exactly_one_holder");
  check_allowed(
      in_shop(by(ActorKind::support, event::OwnershipTransferred{person("oda"), RoleId("clerk"), person("lea")})),
      "support_moves_ownership");
}

TEST_CASE("a prohibition about the last holder of a role holds for the last one and not before") {
  check_allowed(in_shop(by("lea", event::MemberDisabled{person("cem"), {}})), "removal");
  TeamInMemory team = shop_team();
  team.with("cleo", "clerk", Status::disabled);
  check_violation(in_shop(by("lea", event::MemberDisabled{person("cem"), {}}), team), "keep_last_clerk");
}

TEST_CASE("an action that no rule allows to anyone is unspecified, unless a prohibition of it matches") {
  check_unspecified(in_shop(by("oda", event::GroupDeleted{GroupId("g")})));
  check_unspecified(in_shop(by("oda", event::FeatureEnabled{FeatureId("voice")})));
  check_violation(in_shop(by(ActorKind::integration, event::FeatureEnabled{FeatureId("voice")})),
                  "no_features_by_integration");
}

TEST_CASE("changing nothing is allowed to anyone") {
  const char* rule = "lifecycle.changes_nothing";
  check_allowed(in_shop(by("stranger", role_of("oda", "owner"))), rule);
  check_allowed(in_shop(by("cem", role_of("dora", "lead"))), rule);
  check_allowed(in_shop(by("cem", event::MemberAdded{person("lea"), std::nullopt})), rule);
  check_allowed(in_shop(by("cem", event::MemberAdded{person("lea"), RoleId("lead")})), rule);
  check_allowed(in_shop(by("cem", event::MemberRemoved{person("gus")})), rule);
  check_allowed(in_shop(by("cem", event::MemberDisabled{person("dora"), {}})), rule);
  check_allowed(in_shop(by("cem", event::MemberEnabled{person("lea"), {}})), rule);
  check_allowed(in_shop(by("cleo", event::RoleDeleted{RoleId("old"), {}})), rule);
  check_violation(in_shop(by("cleo", event::RoleDeleted{RoleId("old"), RoleId("lead")})), "lifecycle.role_deleted");
  check_unspecified(in_shop(by("cem", event::MemberEnabled{person("lea"), "Desk"})));
  check_violation(in_shop(by("cem", event::MemberRemoved{person("stranger")})), "member.removed.not_allowed");
}

TEST_CASE("a role with exactly one holder is not given a second time, in no way") {
  const char* rule = "lifecycle.exactly_one_holder";
  check_violation(in_shop(by("oda", role_of("lea", "owner"))), rule);
  check_violation(in_shop(by("oda", event::MemberAdded{person("new"), RoleId("owner")})), rule);
  check_violation(in_shop(by("oda", event::MemberInvited{person("new"), RoleId("owner"), {}, {}})), rule);
  check_violation(in_shop(by("oda", granted("lea", "owner", Scope{}))), rule);
  check_violation(in_shop(by("oda", event::GroupCreated{GroupId("g"), {}, {}, RoleId("owner")})), rule);
  check_violation(in_shop(by("oda", event::GroupEdited{GroupId("g"), {}, {}, {false, RoleId("owner")}})), rule);
  check_violation(in_shop(by("cem", event::RoleDeleted{RoleId("night"), RoleId("owner")})), rule);
}

TEST_CASE("the last holder of a role that must have one is neither removed nor given another role") {
  const char* rule = "lifecycle.last_holder";
  check_violation(in_shop(by("oda", event::MemberRemoved{person("oda")})), rule);
  check_violation(in_shop(by("oda", role_of("oda", "lead"))), rule);
  check_violation(in_shop(by("oda", event::MemberAdded{person("oda"), RoleId("lead")})), rule);
  // An invitation takes nothing yet, but accepting it would, and nobody is asked then.
  check_violation(in_shop(by("oda", event::MemberInvited{person("oda"), RoleId("clerk"), {}, {}})), rule);
  check_allowed(in_shop(by("oda", role_of("leo", "clerk"))), "manage_below");
  TeamInMemory team = shop_team();
  team.with("leo", "clerk");  // dora leads too, but is disabled
  check_violation(in_shop(by("oda", role_of("lea", "clerk")), team), rule);
}

TEST_CASE("a disabled holder is a holder, but not one who can be left alone with the role") {
  TeamInMemory team = shop_team();
  team.with("oda", "owner", Status::disabled);
  check_violation(in_shop(by("lea", role_of("leo", "owner")), team), "lifecycle.exactly_one_holder");
  check_violation(in_shop(by("lea", event::MemberRemoved{person("oda")}), team), "lifecycle.last_holder");
  check_violation(
      in_shop(by(ActorKind::support, event::OwnershipTransferred{person("lea"), std::nullopt, person("leo")}), team),
      "lifecycle.not_the_owner");
  // Two active leads remain, so the disabled one may go.
  check_allowed(in_shop(by("oda", event::MemberRemoved{person("dora")})), "manage_below");
}

TEST_CASE("a transfer of ownership leaves nobody's role without its last holder") {
  const char* rule = "lifecycle.last_holder";
  TeamInMemory team = shop_team();
  team.with("leo", "clerk");
  const auto transfer = [&](const char* from, const char* to) {
    const event::OwnershipTransferred passed{person(from), std::nullopt, person(to)};
    return in_shop(by(ActorKind::support, passed), team);
  };
  check_violation(transfer("oda", "lea"), rule);       // the last active lead would lead no more
  check_violation(transfer("oda", "stranger"), rule);  // who is no member owns nothing
  check_violation(transfer("oda", "dora"), rule);      // and who is disabled cannot act
  check_allowed(transfer("oda", "nia"), "support_moves_ownership");
  check_violation(transfer("oda", "leo"), "ownership.transferred.not_allowed");
}

TEST_CASE("a role that is not available, only for scopes, unknown or deleted is nobody's own role") {
  check_violation(in_shop(by("oda", role_of("cem", "coach"))), "lifecycle.role_not_available");
  check_violation(in_shop(by("oda", granted("cem", "coach", Scope{}))), "lifecycle.role_not_available");
  check_violation(in_shop(by("oda", role_of("cem", "host"))), "lifecycle.not_a_member_role");
  check_violation(in_shop(by("oda", event::GroupCreated{GroupId("g"), {}, {}, RoleId("host")})),
                  "lifecycle.not_a_member_role");
  check_violation(in_shop(by("oda", role_of("cem", "king"))), "lifecycle.unknown_role");
  check_violation(in_shop(by("oda", role_of("cem", "old"))), "lifecycle.role_deleted");
  check_allowed(in_shop(by("oda", role_of("cem", "night"))), "manage_below");
}

TEST_CASE("system roles are neither edited, deleted nor created again, and reset changes nothing in them") {
  const char* rule = "lifecycle.system_role_fixed";
  check_violation(in_shop(by("cem", event::RoleEdited{RoleId("clerk"), {}, {}})), rule);
  check_violation(in_shop(by("cem", event::RoleDeleted{RoleId("clerk"), {}})), rule);
  check_violation(in_shop(by("cem", new_role("clerk"))), rule);
  check_allowed(in_shop(by("cem", event::RoleReset{RoleId("clerk")})), "desk_edits_roles");
}

TEST_CASE("custom roles are made once, edited while they exist and never come back") {
  check_violation(in_shop(by("cem", new_role("night"))), "lifecycle.role_exists");
  check_violation(in_shop(by("cem", new_role("old"))), "lifecycle.role_deleted");
  check_allowed(in_shop(by("cem", event::RoleEdited{RoleId("night"), {}, {}})), "desk_edits_roles");
  check_violation(in_shop(by("cem", event::RoleEdited{RoleId("old"), {}, {}})), "lifecycle.role_deleted");
  check_violation(in_shop(by("cem", event::RoleReset{RoleId("king")})), "lifecycle.unknown_role");
  auto based = new_role("day");
  based.based_on = RoleId("king");
  check_violation(in_shop(by("cem", based)), "lifecycle.unknown_role");
  based.based_on = RoleId("night");
  check_allowed(in_shop(by("cem", based)), "desk_edits_roles");
  check_violation(judge(github_model(), by(ActorKind::system, new_role("day")), TeamInMemory()),
                  "lifecycle.no_custom_roles");
}

TEST_CASE("where a model has no custom roles one that another model left behind is neither edited nor reset") {
  TeamInMemory team;
  team.custom_roles.insert("day");
  const auto sync = [&](auto payload) { return judge(github_model(), by(ActorKind::system, payload), team); };
  check_violation(sync(event::RoleEdited{RoleId("day"), {}, {}}), "lifecycle.no_custom_roles");
  check_violation(sync(event::RoleReset{RoleId("day")}), "lifecycle.no_custom_roles");
  // Whoever may clean up may.
  check_allowed(sync(event::RoleDeleted{RoleId("day"), {}}), "automation_has_owner_power");
}

TEST_CASE("a custom role's grants are held against the model: names, options and what is the owner's alone") {
  const auto with = [](const char* permission, const char* level) {
    return in_shop(by("cem", new_role("day", {{PermissionId(permission), LevelId(level)}})));
  };
  check_allowed(with("desk", "full"), "desk_edits_roles");
  check_violation(with("desk", "view"), "lifecycle.level_not_offered");
  check_violation(with("desk", "most"), "lifecycle.unknown_level");
  check_violation(with("flying", "full"), "lifecycle.unknown_permission");
  check_violation(with("billing", "view"), "lifecycle.owner_only");
  check_allowed(with("billing", "none"), "desk_edits_roles");
  check_violation(in_shop(by("cem", event::RoleEdited{RoleId("night"), {{PermissionId("desk"), LevelId("view")}}, {}})),
                  "lifecycle.level_not_offered");
}

TEST_CASE("features, settings and values that the model does not know are violations") {
  check_violation(in_shop(by("oda", event::FeatureEnabled{FeatureId("fax")})), "lifecycle.unknown_feature");
  check_violation(in_shop(by("oda", event::FeatureDisabled{FeatureId("fax")})), "lifecycle.unknown_feature");
  check_violation(in_shop(by("oda", event::OrgSettingChanged{SettingId("windows"), "open"})),
                  "lifecycle.unknown_setting");
  check_violation(in_shop(by("oda", event::OrgSettingChanged{SettingId("doors"), "ajar"})),
                  "lifecycle.unknown_setting_value");
  check_unspecified(in_shop(by("oda", event::OrgSettingChanged{SettingId("doors"), "open"})));
}

TEST_CASE("a history begins: while nobody owns the organization what was found is allowed, afterwards it is judged") {
  Event found = by("stranger", event::MemberAdded{person("oda"), RoleId("owner")});
  check_violation(in_shop(found, TeamInMemory()), "member.added.not_allowed");
  found.basis = Basis::baseline;
  check_allowed(in_shop(found, TeamInMemory()), "lifecycle.begins");
  found.data = event::MemberAdded{person("new"), RoleId("clerk")};
  check_violation(in_shop(found), "member.added.not_allowed");
  found.data = event::MemberAdded{person("new"), RoleId("king")};
  check_violation(in_shop(found, TeamInMemory()), "lifecycle.unknown_role");
  check_allowed(in_shop(by("stranger", event::OrgCreated{ModelId("shop"), {}, Mode::observe, person("oda")})),
                "lifecycle.begins");
}

TEST_CASE("what changes no team and what Tenure writes itself is always allowed") {
  check_allowed(in_shop(by("stranger", event::SourceRecorded{"log", "push", {"{}"}})), "lifecycle.record_only");
  check_allowed(in_shop(by(ActorKind::system, event::TokenRevoked{"t"})), "lifecycle.record_only");
}

TEST_CASE("no sentence of a verdict names a person") {
  for (const Event& event : {by("lea", event::MemberRemoved{person("leo")}), by("oda", role_of("oda", "lead")),
                             by("oda", role_of("lea", "owner")), by("lea", event::MemberRemoved{person("lea")})}) {
    const Verdict verdict = in_shop(event);
    REQUIRE(verdict.result == VerdictResult::violation);
    for (const char* name : {"oda", "lea ", "leo"}) CHECK(verdict.because.find(name) == std::string::npos);
  }
}

TEST_CASE("two people are the same by subject where both have one, else by identity") {
  SubjectId one, two;
  one.bytes[0] = 1;
  two.bytes[0] = 2;
  CHECK(same_person({"ana", one}, {"", one}));
  CHECK_FALSE(same_person({"ana", one}, {"ana", two}));
  CHECK(same_person({"ana", {}}, {"ana", two}));
  CHECK_FALSE(same_person({"", {}}, {"", {}}));
}

TEST_CASE("in the github model owners and automation act, members leave and create, repository admins grant") {
  TeamInMemory team;
  team.with("olga", "owner").with("otto", "owner").with("mia", "member").with("max", "member");
  const AccessModel& model = github_model();
  team.powers = {{"mia", *model.permission("repository"), 5, "acme/web"}};
  const auto verdict = [&](const Event& event) { return judge(model, event, team); };
  check_allowed(verdict(by("olga", event::MemberRemoved{person("mia")})), "owners_run_the_organization");
  check_allowed(verdict(by("olga", role_of("otto", "member"))), "owners_run_the_organization");
  check_allowed(verdict(by(ActorKind::system, event::MemberAdded{person("new"), RoleId("owner")})),
                "automation_has_owner_power");
  check_allowed(verdict(by("mia", event::MemberRemoved{person("mia")})), "people_may_leave");
  check_violation(verdict(by("mia", event::MemberRemoved{person("max")})), "member.removed.not_allowed");
  check_allowed(verdict(by("mia", event::GroupCreated{GroupId("sre"), {}, {}, {}})), "members_create");
  check_violation(verdict(by("mia", event::GroupMemberAdded{GroupId("sre"), person("max")})),
                  "group.member_added.not_allowed");
  check_allowed(verdict(by("mia", granted("max", "write", on_repo("acme/web")))), "repository_admins_grant");
  check_violation(verdict(by("mia", granted("max", "write", on_repo("acme/api")))), "role.granted.not_allowed");
  check_violation(verdict(by("mia", granted("max", "write", {Scope::Kind::every, "repo", {}}))),
                  "role.granted.not_allowed");
  check_violation(verdict(by("mia", granted("max", "write", Scope{}))), "role.granted.not_allowed");
  check_violation(verdict(by("mia", granted("max", "owner", on_repo("acme/web")))), "role.granted.not_allowed");
  check_violation(verdict(by("max", granted("max", "admin", on_repo("acme/web")))), "role.granted.not_allowed");
  check_allowed(verdict(by("new", event::InvitationAccepted{person("new")})), "invitees_answer");
  check_violation(verdict(by("mia", event::OrgSettingChanged{SettingId("base_permission"), "admin"})),
                  "org.setting_changed.not_allowed");
  check_violation(verdict(by("olga", event::OrgSettingChanged{SettingId("base_permission"), "triage"})),
                  "lifecycle.unknown_setting_value");
  check_violation(verdict(by("olga", role_of("mia", "admin"))), "lifecycle.not_a_member_role");
}

TEST_CASE("in the github model the last owner neither leaves nor is demoted, whoever tries") {
  TeamInMemory team;
  team.with("olga", "owner").with("mia", "member");
  const auto verdict = [&](const Event& event) { return judge(github_model(), event, team); };
  check_violation(verdict(by("olga", event::MemberRemoved{person("olga")})), "lifecycle.last_holder");
  check_violation(verdict(by(ActorKind::system, role_of("olga", "member"))), "lifecycle.last_holder");
  team.with("otto", "owner");
  check_allowed(verdict(by("olga", event::MemberRemoved{person("olga")})), "owners_run_the_organization");
}

TEST_CASE("names that enforce asks for are refused by field when the organization does not know them") {
  TeamInMemory team = shop_team();
  team.groups = {"sre"};
  team.resources = {"queue:q1"};
  const auto refusal = [&](EventPayload data) {
    const auto names = check_names(shop_model(), by("lea", std::move(data)), team);
    REQUIRE_FALSE(names.has_value());
    CHECK_FALSE(names.error().because.empty());
    return std::pair(names.error().code, names.error().field);
  };
  using Refused = std::pair<RefusalCode, std::string>;
  CHECK(refusal(role_of("stranger", "clerk")) == Refused{RefusalCode::unknown_member, "/data/member"});
  CHECK(refusal(role_of("gus", "clerk")) == Refused{RefusalCode::unknown_member, "/data/member"});
  CHECK(refusal(role_of("cem", "king")) == Refused{RefusalCode::unknown_role, "/data/role"});
  CHECK(refusal(event::MemberRemoved{person("stranger")}) == Refused{RefusalCode::unknown_member, "/data/member"});
  CHECK(refusal(event::InvitationAccepted{person("cem")}) == Refused{RefusalCode::already_exists, "/data/member"});
  CHECK(refusal(event::InvitationAccepted{person("stranger")}) == Refused{RefusalCode::unknown_member, "/data/member"});
  CHECK(refusal(event::MemberInvited{person("new"), {}, {GroupId("sre"), GroupId("x")}, {}}) ==
        Refused{RefusalCode::unknown_group, "/data/groups/1"});
  CHECK(refusal(event::OwnershipTransferred{person("oda"), {}, person("ivy")}) ==
        Refused{RefusalCode::unknown_member, "/data/to"});
  CHECK(refusal(new_role("day", {{PermissionId("a/b"), LevelId("full")}})) ==
        Refused{RefusalCode::unknown_permission, "/data/grants/a~1b"});
  CHECK(refusal(new_role("day", {{PermissionId("desk"), LevelId("most")}})) ==
        Refused{RefusalCode::unknown_level, "/data/grants/desk"});
  CHECK(refusal(event::GroupCreated{GroupId("g"), {}, GroupId("x"), {}}) ==
        Refused{RefusalCode::unknown_group, "/data/parent"});
  CHECK(refusal(event::GroupDeleted{GroupId("x")}) == Refused{RefusalCode::unknown_group, "/data/group"});
  CHECK(refusal(event::AssignmentAdded{person("cem"), {"queue", "q9"}}) ==
        Refused{RefusalCode::unknown_resource, "/data/resource"});
  CHECK(refusal(event::ResourceAdded{{}, {"car", "1"}}) == Refused{RefusalCode::unknown_resource, "/data/resource"});
  CHECK(refusal(granted("cem", "host", {Scope::Kind::every, "car", {}})) ==
        Refused{RefusalCode::unknown_resource, "/data/on"});
  CHECK(refusal(granted("stranger", "host", Scope{})) == Refused{RefusalCode::unknown_member, "/data/principal"});
  CHECK(refusal(event::FeatureEnabled{FeatureId("fax")}) == Refused{RefusalCode::not_found, "/data/feature"});
  CHECK(refusal(event::OrgSettingChanged{SettingId("windows"), "x"}) ==
        Refused{RefusalCode::not_found, "/data/setting"});
  CHECK(refusal(event::OrgSettingChanged{SettingId("doors"), "x"}) ==
        Refused{RefusalCode::invalid_field, "/data/value"});
}

TEST_CASE("names that are known, and those that an event brings into being, are not refused") {
  TeamInMemory team = shop_team();
  team.groups = {"sre"};
  team.resources = {"queue:q1"};
  const auto known = [&](EventPayload data) {
    return check_names(shop_model(), by("stranger", std::move(data)), team).has_value();
  };
  CHECK(known(role_of("dora", "night")));
  CHECK(known(role_of("cem", "old")));  // the judgement says that it is deleted
  CHECK(known(event::MemberAdded{person("new"), RoleId("clerk")}));
  CHECK(known(event::MemberRemoved{person("gus")}));
  CHECK(known(event::InvitationCancelled{person("ivy")}));
  CHECK(known(new_role("day", {{PermissionId("desk"), LevelId("view")}})));
  CHECK(known(event::GroupMemberAdded{GroupId("sre"), person("dora")}));
  CHECK(known(event::GroupMemberRemoved{GroupId("sre"), person("gus")}));
  CHECK(known(event::ResourceAdded{ResourceId{"queue", "q1"}, {"queue", "q2"}}));
  CHECK(known(granted("cem", "host", {Scope::Kind::resource, "queue", "q1"})));
  CHECK(check_names(github_model(), by("mia", granted("outsider", "read", on_repo("any"))), team).has_value());
}
