// What the access models' life comes to over HTTP: mode enforce for every kind of action, people who return, roles that
// are deleted, what is disabled.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "events/model/actions.h"
#include "tests/catch.h"
#include "tests/services/organization.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::is_refused;
using test::is_violation;
using test::Organization;
using test::RunningProgram;

struct Sent {
  const char* type;
  const char* data;
};

// Every kind of action that a client can send and a rule can speak of, each with names that the team below knows.
constexpr Sent every_action[] = {
    {"org.deleted", "{}"},
    {"org.model_changed", R"({"model": "ccai"})"},
    {"feature.enabled", R"({"feature": "outbound_email"})"},
    {"feature.disabled", R"({"feature": "outbound_email"})"},
    {"member.invited", R"({"member": "new", "role": "agent"})"},
    {"invitation.accepted", R"({"member": "ivy"})"},
    {"invitation.cancelled", R"({"member": "ivy"})"},
    {"invitation.expired", R"({"member": "ivy"})"},
    {"member.added", R"({"member": "new", "role": "agent"})"},
    {"member.removed", R"({"member": "tess"})"},
    {"member.disabled", R"({"member": "tess"})"},
    {"member.enabled", R"({"member": "dora"})"},
    {"member.role_changed", R"({"member": "tess", "role": "agent"})"},
    {"ownership.transferred", R"({"from": "oda@team.test", "to": "alan"})"},
    {"role.created", R"({"role": "other", "name": "Other", "grants": {}})"},
    {"role.edited", R"({"role": "own", "grants": {"tasks": "full"}})"},
    {"role.reset", R"({"role": "own"})"},
    {"role.deleted", R"({"role": "own"})"},
    {"group.created", R"({"group": "mine", "role": "supervisor"})"},
    {"group.edited", R"({"group": "team", "name": "Ours"})"},
    {"group.deleted", R"({"group": "team"})"},
    {"group.member_added", R"({"group": "team", "member": "alan"})"},
    {"group.member_removed", R"({"group": "team", "member": "tess"})"},
    {"role.granted", R"({"principal": "member:alan", "role": "supervisor", "on": "org"})"},
    {"role.revoked", R"({"principal": "member:tess", "role": "supervisor", "on": "org"})"},
    {"resource.added", R"({"resource": "queue:mine"})"},
    {"resource.removed", R"({"resource": "queue:sales"})"},
    {"assignment.added", R"({"member": "alan", "resource": "queue:sales"})"},
    {"assignment.removed", R"({"member": "tess", "resource": "queue:sales"})"},
    {"event.retracted", R"({"position": 9})"},
};

// Tess is a tester with everything that a removal ends, Alan an agent, Dora disabled, Ivy invited.
struct Centre : Organization {
  Centre(RunningProgram& program, const char* mode) : Organization(program, "centre", "ccai", mode) {
    for (const Sent& each : std::initializer_list<Sent>{
             {"role.created", R"({"role": "own", "name": "Own", "grants": {"tasks": "view"}})"},
             {"member.added", R"({"member": "tess", "role": "own"})"},
             {"member.added", R"({"member": "alan", "role": "agent"})"},
             {"member.added", R"({"member": "dora", "role": "agent"})"},
             {"member.disabled", R"({"member": "dora"})"},
             {"member.invited", R"({"member": "ivy", "role": "agent"})"},
             {"group.created", R"({"group": "team", "role": "supervisor"})"},
             {"group.member_added", R"({"group": "team", "member": "tess"})"},
             {"role.granted", R"({"principal": "member:tess", "role": "supervisor", "on": "org"})"},
             {"resource.added", R"({"resource": "queue:sales"})"},
             {"assignment.added", R"({"member": "tess", "resource": "queue:sales"})"}}) {
      const auto answer = send(each.type, each.data);
      INFO(each.type << ": " << answer.body);
      REQUIRE(answer.status == 201);
    }
  }
  std::string on_queue(const std::string& who) const {
    return get("/can?permission=monitor_console&resource=queue:sales&member=" + who).at("level").get<std::string>();
  }
  json member(const std::string& who) const { return get("/members/" + who).at("member"); }
};

}  // namespace

TEST_CASE("in enforce every kind of action that is not the actor's to do is 403 and kept as one denied action") {
  RunningProgram program;
  const Centre centre(program, "enforce");
  const json before = centre.get("/members?limit=100"), roles = centre.get("/roles");
  std::set<std::string> tried;
  for (const Sent& each : every_action) {
    const auto answer = centre.send_as("alan", each.type, each.data);
    INFO(each.type << ": " << answer.body);
    CHECK(answer.status == 403);
    CHECK(answer.json().at("code") == "not_allowed");
    CHECK_FALSE(answer.json().at("rule").get<std::string>().empty());
    CHECK_FALSE(answer.json().at("detail").get<std::string>().empty());
    tried.insert(each.type);
  }
  std::set<std::string> denied;
  const json kept = centre.get("/events?type=action.denied&limit=100").at("items");
  CHECK(kept.size() == std::size(every_action));
  for (const json& item : kept) {
    denied.insert(item.at("data").at("refused").get<std::string>());
    CHECK(item.at("actor").at("id") == "alan");
    CHECK_FALSE(item.at("data").at("rule").get<std::string>().empty());
  }
  CHECK(denied == tried);
  // Nothing of it happened.
  CHECK(centre.get("/members?limit=100").at("items") == before.at("items"));
  CHECK(centre.get("/roles").at("items") == roles.at("items"));
}

TEST_CASE(
    "the same of a setting, which only a model with settings knows, and with it every kind of action has been tried") {
  RunningProgram program;
  const Organization org(program, "code", "github", "enforce");
  REQUIRE(org.send("member.added", R"({"member": "bob", "role": "member"})").status == 201);
  is_refused(org.send_as("bob", "org.setting_changed", R"({"setting": "base_permission", "value": "admin"})"),
             "org.setting_changed.not_allowed");
  const json kept = org.get("/events?type=action.denied").at("items");
  REQUIRE(kept.size() == 1);
  CHECK(kept.at(0).at("data").at("refused") == "org.setting_changed");

  std::set<std::string> tried{"org.setting_changed"}, ruled;
  for (const Sent& each : every_action) tried.insert(each.type);
  for (std::size_t i = 0; i < action_count; ++i) {
    if (action_type(i).ruled) ruled.insert(std::string(action_type(i).name));
  }
  CHECK(tried == ruled);
}

TEST_CASE("in observe each of the same actions is recorded, with a verdict that is not allowed") {
  RunningProgram program;
  for (const Sent& each : every_action) {
    const Organization org(program, std::string("o-") + each.type, "ccai", "observe");
    for (const char* who : {"alan", "dora"}) {
      org.send("member.added", R"({"member": ")" + std::string(who) + R"(", "role": "agent"})");
    }
    org.send("member.added", R"({"member": "tess", "role": "app_tester"})");
    org.send("role.created", R"({"role": "own", "name": "Own", "grants": {}})");
    org.send("member.disabled", R"({"member": "dora"})");
    if (std::string_view(each.type) == "event.retracted")
      continue;  // positions are the store's, not the organization's
    const auto answer = org.send_as("alan", each.type, each.data);
    INFO(each.type << ": " << answer.body);
    REQUIRE(answer.status == 201);
    CHECK(answer.json().at("items").at(0).at("verdict").at("result") != "allowed");
  }
}

TEST_CASE("a member who was removed and returns has no old role, group, grant or assignment, in either mode") {
  for (const char* mode : {"observe", "enforce"}) {
    RunningProgram program;
    const Centre centre(program, mode);
    CHECK(centre.level("tess", "reports") == "full");
    CHECK(centre.on_queue("tess") == "yes");
    REQUIRE(centre.send("member.removed", R"({"member": "tess"})").status == 201);
    CHECK(centre.level("tess", "reports") == "none");
    REQUIRE(centre.send("member.added", R"({"member": "tess"})").status == 201);
    const json tess = centre.member("tess");
    INFO(mode << ": " << tess.dump());
    CHECK(tess.at("status") == "active");
    CHECK((!tess.contains("role") || tess.at("role").is_null()));
    CHECK(tess.at("groups").empty());
    for (const char* permission : {"tasks", "reports", "join_conversation"}) {
      CHECK(centre.get(std::string("/can?member=tess&permission=") + permission).at("allowed") == false);
    }
    // A new role brings back no old assignment.
    REQUIRE(centre.send("member.role_changed", R"({"member": "tess", "role": "supervisor"})").status == 201);
    CHECK(centre.level("tess", "reports") == "full");
    CHECK(centre.on_queue("tess") == "no");
  }
}

TEST_CASE("a deleted role is gone from members, groups, grants and the list, and never comes back") {
  RunningProgram program;
  const Centre centre(program, "enforce");
  REQUIRE(centre.send("group.edited", R"({"group": "team", "role": "own"})").status == 201);
  REQUIRE(centre.send("role.granted", R"({"principal": "member:alan", "role": "own", "on": "org"})").status == 201);
  CHECK(centre.level("alan", "tasks") == "view");
  REQUIRE(centre.send("role.deleted", R"({"role": "own"})").status == 201);
  CHECK((!centre.member("tess").contains("role") || centre.member("tess").at("role").is_null()));
  CHECK(centre.level("tess", "tasks") == "no");
  CHECK(centre.level("alan", "tasks") == "no");
  const json roles = centre.get("/roles?limit=100").at("items"), groups = centre.get("/groups").at("items");
  for (const json& role : roles) CHECK(role.at("role") != "own");
  for (const json& group : groups) {
    CHECK((!group.contains("role") || group.at("role").is_null()));
  }
  const char* rule = "lifecycle.role_deleted";
  is_refused(centre.send("role.created", R"({"role": "own", "name": "Own", "grants": {}})"), rule);
  is_refused(centre.send("role.edited", R"({"role": "own", "grants": {}})"), rule);
  is_refused(centre.send("role.reset", R"({"role": "own"})"), rule);
  is_refused(centre.send("member.role_changed", R"({"member": "alan", "role": "own"})"), rule);
  is_refused(centre.send("member.invited", R"({"member": "new", "role": "own"})"), rule);
  is_refused(centre.send("role.granted", R"({"principal": "member:alan", "role": "own", "on": "org"})"), rule);
}

TEST_CASE("where a deleted role is made again all the same, nobody who held it has it again") {
  RunningProgram program;
  const Centre centre(program, "observe");
  centre.send("role.deleted", R"({"role": "own"})");
  is_violation(centre.verdict("role.created", R"({"role": "own", "name": "Own", "grants": {"tasks": "full"}})"),
               "lifecycle.role_deleted");
  CHECK(centre.level("tess", "tasks") == "no");
  CHECK(centre.get("/who-can?permission=tasks&level=full").at("total") == 1);  // the App Owner
}

TEST_CASE("whoever held a deleted role has the one that its holders were moved to, and the answer tells both events") {
  RunningProgram program;
  const Centre centre(program, "enforce");
  REQUIRE(centre.send("member.removed", R"({"member": "tess"})").status == 201);
  REQUIRE(centre.send("member.added", R"({"member": "tess", "role": "agent"})").status == 201);
  REQUIRE(centre.send("member.role_changed", R"({"member": "tess", "role": "own"})").status == 201);
  REQUIRE(centre.send("role.deleted", R"({"role": "own", "reassign_to": "supervisor"})").status == 201);
  CHECK(centre.member("tess").at("role") == "supervisor");
  const json can = centre.get("/can?member=tess&permission=reports&explain=true");
  REQUIRE(can.at("paths").size() == 1);
  // Since when they are a member, the role, and its deletion.
  CHECK(can.at("paths").at(0).at("edges").size() == 3);
}

TEST_CASE("what the gate refuses by what holds under every model names the field, and what is silent the way out") {
  RunningProgram program;
  const Organization centre(program, "centre", "ccai", "enforce");
  REQUIRE(centre.send("member.added", R"({"member": "sue", "role": "supervisor"})").status == 201);
  REQUIRE(centre.send("role.created", R"({"role": "own", "name": "Own", "grants": {"tasks": "view"}})").status == 201);
  const auto field = [&](const char* type, const char* data) {
    const auto answer = centre.send(type, data);
    INFO(answer.body);
    CHECK(answer.status == 403);
    return answer.json().value("field", "none");
  };
  CHECK(field("role.edited", R"({"role": "own", "grants": {"audit_allocation_creation": "view", "tasks": "full"}})") ==
        "/data/grants/audit_allocation_creation");
  CHECK(field("role.edited", R"({"role": "own", "grants": {"tasks": "full", "delete_app": "yes"}})") ==
        "/data/grants/delete_app");
  CHECK(field("role.created", R"({"role": "new", "name": "New", "grants": {"quality_ai_reporting": "full"}})") ==
        "/data/grants/quality_ai_reporting");
  CHECK(field("role.created", R"({"role": "own", "name": "Own", "grants": {}})") == "/data/role");
  CHECK(field("role.edited", R"({"role": "agent", "grants": {}})") == "/data/role");
  CHECK(field("role.deleted", R"({"role": "own", "reassign_to": "app_owner"})") == "/data/reassign_to");
  CHECK(field("member.role_changed", R"({"member": "sue", "role": "app_owner"})") == "/data/role");
  CHECK(field("member.removed", R"({"member": "oda@team.test"})") == "/data/member");
  CHECK(field("member.disabled", R"({"member": "sue", "area": "Nowhere"})") == "/data/area");
  CHECK(
      field("ownership.transferred", R"({"from": "oda@team.test", "to": "sue", "previous_owner_role": "app_owner"})") ==
      "/data/previous_owner_role");
  CHECK(field("ownership.transferred", R"({"from": "sue", "to": "oda@team.test"})") == "/data/from");
  REQUIRE(centre.send("role.deleted", R"({"role": "own"})").status == 201);
  CHECK(field("role.created", R"({"role": "own", "name": "Own", "grants": {}})") == "/data/role");
  CHECK(field("role.created", R"({"role": "new", "name": "New", "based_on": "own", "grants": {}})") ==
        "/data/based_on");
  // A rule of the model is about who acts.
  const auto silent = centre.send_as("sue", "member.invited", R"({"member": "new", "role": "agent"})").json();
  CHECK(silent.value("field", "none") == "none");
  CHECK(silent.at("detail").get<std::string>().find("\"ccai\" does not say who may do member.invited") !=
        std::string::npos);
}

TEST_CASE(
    "a member who is disabled in an area has nothing of it, keeps what the model says, and is there again after") {
  RunningProgram program;
  const Centre centre(program, "enforce");
  REQUIRE(centre.send("member.disabled", R"({"member": "tess", "area": "Contact Center"})").status == 201);
  const json denied = centre.get("/can?member=tess&permission=reports");
  CHECK(denied.at("allowed") == false);
  CHECK(denied.at("denied_because") == "the member is disabled in Contact Center");
  CHECK(centre.level("tess", "change_user_role") == "yes");
  CHECK(centre.member("tess").at("status") == "active");
  is_refused(centre.send_as("tess", "assignment.added", R"({"member": "alan", "resource": "queue:sales"})"),
             "disabled_users_edit_no_more_than_name_phone_and_role");
  CHECK(centre.send_as("tess", "member.role_changed", R"({"member": "alan", "role": "supervisor"})").status == 201);
  REQUIRE(centre.send("member.enabled", R"({"member": "tess", "area": "Contact Center"})").status == 201);
  CHECK(centre.level("tess", "reports") == "full");
  // One module alone.
  REQUIRE(centre.send("member.disabled", R"({"member": "tess", "area": "Flows & Routing"})").status == 201);
  CHECK(centre.level("tess", "queue_settings") == "none");
  CHECK(centre.level("tess", "reports") == "full");
}
