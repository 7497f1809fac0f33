// The rules that the text of ccai states about roles, consoles and what hangs below them, one test each.
#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda is the App Owner, Sue a Supervisor, Alan an Agent; Cleo is to have custom roles.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("ccai", mode) {
    const auto add = [&](const char* who, const char* role) { by("oda", "member.added", of(who, role)); };
    add("sue", "supervisor"), add("alan", "agent"), add("cleo", "agent");
  }

  // A custom role with these grants, and Cleo in it.
  Became custom(const std::string& grants, const std::string& more = {}) {
    const Became became =
        by("oda", "role.created", R"({"role": "own", "name": "Own", "grants": )" + grants + more + "}");
    by("oda", "member.role_changed", of("cleo", "own"));
    return became;
  }
};

std::string edited(const std::string& grants) { return R"({"role": "own", "grants": )" + grants + "}"; }

}  // namespace

TEST_CASE("ccai: given default roles, when they are edited, deleted or made again, then it is a violation") {
  Team team;
  for (const char* role : {"app_owner", "app_developer", "app_tester", "supervisor", "agent"}) {
    violates(team.by("oda", "role.edited", R"({"role": ")" + std::string(role) + R"(", "grants": {"tasks": "no"}})"),
             "lifecycle.system_role_fixed");
    violates(team.by("oda", "role.deleted", R"({"role": ")" + std::string(role) + R"("})"),
             "lifecycle.system_role_fixed");
  }
  violates(team.by("oda", "role.created", R"({"role": "agent", "name": "Agent", "grants": {}})"),
           "lifecycle.system_role_fixed");
}

TEST_CASE(
    "ccai: given the menu for new roles, when the App Owner makes one, then that is allowed, and nobody else may") {
  Team team;
  allowed(team.custom(R"({"tasks": "view"})"), "only_app_owners_create_roles");
  CHECK(team.level("cleo", "tasks") == "view");
  violates(team.by("sue", "role.created", R"({"role": "x", "name": "X", "grants": {}})"), "role.created.not_allowed");
}

TEST_CASE("ccai: given a custom role with Role Management, when its holder makes a role, then it is a violation") {
  Team team;
  team.custom(R"({"role_management": "yes"})");
  violates(team.by("cleo", "role.created", R"({"role": "x", "name": "X", "grants": {}})"), "role.created.not_allowed");
}

TEST_CASE("ccai: given Role Management, when its holder edits or deletes a custom role, then that is allowed") {
  Team team;
  team.custom(R"({"role_management": "yes"})");
  team.by("oda", "role.created", R"({"role": "other", "name": "Other", "grants": {"tasks": "view"}})");
  allowed(team.by("cleo", "role.edited", R"({"role": "other", "grants": {"tasks": "full"}})"),
          "role_managers_edit_and_delete_roles");
  allowed(team.by("cleo", "role.deleted", R"({"role": "other"})"), "role_managers_edit_and_delete_roles");
}

TEST_CASE(
    "ccai: given a default role whose Role Management is blank in the text, when its holder edits a role, then it is "
    "unspecified") {
  Team team;
  team.custom(R"({"tasks": "view"})");
  unspecified(team.by("sue", "role.edited", edited(R"({"tasks": "full"})")), "role_managers_edit_and_delete_roles");
}

TEST_CASE(
    "ccai: given a custom role, when it takes a level that is no option of the permission, then it is a violation") {
  Team team;
  violates(team.custom(R"({"agent_status": "full", "audit_allocation_creation": "view"})"),
           "lifecycle.level_not_offered");
  violates(team.by("oda", "role.edited", edited(R"({"flows.agent_playbook_configuration": "view"})")),
           "lifecycle.level_not_offered");
  violates(team.by("oda", "role.edited", edited(R"({"monitor_queue_visibility": "none"})")),
           "lifecycle.level_not_offered");
  violates(team.by("oda", "role.edited", edited(R"({"auto_qa": "yes"})")), "lifecycle.level_not_offered");
  violates(team.by("oda", "role.edited", edited(R"({"tasks": "most"})")), "lifecycle.unknown_level");
  violates(team.by("oda", "role.edited", edited(R"({"delete_app": "yes"})")), "lifecycle.owner_only");
}

TEST_CASE(
    "ccai: given a permission whose options are blank in the text, when a custom role takes it, then it is "
    "unspecified") {
  Team team;
  for (const char* blank : {"agent_scorecards_and_attributes", "agent_access_to_dashboard_and_coaching_assignments",
                            "quality_ai_reporting", "agent_dashboard"}) {
    unspecified(
        team.by("oda", "role.created",
                R"({"role": "of )" + std::string(blank) + R"(", "name": "X", "grants": {")" + blank + R"(": "full"}})"),
        "lifecycle.options_unspecified");
  }
}

TEST_CASE("ccai: given cells that are blank in the text, then the default roles hold nothing there, and that is said") {
  Team team;
  for (const char* blank : {"agent_access_to_dashboard_and_coaching_assignments", "quality_ai_reporting"}) {
    CHECK(team.level("sue", blank) == "no");
    CHECK(team.denied_because("sue", blank) == "the model's text does not say whether the role supervisor has it");
  }
}

TEST_CASE("ccai: given a console that is set to No or View, then everything below it is off") {
  for (const char* level : {"no", "view"}) {
    Team team;
    const Became became = team.custom(R"({"agent_desktop_console": ")" + std::string(level) +
                                      R"(", "internal_chat": "yes", "widget_management": "full",
                                          "monitor_console": ")" +
                                      level + R"(", "join_conversation": "yes"})");
    allowed(became, "only_app_owners_create_roles");
    CHECK(became.because.starts_with("Without effect in this role: "));
    CHECK(team.level("cleo", "internal_chat") == "no");
    CHECK(team.level("cleo", "widget_management") == "none");
    CHECK(team.level("cleo", "join_conversation") == "no");
    CHECK(team.denied_because("cleo", "internal_chat") == "it needs Agent Desktop Console at yes first");
  }
}

TEST_CASE("ccai: given a console that is set to Yes, then what is granted below it counts") {
  Team team;
  const Became became = team.custom(R"({"agent_desktop_console": "yes", "internal_chat": "yes"})");
  CHECK(became.because.empty());
  CHECK(team.level("cleo", "internal_chat") == "yes");
  CHECK(team.level("cleo", "outbound_email") == "no");
}

TEST_CASE("ccai: given every permission that the tables list under a console, then that console is its parent") {
  const AccessModel& model = shipped_model("ccai");
  std::size_t desktop = 0, monitor = 0;
  for (const PermissionRule& rule : model.permissions()) {
    if (rule.submodule.empty() || rule.name == rule.submodule) continue;
    INFO(rule.name);
    REQUIRE(rule.parent);
    CHECK(model.permissions()[*rule.parent].name == rule.submodule);
    CHECK(model.level_name(*rule.parent, rule.parent_level).text == "yes");
    desktop += rule.submodule == "Agent Desktop Console";
    monitor += rule.submodule == "Monitor Console";
  }
  CHECK(desktop == 21);
  CHECK(monitor == 18);  // 17 of the table, and what three of them were split from
}

TEST_CASE("ccai: given Monitor Console at Yes with all below it at No, then it counts as View") {
  Team team;
  team.custom(R"({"monitor_console": "yes"})");
  CHECK(team.level("cleo", "monitor_console") == "view");
  team.by("oda", "role.edited", edited(R"({"force_logout": "no", "reports": "none"})"));
  CHECK(team.level("cleo", "monitor_console") == "view");
  team.by("oda", "role.edited", edited(R"({"force_logout": "yes"})"));
  CHECK(team.level("cleo", "monitor_console") == "yes");
  CHECK(team.level("cleo", "force_logout") == "yes");
  team.by("oda", "role.edited", edited(R"({"force_logout": "no"})"));
  CHECK(team.level("cleo", "monitor_console") == "view");
}

TEST_CASE(
    "ccai: given the two permissions below Monitor Console that offer no No, then they do not lift it above View") {
  Team team;
  team.custom(R"({"monitor_console": "yes", "monitor_queue_visibility": "self", "dashboard_content": "own"})");
  CHECK(team.level("cleo", "monitor_console") == "view");
  CHECK(team.level("cleo", "monitor_queue_visibility") == "self");
  CHECK(team.level("cleo", "dashboard_content") == "own");
}

TEST_CASE("ccai: given an Agent, whose permissions below Monitor Console are all No, then theirs counts as View") {
  Team team;
  CHECK(team.level("alan", "monitor_console") == "view");
  CHECK(team.level("sue", "monitor_console") == "yes");
}

TEST_CASE("ccai: given Agent Desktop Console at Yes with all below it at No, then no sentence makes it a View") {
  Team team;
  team.custom(R"({"agent_desktop_console": "yes"})");
  CHECK(team.level("cleo", "agent_desktop_console") == "yes");
}

TEST_CASE("ccai: given Monitor Console, then it is restricted to queues that the user is assigned to") {
  Team team;
  team.by("oda", "resource.added", R"({"resource": "queue:sales"})");
  team.by("oda", "resource.added", R"({"resource": "queue:billing"})");
  team.by("oda", "assignment.added", on("sue", "queue:sales"));
  CHECK(team.level("sue", "monitor_console", "queue:sales") == "yes");
  CHECK(team.level("sue", "monitor_console", "queue:billing") == "no");
  CHECK(team.who_can("monitor_console", "queue:billing").empty());
  // The App Owner, too, although Monitor Queue Visibility says All for them.
  CHECK(team.level("oda", "monitor_console", "queue:sales") == "no");
  CHECK(team.level("oda", "monitor_queue_visibility") == "all");
  CHECK(team.level("oda", "monitor_console") == "yes");
}

TEST_CASE("ccai: given a custom role with Monitor Console, then it is restricted to assigned queues as well") {
  Team team;
  team.by("oda", "resource.added", R"({"resource": "queue:sales"})");
  team.custom(R"({"monitor_console": "yes", "join_conversation": "yes"})");
  CHECK(team.level("cleo", "monitor_console", "queue:sales") == "no");
  team.by("oda", "assignment.added", on("cleo", "queue:sales"));
  CHECK(team.level("cleo", "monitor_console", "queue:sales") == "yes");
}

TEST_CASE(
    "ccai: given Transfer/Close Multiple Conversations, then its three children have its value until they say "
    "otherwise") {
  Team team;
  const std::vector<std::string> children{"change_queue_for_conversations", "assign_conversations",
                                          "force_close_conversations"};
  team.custom(R"({"monitor_console": "yes", "transfer_close_multiple_conversations": "yes"})");
  for (const std::string& child : children) CHECK(team.level("cleo", child) == "yes");
  team.by("oda", "role.edited", edited(R"({"assign_conversations": "no"})"));
  CHECK(team.level("cleo", "assign_conversations") == "no");
  CHECK(team.level("cleo", "force_close_conversations") == "yes");
  team.by("oda", "role.edited", edited(R"({"transfer_close_multiple_conversations": "no"})"));
  for (const std::string& child : children) CHECK(team.level("cleo", child) == "no");
}

TEST_CASE("ccai: given a clone of a role, when Transfer/Close is switched off in it, then the children follow") {
  Team team;
  team.custom("{}", R"(, "based_on": "supervisor")");
  CHECK(team.level("cleo", "assign_conversations") == "yes");
  team.by("oda", "role.edited", edited(R"({"transfer_close_multiple_conversations": "no"})"));
  CHECK(team.level("cleo", "assign_conversations") == "no");
}

TEST_CASE("ccai: given a cloned role that was edited, when it is reset, then it is what its base grants again") {
  Team team;
  team.custom(R"({"tasks": "view"})", R"(, "based_on": "supervisor")");
  team.by("oda", "role.edited", edited(R"({"reports": "none"})"));
  CHECK(team.level("cleo", "tasks") == "view");
  CHECK(team.level("cleo", "reports") == "none");
  allowed(team.by("oda", "role.reset", R"({"role": "own"})"), "role_managers_edit_and_delete_roles");
  CHECK(team.level("cleo", "tasks") == "no");
  CHECK(team.level("cleo", "reports") == "full");
}

TEST_CASE("ccai: given a custom role that is deleted, then its holders have nothing of it, or what they are moved to") {
  Team team;
  team.custom(R"({"tasks": "full"})");
  allowed(team.by("oda", "role.deleted", R"({"role": "own"})"), "role_managers_edit_and_delete_roles");
  CHECK(team.role("cleo").empty());
  CHECK(team.level("cleo", "tasks") == "no");
  Team other;
  other.custom(R"({"tasks": "full"})");
  other.by("oda", "role.deleted", R"({"role": "own", "reassign_to": "supervisor"})");
  CHECK(other.role("cleo") == "supervisor");
}

TEST_CASE("ccai: given a custom role, when it is deleted and its holders are to move to it, then it is a violation") {
  Team team;
  team.custom(R"({"tasks": "full"})");
  violates(team.by("oda", "role.deleted", R"({"role": "own", "reassign_to": "own"})"), "lifecycle.role_deleted");
  Team gate(Mode::enforce);
  gate.custom(R"({"tasks": "full"})");
  CHECK_FALSE(gate.by("oda", "role.deleted", R"({"role": "own", "reassign_to": "own"})").recorded);
  CHECK(gate.role("cleo") == "own");
}

TEST_CASE("ccai: given default roles, when an event says that one was deleted, then its holders have it still") {
  Team team;
  team.by("oda", "group.created", R"({"group": "qa", "role": "supervisor"})");
  team.by("oda", "group.member_added", R"({"group": "qa", "member": "alan"})");
  for (const char* role : {"agent", "supervisor"}) {
    violates(team.by("oda", "role.deleted", R"({"role": ")" + std::string(role) + R"(", "reassign_to": "app_tester"})"),
             "lifecycle.system_role_fixed");
  }
  CHECK(team.role("alan") == "agent");
  CHECK(team.level("alan", "internal_chat") == "yes");
  CHECK(team.level("alan", "force_logout") == "yes");
  CHECK(team.level("sue", "reports") == "full");
  const auto holders = team.who_can("force_logout");
  CHECK(holders == std::vector<std::string>{"alan", "oda", "sue"});
}

TEST_CASE("ccai: given a role that was deleted, when it is made again or given, then it is a violation") {
  Team team;
  team.custom(R"({"tasks": "full"})");
  team.by("oda", "role.deleted", R"({"role": "own"})");
  violates(team.by("oda", "member.role_changed", of("cleo", "own")), "lifecycle.role_deleted");
  violates(team.by("oda", "role.created", R"({"role": "own", "name": "Own", "grants": {}})"), "lifecycle.role_deleted");
}

TEST_CASE(
    "ccai: given mode enforce, when a custom role takes what it may not or a default one is touched, then it is "
    "refused") {
  Team team(Mode::enforce);
  const auto made = [&](const char* grants) {
    return team.by("oda", "role.created", R"({"role": "own", "name": "Own", "grants": )" + std::string(grants) + "}");
  };
  CHECK(made(R"({"audit_allocation_creation": "view"})").rule == "lifecycle.level_not_offered");
  CHECK(made(R"({"delete_app": "yes"})").rule == "lifecycle.owner_only");
  CHECK(made(R"({"quality_ai_reporting": "full"})").rule == "lifecycle.options_unspecified");
  CHECK(team.by("oda", "role.deleted", R"({"role": "agent"})").rule == "lifecycle.system_role_fixed");
  const Became off = made(R"({"monitor_console": "no", "join_conversation": "yes"})");
  CHECK(off.recorded);
  CHECK_FALSE(off.because.empty());
}
