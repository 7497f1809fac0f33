// Lines of an import that the log refuses: each is named, every other line is recorded, and sending the file again
// comes to the same.
#include <set>
#include <thread>

#include "events/instant.h"
#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;

constexpr std::uint64_t then_ms = 1'700'000'000'000, far_ahead_ms = 4'000'000'000'000;

std::string line(const std::string& id, std::uint64_t at_ms, const std::string& rest) {
  return R"({"_document_id":")" + id + R"(","@timestamp":)" + std::to_string(at_ms) +
         R"(,"actor":"ana","org":"acme",)" + rest + "}\n";
}

std::string added(const std::string& id, const std::string& who, std::uint64_t at_ms = then_ms) {
  return line(id, at_ms, R"("action":"org.add_member","user":")" + who + "\"");
}

json imported(test::RunningProgram& program, const std::string& lines) {
  const auto answer = program.post("/v1/orgs/acme/import?format=github-audit", lines);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

std::vector<int> refused_lines(const json& summary) {
  std::vector<int> lines;
  for (const json& refused : summary.at("refused")) lines.push_back(refused.at("line").get<int>());
  return lines;
}

std::size_t members(test::RunningProgram& program) {
  return program.get("/v1/orgs/acme/members").json().at("items").size();
}

}  // namespace

TEST_CASE(
    "a line ahead of the clock, of Tenure's own id or of an id that came with other content is named and left out") {
  test::RunningProgram program;
  CHECK(imported(program, added("1", "zoe")).at("events") == 2);
  const std::string lines = added("2", "bob") + added("3", "eve", far_ahead_ms) + added("1", "someone else") +
                            added("review:4", "dan") + added("5", "kim");
  const json summary = imported(program, lines);
  CHECK(summary.at("events") == 2);
  CHECK(summary.at("refused_lines") == 3);
  CHECK(refused_lines(summary) == std::vector{2, 3, 4});
  CHECK(summary.at("refused")[0].at("because").get<std::string>().find("5 minutes ahead") != std::string::npos);
  CHECK(members(program) == 3);
  const json again = imported(program, lines);
  CHECK(again.at("events") == 0);
  CHECK(again.at("duplicates") == 2);
  CHECK(refused_lines(again) == std::vector{2, 3, 4});
}

TEST_CASE("an import whose first lines are refused begins the organization with the first one that is not") {
  test::RunningProgram program;
  const json summary =
      imported(program, line("1", far_ahead_ms, R"("action":"org.create")") + added("2", "eve", far_ahead_ms) +
                            added("3", "bob") + added("4", "kim", then_ms + 1'000));
  CHECK(refused_lines(summary) == std::vector{1, 2});
  CHECK(summary.at("organization_created") == true);
  CHECK(summary.at("events") == 3);
  const json events = program.get("/v1/orgs/acme/events").json();
  CHECK(events.at("items")[0].at("type") == "org.created");
  CHECK(events.at("history_from") == "2023-11-14T22:13:20Z");
  CHECK(members(program) == 2);
}

TEST_CASE("refused lines among many batches cost no other line") {
  test::RunningProgram program;
  std::string lines;
  std::vector<int> wrong;
  for (int i = 0; i < 9'000; ++i) {
    const bool ahead = i % 1'500 == 700;
    if (ahead) wrong.push_back(i + 1);
    lines += added("d" + std::to_string(i), "user" + std::to_string(i), ahead ? far_ahead_ms : then_ms + i);
  }
  const json summary = imported(program, lines);
  CHECK(summary.at("events") == 9'000 - wrong.size() + 1);
  CHECK(refused_lines(summary) == wrong);
}

TEST_CASE("an import of none but refused lines makes no organization") {
  test::RunningProgram program;
  const json summary = imported(program, added("1", "eve", far_ahead_ms) + "no JSON\n");
  CHECK(summary.at("events") == 0);
  CHECK(summary.at("organization_created") == false);
  CHECK(refused_lines(summary) == std::vector{1, 2});
  CHECK(program.get("/v1/orgs/acme").status == 404);
}

TEST_CASE("an import that broke off is gone on with by sending the file again") {
  test::RunningProgram program;
  std::string lines;
  for (int i = 0; i < 5'000; ++i) lines += added("d" + std::to_string(i), "user" + std::to_string(i), then_ms + i);
  // The client goes away in the middle of a line.
  const std::string head =
      "POST /v1/orgs/acme/import?format=github-audit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + program.token() +
      "\r\nContent-Type: application/x-ndjson\r\nContent-Length: " + std::to_string(lines.size()) + "\r\n\r\n";
  program.cut_off(head + lines.substr(0, lines.size() * 2 / 3));
  const json summary = imported(program, lines);
  CHECK(summary.at("events").get<std::size_t>() + summary.at("duplicates").get<std::size_t>() ==
        5'000 + (summary.at("organization_created").get<bool>() ? 1 : 0));
  CHECK(program.get("/v1/orgs/acme/members?limit=1").json().at("total") == 5'000);
}

TEST_CASE("lines of a megabyte are recorded a few at a time") {
  test::RunningProgram program;
  std::string lines;
  for (int i = 0; i < 12; ++i) {
    lines += line("big" + std::to_string(i), then_ms + i,
                  R"("action":"x.unknown","more":")" + std::string(900'000, 'x') + "\"");
  }
  const json summary = imported(program, lines);
  CHECK(summary.at("events") == 13);
  // Those of one batch are recorded at one instant.
  std::set<std::string> instants;
  const json events = program.get("/v1/orgs/acme/events?type=source.recorded").json();
  for (const json& event : events.at("items")) {
    instants.insert(event.at("recorded_at").get<std::string>());
  }
  CHECK(instants.size() >= 2);
}

TEST_CASE("what is left of a batch with refused lines is recorded where it stood, before the batches behind it") {
  test::RunningProgram program;
  std::string lines;
  for (int i = 0; i < 9'000; ++i) {
    // Every hundredth has the id of an earlier one, and other content.
    const std::string id = i % 100 == 99 ? "d" + std::to_string(i - 50) : "d" + std::to_string(i);
    lines += added(id, "user" + std::to_string(i), then_ms + static_cast<std::uint64_t>(i));
  }
  const json summary = imported(program, lines);
  CHECK(summary.at("refused_lines") == 90);
  CHECK(summary.at("events") == 9'000 - 90 + 1);
  bool in_order = true;
  std::int64_t before = 0;
  std::string cursor;
  do {
    const json page =
        program.get("/v1/orgs/acme/events?type=member.added&limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor))
            .json();
    for (const json& event : page.at("items")) {
      const auto at = parse_instant(event.at("occurred_at").get<std::string>());
      REQUIRE(at.has_value());
      in_order = in_order && at->us >= before;
      before = at->us;
    }
    cursor = page.value("next", "");
  } while (!cursor.empty());
  CHECK(in_order);
  CHECK(before > 0);
}

TEST_CASE("a line of more than a MiB is named and left out, wherever it stands, and all others are recorded") {
  test::RunningProgram program;
  const std::string huge = added("2", std::string(2'000'000, 'x'));
  for (const std::string& lines : {added("1", "bob") + huge + added("3", "kim"), huge + added("1", "bob") + huge}) {
    const json summary = imported(program, lines + huge.substr(0, huge.size() - 1));
    CHECK(summary.at("lines") == 4);
    CHECK(summary.at("refused_lines") == (lines.starts_with(huge) ? 3 : 2));
    CHECK(summary.at("refused")[0].at("because").get<std::string>().find("longer than 1048576") != std::string::npos);
  }
  CHECK(members(program) == 2);
}

TEST_CASE("imports at once that begin with the same line lose nothing of what stands behind it") {
  constexpr int imports = 2, people = 2'500, rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    test::RunningProgram program;
    std::vector<std::string> files(imports, line("create", then_ms, R"("action":"org.create")"));
    for (int i = 0; i < imports; ++i) {
      for (int n = 0; n < people; ++n) {
        const std::string who = std::to_string(i) + "-" + std::to_string(n);
        files[static_cast<std::size_t>(i)] += added("add " + who, "m" + who);
      }
    }
    std::vector<std::thread> threads;
    std::vector<json> summaries(imports);
    for (std::size_t i = 0; i < files.size(); ++i) {
      threads.emplace_back(
          [&, i] { summaries[i] = program.post("/v1/orgs/acme/import?format=github-audit", files[i]).json(); });
    }
    for (std::thread& thread : threads) thread.join();
    std::uint64_t events = 0;
    for (const json& summary : summaries) {
      INFO(summary.dump());
      CHECK(summary.at("lines") == people + 1);
      CHECK(summary.at("refused_lines") == 0);
      events += summary.at("events").get<std::uint64_t>();
    }
    CHECK(events == imports * people + 1);
    CHECK(program.get("/v1/orgs/acme/members?limit=1").json().at("total") == imports * people);
  }
}

TEST_CASE("a base permission that the platform does not have is counted as not followed") {
  test::RunningProgram program;
  const auto base = [](const std::string& id, const std::string& level) {
    return line(id, then_ms, R"("action":"org.update_default_repository_permission","permission":")" + level + "\"");
  };
  const std::string lines = base("1", "read") + base("2", "pull") + base("3", "admin") + base("4", "none");
  CHECK(imported(program, lines).at("not_followed") == 0);
  CHECK(imported(program, base("5", "triage") + base("6", "Write")).at("not_followed") == 2);
}

TEST_CASE("a line of which a part was recorded before, with something else, is left out whole") {
  test::RunningProgram program;
  const auto of_repo = [](const std::string& id, const std::string& action, const std::string& more) {
    return line(id, then_ms, R"("action":"repo.)" + action + R"(","repo":"acme/web","user":"bob",)" + more);
  };
  const std::string given = of_repo("X", "add_member", R"("permission":"write")");
  // Its grant is the same event again; that which takes the old one away is not.
  const std::string changed = of_repo("X", "update_member", R"("old_permission":"write","permission":"write")");
  const json summary = imported(program, added("1", "bob") + given + changed + added("2", "kim"));
  CHECK(refused_lines(summary) == std::vector{3});
  CHECK(members(program) == 2);
  CHECK(program.get("/v1/orgs/acme/can?member=bob&permission=repository&level=write&resource=repo:acme/web")
            .json()
            .at("allowed") == true);
}

TEST_CASE("lines that give something are not followed in an organization whose model knows none of it") {
  test::RunningProgram program;
  const auto made = program.post("/v1/orgs", R"({"id":"acme","model":"newo","mode":"observe","owner":"olga",)"
                                             R"("occurred_at":"2020-01-01T00:00:00Z"})");
  REQUIRE(made.status == 201);
  const json summary = imported(program, added("1", "bob") + line("2", then_ms, R"("action":"x.unknown")"));
  CHECK(summary.at("events") == 2);
  CHECK(summary.at("not_followed") == 1);
}
