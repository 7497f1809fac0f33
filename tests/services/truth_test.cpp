// Eight years of four real organizations: every question of the data's own truth, asked over HTTP.

#include <algorithm>
#include <fstream>
#include <iostream>
#include <random>
#include <set>

#include "events/instant.h"
#include "tests/catch.h"
#include "tests/services/running_program.h"
#include "tests/shared_files.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::percent;
using test::RunningProgram;

constexpr const char* organizations[] = {"etcd-io", "kubernetes-client", "kubernetes-csi", "kubernetes-sigs"};

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

json import(RunningProgram& program, const std::string& org, const std::vector<std::string>& lines) {
  std::string body;
  for (const auto& line : lines) body += line + "\n";
  const auto answer = program.post("/v1/orgs/" + org + "/import?format=github-audit", body);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

// Everyone that a list names, page after page.
std::set<std::string> members_of(RunningProgram& program, const std::string& target, std::size_t* total = nullptr) {
  std::set<std::string> members;
  std::string cursor;
  while (true) {
    const auto answer = program.get(target + "&limit=1000" + (cursor.empty() ? "" : "&cursor=" + percent(cursor)));
    if (answer.status != 200) FAIL(target << ": " << answer.body);
    const json list = answer.json();
    REQUIRE(list.at("before_history") == false);
    if (total) *total = list.at("total").get<std::size_t>();
    for (const json& item : list.at("items")) members.insert(item.at("member").get<std::string>());
    if (!list.contains("next")) return members;
    cursor = list.at("next").get<std::string>();
  }
}

struct Mismatch {
  std::size_t asked = 0, wrong = 0;
  std::string first;
};

void ask(RunningProgram& program, const json& truth, const std::string& more, Mismatch& mismatch) {
  const std::string org = truth.at("org").get<std::string>();
  const std::string at = "at=" + percent(format_instant(Instant{truth.at("at_ms").get<std::int64_t>() * 1000})) + more;
  const std::string base = "/v1/orgs/" + org;
  const auto who =
      members_of(program, base + "/who-can?permission=repository&level=" + truth.at("level").get<std::string>() +
                              "&resource=" + percent("repo:" + truth.at("repo").get<std::string>()) + "&" + at);
  std::size_t total = 0;
  members_of(program, base + "/members?" + at, &total);
  bool right = who == truth.at("who").get<std::set<std::string>>() && total == truth.at("members").get<std::size_t>();
  if (truth.contains("team")) {
    const std::string team = truth.at("team").get<std::string>().substr(org.size() + 1);
    const auto on_team = members_of(program, base + "/groups/" + percent(team) + "/members?" + at);
    right = right && on_team == truth.at("team_members").get<std::set<std::string>>();
  }
  ++mismatch.asked;
  if (right) return;
  if (mismatch.wrong++ == 0)
    mismatch.first = truth.dump() + "\n found " + json(who).dump() + ", members " + std::to_string(total);
}

void ask_all(RunningProgram& program, const std::string& data, Mismatch& mismatch, std::size_t every = 1) {
  for (const std::string org : organizations) {
    const auto truths = lines_of(data + "/" + org + ".truth.ndjson");
    for (std::size_t i = 0; i < truths.size(); i += every) ask(program, json::parse(truths[i]), "", mismatch);
  }
}

}  // namespace

TEST_CASE("every question of four real organizations is answered as their declared state says") {
  REQUIRE_SHARED();
  const std::string data = (tenure::testing::shared_files() / "data/github-audit").string();
  RunningProgram program;
  for (const std::string org : organizations) {
    const auto lines = lines_of(data + "/" + org + ".ndjson");
    const json summary = import(program, org, lines);
    CHECK(summary.at("refused_lines") == 0);
    const json again = import(program, org, lines);
    CHECK(again.at("events") == 0);
  }
  Mismatch mismatch;
  ask_all(program, data, mismatch);
  INFO(mismatch.first);
  CHECK(mismatch.asked == 1600);
  CHECK(mismatch.wrong == 0);
}

TEST_CASE("an import shuffled within each minute gives the same answers") {
  REQUIRE_SHARED();
  const std::string data = (tenure::testing::shared_files() / "data/github-audit").string();
  const std::uint64_t seed = std::random_device{}();
  std::cout << "shuffled import: seed " << seed << "\n";
  std::mt19937_64 random(seed);
  RunningProgram program;
  for (const std::string org : organizations) {
    auto lines = lines_of(data + "/" + org + ".ndjson");
    for (std::size_t begin = 0; begin < lines.size();) {
      const auto minute = [&](std::size_t i) {
        return json::parse(lines[i]).at("created_at").get<std::int64_t>() / 60'000;
      };
      std::size_t end = begin;
      while (end < lines.size() && minute(end) == minute(begin)) ++end;
      std::shuffle(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.begin() + static_cast<std::ptrdiff_t>(end),
                   random);
      begin = end;
    }
    import(program, org, lines);
  }
  Mismatch mismatch;
  ask_all(program, data, mismatch);
  INFO(mismatch.first);
  CHECK(mismatch.asked == 1600);
  CHECK(mismatch.wrong == 0);
}

TEST_CASE("events that were held back find their place, and known_at before them gives the old answer") {
  REQUIRE_SHARED();
  const std::string data = (tenure::testing::shared_files() / "data/github-audit").string();
  RunningProgram program, without;
  std::map<std::string, std::uint64_t> before_late;
  for (const std::string org : organizations) {
    const auto lines = lines_of(data + "/" + org + ".ndjson");
    std::vector<std::string> kept, late;
    for (std::size_t i = 0; i < lines.size(); ++i) ((i % 10 == 9) ? late : kept).push_back(lines[i]);
    before_late[org] = import(program, org, kept).at("to_position").get<std::uint64_t>();
    import(without, org, kept);
    import(program, org, late);
  }
  Mismatch mismatch;
  ask_all(program, data, mismatch);
  INFO(mismatch.first);
  CHECK(mismatch.asked == 1600);
  CHECK(mismatch.wrong == 0);
  // As known before the late batch: what a store says that never had it.
  std::size_t compared = 0, differed = 0;
  for (const std::string org : organizations) {
    const auto truths = lines_of(data + "/" + org + ".truth.ndjson");
    for (std::size_t i = 0; i < truths.size(); i += 8, ++compared) {
      const json truth = json::parse(truths[i]);
      const std::string target =
          "/v1/orgs/" + org + "/who-can?permission=repository&level=" + truth.at("level").get<std::string>() +
          "&resource=" + percent("repo:" + truth.at("repo").get<std::string>()) +
          "&at=" + percent(format_instant(Instant{truth.at("at_ms").get<std::int64_t>() * 1000}));
      const auto then = members_of(program, target + "&known_at=" + std::to_string(before_late[org]));
      differed += then != members_of(without, target);
    }
  }
  CHECK(compared == 200);
  CHECK(differed == 0);
}
