// The rules that the text of answering-agent states, one test each.
#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda owns it; Ada and Alf are Admins, Mel and Moe Managers, Uma and Udo Users. There are two phone numbers.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("answering-agent", mode) {
    const auto add = [&](const char* who, const char* role) { by("oda", "member.added", of(who, role)); };
    add("ada", "admin"), add("alf", "admin"), add("mel", "manager"), add("moe", "manager");
    add("uma", "user"), add("udo", "user");
    by("oda", "resource.added", R"({"resource": "phone_number:1"})");
    by("oda", "resource.added", R"({"resource": "phone_number:2"})");
  }
};

const std::string one = "phone_number:1", two = "phone_number:2";

}  // namespace

TEST_CASE("answering-agent: given the Owner, then all actions are theirs, billing and the team's deletion included") {
  Team team;
  for (const PermissionRule& rule : team.model().permissions()) CHECK(team.level("oda", rule.id.text) == "yes");
  allowed(team.by("oda", "org.deleted", "{}"), "only_owners_delete_the_team");
}

TEST_CASE("answering-agent: given an Admin, then everything is theirs but billing and the team's deletion") {
  Team team;
  for (const PermissionRule& rule : team.model().permissions()) {
    const bool owners = rule.id.text == "billing" || rule.id.text == "team_deletion";
    INFO(rule.id.text);
    CHECK(team.level("ada", rule.id.text) == (owners ? "no" : "yes"));
  }
  violates(team.by("ada", "org.deleted", "{}"), "org.deleted.not_allowed");
}

TEST_CASE("answering-agent: given a role, then it has all permissions of the roles below it") {
  const AccessModel& model = shipped_model("answering-agent");
  for (RoleIndex above = 0; above + 1u < model.roles().size(); ++above) {
    for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
      CHECK(model.cell(above, p).level >= model.cell(static_cast<RoleIndex>(above + 1), p).level);
    }
    CHECK(model.roles()[above].rank > model.roles()[above + 1u].rank);
    CHECK(model.roles()[above].inherits == std::vector<RoleIndex>{static_cast<RoleIndex>(above + 1)});
  }
}

TEST_CASE("answering-agent: given Owners and Admins, then they see every resource whatever is assigned to them") {
  Team team;
  for (const char* who : {"oda", "ada"}) {
    team.by("oda", "assignment.added", on(who, one));
    for (const char* permission : {"phone_numbers.view_all", "calls.view_all", "phone_numbers.update"}) {
      CHECK(team.level(who, permission, two) == "yes");
    }
  }
}

TEST_CASE("answering-agent: given a Manager without assignments, then they see all resources") {
  Team team;
  for (const std::string& number : {one, two}) {
    for (const char* permission : {"phone_numbers.view_all", "calls.view_all", "phone_numbers.update"}) {
      CHECK(team.level("mel", permission, number) == "yes");
    }
  }
}

TEST_CASE("answering-agent: given a Manager with an assignment, then they see what is assigned alone") {
  Team team;
  team.by("ada", "assignment.added", on("mel", one));
  for (const char* permission : {"phone_numbers.view_all", "phone_numbers.view_assigned", "phone_numbers.update",
                                 "calls.view_all", "calls.view_assigned", "calls.update_status", "calls.export"}) {
    INFO(permission);
    CHECK(team.level("mel", permission, one) == "yes");
    CHECK(team.level("mel", permission, two) == "no");
  }
  CHECK(team.level("moe", "calls.view_all", two) == "yes");
  CHECK(team.denied_because("mel", "calls.view_all", two) ==
        "the role manager gives it only on what is assigned to the member");
  CHECK(team.denied_because("mel", "phone_numbers.delete", two) == "no role, group or grant gives it");
  CHECK(team.denied_because("uma", "calls.view_assigned") ==
        "the role user gives it only on what is assigned to the member");
}

TEST_CASE("answering-agent: given a Manager whose last assignment is taken away, then they see all resources again") {
  Team team;
  team.by("ada", "assignment.added", on("mel", one));
  CHECK(team.level("mel", "calls.view_all", two) == "no");
  allowed(team.by("ada", "assignment.removed", on("mel", one)), "assigners_assign");
  CHECK(team.level("mel", "calls.view_all", two) == "yes");
}

TEST_CASE(
    "answering-agent: given a User, then they are limited to what is assigned to them, and see nothing without it") {
  Team team;
  CHECK(team.level("uma", "calls.view_assigned") == "no");
  CHECK(team.level("uma", "phone_numbers.view_assigned", one) == "no");
  team.by("ada", "assignment.added", on("uma", one));
  CHECK(team.level("uma", "phone_numbers.view_assigned", one) == "yes");
  CHECK(team.level("uma", "calls.view_assigned", one) == "yes");
  CHECK(team.level("uma", "calls.view_assigned", two) == "no");
  CHECK(team.level("uma", "calls.view_all", one) == "no");
}

TEST_CASE("answering-agent: given a Manager, then reports are theirs to view, and of Users the text does not say") {
  Team team;
  for (const char* who : {"oda", "ada", "mel"}) CHECK(team.level(who, "reports.view") == "yes");
  CHECK(team.level("uma", "reports.view") == "no");
  CHECK(team.denied_because("uma", "reports.view") == "the model's text does not say whether the role user has it");
}

TEST_CASE("answering-agent: given a call center supervisor with their team's numbers, then they see those calls only") {
  Team team;
  team.by("oda", "assignment.added", on("mel", two));
  CHECK(team.who_can("calls.view_all", two) == std::vector<std::string>{"ada", "alf", "mel", "moe", "oda"});
  CHECK(team.who_can("calls.view_all", one) == std::vector<std::string>{"ada", "alf", "moe", "oda"});
}

TEST_CASE("answering-agent: given a technical administrator without assignments, then all is open but billing") {
  Team team;
  for (const char* permission : {"api_keys", "integrations", "team_settings", "phone_numbers.delete"}) {
    CHECK(team.level("ada", permission) == "yes");
  }
  CHECK(team.level("ada", "billing") == "no");
}

TEST_CASE("answering-agent: given a support agent with numbers, then they see and handle the calls of those only") {
  Team team;
  team.by("ada", "assignment.added", on("udo", two));
  CHECK(team.level("udo", "calls.update_status", two) == "yes");
  CHECK(team.level("udo", "calls.update_status", one) == "no");
  CHECK(team.level("udo", "calls.export", two) == "no");
}

TEST_CASE("answering-agent: given a removed phone number, then its assignments are gone with it") {
  Team team;
  team.by("ada", "assignment.added", on("uma", one));
  allowed(team.by("ada", "resource.removed", R"({"resource": "phone_number:1"})"), "deleters_delete");
  CHECK(team.level("uma", "calls.view_assigned") == "no");
  team.by("ada", "resource.added", R"({"resource": "phone_number:1"})");
  CHECK(team.level("uma", "calls.view_assigned", one) == "no");
}

TEST_CASE("answering-agent: given an Admin, when they manage those below, then that is allowed") {
  Team team;
  allowed(team.by("ada", "member.role_changed", of("uma", "manager")), "role_changers_give_what_is_below_them");
  allowed(team.by("ada", "member.removed", of("udo")), "removers_remove");
  allowed(team.by("ada", "member.disabled", of("mel")), "admins_do_all_but_billing_and_deletion");
  allowed(team.by("ada", "member.enabled", of("mel")), "admins_do_all_but_billing_and_deletion");
}

TEST_CASE("answering-agent: given a User, when anybody who is not above them manages them, then it is a violation") {
  Team team;
  const char* rule = "users_are_managed_from_above";
  violates(team.by("ada", "member.removed", of("alf")), rule);
  violates(team.by("ada", "member.role_changed", of("oda", "user")), rule);
  team.by(ActorKind::system, "setup", "member.role_changed", of("oda", "owner"));
  violates(team.by("ada", "member.added", of("oda", "user")), rule);
  team.by(ActorKind::system, "setup", "member.role_changed", of("oda", "owner"));
  violates(team.by("ada", "member.disabled", of("oda")), rule);
  team.by(ActorKind::system, "setup", "member.enabled", of("oda"));
  violates(team.by("oda", "member.removed", of("oda")), rule);
  violates(team.by("uma", "member.removed", of("mel")), rule);
}

TEST_CASE(
    "answering-agent: given an Admin, when they give a role that is not below their own, then it is a violation") {
  Team team;
  violates(team.by("ada", "member.role_changed", of("uma", "admin")), "member.role_changed.not_allowed");
  violates(team.by("ada", "member.role_changed", of("udo", "owner")), "member.role_changed.not_allowed");
  violates(team.by("alf", "member.invited", of("new", "admin")), "member.invited.not_allowed");
  violates(team.by("alf", "member.added", of("new", "owner")), "member.added.not_allowed");
}

TEST_CASE("answering-agent: given the Owner, when they give those below any role, then that is allowed") {
  Team team;
  allowed(team.by("oda", "member.role_changed", of("uma", "admin")), "owners_change_roles");
  allowed(team.by("oda", "member.role_changed", of("ada", "owner")), "owners_change_roles");
  allowed(team.by("oda", "member.invited", of("new", "admin")), "owners_invite");
}

TEST_CASE(
    "answering-agent: given a Manager or User, when they invite, remove or change roles, then it is a violation") {
  Team team;
  for (const char* actor : {"mel", "uma"}) {
    violates(team.by(actor, "member.invited", of("new", "user")), "member.invited.not_allowed");
  }
  violates(team.by("mel", "member.role_changed", of("uma", "user2")), "lifecycle.unknown_role");
  team.by("oda", "member.role_changed", of("uma", "user"));
  violates(team.by("mel", "member.role_changed", of("uma", "manager")), "member.role_changed.not_allowed");
  violates(team.by("mel", "member.removed", of("udo")), "member.removed.not_allowed");
}

TEST_CASE(
    "answering-agent: given a role that is given by a grant or a group, then it is judged like a change of the role") {
  Team team;
  const auto grant = [](const char* to, const char* role) {
    return R"({"principal": "member:)" + std::string(to) + R"(", "role": ")" + role + R"(", "on": "org"})";
  };
  allowed(team.by("ada", "role.granted", grant("uma", "manager")), "role_changers_give_what_is_below_them");
  violates(team.by("ada", "role.granted", grant("uma", "admin")), "role.granted.not_allowed");
  violates(team.by("alf", "role.granted", grant("ada", "user")), "users_are_managed_from_above");
  violates(team.by("mel", "role.granted", grant("mel", "admin")), "users_are_managed_from_above");
  violates(team.by("mel", "group.created", R"({"group": "night", "role": "admin"})"),
           "managers_and_users_change_no_roles");
  violates(team.by("ada", "group.member_added", R"({"group": "night", "member": "alf"})"),
           "users_are_managed_from_above");
}

TEST_CASE(
    "answering-agent: given a group with a role, when an Admin puts somebody into it, then that is giving the role") {
  Team team;
  const auto group = [](const char* id, const char* role) {
    return R"({"group": ")" + std::string(id) + R"(", "role": ")" + role + R"("})";
  };
  const auto join = [](const char* group, const char* who) {
    return R"({"group": ")" + std::string(group) + R"(", "member": ")" + who + R"("})";
  };
  const char* rule = "admins_give_roles_below_their_own_by_groups_too";
  violates(team.by("ada", "group.created", group("peers", "admin")), rule);
  allowed(team.by("oda", "group.created", group("owners", "owner")), "owners_do_everything");
  allowed(team.by("ada", "group.created", group("night", "manager")), "admins_do_all_but_billing_and_deletion");
  violates(team.by("ada", "group.member_added", join("owners", "uma")), rule);
  allowed(team.by("ada", "group.member_added", join("night", "uma")), "admins_do_all_but_billing_and_deletion");
  violates(team.by("mel", "group.member_added", join("night", "udo")), "managers_and_users_change_no_roles");
  allowed(team.by("oda", "group.member_added", join("owners", "mel")), "owners_do_everything");
  // An invitation into a group gives its role, too.
  violates(team.by("ada", "member.invited", R"({"member": "new", "role": "user", "groups": ["night", "owners"]})"),
           "member.invited.not_allowed");
  allowed(team.by("ada", "member.invited", R"({"member": "newer", "role": "user", "groups": ["night"]})"),
          "inviters_invite_below_themselves");
  // What the group was given on the organization counts like its own role.
  team.by("oda", "role.granted", R"({"principal": "group:night", "role": "admin", "on": "org"})");
  violates(team.by("ada", "group.member_added", join("night", "udo")), rule);
}

TEST_CASE("answering-agent: given a Manager, when they add a phone number, then that is allowed, and deleting is not") {
  Team team;
  allowed(team.by("mel", "resource.added", R"({"resource": "phone_number:3"})"), "creators_create");
  violates(team.by("uma", "resource.added", R"({"resource": "phone_number:4"})"), "resource.added.not_allowed");
  violates(team.by("mel", "resource.removed", R"({"resource": "phone_number:3"})"), "resource.removed.not_allowed");
}

TEST_CASE("answering-agent: given a Manager or User, when they assign a resource, then it is a violation") {
  Team team;
  allowed(team.by("ada", "assignment.added", on("uma", one)), "assigners_assign");
  violates(team.by("mel", "assignment.added", on("mel", one)), "assignment.added.not_allowed");
  violates(team.by("uma", "assignment.added", on("uma", two)), "assignment.added.not_allowed");
}

TEST_CASE("answering-agent: given a program, when it acts through the API, then it has no rank of its own") {
  Team team;
  violates(team.by(ActorKind::integration, "partner", "member.removed", of("uma")), "member.removed.not_allowed");
  violates(team.by(ActorKind::integration, "partner", "assignment.added", on("udo", one)),
           "assignment.added.not_allowed");
}

TEST_CASE("answering-agent: given four predefined roles, when a custom one is made, then it is a violation") {
  Team team;
  violates(team.by("oda", "role.created", R"({"role": "lead", "name": "Lead", "grants": {}})"),
           "lifecycle.no_custom_roles");
}

TEST_CASE("answering-agent: given the Owner, when they pass ownership on, then it is theirs to do, and no Admin's") {
  Team team;
  violates(team.by("ada", "ownership.transferred", transfer("oda", "ada")), "users_are_managed_from_above");
  team.by(ActorKind::support, "desk", "ownership.transferred",
          R"({"from": "ada", "to": "oda", "previous_owner_role": "admin"})");
  allowed(team.by("oda", "ownership.transferred", transfer("oda", "ada")), "owners_pass_ownership_on");
  CHECK(team.role("ada") == "owner");
  team.by("ada", "member.role_changed", of("mel", "owner"));
  violates(team.by("ada", "ownership.transferred", transfer("mel", "uma")), "users_are_managed_from_above");
}

TEST_CASE(
    "answering-agent: given what the text leaves to nobody but the Owner's all actions, then others are unspecified") {
  Team team;
  team.by("oda", "member.invited", of("new", "user"));
  unspecified(team.by("mel", "invitation.cancelled", of("other")));
  allowed(team.by("ada", "invitation.cancelled", of("new")), "admins_do_all_but_billing_and_deletion");
}

TEST_CASE("answering-agent: given a member who was removed and returns, then old assignments are not theirs any more") {
  Team team;
  team.by("ada", "assignment.added", on("uma", one));
  team.by("ada", "member.removed", of("uma"));
  team.by("ada", "member.added", of("uma", "user"));
  CHECK(team.level("uma", "calls.view_assigned", one) == "no");
}

TEST_CASE(
    "answering-agent: given mode enforce, when an Admin manages an equal, then it is refused by the rule's name") {
  Team team(Mode::enforce);
  const Became refused = team.by("ada", "member.removed", of("alf"));
  CHECK_FALSE(refused.recorded);
  CHECK(refused.rule == "users_are_managed_from_above");
  CHECK(team.role("alf") == "admin");
  CHECK(team.by("ada", "member.removed", of("uma")).recorded);
}
