// The rules that the text of newo states, one test each.
#include "tests/models/verdicts.h"

using namespace tenure;
using namespace tenure::testing;

namespace {

// Oda created the account; Tom is the Technical Owner, Amy and Vic are Account Manager and Viewer.
struct Team : WatchedTeam {
  explicit Team(Mode mode = Mode::observe) : WatchedTeam("newo", mode) {
    with("tom", "technical_owner").with("amy", "account_manager").with("vic", "viewer");
  }
};

const std::string builder = "builder_access", settings = "settings_attributes_access",
                  read_only = "edit_read_only_settings_attributes", assigns = "assign_other_roles";

}  // namespace

TEST_CASE("newo: given a new account, then its creator has the Owner role by itself") {
  WatchedTeam team("newo");
  CHECK(team.role("oda") == "owner");
  CHECK(team.level("oda", settings) == "yes");
}

TEST_CASE("newo: given a Viewer, then neither the builder nor the settings are within reach") {
  Team team;
  for (const std::string& permission : {builder, settings, read_only}) CHECK(team.level("vic", permission) == "no");
}

TEST_CASE("newo: given all four roles, then the Technical Owner alone works in the builder") {
  Team team;
  CHECK(team.who_can(builder) == std::vector<std::string>{"tom"});
  CHECK(team.who_can(settings) == std::vector<std::string>{"amy", "oda", "tom"});
  CHECK(team.who_can(read_only) == std::vector<std::string>{"amy", "oda", "tom"});
  CHECK(team.who_can(assigns).size() == 4);
}

TEST_CASE("newo: given any of the four roles, when its holder assigns a role, then that is allowed") {
  Team team;
  for (const char* actor : {"oda", "tom", "amy", "vic"}) {
    team.with("new", "viewer");
    allowed(team.by(actor, "member.role_changed", of("new", "account_manager")), "role_assigners_assign");
    team.by("oda", "member.removed", of("new"));
  }
}

TEST_CASE("newo: given a role that is granted on the organization, then that is assigning it, too") {
  Team team;
  allowed(team.by("vic", "role.granted", R"({"principal": "member:amy", "role": "technical_owner", "on": "org"})"),
          "role_assigners_assign");
  CHECK(team.level("amy", builder) == "yes");
}

TEST_CASE("newo: given an Account Manager, when they pick the Technical Owner, then that is allowed") {
  Team team;
  allowed(team.by("amy", "member.role_changed", of("vic", "technical_owner")), "role_assigners_assign");
  CHECK(team.level("vic", builder) == "yes");
}

TEST_CASE(
    "newo: given a Viewer, when they give themselves the Technical Owner role, then nothing in the text forbids it") {
  Team team(Mode::enforce);
  // In this mode nobody but the owner is there yet: what the setup sent was not allowed to it.
  CHECK(team.role("vic").empty());
  allowed(team.by("oda", "member.added", of("vic", "viewer")), "role_assigners_assign");
  allowed(team.by("vic", "member.role_changed", of("vic", "technical_owner")), "role_assigners_assign");
  CHECK(team.level("vic", builder) == "yes");
}

TEST_CASE("newo: given somebody without a role or outside, when they assign a role, then it is a violation") {
  Team team;
  team.by(ActorKind::system, "setup", "member.added", of("nils"));
  const char* rule = "member.role_changed.not_allowed";
  violates(team.by("nils", "member.role_changed", of("vic", "owner")), rule);
  violates(team.by("stranger", "member.role_changed", of("vic", "account_manager")), rule);
  violates(team.by(ActorKind::integration, "sync", "member.role_changed", of("vic", "viewer")), rule);
}

TEST_CASE("newo: given a disabled Viewer, when they assign a role, then it is a violation") {
  Team team;
  team.by("oda", "member.disabled", of("vic"));
  violates(team.by("vic", "member.role_changed", of("amy", "owner")), "member.role_changed.not_allowed");
}

TEST_CASE("newo: given team actions of which the text is silent, when even the Owner acts, then they are unspecified") {
  Team team;
  unspecified(team.by("oda", "member.invited", of("new", "viewer")));
  unspecified(team.by("oda", "invitation.cancelled", of("new")));
  unspecified(team.by("oda", "member.disabled", of("vic")));
  unspecified(team.by("oda", "member.enabled", of("vic")));
  unspecified(team.by("oda", "ownership.transferred", transfer("oda", "tom")));
  unspecified(team.by("tom", "group.created", R"({"group": "partners"})"));
  unspecified(team.by("tom", "member.removed", of("vic")));
  unspecified(team.by("tom", "org.deleted", "{}"));
}

TEST_CASE(
    "newo: given roles that the platform defines, when somebody makes, edits or deletes one, then it is a violation") {
  Team team;
  violates(team.by("oda", "role.created", R"({"role": "helper", "name": "Helper", "grants": {}})"),
           "lifecycle.no_custom_roles");
  violates(team.by("oda", "role.edited", R"({"role": "viewer", "grants": {"builder_access": "yes"}})"),
           "lifecycle.system_role_fixed");
  violates(team.by("oda", "role.deleted", R"({"role": "viewer"})"), "lifecycle.system_role_fixed");
  CHECK(team.level("vic", builder) == "no");
}

TEST_CASE("newo: given no features and no resources, when one is switched or assigned, then the verdict names it") {
  Team team;
  violates(team.by("oda", "feature.enabled", R"({"feature": "voice"})"), "lifecycle.unknown_feature");
  violates(team.by("oda", "assignment.added", on("vic", "agent:1")), "lifecycle.unknown_resource_kind");
}

TEST_CASE("newo: given mode enforce, when the text is silent, then the action is refused and nothing changes") {
  Team team(Mode::enforce);
  team.by("oda", "member.added", of("vic", "viewer"));
  const Became refused = team.by("oda", "member.removed", of("vic"));
  CHECK_FALSE(refused.recorded);
  CHECK(refused.rule == "unspecified");
  CHECK(team.role("vic") == "viewer");
}
