// The benchmark beside databases: that it compares where they are installed and says so where they are not, and that
// the history they are given is the one that Tenure is sent.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/catch.h"
#include "tools/measure/held_roles.h"
#include "tools/measure/postgres.h"
#include "tools/measure/swap_history.h"

namespace {

using namespace tenure::bench;
using nlohmann::json;

constexpr const char* postgres = "/usr/lib/postgresql/15/bin/postgres";
constexpr const char* mariadb = "/usr/sbin/mariadbd";

std::string whole(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// One small run with --peers, and what it left.
struct PeersRun {
  int code = -1;
  std::string errors;
  json sections;
  bool is_tidy = false;

  explicit PeersRun(const std::string& measurement) {
    std::string folder = (std::filesystem::temp_directory_path() / "tenure-bench-peers-XXXXXX").string();
    if (!::mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    // The databases' own users pass through it.
    std::filesystem::permissions(folder, std::filesystem::perms::others_exec, std::filesystem::perm_options::add);
    const std::string command = std::string("exec ") + TENURE_BINARY + "_bench " + measurement +
                                " --peers --rounds 1 --seconds 0.05 --scale 0.0005 --history-times 2 --connections 4"
                                " --json " +
                                folder + "/figures.json --folder " + folder + "/stores >" + folder + "/out 2>" +
                                folder + "/err";
    const int status = std::system(command.c_str());
    code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    errors = whole(folder + "/err");
    if (code == 0) sections = json::parse(whole(folder + "/figures.json")).at("sections");
    is_tidy = std::filesystem::is_empty(folder + "/stores");
    std::filesystem::remove_all(folder);
  }

  bool has_figure(const std::string& section, const std::string& kind, const std::string& what) const {
    for (const json& its : sections) {
      if (its.at("name") != section) continue;
      for (const json& one : its.at(kind)) {
        if (one.at("what") == what) return one.at("median").get<double>() > 0;
      }
    }
    return false;
  }
};

}  // namespace

TEST_CASE("the benchmark compares appends with a database where that is installed, and says so where it is not") {
  const PeersRun run("append");
  INFO(run.errors);
  CHECK(run.is_tidy);
  if (!std::filesystem::exists(postgres)) {
    CHECK(run.code == 1);
    CHECK(run.errors.find("postgresql: it is not installed") != std::string::npos);
    return;
  }
  REQUIRE(run.code == 0);
  CHECK(run.has_figure("append", "rows", "postgresql INSERT, 4 clients"));
  CHECK(run.has_figure("append", "verdicts", "tenure / postgresql INSERT, 4 clients"));
}

TEST_CASE("the benchmark compares imports and can with a database that has the same lines and the same history") {
  if (!std::filesystem::exists(postgres)) {
    CHECK(PeersRun("import").code == 1);
    return;
  }
  const PeersRun import("import");
  INFO(import.errors);
  REQUIRE(import.code == 0);
  CHECK(import.has_figure("import", "verdicts", "import / postgresql COPY, the same lines"));
  const PeersRun can("can");
  INFO(can.errors);
  REQUIRE(can.code == 0);
  CHECK(can.has_figure("can-peers", "verdicts", "tenure / postgresql"));
  CHECK(can.is_tidy);
}

TEST_CASE("the benchmark asks databases who could do that, and their answers are those of the history") {
  if (!std::filesystem::exists(postgres) || !std::filesystem::exists(mariadb)) {
    CHECK(PeersRun("who-can").code == 1);
    return;
  }
  const PeersRun run("who-can");
  INFO(run.errors);
  REQUIRE(run.code == 0);
  CHECK(run.has_figure("who-can-peers", "rows", "mariadb, 4 connections"));
  CHECK(run.has_figure("who-can-peers", "verdicts", "4 connections: tenure / the faster of both"));
  if (run.errors.find("who-can-now is left out") == std::string::npos) {
    CHECK(run.has_figure("who-can-now", "verdicts", "1 connection: tenure / spicedb"));
  }
  CHECK(run.is_tidy);
}

TEST_CASE("a history of held roles says at its end what the events have come to") {
  SwapHistory history(3, SwapHistory::members_least);
  HeldRoles held("acme");
  std::string lines;
  for (std::size_t i = 0; i < history.beginning_lines() + 2'000; ++i) history.next(lines);
  held.take(lines);
  std::vector<std::pair<std::string, bool>> found, wanted;
  for (const HeldRole& role : held.all()) {
    if (role.until_ms) {
      CHECK(role.from_ms <= *role.until_ms);
    } else if (role.role == "owner" || role.resource == "repo:acme/repo-0") {
      found.emplace_back(role.member, role.role == "owner");
    }
  }
  for (const auto& [member, owner] : history.holders()) wanted.emplace_back(SwapHistory::member(member), owner);
  std::sort(found.begin(), found.end());
  CHECK(found == wanted);
}

TEST_CASE("what PostgreSQL reads by COPY has its separators escaped") {
  std::string copied;
  append_copied(copied, "a\tb\\n\nc");
  CHECK(copied == "a\\tb\\\\n\\nc");
}
