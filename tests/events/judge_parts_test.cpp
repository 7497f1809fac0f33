// Judging by the further conditions of rules, and what a verdict says of grants that have no effect.
#include "events/judge.h"
#include "tests/catch.h"
#include "tests/events/team_in_memory.h"

using namespace tenure;
using testing::TeamInMemory;
using Status = TeamState::Status;

namespace {

constexpr std::string_view console = R"json({
  "id": "console",
  "scales": {"steps": ["no", "view", "yes"]},
  "resource_kinds": [{"id": "queue", "name": "Queue"}, {"id": "skill", "name": "Skill"}],
  "areas": [{"id": "floor", "name": "The floor", "modules": ["Monitor"]}],
  "permissions": [
    {"id": "monitor", "name": "Monitor", "module": "Monitor", "scale": "steps"},
    {"id": "join", "name": "Join", "module": "Monitor", "scale": "steps", "parent": "monitor", "parent_level": "yes"},
    {"id": "whisper", "name": "Whisper", "module": "Monitor", "scale": "steps", "parent": "join"},
    {"id": "echo", "name": "Echo", "module": "Monitor", "scale": "steps", "parent": "monitor", "level_from": "join"},
    {"id": "cards", "name": "Cards", "module": "Office", "scale": "steps", "options_unspecified": true},
    {"id": "queues", "name": "Queues", "module": "Office", "scale": "steps"},
    {"id": "hire", "name": "Hire", "module": "Office", "scale": "steps"}
  ],
  "roles": [
    {"id": "owner", "name": "Owner", "rank": 30, "grants": {"monitor": "yes", "join": "yes"}},
    {"id": "lead", "name": "Lead", "rank": 20, "grants": {"queues": "yes"}, "unspecified": ["hire"]},
    {"id": "clerk", "name": "Clerk", "rank": 10}
  ],
  "owner_role": "owner", "custom_roles": true,
  "rules": [
    {"id": "from_above", "because": "People are managed from above.", "effect": "forbid",
     "actions": ["member.removed", "member.disabled", "member.added"], "actor": {"kinds": ["member"]},
     "target": {"member": true, "below_actor": false}},
    {"id": "hands_off", "because": "The disabled keep their hands off.", "effect": "forbid",
     "actions": ["assignment.*"], "actor": {"disabled": true}},
    {"id": "no_gifts", "because": "Groups get no role from leads.", "effect": "forbid", "actions": ["group.*"],
     "actor": {"roles": ["lead"]}, "gives": {"a_role": true}},
    {"id": "queue_keepers", "because": "Keepers of queues make queues.", "actions": ["resource.added"],
     "actor": {"permission": "queues"}, "on": {"kinds": ["queue"]}},
    {"id": "hirers", "because": "Hirers bring people in.", "actions": ["member.invited", "member.added"],
     "actor": {"permission": "hire", "level": "yes"}, "target": {"member": false}},
    {"id": "removers", "because": "Leads remove.", "actions": ["member.removed"],
     "actor": {"roles": ["lead", "owner"]}},
    {"id": "owner_does_all", "because": "The owner does all.", "actions": ["*"], "leaves_others_open": true,
     "actor": {"roles": ["owner"]}}
  ]
})json";

const AccessModel& model() {
  static const auto parsed = *AccessModel::parse(console);
  return *parsed;
}

Person person(const char* identity) { return {identity, {}}; }
Event by(const char* actor, EventPayload data) {
  Event event;
  event.actor = {ActorKind::member, person(actor)};
  event.data = std::move(data);
  return event;
}

TeamInMemory team() {
  TeamInMemory team;
  team.with("oda", "owner").with("lea", "lead").with("leo", "lead").with("cem", "clerk").with("nia", "night");
  team.with("dora", "clerk", Status::disabled);
  team.custom_roles = {"night"};
  team.powers = {{"lea", *model().permission("queues"), 2, "*"}};
  return team;
}

Verdict verdict(const Event& event, const TeamInMemory& in = team()) { return judge(model(), event, in); }

void check(const Verdict& verdict, VerdictResult result, std::string_view rule) {
  INFO(verdict.because);
  CHECK(verdict.result == result);
  CHECK(verdict.rule == rule);
}
constexpr auto allowed = VerdictResult::allowed;
constexpr auto violation = VerdictResult::violation;
constexpr auto unspecified = VerdictResult::unspecified;

event::RoleCreated role(Grants grants, std::optional<RoleId> base = {}) {
  return {RoleId("day"), "Day", std::nullopt, std::move(base), std::move(grants)};
}
std::pair<const PermissionId, LevelId> grant(const char* permission, const char* level) {
  return {PermissionId(permission), LevelId(level)};
}

}  // namespace

TEST_CASE("an allowance that leaves others open lets its actor through and says nothing of anybody else") {
  check(verdict(by("oda", event::GroupDeleted{GroupId("g")})), allowed, "owner_does_all");
  check(verdict(by("cem", event::GroupDeleted{GroupId("g")})), unspecified, "");
  check(verdict(by("cem", event::MemberRemoved{person("stranger")})), violation, "member.removed.not_allowed");
}

TEST_CASE(
    "a prohibition about whoever is not below the actor spares those below, strangers and other kinds of actors") {
  check(verdict(by("lea", event::MemberRemoved{person("leo")})), violation, "from_above");
  check(verdict(by("lea", event::MemberRemoved{person("lea")})), violation, "from_above");
  check(verdict(by("cem", event::MemberRemoved{person("lea")})), violation, "from_above");
  check(verdict(by("lea", event::MemberRemoved{person("cem")})), allowed, "removers");
  check(verdict(by("lea", event::MemberRemoved{person("nia")})), allowed, "removers");
  check(verdict(by("lea", event::MemberRemoved{person("stranger")})), allowed, "removers");
  Event system = by("lea", event::MemberRemoved{person("cem")});
  system.actor.kind = ActorKind::system;
  check(verdict(system), violation, "member.removed.not_allowed");
}

TEST_CASE("a rule about people who are no members yet does not speak of members, be they active or disabled") {
  TeamInMemory hiring = team();
  hiring.powers.insert({"lea", *model().permission("hire"), 2, "*"});
  check(verdict(by("lea", event::MemberInvited{person("new"), RoleId("clerk"), {}, {}}), hiring), allowed, "hirers");
  check(verdict(by("lea", event::MemberAdded{person("new"), RoleId("clerk")}), hiring), allowed, "hirers");
  for (const char* who : {"cem", "dora"}) {
    check(verdict(by("lea", event::MemberInvited{person(who), RoleId("lead"), {}, {}}), hiring), violation,
          "member.invited.not_allowed");
  }
  check(verdict(by("lea", event::MemberAdded{person("oda"), RoleId("clerk")}), hiring), violation, "from_above");
}

TEST_CASE("a rule about disabled actors holds for those disabled altogether and for those disabled in an area") {
  const event::AssignmentAdded assigned{person("cem"), {"queue", "q1"}};
  check(verdict(by("dora", assigned)), violation, "hands_off");
  check(verdict(by("cem", assigned)), unspecified, "");
  TeamInMemory partly = team();
  partly.disabled_areas = {{"cem", "floor"}};
  check(verdict(by("cem", assigned), partly), violation, "hands_off");
  check(verdict(by("lea", assigned), partly), unspecified, "");
}

TEST_CASE("a rule that asks whether a role is given at all matches where one is given") {
  const auto group = [](std::optional<RoleId> role) {
    return event::GroupCreated{GroupId("g"), std::nullopt, std::nullopt, std::move(role)};
  };
  check(verdict(by("lea", group(RoleId("clerk")))), violation, "no_gifts");
  check(verdict(by("lea", group(RoleId("night")))), violation, "no_gifts");
  check(verdict(by("lea", group({}))), unspecified, "");
}

TEST_CASE("a rule about one kind of resource says nothing of the others") {
  check(verdict(by("lea", event::ResourceAdded{{}, {"queue", "q1"}})), allowed, "queue_keepers");
  check(verdict(by("cem", event::ResourceAdded{{}, {"queue", "q1"}})), violation, "resource.added.not_allowed");
  check(verdict(by("lea", event::ResourceAdded{{}, {"skill", "s1"}})), unspecified, "");
  check(verdict(by("cem", event::ResourceAdded{{}, {"skill", "s1"}})), unspecified, "");
}

TEST_CASE(
    "given an actor whose role's text is silent of the permission that is needed, then the verdict is unspecified") {
  const event::MemberInvited invited{person("new"), RoleId("clerk"), {}, {}};
  const Verdict open = verdict(by("lea", invited));
  check(open, unspecified, "hirers");
  CHECK(open.because == "The model does not say whether the role \"Lead\" has \"Hire\" in \"Office\".");
  check(verdict(by("cem", invited)), violation, "member.invited.not_allowed");
  check(verdict(by("lea", event::MemberInvited{person("cem"), RoleId("clerk"), {}, {}})), violation,
        "member.invited.not_allowed");
}

TEST_CASE("a level that the text neither offers nor withholds is unspecified, and a violation beside it decides") {
  check(verdict(by("oda", role({grant("cards", "yes")}))), unspecified, "lifecycle.options_unspecified");
  check(verdict(by("oda", role({grant("cards", "no")}))), allowed, "owner_does_all");
  check(verdict(by("oda", role({grant("cards", "yes"), grant("zoo", "yes")}))), violation,
        "lifecycle.unknown_permission");
}

TEST_CASE("resources of a kind that the model does not know are violations wherever they are named") {
  const char* rule = "lifecycle.unknown_resource_kind";
  const ResourceId car{"car", "1"};
  check(verdict(by("oda", event::ResourceAdded{{}, car})), violation, rule);
  check(verdict(by("oda", event::ResourceAdded{car, {"queue", "q1"}})), violation, rule);
  check(verdict(by("oda", event::ResourceRemoved{car})), violation, rule);
  check(verdict(by("oda", event::AssignmentAdded{person("cem"), car})), violation, rule);
  check(verdict(by("oda", event::AssignmentRemoved{person("cem"), car})), violation, rule);
  const Principal cem{Principal::Kind::member, person("cem"), {}};
  const Scope cars{Scope::Kind::every, "car", {}};
  check(verdict(by("oda", event::RoleGranted{cars, cem, RoleId("clerk")})), violation, rule);
  check(verdict(by("oda", event::RoleRevoked{cars, cem, RoleId("clerk")})), violation, rule);
}

TEST_CASE("a grant whose parent the role does not hold is allowed, and said to be without effect") {
  const Verdict off = verdict(by("oda", role({grant("monitor", "view"), grant("join", "yes")})));
  check(off, allowed, "owner_does_all");
  CHECK(off.because == "Without effect in this role: \"Join\" (needs \"Monitor\" at \"yes\").");
  CHECK(verdict(by("oda", role({grant("monitor", "yes"), grant("join", "yes")}))).because.empty());
  CHECK(verdict(by("oda", role({grant("join", "no")}))).because.empty());
  const Verdict nested = verdict(by("oda", role({grant("join", "yes"), grant("whisper", "yes")})));
  CHECK(nested.because ==
        "Without effect in this role: \"Join\" (needs \"Monitor\" at \"yes\"), "
        "\"Whisper\" (needs \"Join\" at \"view\").");
}

TEST_CASE("what a role had before, its base and what a level is taken from count for whether a grant has effect") {
  CHECK(verdict(by("oda", role({grant("join", "yes")}, RoleId("owner")))).because.empty());
  CHECK_FALSE(verdict(by("oda", role({grant("join", "yes")}, RoleId("clerk")))).because.empty());
  const auto edited = [](Grants grants) { return event::RoleEdited{RoleId("night"), std::move(grants), {}}; };
  TeamInMemory before = team();
  CHECK_FALSE(verdict(by("oda", edited({grant("join", "yes")})), before).because.empty());
  before.grants = {{{"night", *model().permission("monitor")}, 2}};
  CHECK(verdict(by("oda", edited({grant("join", "yes")})), before).because.empty());
  CHECK_FALSE(verdict(by("oda", edited({grant("join", "yes"), grant("monitor", "no")})), before).because.empty());
  CHECK(verdict(by("oda", role({grant("join", "yes"), grant("echo", "yes")}))).because.find("\"Echo\"") !=
        std::string::npos);
}
