// The rules that the text of ccai states about users and groups, one test each. Roles and consoles:
// ccai_roles_test.cpp.
#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda is the App Owner; Dev, Tess, Sue and Alan have the other four roles.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("ccai", mode) {
    const auto add = [&](const char* who, const char* role) { by("oda", "member.added", of(who, role)); };
    add("dev", "app_developer"), add("tess", "app_tester"), add("sue", "supervisor"), add("alan", "agent");
  }
};

const std::string queue = R"({"resource": "queue:billing"})";

}  // namespace

TEST_CASE("ccai: given a user with Change User Role, when they modify another user's role, then that is allowed") {
  Team team;
  for (const char* actor : {"oda", "dev", "tess", "sue"}) {
    team.by("oda", "member.role_changed", of("alan", "agent"));
    const Became became = team.by(actor, "member.role_changed", of("alan", "app_tester"));
    allowed(became, "role_changers_change_roles_of_others");
  }
}

TEST_CASE("ccai: given a user without Change User Role, when they modify a role, then it is a violation") {
  Team team;
  violates(team.by("alan", "member.role_changed", of("tess", "agent")), "member.role_changed.not_allowed");
  violates(team.by("alan", "member.role_changed", of("alan", "supervisor")), "member.role_changed.not_allowed");
}

TEST_CASE("ccai: given a user with Change User Role, when they modify their own role, then it is a violation") {
  Team team;
  violates(team.by("sue", "member.role_changed", of("sue", "app_developer")), "member.role_changed.not_allowed");
}

TEST_CASE("ccai: given a role that is granted on the organization, then it takes Change User Role and is for others") {
  Team team;
  const auto grant = [](const char* to) {
    return R"({"principal": "member:)" + std::string(to) + R"(", "role": "app_tester", "on": "org"})";
  };
  allowed(team.by("sue", "role.granted", grant("alan")), "role_changers_change_roles_of_others");
  violates(team.by("sue", "role.granted", grant("sue")), "role.granted.not_allowed");
  violates(team.by("alan", "role.granted", grant("alan")), "role.granted.not_allowed");
}

TEST_CASE("ccai: given an invitation, then it gives any role but that of the App Owner, and it gives one") {
  Team team;
  for (const char* role : {"app_developer", "app_tester", "agent", "supervisor"}) {
    allowed(team.by("oda", "member.invited", of(std::string("new-") + role, role)), "the_app_owner_has_full_control");
  }
  violates(team.by("oda", "member.invited", of("new", "app_owner")), "lifecycle.exactly_one_holder");
  violates(team.by("oda", "member.invited", of("new")), "an_invitation_names_a_role");
}

TEST_CASE("ccai: given users other than the App Owner, when they invite, then the text does not say whether they may") {
  Team team;
  for (const char* actor : {"dev", "tess", "sue", "alan"}) {
    unspecified(team.by(actor, "member.invited", of("new", "agent")));
    team.by(actor, "invitation.cancelled", of("new"));
  }
}

TEST_CASE("ccai: given a pending invitation, then it gives nothing until the invited person accepts it") {
  Team team;
  team.by("oda", "member.invited", of("new", "agent"));
  CHECK(team.level("new", "internal_chat") == "no");
  violates(team.by("alan", "invitation.accepted", of("new")), "invitation.accepted.not_allowed");
  Team other;
  other.by("oda", "member.invited", of("new", "agent"));
  allowed(other.by("new", "invitation.accepted", of("new")), "invitees_accept");
  CHECK(other.level("new", "internal_chat") == "yes");
}

TEST_CASE("ccai: given an inviter with disabled permissions, then whoever they invited starts disabled too") {
  Team team;
  team.by("oda", "member.disabled", of("sue"));
  team.by("sue", "member.invited", of("new", "agent"));
  team.by("new", "invitation.accepted", of("new"));
  CHECK(team.is_disabled("new"));
  CHECK(team.level("new", "internal_chat") == "no");
  CHECK(team.denied_because("new", "internal_chat") == "the member is disabled");
  allowed(team.by("oda", "member.enabled", of("new")), "the_app_owner_has_full_control");
  CHECK(team.level("new", "internal_chat") == "yes");
}

TEST_CASE("ccai: given an inviter who is enabled or disabled after the invitation, then what they were then counts") {
  Team team;
  team.by("sue", "member.invited", of("early", "agent"));
  team.by("oda", "member.disabled", of("sue"));
  team.by("sue", "member.invited", of("late", "agent"));
  team.by("oda", "member.enabled", of("sue"));
  team.by("early", "invitation.accepted", of("early"));
  team.by("late", "invitation.accepted", of("late"));
  CHECK_FALSE(team.is_disabled("early"));
  CHECK(team.is_disabled("late"));
}

TEST_CASE(
    "ccai: given a user who is there already, when they accept a disabled user's invitation, then they stay enabled") {
  Team team;
  team.by("oda", "member.disabled", of("sue"));
  team.by("sue", "member.invited", of("alan", "supervisor"));
  team.by("alan", "invitation.accepted", of("alan"));
  CHECK_FALSE(team.is_disabled("alan"));
}

TEST_CASE(
    "ccai: given Contact Center permissions that are disabled, then the area takes all of them and the invitees'") {
  Team team;
  team.by("oda", "member.disabled", R"({"member": "sue", "area": "Contact Center"})");
  CHECK(team.level("sue", "queue_settings") == "none");
  CHECK(team.level("sue", "change_user_role") == "yes");
  team.by("sue", "member.invited", of("new", "agent"));
  team.by("new", "invitation.accepted", of("new"));
  CHECK(team.level("new", "internal_chat") == "no");
  team.by("oda", "member.enabled", R"({"member": "new", "area": "Contact Center"})");
  CHECK(team.level("new", "internal_chat") == "yes");
  CHECK(team.level("sue", "queue_settings") == "none");
}

TEST_CASE(
    "ccai: given Chat and Voice that are disabled to restrict a user for a while, then no permission is taken away") {
  Team team;
  for (const char* channel : {"Chat", "Voice"}) {
    allowed(team.by("oda", "member.disabled", R"({"member": "sue", "area": ")" + std::string(channel) + R"("})"),
            "the_app_owner_has_full_control");
  }
  CHECK(team.level("sue", "internal_chat") == "yes");
  CHECK(team.level("sue", "force_logout") == "yes");
  // Nor are they a disabled user, who would edit nothing of others.
  team.by("oda", "group.created", R"({"group": "Unassigned"})");
  allowed(team.by("sue", "group.member_added", R"({"group": "Unassigned", "member": "alan"})"),
          "group_managers_manage_groups");
  CHECK(team.level("alan", "internal_chat") == "yes");
}

TEST_CASE("ccai: given an area that the platform does not have, when somebody is disabled there, then that is said") {
  Team team;
  const Became became = team.by("oda", "member.disabled", R"({"member": "sue", "area": "Nowhere"})");
  violates(became, "lifecycle.unknown_area");
  CHECK(became.because ==
        "The model has no area or module \"Nowhere\"; it has \"contact_center\", \"chat\", \"voice\", so nothing is "
        "switched off or on there.");
  violates(team.by("oda", "member.enabled", R"({"member": "sue", "area": "Nowhere"})"), "lifecycle.unknown_area");
  allowed(team.by("oda", "member.disabled", R"({"member": "sue", "area": "System"})"),
          "the_app_owner_has_full_control");
}

TEST_CASE("ccai: given a disabled user, when they edit the role of another user, then that is allowed") {
  Team team;
  team.by("oda", "member.disabled", of("sue"));
  CHECK(team.level("sue", "reports") == "none");
  allowed(team.by("sue", "member.role_changed", of("alan", "app_tester")), "role_changers_change_roles_of_others");
}

TEST_CASE("ccai: given a disabled user, when they edit anything else of another user, then it is a violation") {
  Team team;
  team.by("oda", "resource.added", queue);
  const char* rule = "disabled_users_edit_no_more_than_name_phone_and_role";
  for (const char* disabling : {R"({"member": "sue"})", R"({"member": "tess", "area": "contact_center"})"}) {
    team.by("oda", "member.disabled", disabling);
  }
  for (const char* actor : {"sue", "tess"}) {
    violates(team.by(actor, "assignment.added", on("alan", "queue:billing")), rule);
    violates(team.by(actor, "group.member_added", R"({"group": "night", "member": "alan"})"), rule);
    violates(team.by(actor, "member.disabled", R"({"member": "alan", "area": "System"})"), rule);
  }
}

TEST_CASE("ccai: given App Owner status, when the owner promotes a user, then ownership moves and there is one owner") {
  Team team;
  allowed(team.by("oda", "ownership.transferred",
                  R"({"from": "oda", "to": "dev", "previous_owner_role": "app_developer"})"),
          "app_developer_managers_pass_ownership_on");
  CHECK(team.role("dev") == "app_owner");
  CHECK(team.role("oda") == "app_developer");
  CHECK(team.who_can("delete_app") == std::vector<std::string>{"dev"});
}

TEST_CASE("ccai: given users who do not manage App Owners, when they promote somebody, then it is a violation") {
  Team team;
  for (const char* actor : {"dev", "tess", "sue", "alan"}) {
    violates(team.by(actor, "ownership.transferred", transfer("oda", actor)), "ownership.transferred.not_allowed");
    team.by(actor, "ownership.transferred", transfer(actor, "oda"));
    team.by("oda", "member.role_changed",
            of(actor, actor == std::string("dev")    ? "app_developer"
                      : actor == std::string("tess") ? "app_tester"
                      : actor == std::string("sue")  ? "supervisor"
                                                     : "agent"));
  }
}

TEST_CASE("ccai: given an App Owner, when somebody else is given the role by hand, then it is a violation") {
  Team team;
  violates(team.by("oda", "member.role_changed", of("dev", "app_owner")), "lifecycle.exactly_one_holder");
}

TEST_CASE(
    "ccai: given the App Owner, when they are invited into another role, then it is a violation: nobody would own") {
  Team team;
  violates(team.by("oda", "member.invited", of("oda", "agent")), "lifecycle.last_holder");
  allowed(team.by("oda", "member.invited", of("sue", "agent")), "the_app_owner_has_full_control");
}

TEST_CASE("ccai: given any user, when they delete their own account, then it is a violation") {
  Team team;
  for (const char* who : {"dev", "alan"}) {
    violates(team.by(who, "member.removed", of(who)), "you_cannot_delete_yourself");
  }
  violates(team.by("oda", "member.removed", of("oda")), "lifecycle.last_holder");
}

TEST_CASE("ccai: given the App Owner, when anybody deletes that account, then it is a violation, disabled or not") {
  Team team;
  violates(team.by("dev", "member.removed", of("oda")), "lifecycle.last_holder");
  Team other;
  other.by("dev", "member.disabled", of("oda"));
  violates(other.by("dev", "member.removed", of("oda")), "lifecycle.last_holder");
}

TEST_CASE("ccai: given a user who was deleted, then they can do nothing any more, and what they could do stays known") {
  Team team;
  const std::size_t before = team.events();
  allowed(team.by("oda", "member.removed", of("alan")), "the_app_owner_has_full_control");
  CHECK(team.level("alan", "internal_chat") == "no");
  CHECK(team.level_after(before, "alan", "internal_chat") == "yes");
}

TEST_CASE("ccai: given a group with a role, then its members have what the role grants") {
  Team team;
  allowed(team.by("oda", "group.created", R"({"group": "qa", "role": "supervisor"})"),
          "role_changers_give_groups_a_role");
  allowed(team.by("sue", "group.member_added", R"({"group": "qa", "member": "alan"})"),
          "role_changers_put_others_into_groups_with_a_role");
  CHECK(team.level("alan", "force_logout") == "yes");
  violates(team.by("oda", "group.created", R"({"group": "bosses", "role": "app_owner"})"),
           "lifecycle.exactly_one_holder");
}

TEST_CASE(
    "ccai: given a group with a role, when somebody puts themselves into it, then it is a violation, as by hand") {
  Team team;
  team.by("oda", "group.created", R"({"group": "dev", "role": "app_developer"})");
  violates(team.by("tess", "group.member_added", R"({"group": "dev", "member": "tess"})"),
           "group.member_added.not_allowed");
  team.by("oda", "group.created", R"({"group": "night"})");
  allowed(team.by("tess", "group.member_added", R"({"group": "night", "member": "tess"})"),
          "group_managers_manage_groups");
  // Nor do they give a role to a group that they are in.
  const std::string night = R"({"group": "night", "role": "app_developer"})";
  violates(team.by("tess", "group.edited", night), "group.edited.not_allowed");
  team.by("oda", "group.edited", R"({"group": "night", "role": null})");
  allowed(team.by("sue", "group.edited", night), "role_changers_give_groups_a_role");
  allowed(team.by("tess", "group.edited", R"({"group": "night", "name": "Night"})"), "group_managers_manage_groups");
}

TEST_CASE(
    "ccai: given Agent Group Management without Change User Role, then groups without a role are all its holder "
    "fills") {
  Team team;
  team.by("oda", "role.created", R"({"role": "own", "name": "Own", "grants": {"agent_group_management": "full"}})");
  team.by("oda", "member.role_changed", of("alan", "own"));
  team.by("oda", "group.created", R"({"group": "dev", "role": "app_developer"})");
  violates(team.by("alan", "group.member_added", R"({"group": "dev", "member": "tess"})"),
           "group.member_added.not_allowed");
  allowed(team.by("alan", "group.created", R"({"group": "night"})"), "group_managers_manage_groups");
  allowed(team.by("alan", "group.member_added", R"({"group": "night", "member": "tess"})"),
          "group_managers_manage_groups");
}

TEST_CASE(
    "ccai: given Agent Group Management, when its holder makes a group, then that is allowed, and no agent's to do") {
  Team team;
  for (const char* actor : {"oda", "dev", "tess", "sue"}) {
    allowed(team.by(actor, "group.created", R"({"group": "of )" + std::string(actor) + R"("})"),
            "group_managers_manage_groups");
  }
  violates(team.by("alan", "group.created", R"({"group": "mine"})"), "group.created.not_allowed");
  violates(team.by("alan", "group.created", R"({"group": "mine", "role": "supervisor"})"), "group.created.not_allowed");
}

TEST_CASE(
    "ccai: given Queue Settings and Skill Management, then queues and skills are made and removed by their holders") {
  Team team;
  allowed(team.by("sue", "resource.added", queue), "queue_managers_manage_queues");
  allowed(team.by("tess", "resource.added", R"({"resource": "skill:german"})"), "skill_managers_manage_skills");
  violates(team.by("alan", "resource.added", R"({"resource": "queue:mine"})"), "resource.added.not_allowed");
  violates(team.by("alan", "resource.removed", R"({"resource": "skill:german"})"), "resource.removed.not_allowed");
}

TEST_CASE("ccai: given a queue that does not exist, when it is assigned, then the assignment has no effect") {
  Team team;
  team.by("oda", "assignment.added", on("sue", "queue:billing"));
  CHECK(team.level("sue", "monitor_console", "queue:billing") == "no");
  team.by("oda", "resource.added", queue);
  CHECK(team.level("sue", "monitor_console", "queue:billing") == "yes");
}

TEST_CASE("ccai: given queues and skills, then only those that exist are assigned, be the gate's keeper who they may") {
  Team team(Mode::enforce);
  for (const char* resource : {"queue:billing", "skill:german"}) {
    CHECK_THROWS(team.by("oda", "assignment.added", on("alan", resource)));
    team.by("oda", "resource.added", R"({"resource": ")" + std::string(resource) + R"("})");
    allowed(team.by("oda", "assignment.added", on("alan", resource)), "the_app_owner_has_full_control");
  }
}

TEST_CASE("ccai: given the App Owner's exclusive permissions, then no other role and no custom role has them") {
  Team team;
  team.by("oda", "role.created",
          R"({"role": "boss", "name": "Boss", "based_on": "app_owner", "grants": {"delete_app": "yes"}})");
  team.by("oda", "member.role_changed", of("dev", "boss"));
  for (const PermissionRule& rule : team.model().permissions()) {
    if (rule.module != "App Owner Exclusive Permissions") continue;
    INFO(rule.name);
    CHECK(rule.owner_only);
    CHECK(team.who_can(rule.id.text) == std::vector<std::string>{"oda"});
  }
  CHECK(team.denied_because("dev", "delete_app") == "only the owner may have it");
}

TEST_CASE(
    "ccai: given the billing module, then a custom role's Billing has no effect, since only the App Owner gets in") {
  Team team;
  const Became created =
      team.by("oda", "role.created", R"({"role": "payer", "name": "Payer", "grants": {"billing": "full"}})");
  allowed(created, "only_app_owners_create_roles");
  CHECK(created.because == "Without effect in this role: \"Billing\" (needs \"Billing Module Access\" at \"yes\").");
  team.by("oda", "member.role_changed", of("dev", "payer"));
  CHECK(team.who_can("billing") == std::vector<std::string>{"oda"});
}

TEST_CASE("ccai: given the App Owner, when they delete the app, then that is allowed, and to nobody else") {
  Team team;
  violates(team.by("dev", "org.deleted", "{}"), "org.deleted.not_allowed");
  Team other;
  allowed(other.by("oda", "org.deleted", "{}"), "only_app_owners_delete_the_app");
  const Became after = other.by("oda", "member.added", of("new", "agent"));
  violates(after, "member.added.not_allowed");
  CHECK(after.because.starts_with("The organization was deleted, and nobody has a role in it any more."));
}

TEST_CASE("ccai: given Outbound Email, then it counts while it is enabled for the account") {
  Team team;
  CHECK(team.level("sue", "outbound_email") == "yes");
  allowed(team.by("oda", "feature.disabled", R"({"feature": "outbound_email"})"), "the_app_owner_has_full_control");
  CHECK(team.level("sue", "outbound_email") == "no");
  unspecified(team.by("sue", "feature.enabled", R"({"feature": "outbound_email"})"));
  CHECK(team.level("sue", "outbound_email") == "yes");
}

TEST_CASE("ccai: given mode enforce, when a rule or the text's silence stands against it, then nothing changes") {
  Team team(Mode::enforce);
  CHECK_FALSE(team.by("alan", "member.role_changed", of("alan", "supervisor")).recorded);
  CHECK(team.role("alan") == "agent");
  const Became silent = team.by("sue", "member.invited", of("new", "agent"));
  CHECK_FALSE(silent.recorded);
  CHECK(silent.rule == "unspecified");
  CHECK(team.by("sue", "member.role_changed", of("alan", "app_tester")).recorded);
}
