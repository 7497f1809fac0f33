// "Who could, and who authorised it" over HTTP: can, who-can and a member's card name every event that a power rests
// on.
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

const json by_olga{{"actor", {{"kind", "member"}, {"id", "olga"}}},
                   {"approved_by", {{"kind", "member"}, {"id", "boss"}}}};

// "invited 3, role member 4"
std::string edges(const json& path) {
  std::string line;
  for (const json& edge : path.at("edges")) {
    line += (line.empty() ? "" : ", ") + edge.at("what").get<std::string>() + " " + edge.at("position").dump();
  }
  return line;
}

// The paths of a power as can, who-can and the card tell them, which is the same.
json paths(TeamTold& team, const std::string& member, const std::string& permission) {
  const json can = team.get("/can?explain=true&member=" + member + "&permission=" + permission).at("paths");
  for (const json& row : team.get("/who-can?explain=true&permission=" + permission).at("items")) {
    if (row.at("member") == member) CHECK(row.at("paths") == can);
  }
  for (const json& power : team.get("/members/" + member + "?card=true&explain=true").at("permissions")) {
    if (power.at("permission") == permission) CHECK(power.at("paths") == can);
  }
  return can;
}

std::string edge(const std::string& what, std::uint64_t position) { return what + " " + std::to_string(position); }

}  // namespace

TEST_CASE("of whoever came by an invitation the paths tell who invited, who approved it and why") {
  TeamTold team("github");
  const json offer{{"member", "cid"}, {"role", "owner"}, {"groups", {"core"}}};
  team.happens("2023-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto grant = team.happens("2023-01-02T00:00:00Z", "role.granted",
                                  {{"principal", "group:core"}, {"role", "admin"}, {"on", "repo:acme/web"}});
  const auto invited = team.happens("2023-01-03T00:00:00Z", "member.invited", offer, "CHG-1", by_olga);
  const auto accepted = team.happens("2023-01-04T00:00:00Z", "invitation.accepted", {{"member", "cid"}}, "",
                                     {{"actor", {{"kind", "member"}, {"id", "cid"}}}});
  const json told = paths(team, "cid", "repository");
  REQUIRE(told.size() == 2);
  CHECK(edges(told.at(0)) == edge("invited", invited) + ", " + edge("role owner", accepted));
  CHECK(edges(told.at(1)) == edge("invited", invited) + ", " + edge("in group core", accepted) + ", " +
                                 edge("role admin on repo:acme/web", grant));
  const json& invitation = told.at(0).at("edges").at(0);
  CHECK(invitation.at("actor").at("id") == "olga");
  CHECK(invitation.at("approved_by").at("id") == "boss");
  CHECK(invitation.at("reason") == "CHG-1");
  CHECK(told.at(0).at("edges").at(1).at("actor").at("id") == "cid");
  // What began when it was accepted was opened by the acceptance.
  const json over = team.get("/who-can?permission=repository&from=2023-01-01T00:00:00Z&to=2023-02-01T00:00:00Z");
  for (const json& row : over.at("items")) {
    if (row.at("member") == "cid") CHECK(row.at("intervals").at(0).at("opened_by") == accepted);
  }
}

TEST_CASE(
    "in three teams that give the same, all three who put the member there are told, and the rest once one is left") {
  TeamTold team("github");
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  team.happens("2023-01-02T00:00:00Z", "group.created", {{"group", "g"}});
  const auto one = team.happens("2023-01-02T00:00:00Z", "group.created", {{"group", "h1"}, {"parent", "g"}});
  const auto two = team.happens("2023-01-02T00:00:00Z", "group.created", {{"group", "h2"}, {"parent", "g"}});
  const auto grant = team.happens("2023-01-02T00:00:00Z", "role.granted",
                                  {{"principal", "group:g"}, {"role", "write"}, {"on", "repo:acme/web"}});
  const auto in = [&](const char* at, const char* group) {
    return team.happens(at, "group.member_added", {{"group", group}, {"member", "bob"}}, "", by_olga);
  };
  const auto in_one = in("2023-01-03T00:00:00Z", "h1"), in_two = in("2023-01-04T00:00:00Z", "h2");
  const auto in_g = in("2023-01-05T00:00:00Z", "g");
  const std::string member = edge("member", bob) + ", ", write = ", " + edge("role write on repo:acme/web", grant);
  const std::string directly = member + edge("in group g", in_g) + write;
  const std::string by_one = member + edge("in group h1", in_one) + ", " + edge("below group g", one) + write;
  const std::string by_two = member + edge("in group h2", in_two) + ", " + edge("below group g", two) + write;
  std::vector<std::string> told;
  for (const json& path : paths(team, "bob", "repository")) told.push_back(edges(path));
  CHECK(told == std::vector<std::string>{directly, by_one, by_two});
  team.happens("2023-01-06T00:00:00Z", "group.member_removed", {{"group", "g"}, {"member", "bob"}});
  told.clear();
  for (const json& path : paths(team, "bob", "repository")) told.push_back(edges(path));
  CHECK(told == std::vector<std::string>{by_one, by_two});
}

TEST_CASE("a role that was given before its holder was let in tells who let them in") {
  TeamTold team("github");
  const auto role = team.happens("2023-01-02T00:00:00Z", "member.role_changed", {{"member", "bob"}, {"role", "owner"}});
  const auto all = team.happens("2023-01-02T00:00:00Z", "role.granted",
                                {{"principal", "everyone"}, {"role", "read"}, {"on", "repo:*"}});
  const auto own = team.happens("2023-01-02T00:00:00Z", "role.granted",
                                {{"principal", "member:bob"}, {"role", "read"}, {"on", "repo:acme/web"}});
  const auto added = team.happens("2023-01-05T00:00:00Z", "member.added", {{"member", "bob"}}, "let in", by_olga);
  std::vector<std::string> told;
  const json found = paths(team, "bob", "repository");
  for (const json& path : found) told.push_back(edges(path));
  CHECK(told == std::vector<std::string>{edge("member", added) + ", " + edge("role owner", role),
                                         edge("member", added) + ", " + edge("role read on repo:*", all),
                                         // Outside collaborators have it as well.
                                         edge("role read on repo:acme/web", own)});
  CHECK(found.at(0).at("edges").at(0).at("approved_by").at("id") == "boss");
  CHECK(found.at(0).at("edges").at(0).at("reason") == "let in");
}

TEST_CASE("what reaches only what is assigned tells who assigned it") {
  TeamTold team("answering-agent");
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "manager"}});
  const std::string permission = "phone_numbers.update";
  CHECK(edges(paths(team, "bob", permission).at(0)) == edge("role manager", bob));
  const auto assigned = team.happens("2023-01-05T00:00:00Z", "assignment.added",
                                     {{"member", "bob"}, {"resource", "phone_number:1"}}, "on call", by_olga);
  const json told = paths(team, "bob", permission);
  CHECK(edges(told.at(0)) == edge("role manager", bob) + ", " + edge("assigned phone_number:1", assigned));
  CHECK(told.at(0).at("reach") == "assigned");
  CHECK(told.at(0).at("edges").at(1).at("reason") == "on call");
  const json on = team.get("/can?explain=true&member=bob&resource=phone_number:1&permission=" + permission);
  CHECK(on.at("paths") == told);
}

TEST_CASE("a setting's initial value tells which event made that model the organization's") {
  TeamTold team("github");
  json model = team.program().get("/v1/models/github?form=document").json();
  model["id"] = "reads";
  for (json& setting : model["settings"]) setting["initial"] = "read";
  REQUIRE(team.program().post("/v1/models", model.dump()).status < 300);
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  CHECK(paths(team, "bob", "repository").empty());
  const auto changed =
      team.happens("2023-01-03T00:00:00Z", "org.model_changed", {{"model", "reads"}}, "CHG-2", by_olga);
  const json told = paths(team, "bob", "repository");
  REQUIRE(told.size() == 1);
  CHECK(edges(told.at(0)) ==
        edge("member", bob) + ", " + edge("setting base_permission = read, as the model begins", changed));
  CHECK(told.at(0).at("edges").at(1).at("approved_by").at("id") == "boss");
}

TEST_CASE("a role, a group or a resource that came to be there after it was linked to is told as what gave the power") {
  TeamTold team("github");
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const std::string member = edge("member", bob);
  SECTION("a group") {
    const auto in = team.happens("2023-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "bob"}});
    const auto grant = team.happens("2023-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
    CHECK(paths(team, "bob", "repository").empty());
    const auto made = team.happens("2023-01-05T00:00:00Z", "group.created", {{"group", "core"}}, "CHG-7", by_olga);
    const json told = paths(team, "bob", "repository");
    REQUIRE(told.size() == 1);
    CHECK(edges(told.at(0)) == member + ", " + edge("in group core", in) + ", " + edge("group core created", made) +
                                   ", " + edge("role write on repo:a/b", grant));
    CHECK(told.at(0).at("edges").at(2).at("approved_by").at("id") == "boss");
    CHECK(told.at(0).at("edges").at(2).at("reason") == "CHG-7");
  }
  SECTION("a group above") {
    team.happens("2023-01-03T00:00:00Z", "role.granted",
                 {{"principal", "group:all"}, {"role", "write"}, {"on", "repo:a/b"}});
    team.happens("2023-01-04T00:00:00Z", "group.created", {{"group", "core"}, {"parent", "all"}});
    team.happens("2023-01-05T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "bob"}});
    const auto made = team.happens("2023-01-06T00:00:00Z", "group.created", {{"group", "all"}}, "CHG-8", by_olga);
    const json told = paths(team, "bob", "repository");
    REQUIRE(told.size() == 1);
    CHECK(told.at(0).at("edges").at(3).at("what") == "group all created");
    CHECK(told.at(0).at("edges").at(3).at("position") == made);
  }
  SECTION("a resource that was removed and added again stands by no older link, so that there is nothing to tell") {
    team.happens("2023-01-03T00:00:00Z", "resource.removed", {{"resource", "repo:a/b"}});
    const auto grant = team.happens("2023-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:a/b"}});
    CHECK(paths(team, "bob", "repository").empty());
    const auto added = team.happens("2023-01-05T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
    CHECK(edges(paths(team, "bob", "repository").at(0)) ==
          edge("role write on repo:a/b", grant) + ", " + edge("repo:a/b added", added));
  }
}

TEST_CASE("a role that was made after it was given is told as what gave the power, and none that was there before") {
  TeamTold team("newo");
  const json clerk{{"role", "clerk"}, {"name", "Clerk"}, {"grants", {{"builder_access", "yes"}}}};
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "clerk"}});
  const auto made = team.happens("2023-01-03T00:00:00Z", "role.created", clerk, "CHG-9", by_olga);
  const auto cid = team.happens("2023-01-04T00:00:00Z", "member.added", {{"member", "cid"}, {"role", "clerk"}});
  CHECK(edges(paths(team, "bob", "builder_access").at(0)) ==
        edge("role clerk", bob) + ", " + edge("role clerk created", made));
  CHECK(edges(paths(team, "cid", "builder_access").at(0)) == edge("role clerk", cid));
}

TEST_CASE("a feature that was switched on and the enabling of somebody who was disabled are told with the path") {
  TeamTold team("ccai");
  const json mailer{{"role", "mailer"},
                    {"name", "Mailer"},
                    {"grants", {{"agent_desktop_console", "yes"}, {"outbound_email", "yes"}}}};
  const auto made = team.happens("2023-01-02T00:00:00Z", "role.created", mailer);
  const auto bob = team.happens("2023-01-03T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "mailer"}});
  CHECK(made < bob);
  CHECK(edges(paths(team, "bob", "outbound_email").at(0)) == edge("role mailer", bob));      // on by the model
  team.happens("2023-01-04T00:00:00Z", "feature.enabled", {{"feature", "outbound_email"}});  // which it is
  CHECK(edges(paths(team, "bob", "outbound_email").at(0)) == edge("role mailer", bob));
  team.happens("2023-01-05T00:00:00Z", "feature.disabled", {{"feature", "outbound_email"}});
  const auto on =
      team.happens("2023-01-06T00:00:00Z", "feature.enabled", {{"feature", "outbound_email"}}, "CHG-3", by_olga);
  team.happens("2023-01-07T00:00:00Z", "feature.enabled", {{"feature", "outbound_email"}});
  json told = paths(team, "bob", "outbound_email");
  CHECK(edges(told.at(0)) == edge("role mailer", bob) + ", " + edge("feature outbound_email enabled", on));
  CHECK(told.at(0).at("edges").at(1).at("reason") == "CHG-3");
  team.happens("2023-01-08T00:00:00Z", "member.disabled", {{"member", "bob"}});
  const auto again = team.happens("2023-01-09T00:00:00Z", "member.enabled", {{"member", "bob"}}, "CHG-4", by_olga);
  team.happens("2023-01-10T00:00:00Z", "member.enabled", {{"member", "bob"}});
  told = paths(team, "bob", "outbound_email");
  CHECK(edges(told.at(0)) == edge("role mailer", bob) + ", " + edge("enabled again", again) + ", " +
                                 edge("feature outbound_email enabled", on));
  CHECK(told.at(0).at("edges").at(1).at("reason") == "CHG-4");
}
