// The diff over HTTP: what changed, by whose doing, also where that is indirect or was learnt late.
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "events/instant.h"
#include "tests/catch.h"
#include "tests/services/running_program.h"
#include "tests/services/team_told.h"
#include "tests/shared_files.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::percent;
using test::RunningProgram;
using test::TeamTold;

const std::string span = "from=2024-01-10T00:00:00Z&to=2024-02-01T00:00:00Z";

json only_cause(const json& list) {
  INFO(list.dump(2));
  REQUIRE(list.at("total") == 1);
  return list.at("items").at(0);
}

}  // namespace

TEST_CASE("a diff names the event that changed the most members when that was a role's definition") {
  TeamTold team("newo");
  const auto role = [](const char* level) {
    return json{{"role", "clerk"}, {"name", "Clerk"}, {"grants", {{"builder_access", level}}}};
  };
  team.happens("2024-01-01T00:00:00Z", "role.created", role("no"));
  for (const char* member : {"ann", "bob", "cat"}) {
    team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", member}, {"role", "clerk"}});
  }
  const auto edited =
      team.happens("2024-01-20T00:00:00Z", "role.edited", {{"role", "clerk"}, {"grants", {{"builder_access", "yes"}}}});
  const json cause = only_cause(team.get("/diff?" + span));
  CHECK(cause.at("cause").at("position") == edited);
  CHECK(cause.at("cause").at("type") == "role.edited");
  CHECK(cause.at("members") == 3);
  CHECK(cause.at("effects").at(0).at("text") == "gave 3 members builder_access (yes)");
  const json rows = team.get("/diff?" + span + "&cause=" + std::to_string(edited));
  CHECK(rows.at("total") == 3);
  CHECK(rows.at("items").at(0).at("member") == "ann");
  CHECK(rows.at("items").at(0).at("change") == "gained");
}

TEST_CASE("what a parent group or a resource gave is told with the event that did") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "all"}});
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}, {"parent", "all"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-02T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto granted = team.happens("2024-01-20T00:00:00Z", "role.granted",
                                    {{"principal", "group:all"}, {"role", "write"}, {"on", "repo:a/b"}});
  const json cause = only_cause(team.get("/diff?" + span + "&member=ann"));
  CHECK(cause.at("cause").at("position") == granted);
  CHECK(cause.at("effects").size() == 2);
  CHECK(cause.at("effects").at(1).at("text") == "gave 1 member repository (write) on repo:a/b");
  SECTION("a move from one resource to another is no change on at least one, and told all the same") {
    team.happens("2024-01-21T00:00:00Z", "role.revoked",
                 {{"principal", "group:all"}, {"role", "write"}, {"on", "repo:a/b"}});
    team.happens("2024-01-21T00:00:00Z", "role.granted",
                 {{"principal", "group:all"}, {"role", "write"}, {"on", "repo:a/c"}});
    const json moved = team.get("/diff?from=2024-01-20T12:00:00Z&to=2024-02-01T00:00:00Z&by=change");
    REQUIRE(moved.at("total") == 2);
    CHECK(moved.at("items").at(0).at("resource") == "repo:a/b");
    CHECK(moved.at("items").at(0).at("change") == "lost");
    CHECK(moved.at("items").at(1).at("resource") == "repo:a/c");
    CHECK(moved.at("items").at(1).at("change") == "gained");
    CHECK(team.get("/diff?from=2024-01-20T12:00:00Z&to=2024-02-01T00:00:00Z&overall=true").at("total") == 0);
  }
}

TEST_CASE("a diff of one resource is about that resource alone: what is about none, or another kind, stands in none") {
  TeamTold team("answering-agent");
  team.happens("2024-01-20T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "admin"}});
  const json all = team.get("/diff?" + span + "&by=change&member=ann");
  REQUIRE(all.at("total") != 0);
  const json model = team.program().get("/v1/models/answering-agent").json();
  std::map<std::string, std::string> kinds;
  for (const json& permission : model.at("permissions")) {
    kinds[permission.at("id").get<std::string>()] = permission.value("resource", "");
  }
  const auto kind_of = [&](const json& row) { return kinds.at(row.at("permission").get<std::string>()); };
  bool without = false;
  for (const json& row : all.at("items")) without |= kind_of(row).empty();
  CHECK(without);
  const json one = team.get("/diff?" + span + "&by=change&member=ann&resource=phone_number:1");
  INFO(one.dump(2));
  CHECK(one.at("total") != 0);
  for (const json& row : one.at("items")) {
    CHECK(kind_of(row) == "phone_number");
    CHECK(row.at("resource") == "phone_number:1");
  }
}

TEST_CASE("what is believed now of a day and was not known then is a diff, also where something was retracted") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto bob = team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "owner"}});
  const auto then = team.happens("2024-03-01T00:00:00Z", "member.added", {{"member", "cat"}, {"role", "member"}});
  const auto late = team.happens("2024-01-10T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}});
  const auto taken = team.happens("2024-03-02T00:00:00Z", "event.retracted", {{"position", bob}}, "he was never there");
  const json list = team.get("/diff?at=2024-02-01T00:00:00Z&known_from=" + std::to_string(then) +
                             "&by=change&overall=true&permission=repository");
  INFO(list.dump(2));
  CHECK(list.at("known_from") == then);
  REQUIRE(list.at("total") == 2);
  CHECK(list.at("items").at(0).at("member") == "ann");
  CHECK(list.at("items").at(0).at("change") == "gained");
  CHECK(list.at("items").at(0).at("cause").at("position") == late);
  CHECK(list.at("items").at(1).at("member") == "bob");
  CHECK(list.at("items").at(1).at("change") == "lost");
  CHECK(list.at("items").at(1).at("cause").at("position") == taken);
  CHECK(list.at("items").at(1).at("cause").at("reason") == "he was never there");
}

TEST_CASE("a diff that makes no sense is refused with the field at fault") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}});
  const auto refused = [&](const std::string& query, int status, const char* code, const char* field) {
    const auto answer = team.program().get("/v1/orgs/acme/diff?" + query);
    INFO(query << ": " << answer.body);
    CHECK(answer.status == status);
    CHECK(answer.json().at("code") == code);
    CHECK(answer.json().value("field", "") == field);
  };
  refused("to=2024-01-01T00:00:00Z", 400, "missing_field", "from");
  refused("from=2024-02-01T00:00:00Z&to=2024-01-01T00:00:00Z", 400, "invalid_field", "to");
  refused(span + "&known_to=3", 400, "invalid_field", "known_to");
  refused(span + "&known_from=3", 400, "invalid_field", "from");
  refused("known_from=5&known_to=3", 400, "invalid_field", "known_to");
  refused(span + "&permission=none", 400, "unknown_permission", "permission");
  refused(span + "&resource=cow:1", 400, "unknown_resource", "resource");
  refused(span + "&member=nobody", 404, "unknown_member", "member");
  refused(span + "&by=day", 400, "invalid_field", "by");
  refused(span + "&cursor=1-2-3-4.abc", 400, "invalid_cursor", "cursor");
  const json before = team.get("/diff?from=1999-01-01T00:00:00Z&to=2024-02-01T00:00:00Z");
  CHECK(before.at("before_history") == true);
}

namespace {

// Who holds at least a level on a repository, by identity.
std::map<std::string, std::string> who(RunningProgram& program, const std::string& target) {
  std::map<std::string, std::string> members;
  std::string cursor;
  while (true) {
    const auto answer = program.get(target + "&limit=1000" + (cursor.empty() ? "" : "&cursor=" + percent(cursor)));
    if (answer.status != 200) FAIL(target << ": " << answer.body);
    const json list = answer.json();
    for (const json& item : list.at("items")) {
      members[item.at("member").get<std::string>()] = item.at("level").get<std::string>();
    }
    if (!list.contains("next")) return members;
    cursor = list.at("next").get<std::string>();
  }
}

}  // namespace

TEST_CASE("on a real organization the diff of any two dates is the difference of two who-can answers") {
  REQUIRE_SHARED();
  const auto data = tenure::testing::shared_files() / "data/github-audit";
  RunningProgram program;
  std::ifstream in(data / "kubernetes-sigs.ndjson");
  const std::string lines((std::istreambuf_iterator<char>(in)), {});
  REQUIRE(program.post("/v1/orgs/kubernetes-sigs/import?format=github-audit", lines).status == 200);
  std::vector<std::string> repositories;
  std::ifstream truths(data / "kubernetes-sigs.truth.ndjson");
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = 0;
  for (std::string line; std::getline(truths, line);) {
    const json truth = json::parse(line);
    repositories.push_back("repo:" + truth.at("repo").get<std::string>());
    first = std::min(first, truth.at("at_ms").get<std::int64_t>());
    last = std::max(last, truth.at("at_ms").get<std::int64_t>());
  }
  const std::uint64_t seed = std::random_device{}();
  std::cout << "diff of random dates: seed " << seed << "\n";
  std::mt19937_64 random(seed);
  std::size_t changes = 0;
  for (int pair = 0; pair < 500; ++pair) {
    const auto some_time = [&] {
      return first + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(last - first));
    };
    auto from = some_time(), to = some_time();
    if (from > to) std::swap(from, to);
    const auto text = [](std::int64_t ms) { return percent(format_instant(Instant{ms * 1000})); };
    const std::string on =
        random() % 4 == 0 ? "" : "&resource=" + percent(repositories[random() % repositories.size()]);
    const std::string base = "/v1/orgs/kubernetes-sigs/who-can?permission=repository" + on + "&at=";
    const auto before = who(program, base + text(from)), after = who(program, base + text(to));
    const std::string target = "/v1/orgs/kubernetes-sigs/diff?permission=repository&by=change&from=" + text(from) +
                               "&to=" + text(to) + on + (on.empty() ? "&overall=true" : "");
    if (from == to) continue;
    std::map<std::string, std::pair<std::string, std::string>> found, expected;
    std::string cursor;
    do {
      const auto answer = program.get(target + "&limit=1000" + (cursor.empty() ? "" : "&cursor=" + percent(cursor)));
      INFO(answer.body);
      REQUIRE(answer.status == 200);
      const json list = answer.json();
      for (const json& row : list.at("items")) {
        const auto level = [&](const char* side) {
          const auto name = row.at(side).at("level").get<std::string>();
          return name == "none" ? std::string() : name;
        };
        // Of the same level only the reach changed, which the sets do not tell.
        if (level("before") != level("after")) {
          found[row.at("member").get<std::string>()] = {level("before"), level("after")};
        }
        CHECK(row.at("cause").at("position") > 0);
      }
      cursor = list.value("next", "");
    } while (!cursor.empty());
    for (const auto& [member, level] : before) {
      const auto now = after.find(member);
      const std::string then = now == after.end() ? "" : now->second;
      if (then != level) expected[member] = {level, then};
    }
    for (const auto& [member, level] : after) {
      if (!before.contains(member)) expected[member] = {"", level};
    }
    changes += expected.size();
    INFO(target);
    REQUIRE(found == expected);
  }
  CHECK(changes > 1000);
}

TEST_CASE("a diff across what was known says that a time was before the history as either side knew it") {
  TeamTold team("github");
  const auto before = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto late = team.happens("2022-06-01T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto diff = [&](const std::string& at, std::uint64_t from, std::uint64_t to) {
    return team.get("/diff?at=" + at + "&known_from=" + std::to_string(from) + "&known_to=" + std::to_string(to));
  };
  CHECK(diff("2022-07-01T00:00:00Z", before, late).at("before_history") == true);
  CHECK(diff("2022-07-01T00:00:00Z", 1, late).at("before_history") == true);
  CHECK(diff("2023-02-01T00:00:00Z", 1, late).at("before_history") == true);
  CHECK(diff("2023-02-01T00:00:00Z", before, late).at("before_history") == false);
  CHECK(diff("2022-07-01T00:00:00Z", late, late).at("before_history") == false);
}

TEST_CASE("a diff of very many members tells of each what the diff of that member alone tells") {
  constexpr std::size_t members = 4'500, a_batch = 900;
  TeamTold team("github");
  const auto name = [](std::size_t i) { return "m" + std::to_string(10'000 + i); };
  const auto happens_to_each = [&](const char* at, const char* type, const std::function<json(std::size_t)>& data) {
    json batch = json::array();
    for (std::size_t i = 0; i < members; ++i) {
      if (json said = data(i); !said.is_null()) {
        batch.push_back({{"type", type},
                         {"actor", {{"kind", "system"}, {"id", "sync"}}},
                         {"occurred_at", at},
                         {"data", std::move(said)}});
      }
      if (batch.empty() || (batch.size() < a_batch && i + 1 < members)) continue;
      REQUIRE(team.program().post("/v1/orgs/acme/events", batch.dump()).status == 201);
      batch.clear();
    }
  };
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-01T00:00:00Z", "role.granted",
               {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  happens_to_each("2024-01-02T00:00:00Z", "member.added", [&](std::size_t i) {
    return json{{"member", name(i)}, {"role", "member"}};
  });
  happens_to_each("2024-01-20T00:00:00Z", "group.member_added", [&](std::size_t i) {
    return i % 9 != 0 ? json{{"group", "core"}, {"member", name(i)}} : json();
  });
  happens_to_each("2024-01-21T00:00:00Z", "member.removed", [&](std::size_t i) {
    return i % 5 == 0 ? json{{"member", name(i)}} : json();
  });
  std::vector<json> rows;
  for (std::string cursor;;) {
    json page = team.get("/diff?" + span + "&by=change&limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (json& row : page.at("items")) rows.push_back(std::move(row));
    if (!page.contains("next")) {
      CHECK(page.at("total") == rows.size());
      break;
    }
    cursor = page.at("next").get<std::string>();
  }
  std::map<std::string, std::vector<json>> of;
  std::string last;
  for (const json& row : rows) {
    const std::string member = row.at("member").get<std::string>();
    CHECK(last <= member);
    of[last = member].push_back(row);
  }
  for (std::size_t i = 0; i < members; i += 89) {
    const json alone = team.get("/diff?" + span + "&by=change&member=" + name(i));
    CHECK(json(of[name(i)]) == alone.at("items"));
  }
  CHECK(of.size() >= 3'200);
}
