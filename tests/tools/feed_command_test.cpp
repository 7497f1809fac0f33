// `tenure feed` as a named consumer, in every format: what it printed it has acknowledged, and it goes on behind it.
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("as a consumer `tenure feed` goes on behind what it printed, whatever the format") {
  RunningServe serve({"--demo"});
  for (const std::string format : {"native", "ecs", "cef", "cloudevents"}) {
    INFO(format);
    std::vector<std::string> all;
    for (int run = 0; run < 3; ++run) {
      const Ran ran = serve.run({"--json", "feed", "--consumer", "c-" + format, "--format", format, "--count", "4"});
      CHECK(ran.code == exit_ok);
      const auto lines = lines_of(ran.out);
      CHECK(lines.size() == 4);
      all.insert(all.end(), lines.begin(), lines.end());
    }
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == 12);
    const Ran once = serve.run({"--json", "feed", "--cursor", "1", "--format", format, "--count", "12"});
    CHECK(lines_of(once.out) == all);
  }
}

TEST_CASE("of a position that OCSF has several messages of `tenure feed` acknowledges none before the next one came") {
  RunningServe serve({"--demo"});
  std::set<std::string> seen;
  for (int run = 0; run < 6; ++run) {
    const Ran ran = serve.run({"--json", "feed", "--consumer", "c", "--format", "ocsf", "--count", "4"});
    CHECK(ran.code == exit_ok);
    for (const std::string& line : lines_of(ran.out)) seen.insert(line);
  }
  // At least once, and on it goes: three or four new ones a run.
  CHECK(seen.size() >= 4 + 5 * 2);
}

TEST_CASE("a consumer that was reset is followed from there by `tenure feed`") {
  RunningServe serve({"--demo"});
  const auto follow = [&] { return serve.run({"--json", "feed", "--consumer", "c", "--cursor", "1", "--count", "5"}); };
  const Ran first = follow();
  CHECK(serve.run({"consumers", "reset", "c", "--position", "1"}).code == exit_ok);
  const Ran again = follow();
  CHECK(again.code == exit_ok);
  CHECK(again.out == first.out);
}
