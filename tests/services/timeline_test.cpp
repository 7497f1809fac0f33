// Timelines, a member's card and the reasons of a no, over HTTP.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/timeline_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::Positions;
using test::positions;
using test::TeamTold;

}  // namespace

TEST_CASE("a timeline tells the events that touched a thing and what each did to effective access") {
  TeamTold team("github");
  const auto made = team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  const auto came = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto joined =
      team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto granted = team.happens("2024-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  team.happens("2024-01-05T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto left =
      team.happens("2024-01-06T00:00:00Z", "group.member_removed", {{"group", "core"}, {"member", "ann"}});
  SECTION("of a member, also what came through a group") {
    const json list = team.get("/timeline?member=ann");
    INFO(list.dump(2));
    CHECK(positions(list) == Positions{came, joined, granted, left});
    CHECK(list.at("total") == 4);
    const json& gift = list.at("items").at(2);
    CHECK(gift.at("about") == false);
    CHECK(gift.at("effects").at(0).at("change") == "gained");
    CHECK(list.at("items").at(3).at("effects").at(0).at("change") == "lost");
    CHECK(positions(team.get("/timeline?member=ann&limit=3")) == Positions{came, joined, granted});
  }
  SECTION("of a group, a role, a resource and a permission") {
    CHECK(positions(team.get("/timeline?group=core")) == Positions{made, joined, granted, left});
    CHECK(positions(team.get("/timeline?role=write")) == Positions{granted, left});
    const auto began = made - 1;  // the organization, whose owner may do everything
    CHECK(positions(team.get("/timeline?resource=repo:a/b")) == Positions{began, granted, left});
    const json list = team.get("/timeline?permission=repository&from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z");
    CHECK(positions(list) == Positions{granted, left});
    CHECK(list.at("total") == 2);
  }
  SECTION("as known before an event, without it") {
    CHECK(positions(team.get("/timeline?group=core&known_at=" + std::to_string(joined))) == Positions{made, joined});
  }
}

TEST_CASE(
    "an edit of a role or a group that says a name alone, or nothing, stands in its timeline and changes nothing") {
  TeamTold team("newo");
  const auto made = team.happens("2024-01-01T00:00:00Z", "role.created",
                                 {{"role", "x"}, {"name", "X"}, {"grants", {{"builder_access", "yes"}}}});
  const auto ann = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "x"}});
  const auto named =
      team.happens("2024-01-03T00:00:00Z", "role.edited", {{"role", "x"}, {"grants", json::object()}, {"name", "Ex"}});
  const auto nothing = team.happens("2024-01-04T00:00:00Z", "role.edited", {{"role", "x"}, {"grants", json::object()}});
  const json list = team.get("/timeline?role=x");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{made, ann, named, nothing});
  CHECK(list.at("items").back().at("about") == true);
  CHECK(list.at("items").back().at("effects").empty());
  const json path = team.get("/can?member=ann&permission=builder_access&explain=true").at("paths").at(0);
  CHECK(path.at("role").at("defined_by") == named);
  const auto group = team.happens("2024-01-05T00:00:00Z", "group.created", {{"group", "g"}});
  const auto edited = team.happens("2024-01-06T00:00:00Z", "group.edited", {{"group", "g"}});
  CHECK(positions(team.get("/timeline?group=g")) == Positions{group, edited});
}

TEST_CASE("a member's card has groups, grants, assignments and every permission's level with its path") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto granted = team.happens("2024-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "member:ann"}, {"role", "write"}, {"on", "repo:a/b"}});
  const json card = team.get("/members/ann?explain=true");
  INFO(card.dump(2));
  REQUIRE(card.at("grants").size() == 1);
  CHECK(card.at("grants").at(0).at("role") == "write");
  CHECK(card.at("grants").at(0).at("on") == "repo:a/b");
  CHECK(card.at("grants").at(0).at("event").at("position") == granted);
  bool found = false;
  for (const json& power : card.at("permissions")) {
    if (power.at("permission") != "repository") continue;
    found = true;
    CHECK(power.at("level") == "write");
    CHECK(power.at("paths").at(0).at("role").at("id") == "write");
    CHECK(power.at("paths").at(0).at("model").at("id") == "github");
  }
  CHECK(found);
  CHECK_FALSE(team.get("/members/ann").contains("permissions"));
  CHECK(team.get("/members/ann?card=true&at=2024-01-03T00:00:00Z").at("grants").empty());
}

TEST_CASE("a no tells every reason and what would have to change") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const json answer = team.get("/can?member=ann&permission=repository&level=write&explain=true");
  REQUIRE(answer.at("reasons").size() == 1);
  CHECK(answer.at("reasons").at(0).at("reason") == "nothing_given");
  CHECK(answer.at("reasons").at(0).at("change").get<std::string>().find("write") != std::string::npos);
  team.happens("2024-02-01T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json gone = team.get("/can?member=ann&permission=repository&explain=true");
  CHECK(gone.at("reasons").at(0).at("change") == "add the person as a member");
  CHECK_FALSE(team.get("/can?member=ann&permission=repository").contains("reasons"));
}

TEST_CASE("a timeline has every event that names the thing, also one that came before whoever was given it") {
  TeamTold team("github");
  const auto joined =
      team.happens("2024-01-01T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto made = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto came = team.happens("2024-01-03T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto invited = team.happens("2024-01-04T00:00:00Z", "member.invited",
                                    {{"member", "bob"}, {"role", "member"}, {"groups", {"core"}}});
  const auto cancelled = team.happens("2024-01-05T00:00:00Z", "invitation.cancelled", {{"member", "bob"}});
  const auto gone = team.happens("2024-01-06T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{joined, made, came, invited, cancelled, gone});
  CHECK(list.at("total") == 6);
  std::vector<bool> about;
  for (const json& item : list.at("items")) about.push_back(item.at("about").get<bool>());
  CHECK(about == std::vector<bool>{true, true, false, true, false, false});
  const Positions of_role = positions(team.get("/timeline?role=member"));
  for (const auto each : {invited, cancelled}) CHECK(std::count(of_role.begin(), of_role.end(), each) == 1);
}

TEST_CASE("a deletion that gave a role's holders another one stands in that one's timeline, as does what follows") {
  TeamTold team("newo");
  const auto role = [](const char* id) {
    return json{{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}};
  };
  team.happens("2024-01-01T00:00:00Z", "role.created", role("a"));
  const auto made = team.happens("2024-01-01T00:00:01Z", "role.created", role("b"));
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "a"}});
  const auto moved = team.happens("2024-01-03T00:00:00Z", "role.deleted", {{"role", "a"}, {"reassign_to", "b"}});
  const auto gone = team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json list = team.get("/timeline?role=b");
  INFO(list.dump(2));
  CHECK(positions(list) == std::vector<std::uint64_t>{made, moved, gone});
  CHECK(list.at("items").at(1).at("about") == true);
  CHECK(list.at("items").at(2).at("about") == false);
}

TEST_CASE("a card names the event since which a grant stands, as the path to the power does") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const json grant{{"principal", "member:ann"}, {"role", "write"}, {"on", "repo:a/b"}};
  team.happens("2024-01-05T00:00:00Z", "role.granted", grant);
  team.happens("2024-01-08T00:00:00Z", "resource.removed", {{"resource", "repo:a/b"}});
  team.happens("2024-01-09T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  const auto again = team.happens("2024-01-10T00:00:00Z", "role.granted", grant);
  const json card = team.get("/members/ann?explain=true");
  CHECK(card.at("grants").at(0).at("event").at("position") == again);
}

TEST_CASE("whom deletions moved on from role to role stands in each one's timeline for the time that they had it") {
  TeamTold team("newo");
  const auto role = [&](const char* id) {
    return team.happens("2024-01-01T00:00:00Z", "role.created",
                        {{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}});
  };
  role("a");
  const auto made_b = role("b"), made_c = role("c");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "a"}});
  team.happens("2024-01-02T00:00:01Z", "member.added", {{"member", "bob"}, {"role", "a"}});
  // Cid is given the role before he is there.
  team.happens("2024-01-02T00:00:02Z", "member.role_changed", {{"member", "cid"}, {"role", "a"}});
  const auto to_b = team.happens("2024-01-03T00:00:00Z", "role.deleted", {{"role", "a"}, {"reassign_to", "b"}});
  const auto ann_gone = team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "ann"}});
  const auto cid_came = team.happens("2024-01-04T00:00:01Z", "member.added", {{"member", "cid"}});
  const auto to_c = team.happens("2024-01-05T00:00:00Z", "role.deleted", {{"role", "b"}, {"reassign_to", "c"}});
  const auto bob_gone = team.happens("2024-01-06T00:00:00Z", "member.removed", {{"member", "bob"}});
  CHECK(positions(team.get("/timeline?role=b")) == Positions{made_b, to_b, ann_gone, cid_came, to_c});
  CHECK(positions(team.get("/timeline?role=c")) == Positions{made_c, to_c, bob_gone});
}

TEST_CASE("the timeline of a permission tells its exact total on every page, and no page repeats or skips an event") {
  TeamTold team("github");
  const json grant{{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}};
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  // The creation gave its owner everything.
  std::vector<std::uint64_t> turning = positions(team.get("/timeline?member=olga"));
  REQUIRE(turning.size() == 1);
  for (int day = 4; day < 11; ++day) {
    const std::string at = "2024-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "T00:00:00Z";
    turning.push_back(team.happens(at, day % 2 == 0 ? "role.granted" : "role.revoked", grant));
    // One that gives nobody anything, between those that do.
    team.happens(at, "member.invited", {{"member", "bob"}, {"role", "member"}});
    team.happens(at, "group.created", {{"group", "empty"}});
  }
  const std::string target = "/timeline?permission=repository";
  const auto csv = team.program().request("GET", "/v1/orgs/acme" + target, {}, {"Accept: text/csv"});
  CHECK(csv.headers.at("tenure-total") == std::to_string(turning.size()));
  for (const std::size_t limit : {2, 3, 7, 100, 1}) {
    std::vector<std::uint64_t> found;
    std::string cursor;
    std::size_t pages = 0;
    do {
      const json page =
          team.get(target + "&limit=" + std::to_string(limit) + (cursor.empty() ? "" : "&cursor=" + cursor));
      INFO(page.dump(2));
      CHECK(page.at("total") == turning.size());
      for (const std::uint64_t position : positions(page)) found.push_back(position);
      cursor = page.value("next", "");
      ++pages;
      if (limit > 1 || pages > 1) continue;
      // What is learnt meanwhile is no part of it.
      team.happens("2024-01-04T12:00:00Z", "member.disabled", {{"member", "ann"}});
      team.happens("2024-01-04T13:00:00Z", "member.enabled", {{"member", "ann"}});
    } while (!cursor.empty());
    CHECK(found == turning);
    CHECK(pages == (turning.size() + limit - 1) / limit);
  }
  CHECK(team.get(target).at("total") == turning.size() + 2);
}

TEST_CASE("a permission's timeline of very many events tells its total with the last page, and every event once") {
  TeamTold team("github");
  constexpr std::size_t count = 20'100;
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-01T00:00:00Z", "role.granted",
               {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  // Each is looked at; one in ten changes something.
  for (std::size_t first = 0; first < count; first += 10'000) {
    json events = json::array();
    for (std::size_t i = first; i < std::min(count, first + 10'000); ++i) {
      const bool turns = i % 10 == 9;
      const bool out = i / 10 % 2 == 1;
      events.push_back({{"type", turns && out ? "group.member_removed"
                                 : turns      ? "group.member_added"
                                              : "group.edited"},
                        {"actor", {{"kind", "system"}, {"id", "sync"}}},
                        {"occurred_at", "2024-02-01T00:00:00Z"},
                        {"data", turns ? json{{"group", "core"}, {"member", "ann"}}
                                       : json{{"group", "core"}, {"parent", nullptr}}}});
    }
    REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  }
  std::size_t found = 0;
  std::uint64_t last = 0;
  std::string cursor;
  json page;
  do {
    page = team.get("/timeline?permission=repository&limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const std::uint64_t position : positions(page)) {
      CHECK(position > last);
      last = position;
      ++found;
    }
    cursor = page.value("next", "");
    CHECK(page.contains("total") == cursor.empty());
  } while (!cursor.empty());
  CHECK(found == count / 10 + 1);  // the creation gave its owner everything
  CHECK(page.at("total") == found);
}

TEST_CASE("what certainly cannot turn a permission is not looked at: its timeline tells its total at once") {
  TeamTold team("newo");
  const auto say = [&](const std::string& type, const json& data) {
    return team.happens("2024-01-01T00:00:00Z", type, data);
  };
  const auto role = [](const char* level) {
    return json{{"role", "a"}, {"name", "A"}, {"grants", {{"builder_access", level}}}};
  };
  say("role.created", role("no"));
  say("member.added", {{"member", "ann"}, {"role", "a"}});
  const auto given = say("role.edited", {{"role", "a"}, {"grants", {{"builder_access", "yes"}}}});
  // More than are compared for a total: each says again what was so, or speaks of another permission.
  constexpr std::size_t count = 21'000;
  for (std::size_t first = 0; first < count; first += 7'000) {
    json events = json::array();
    for (std::size_t i = first; i < first + 7'000; ++i) {
      const bool other = i % 2 == 0;
      const json grants{{other ? "assign_other_roles" : "builder_access", other && i % 4 == 0 ? "no" : "yes"}};
      events.push_back({{"type", "role.edited"},
                        {"actor", {{"kind", "system"}, {"id", "sync"}}},
                        {"occurred_at", "2024-02-01T00:00:00Z"},
                        {"data", {{"role", "a"}, {"grants", grants}}}});
    }
    REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  }
  const auto taken = team.happens("2024-03-01T00:00:00Z", "role.created", role("no"));
  const json page = team.get("/timeline?permission=builder_access&limit=2");
  INFO(page.dump(2));
  REQUIRE(page.contains("total"));
  // The creation gave its owner nothing of it.
  CHECK(page.at("total") == 2);
  CHECK(positions(page) == std::vector<std::uint64_t>{given, taken});
}
