// The rules that the text of cx-modules states, one test each.
#include <set>

#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda and Ada are Admins, Aud is the Auditor, Abe and Amy are Agents; Cleo is to have custom roles.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("cx-modules", mode) {
    const auto add = [&](const char* who, const char* role) { by("oda", "member.added", of(who, role)); };
    add("ada", "admin"), add("aud", "auditor"), add("abe", "agent"), add("amy", "agent"), add("cleo", "agent");
  }
  Became custom(const std::string& grants, const std::string& more = {}) {
    const Became became =
        by("ada", "role.created", R"({"role": "own", "name": "Own", "grants": )" + grants + more + "}");
    by("ada", "member.role_changed", of("cleo", "own"));
    return became;
  }
};

}  // namespace

TEST_CASE("cx-modules: given a new organization, then its owner has the highest role, that of Admins") {
  Team team;
  CHECK(team.role("oda") == "admin");
}

TEST_CASE("cx-modules: given a permission, then it is one action on one module") {
  const AccessModel& model = shipped_model("cx-modules");
  CHECK(model.permissions().size() == 39);
  for (const PermissionRule& rule : model.permissions()) {
    CHECK((rule.name == "Read" || rule.name == "Write" || rule.name == "Delete"));
    CHECK(model.scales()[rule.scale].levels ==
          std::vector<LevelId>{LevelId("disabled"), LevelId("own"), LevelId("all")});
  }
  CHECK(model.permissions()[permission_named(model, "Read", "Interactions")].id.text == "interactions.read");
}

TEST_CASE("cx-modules: given an Admin, then all modules are theirs without restriction") {
  Team team;
  for (const PermissionRule& rule : team.model().permissions()) CHECK(team.level("ada", rule.id.text) == "all");
  CHECK(team.level("ada", "interactions.delete", "interactions:7") == "all");
}

TEST_CASE("cx-modules: given an Admin, when they manage users, teams and roles, then that is allowed") {
  Team team;
  const char* writes = "admin_writers_manage_users_and_teams";
  const char* deletes = "admin_deleters_remove_users_and_teams";
  allowed(team.by("ada", "member.invited", of("new", "agent")), writes);
  allowed(team.by("ada", "invitation.cancelled", of("new")), deletes);
  allowed(team.by("ada", "member.role_changed", of("abe", "auditor")), writes);
  allowed(team.by("ada", "member.disabled", of("abe")), writes);
  allowed(team.by("ada", "group.created", R"({"group": "care"})"), writes);
  allowed(team.by("ada", "group.member_added", R"({"group": "care", "member": "amy"})"), writes);
  allowed(team.by("ada", "group.deleted", R"({"group": "care"})"), deletes);
  allowed(team.by("ada", "member.removed", of("abe")), deletes);
  allowed(team.by("ada", "assignment.added", on("amy", "interactions:7")), writes);
}

TEST_CASE("cx-modules: given anybody but Admins, when they manage users or teams, then it is none of theirs") {
  Team team;
  violates(team.by("abe", "member.invited", of("new", "agent")), "member.invited.not_allowed");
  violates(team.by("abe", "member.removed", of("amy")), "member.removed.not_allowed");
  violates(team.by("abe", "role.created", R"({"role": "x", "name": "X", "grants": {}})"), "role.created.not_allowed");
  // Of the Auditor's part in administration the text says nothing.
  const Became silent = team.by("aud", "member.invited", of("new", "agent"));
  unspecified(silent, "admin_writers_manage_users_and_teams");
  CHECK(silent.because == "The model does not say whether the role \"Auditor\" has \"Write\" in \"Admin\".");
}

TEST_CASE("cx-modules: given an Auditor, then interactions, analytics and observability are theirs to read") {
  Team team;
  for (const char* read : {"interactions.read", "analytics.read", "observability.read"}) {
    CHECK(team.level("aud", read) == "all");
  }
}

TEST_CASE("cx-modules: given an Auditor, then quality evaluations are theirs to perform") {
  Team team;
  CHECK(team.level("aud", "quality.write") == "all");
}

TEST_CASE("cx-modules: given a Team Lead, then the role cannot be had yet, in no way") {
  Team team;
  violates(team.by("ada", "member.role_changed", of("abe", "team_lead")), "lifecycle.role_not_available");
  violates(team.by("ada", "member.invited", of("new", "team_lead")), "lifecycle.role_not_available");
  violates(team.by("ada", "group.created", R"({"group": "leads", "role": "team_lead"})"),
           "lifecycle.role_not_available");
  violates(
      team.by("ada", "role.created", R"({"role": "light", "name": "Light", "based_on": "team_lead", "grants": {}})"),
      "lifecycle.role_not_available");
  CHECK(team.level("abe", "interactions.read") == "disabled");
}

TEST_CASE("cx-modules: given an Agent, then they work with resources that are assigned to them") {
  Team team;
  team.by("ada", "assignment.added", on("abe", "interactions:7"));
  CHECK(team.level("abe", "interactions.read", "interactions:7") == "own");
  CHECK(team.level("abe", "interactions.read", "interactions:8") == "disabled");
  CHECK(team.level("amy", "interactions.read", "interactions:7") == "disabled");
  CHECK(team.who_can("interactions.read", "interactions:7") == std::vector<std::string>{"abe", "ada", "aud", "oda"});
}

TEST_CASE("cx-modules: given an Agent, then they work with resources that they created, until they or those are gone") {
  Team team;
  team.by("abe", "resource.added", R"({"resource": "interactions:9"})");
  CHECK(team.level("abe", "interactions.read", "interactions:9") == "own");
  CHECK(team.level("amy", "interactions.read", "interactions:9") == "disabled");
  team.by("ada", "member.removed", of("abe"));
  team.by("ada", "member.added", of("abe", "agent"));
  CHECK(team.level("abe", "interactions.read", "interactions:9") == "disabled");
  team.by("amy", "resource.added", R"({"resource": "interactions:10"})");
  team.by("ada", "resource.removed", R"({"resource": "interactions:10"})");
  team.by("ada", "resource.added", R"({"resource": "interactions:10"})");
  CHECK(team.level("amy", "interactions.read", "interactions:10") == "disabled");
}

TEST_CASE("cx-modules: given an Agent, then their own evaluations are theirs to view, and no others") {
  Team team;
  team.by("ada", "assignment.added", on("abe", "quality:march"));
  CHECK(team.level("abe", "quality.read") == "own");
  CHECK(team.level("abe", "quality.read", "quality:march") == "own");
  CHECK(team.level("abe", "quality.read", "quality:april") == "disabled");
}

TEST_CASE(
    "cx-modules: given an Agent, then administration and configuration are neither theirs to write nor to delete") {
  Team team;
  for (const char* module : {"admin", "integrations", "routers_workflows"}) {
    for (const char* action : {".write", ".delete"}) {
      CHECK(team.level("abe", std::string(module) + action) == "disabled");
      CHECK(team.denied_because("abe", std::string(module) + action) == "no role, group or grant gives it");
    }
  }
}

TEST_CASE("cx-modules: given users, then they change their own preferences only") {
  Team team;
  team.by("ada", "assignment.added", on("abe", "user_preferences:abe"));
  for (const char* who : {"abe", "aud"}) CHECK(team.level(who, "user_preferences.write") == "own");
  CHECK(team.level("abe", "user_preferences.write", "user_preferences:abe") == "own");
  CHECK(team.level("aud", "user_preferences.write", "user_preferences:abe") == "disabled");
}

TEST_CASE("cx-modules: given routers and workflows, then writing and deleting is for Admins") {
  Team team;
  for (const char* permission : {"routers_workflows.write", "routers_workflows.delete"}) {
    CHECK(team.who_can(permission) == std::vector<std::string>{"ada", "oda"});
  }
}

TEST_CASE("cx-modules: given what no sentence speaks of, then nothing is granted, and that is said") {
  Team team;
  CHECK(team.level("aud", "quality.read") == "disabled");
  CHECK(team.denied_because("aud", "quality.read") == "the model's text does not say whether the role auditor has it");
}

TEST_CASE("cx-modules: given a product that is not enabled, then its module is not there, not even for Admins") {
  Team team;
  allowed(team.by("ada", "feature.disabled", R"({"feature": "quality"})"), "admins_have_full_access");
  for (const char* who : {"ada", "aud", "abe"}) CHECK(team.level(who, "quality.read") == "disabled");
  CHECK(team.level("ada", "ai_metrics.read") == "all");
  CHECK(team.denied_because("ada", "quality.read") == "the feature quality is off");
  allowed(team.by("ada", "feature.enabled", R"({"feature": "quality"})"), "admins_have_full_access");
  CHECK(team.level("ada", "quality.read") == "all");
}

TEST_CASE(
    "cx-modules: given AI Metrics and AI Transcription enabled and nothing else, then both are there, and no other") {
  Team team;
  for (const FeatureRule& feature : team.model().features()) {
    const bool stays = feature.name == "AI Metrics" || feature.name == "AI Transcription";
    if (!stays) team.by("ada", "feature.disabled", R"({"feature": ")" + feature.id.text + R"("})");
  }
  std::set<std::string> visible;
  for (const PermissionRule& rule : team.model().permissions()) {
    if (!rule.feature.empty() && team.level("oda", rule.id.text) == "all") visible.insert(rule.module);
  }
  CHECK(visible == std::set<std::string>{"AI Metrics", "AI Transcription"});
}

TEST_CASE("cx-modules: given each example module, then a product of its own shows or hides it") {
  Team team;
  for (const FeatureRule& feature : team.model().features()) {
    team.by("ada", "feature.disabled", R"({"feature": ")" + feature.id.text + R"("})");
    CHECK(team.level("oda", feature.id.text + ".read") == "disabled");
  }
  CHECK(team.model().features().size() == 11);
  CHECK(team.level("oda", "user_preferences.read") == "all");
}

TEST_CASE("cx-modules: given an existing role, when it is cloned and changed, then the clone has both") {
  Team team;
  allowed(team.custom(R"({"quality.write": "all"})", R"(, "based_on": "agent")"),
          "admin_writers_manage_users_and_teams");
  CHECK(team.level("cleo", "quality.write") == "all");
  CHECK(team.level("cleo", "quality.read") == "own");
  CHECK(team.level("cleo", "interactions.read", "interactions:7") == "disabled");
}

TEST_CASE("cx-modules: given a new role such as a QA Specialist or Data Analyst, then it has what it is given alone") {
  Team team;
  team.custom(R"({"interactions.read": "all", "quality.write": "all"})");
  CHECK(team.level("cleo", "interactions.read") == "all");
  CHECK(team.level("cleo", "quality.write") == "all");
  CHECK(team.level("cleo", "analytics.read") == "disabled");
  team.by(
      "ada", "role.created",
      R"({"role": "analyst", "name": "Analyst", "grants": {"analytics.read": "all", "observability.read": "all"}})");
  team.by("ada", "member.role_changed", of("abe", "analyst"));
  CHECK(team.level("abe", "analytics.read") == "all");
  CHECK(team.level("abe", "analytics.write") == "disabled");
}

TEST_CASE("cx-modules: given a Light Team Lead, a new role with limited write permissions, then it writes that alone") {
  Team team;
  team.custom(R"({"interactions.read": "all", "interactions.write": "own"})");
  team.by("ada", "assignment.added", on("cleo", "interactions:7"));
  CHECK(team.level("cleo", "interactions.write", "interactions:7") == "own");
  CHECK(team.level("cleo", "interactions.write", "interactions:8") == "disabled");
  CHECK(team.level("cleo", "interactions.read", "interactions:8") == "all");
  for (const char* other : {"quality.write", "admin.write", "interactions.delete"}) {
    CHECK(team.level("cleo", other) == "disabled");
  }
}

TEST_CASE(
    "cx-modules: given a module, when a user is disabled in it, then that one is cut, and one that is none is named") {
  Team team;
  allowed(team.by("ada", "member.disabled", R"({"member": "aud", "area": "Analytics"})"),
          "admin_writers_manage_users_and_teams");
  CHECK(team.level("aud", "analytics.read") == "disabled");
  CHECK(team.level("aud", "interactions.read") == "all");
  const Became became = team.by("ada", "member.disabled", R"({"member": "aud", "area": "Analytic"})");
  violates(became, "lifecycle.unknown_area");
  CHECK(became.because.find("it has \"Admin\", \"Integrations\", \"Interactions\"") != std::string::npos);
}

TEST_CASE("cx-modules: given Disabled, Own and All, then a custom role may choose each of them on every module") {
  const AccessModel& model = shipped_model("cx-modules");
  for (const PermissionRule& rule : model.permissions()) {
    INFO(rule.module << " " << rule.name);
    for (const LevelIndex level : {LevelIndex{0}, LevelIndex{1}, LevelIndex{2}}) CHECK(rule.offers(level));
    CHECK(rule.visibility_at(1) == Visibility::where_assigned);
    CHECK(rule.visibility_at(2) == Visibility::all);
  }
}

TEST_CASE("cx-modules: given an Admin, then everyone's preferences are theirs to change, unlike other users'") {
  Team team;
  team.by("ada", "assignment.added", on("abe", "user_preferences:abe"));
  CHECK(team.level("ada", "user_preferences.write", "user_preferences:abe") == "all");
  CHECK(team.who_can("user_preferences.write", "user_preferences:abe") ==
        std::vector<std::string>{"abe", "ada", "oda"});
}

TEST_CASE("cx-modules: given a custom role at Own, then it counts on what is its holder's") {
  Team team;
  team.custom(R"({"knowledge_base.write": "own"})");
  team.by("cleo", "resource.added", R"({"resource": "knowledge_base:faq"})");
  CHECK(team.level("cleo", "knowledge_base.write", "knowledge_base:faq") == "own");
  CHECK(team.level("cleo", "knowledge_base.write", "knowledge_base:other") == "disabled");
}

TEST_CASE("cx-modules: given a role that changes, then its holders have the change at once, and had not before") {
  Team team;
  team.custom(R"({"analytics.read": "own"})");
  const std::size_t before = team.events();
  allowed(team.by("ada", "role.edited", R"({"role": "own", "grants": {"analytics.read": "all"}})"),
          "admin_writers_manage_users_and_teams");
  CHECK(team.level("cleo", "analytics.read") == "all");
  CHECK(team.level_after(before, "cleo", "analytics.read") == "own");
}

TEST_CASE(
    "cx-modules: given a clone that was changed, when its permissions are reset, then its defaults are restored") {
  Team team;
  team.custom("{}", R"(, "based_on": "auditor")");
  team.by("ada", "role.edited",
          R"({"role": "own", "grants": {"interactions.read": "disabled", "analytics.write": "all"}})");
  CHECK(team.level("cleo", "interactions.read") == "disabled");
  allowed(team.by("ada", "role.reset", R"({"role": "own"})"), "admin_writers_manage_users_and_teams");
  CHECK(team.level("cleo", "interactions.read") == "all");
  CHECK(team.level("cleo", "analytics.write") == "disabled");
}

TEST_CASE("cx-modules: given a custom role that writes the Admin module, then it manages users as Admins do") {
  Team team;
  team.custom(R"({"admin.write": "all"})");
  allowed(team.by("cleo", "member.invited", of("new", "agent")), "admin_writers_manage_users_and_teams");
  violates(team.by("cleo", "member.removed", of("abe")), "member.removed.not_allowed");
  violates(team.by("cleo", "role.edited", R"({"role": "agent", "grants": {"analytics.read": "all"}})"),
           "lifecycle.system_role_fixed");
}

TEST_CASE(
    "cx-modules: given an Agent who is told another role, then they have that one alone: each user has one role") {
  Team team;
  team.by("ada", "member.role_changed", of("abe", "auditor"));
  CHECK(team.role("abe") == "auditor");
  CHECK(team.level("abe", "quality.read") == "disabled");
}

TEST_CASE(
    "cx-modules: given an Agent, when they configure products or settings or end the organization, then it is a "
    "violation") {
  Team team;
  const char* rule = "agents_administer_and_configure_nothing";
  violates(team.by("abe", "feature.disabled", R"({"feature": "quality"})"), rule);
  violates(team.by("abe", "org.model_changed", R"({"model": "cx-modules"})"), rule);
  violates(team.by("abe", "org.deleted", "{}"), rule);
  Team other;
  violates(other.by("abe", "ownership.transferred", transfer("oda", "abe")), rule);
}

TEST_CASE("cx-modules: given the end of the organization or a change of owner, then the text says nothing of who may") {
  Team team;
  unspecified(team.by("ada", "org.deleted", "{}"));
  Team other;
  unspecified(other.by("ada", "ownership.transferred", transfer("oda", "aud")));
}

TEST_CASE("cx-modules: given mode enforce, when an Agent acts as an Admin, then it is refused and nothing changes") {
  Team team(Mode::enforce);
  CHECK_FALSE(team.by("abe", "member.role_changed", of("abe", "admin")).recorded);
  CHECK(team.role("abe") == "agent");
  CHECK_FALSE(team.by("ada", "org.deleted", "{}").recorded);
  CHECK(team.by("ada", "member.role_changed", of("abe", "auditor")).recorded);
}
