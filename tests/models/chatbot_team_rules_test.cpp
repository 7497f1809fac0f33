// The rules that the text of chatbot-team states, one test each.
#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda owns it; Ada and Alf are admins, Mia and Max members.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("chatbot-team", mode) {
    const auto add = [&](const char* who, const char* role) { by("oda", "member.added", of(who, role)); };
    add("ada", "admin"), add("alf", "admin"), add("mia", "member"), add("max", "member");
  }
};

}  // namespace

TEST_CASE("chatbot-team: given the owner, then every permission is theirs, billing included") {
  Team team;
  for (const PermissionRule& rule : team.model().permissions()) CHECK(team.level("oda", rule.id.text) == "yes");
}

TEST_CASE(
    "chatbot-team: given an organization with an owner, when somebody else is made owner, then it is a violation") {
  Team team;
  violates(team.by("oda", "member.role_changed", of("ada", "owner")), "lifecycle.exactly_one_holder");
  violates(team.by("oda", "member.invited", of("new", "owner")), "lifecycle.exactly_one_holder");
  violates(team.by("oda", "member.added", of("new", "owner")), "lifecycle.exactly_one_holder");
  violates(team.by("oda", "group.created", R"({"group": "g", "role": "owner"})"), "lifecycle.exactly_one_holder");
}

TEST_CASE("chatbot-team: given the one owner, when they are removed or given another role, then it is a violation") {
  Team team;
  for (const char* actor : {"oda", "ada"}) {
    violates(team.by(actor, "member.removed", of("oda")), "lifecycle.last_holder");
    team.by(ActorKind::support, "desk", "member.added", of("oda", "owner"));
  }
  violates(team.by("oda", "member.role_changed", of("oda", "member")), "lifecycle.last_holder");
}

TEST_CASE("chatbot-team: given a member of the team, when they transfer ownership, then it is a violation") {
  Team team;
  for (const char* actor : {"oda", "ada", "mia"}) {
    violates(team.by(actor, "ownership.transferred", transfer("oda", "ada")), "ownership_only_by_support");
    team.by(ActorKind::support, "desk", "ownership.transferred", transfer("ada", "oda"));
  }
}

TEST_CASE(
    "chatbot-team: given support, when it transfers ownership, then that is allowed and there is one owner again") {
  Team team;
  allowed(team.by(ActorKind::support, "desk", "ownership.transferred",
                  R"({"from": "oda", "to": "ada", "previous_owner_role": "admin"})"),
          "support_transfers_ownership");
  CHECK(team.role("ada") == "owner");
  CHECK(team.role("oda") == "admin");
  CHECK(team.who_can("access_billing") == std::vector<std::string>{"ada"});
  violates(team.by(ActorKind::system, "sync", "ownership.transferred", transfer("ada", "oda")),
           "ownership_only_by_support");
}

TEST_CASE("chatbot-team: given a transfer that does not say what the former owner becomes, then they have no role") {
  Team team;
  team.by(ActorKind::support, "desk", "ownership.transferred", transfer("oda", "ada"));
  CHECK(team.role("oda").empty());
  CHECK(team.level("oda", "view_chatbots") == "no");
}

TEST_CASE("chatbot-team: given support, when it moves ownership to keep two owners, then it is a violation") {
  Team team;
  violates(team.by(ActorKind::support, "desk", "ownership.transferred",
                   R"({"from": "oda", "to": "ada", "previous_owner_role": "owner"})"),
           "lifecycle.exactly_one_holder");
  Team other;
  violates(other.by(ActorKind::support, "desk", "ownership.transferred", transfer("mia", "ada")),
           "lifecycle.not_the_owner");
}

TEST_CASE("chatbot-team: given an admin, then chatbots, training data and settings are theirs to manage") {
  Team team;
  for (const char* permission : {"create_chatbots", "edit_chatbot_settings", "delete_chatbots", "add_training_data",
                                 "delete_training_data", "view_chatbot_settings"}) {
    CHECK(team.level("ada", permission) == "yes");
  }
}

TEST_CASE("chatbot-team: given an admin, then analytics and conversations are theirs to see") {
  Team team;
  for (const char* permission : {"view_analytics", "view_conversations"}) CHECK(team.level("ada", permission) == "yes");
}

TEST_CASE("chatbot-team: given an admin, then billing, subscription and the end of the organization are not theirs") {
  Team team;
  for (const char* permission : {"access_billing", "change_subscription", "delete_organization"}) {
    CHECK(team.level("ada", permission) == "no");
  }
  violates(team.by("ada", "org.deleted", "{}"), "org.deleted.not_allowed");
}

TEST_CASE(
    "chatbot-team: given the owner, when they delete the organization, then that is allowed and ends all access") {
  Team team;
  allowed(team.by("oda", "org.deleted", "{}"), "organization_deleters_delete");
  CHECK(team.who_can("view_chatbots").empty());
}

TEST_CASE("chatbot-team: given the owner or an admin, when they invite people, then that is allowed") {
  Team team;
  allowed(team.by("oda", "member.invited", of("new", "member")), "inviters_invite");
  allowed(team.by("ada", "member.invited", of("newer", "member")), "inviters_invite");
  allowed(team.by("ada", "member.invited", of("newest", "admin")), "inviters_invite");
  allowed(team.by("ada", "member.added", of("direct", "member")), "inviters_invite");
}

TEST_CASE("chatbot-team: given a pending invitation, then it gives nothing until it is accepted") {
  Team team;
  team.by("ada", "member.invited", of("new", "member"));
  CHECK(team.level("new", "view_chatbots") == "no");
  allowed(team.by("new", "invitation.accepted", of("new")), "invitees_accept");
  CHECK(team.level("new", "view_chatbots") == "yes");
}

TEST_CASE("chatbot-team: given a pending invitation, when who can invite cancels it, then that is allowed") {
  Team team;
  team.by("ada", "member.invited", of("new", "member"));
  allowed(team.by("alf", "invitation.cancelled", of("new")), "inviters_cancel_invitations");
  team.by("ada", "member.invited", of("newer", "member"));
  violates(team.by("mia", "invitation.cancelled", of("newer")), "members_manage_nobody");
  allowed(team.by("newer", "invitation.cancelled", of("newer")), "invitees_decline");
}

TEST_CASE("chatbot-team: given a pending invitation, when somebody else accepts it, then it is a violation") {
  Team team;
  team.by("ada", "member.invited", of("new", "member"));
  violates(team.by("mia", "invitation.accepted", of("new")), "invitation.accepted.not_allowed");
}

TEST_CASE("chatbot-team: given an admin, when they remove a member, then that is allowed") {
  Team team;
  allowed(team.by("ada", "member.removed", of("mia")), "removers_remove");
  allowed(team.by("oda", "member.removed", of("alf")), "removers_remove");
}

TEST_CASE("chatbot-team: given an admin, when they remove the owner or another admin, then it is a violation") {
  Team team;
  violates(team.by("ada", "member.removed", of("alf")), "admins_spare_the_owner_and_other_admins");
  violates(team.by("ada", "member.removed", of("oda")), "lifecycle.last_holder");
}

TEST_CASE("chatbot-team: given an admin, when they leave by themselves, then no sentence stands against it") {
  Team team;
  allowed(team.by("ada", "member.removed", of("ada")), "removers_remove");
}

TEST_CASE("chatbot-team: given a member, then chatbots, figures and the playground are theirs to see and try") {
  Team team;
  for (const char* permission : {"view_chatbots", "view_analytics", "view_conversations", "test_in_playground"}) {
    CHECK(team.level("mia", permission) == "yes");
  }
}

TEST_CASE("chatbot-team: given a member, then no chatbot, training data or settings are theirs to change or open") {
  Team team;
  for (const char* permission : {"create_chatbots", "edit_chatbot_settings", "delete_chatbots", "add_training_data",
                                 "delete_training_data", "view_chatbot_settings"}) {
    CHECK(team.level("mia", permission) == "no");
  }
}

TEST_CASE("chatbot-team: given a member, when they invite or manage anybody, then it is a violation") {
  Team team;
  violates(team.by("mia", "member.invited", of("new", "member")), "members_manage_nobody");
  violates(team.by("mia", "member.added", of("new", "member")), "members_manage_nobody");
  violates(team.by("mia", "member.removed", of("max")), "members_manage_nobody");
  violates(team.by("mia", "member.disabled", of("max")), "members_manage_nobody");
  violates(team.by("mia", "member.role_changed", of("ada", "member")), "members_manage_nobody");
}

TEST_CASE("chatbot-team: given the owner, when they change a role, then that is allowed, and nobody else may") {
  Team team;
  allowed(team.by("oda", "member.role_changed", of("mia", "admin")), "role_changers_change_roles");
  violates(team.by("ada", "member.role_changed", of("max", "admin")), "member.role_changed.not_allowed");
  violates(team.by("ada", "member.role_changed", of("ada", "member")), "member.role_changed.not_allowed");
  violates(team.by(ActorKind::integration, "sync", "member.role_changed", of("alf", "member")),
           "member.role_changed.not_allowed");
}

TEST_CASE(
    "chatbot-team: given an admin, when they change a role by adding or inviting a member again, then it is a "
    "violation") {
  Team team;
  violates(team.by("ada", "member.added", of("mia", "admin")), "member.added.not_allowed");
  violates(team.by("ada", "member.invited", of("max", "admin")), "member.invited.not_allowed");
}

TEST_CASE(
    "chatbot-team: given an admin or member, when they give a role by a grant or a group, then it is a violation") {
  Team team;
  const std::string grant = R"({"principal": "member:max", "role": "admin", "on": "org"})";
  const std::string group = R"({"group": "g", "role": "admin"})";
  violates(team.by("ada", "role.granted", grant), "only_the_owner_gives_roles");
  violates(team.by("ada", "group.created", group), "only_the_owner_gives_roles");
  violates(team.by("mia", "role.granted", grant), "members_manage_nobody");
  violates(team.by("mia", "group.edited", group), "only_the_owner_gives_roles");
  violates(team.by("mia", "group.member_added", R"({"group": "g", "member": "max"})"), "members_manage_nobody");
  allowed(team.by("oda", "group.edited", group), "the_owner_has_complete_control");
  // Whoever comes into the group has its role.
  violates(team.by("ada", "group.member_added", R"({"group": "g", "member": "max"})"), "only_the_owner_gives_roles");
  violates(team.by("mia", "group.member_added", R"({"group": "g", "member": "mia"})"), "only_the_owner_gives_roles");
  allowed(team.by("oda", "group.member_added", R"({"group": "g", "member": "max"})"), "the_owner_has_complete_control");
  team.by("oda", "group.created", R"({"group": "without a role"})");
  unspecified(team.by("ada", "group.member_added", R"({"group": "without a role", "member": "max"})"));
}

TEST_CASE(
    "chatbot-team: given actions of which the text is silent, then the owner's complete control covers them alone") {
  Team team;
  allowed(team.by("oda", "member.disabled", of("mia")), "the_owner_has_complete_control");
  unspecified(team.by("ada", "member.disabled", of("max")));
  allowed(team.by("oda", "group.created", R"({"group": "g"})"), "the_owner_has_complete_control");
  unspecified(team.by("ada", "group.deleted", R"({"group": "g"})"));
}

TEST_CASE("chatbot-team: given three fixed roles, when somebody makes or edits one, then it is a violation") {
  Team team;
  violates(team.by("oda", "role.created", R"({"role": "editor", "name": "Editor", "grants": {}})"),
           "lifecycle.no_custom_roles");
  violates(team.by("oda", "role.edited", R"({"role": "member", "grants": {"create_chatbots": "yes"}})"),
           "lifecycle.system_role_fixed");
}

TEST_CASE("chatbot-team: given mode enforce, when an admin breaks a rule, then it is refused and nothing changes") {
  Team team(Mode::enforce);
  const Became refused = team.by("ada", "member.role_changed", of("mia", "admin"));
  CHECK_FALSE(refused.recorded);
  CHECK(refused.rule == "member.role_changed.not_allowed");
  CHECK(team.role("mia") == "member");
  CHECK(team.by("oda", "member.role_changed", of("mia", "admin")).recorded);
  CHECK(team.role("mia") == "admin");
}
