// Cursors that a store gave in a life of which it knows nothing any more: its files were put back from a copy.
#include <filesystem>

#include "tests/catch.h"
#include "tests/services/organization.h"

namespace {

using namespace tenure;
using test::Organization;
using test::percent;
using test::RunningProgram;
using test::TemporaryFolder;

}  // namespace

TEST_CASE("a cursor of a later state than the store has is refused and told to be one") {
  namespace fs = std::filesystem;
  const TemporaryFolder place;
  const std::string folder = place.path() + "/live", copy = place.path() + "/copy";
  fs::create_directory(folder);
  test::RunningOptions options;
  options.folder = folder;
  RunningProgram program(options);
  const Organization org(program, "acme", "github", "observe");
  for (const char* who : {"ann", "bob", "cat"}) {
    REQUIRE(org.send("member.added", R"({"member":")" + std::string(who) + R"("})").status == 201);
  }
  const std::string list = "/members?limit=2&at=2100-01-01T00:00:00Z";
  const std::string known = org.get(list).at("next").get<std::string>();
  program.stop();
  fs::copy(folder, copy, fs::copy_options::recursive);
  program.restart();
  REQUIRE(org.send("member.added", R"({"member":"dan"})").status == 201);
  const std::string later = org.get(list).at("next").get<std::string>();
  program.stop();
  fs::remove_all(folder);
  fs::copy(copy, folder, fs::copy_options::recursive);
  program.restart();
  CHECK(program.get(org.path(list + "&cursor=" + percent(known))).status == 200);
  const auto refused = program.get(org.path(list + "&cursor=" + percent(later)));
  INFO(refused.body);
  REQUIRE(refused.status == 400);
  CHECK(refused.json().at("code") == "invalid_cursor");
  CHECK(refused.json().at("detail").get<std::string>().find("later state of this store") != std::string::npos);
}
