// A flipped byte in a stopped server's store: `tenure verify` says where, and the server that is started on it answers
// rightly or with the damage's place, and never anything else.
#include <nlohmann/json.hpp>
#include <random>

#include "events/model/access_model.h"
#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "tests/catch.h"
#include "tests/store_files.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using namespace tenure::testing;
using nlohmann::json;

constexpr int members = 1'000;

// Every question of the test, with the answer of the sound server.
using Answers = std::map<std::string, std::string>;

std::string without_clock(const std::string& body) {
  json answer = json::parse(body);
  answer.erase("as_of");
  answer.erase("next");  // carries the same clock
  return answer.dump();
}

// 100 KB that do not compress.
std::string large_text() {
  std::mt19937_64 random(1);
  std::string text;
  while (text.size() < 100'000) text += std::to_string(random());
  return text;
}

class DamagedServe {
 public:
  DamagedServe() {
    std::string lines;
    for (int i = 0; i < members; ++i) {
      lines += json{{"_document_id", std::to_string(i)},
                    {"@timestamp", 1'700'000'000'000 + i},
                    {"action", "org.add_member"},
                    {"actor", "ana"},
                    {"org", "acme"},
                    {"permission", "read"},
                    {"user", "user-" + std::to_string(i)}}
                   .dump() +
               "\n";
    }
    // A line that no record holds stands beside the log.
    lines += json{{"_document_id", "large"}, {"@timestamp", 1'700'000'000'000 + members},
                  {"action", "repo.create"}, {"actor", "ana"},
                  {"org", "acme"},           {"note", large_text()}}
                 .dump() +
             "\n";
    REQUIRE(serve_.run({"import", "-"}, lines).code == exit_ok);
    const std::string org = "/v1/orgs/acme";
    for (const std::string rest : {"", "/members?limit=1000", "/roles", "/who-can?permission=organization"})
      ask(org + rest);
    ask(org + "/can?member=user-77&permission=repository&explain=true");
    for (int version = 1; version <= members; version += 100) ask(org + "/events/" + std::to_string(version));
    ask(org + "/events/" + std::to_string(members + 2));
    REQUIRE(serve_.stop() == exit_ok);
    copy_folder(serve_.folder(), sound_);
  }
  ~DamagedServe() { std::filesystem::remove_all(sound_); }

  std::vector<std::string> tables(const std::string& family) const { return tables_of(sound_ + "/store", family); }
  std::size_t size(const std::string& table) const { return std::filesystem::file_size(sound_ + "/store/" + table); }

  // The store as it was, but for one bit.
  void flip(const std::string& table, std::size_t at) {
    copy_folder(sound_, serve_.folder());
    std::string bytes = read_file(sound_ + "/store/" + table);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    write_file(serve_.folder() + "/store/" + table, bytes);
  }

  Ran verify() const { return serve_.run_stopped({"--json", "verify"}); }
  Ran rebuild() const { return serve_.run_stopped({"rebuild"}); }

  // Starts the server and asks everything: whether damage was reported. What is answered is right.
  bool reported(const std::string& table) {
    try {
      serve_.start();
    } catch (const DidNotStart& no) {
      CHECK(no.code == exit_corrupt);
      return true;
    }
    bool any = false;
    for (const auto& [target, sound] : answers_) {
      const auto answer = get(target);
      INFO(target << " answered " << answer.status << " " << answer.body.substr(0, 500));
      if (answer.status == 200) {
        CHECK((without_clock(answer.body) == sound));
        continue;
      }
      REQUIRE(answer.status == 500);
      CHECK(json::parse(answer.body).at("code") == "corruption");
      CHECK(answer.body.find(table) != std::string::npos);
      any = true;
    }
    CHECK(serve_.stop() == exit_ok);
    return any;
  }

 private:
  HttpAnswer get(const std::string& target) const {
    const auto answer = http_request(serve_.address(), {"GET", target, serve_.token(), {}, {}});
    REQUIRE(answer.has_value());
    return *answer;
  }
  void ask(const std::string& target) {
    const auto answer = get(target);
    INFO(target << " answered " << answer.body);
    REQUIRE(answer.status == 200);
    answers_[target] = without_clock(answer.body);
  }

  RunningServe serve_;
  std::string sound_ = serve_.folder() + "-sound";
  Answers answers_;
};

// Places all over a table, its index near the end too, but for its last bytes, which are a footer with padding that
// nothing reads.
std::vector<std::size_t> places(std::size_t size, std::size_t count) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(i * (size - 61) / (count - 1));
  return all;
}

}  // namespace

TEST_CASE("a flipped byte of the log is found by verify at its position, and over HTTP never served") {
  DamagedServe serve;
  REQUIRE(serve.verify().code == exit_ok);
  bool any = false;
  for (const std::string family : {"log", "versions", "blobs"}) {
    for (const std::string& table : serve.tables(family)) {
      for (const std::size_t at : places(serve.size(table), 3)) {
        INFO(family << ": " << table << " offset " << at);
        serve.flip(table, at);
        const Ran verified = serve.verify();
        CHECK(verified.code == exit_corrupt);
        CHECK(verified.err.find(table) != std::string::npos);
        const json said = json::parse(verified.out);
        CHECK(said.at("ok") == false);
        CHECK(verified.err.find(said.at("because").get<std::string>()) != std::string::npos);
        if (said.contains("position")) {
          CHECK(said.at("position").get<int>() >= 1);
          CHECK(said.at("position").get<int>() <= members + 3 + static_cast<int>(shipped_models().size()));
          CHECK(verified.err.find("position " + said.at("position").dump()) != std::string::npos);
        }
        any = serve.reported(table) || any;
      }
    }
  }
  CHECK(any);
}

TEST_CASE("a flipped byte of the views is found by verify, over HTTP never served, and mended by rebuild") {
  DamagedServe serve;
  bool any = false;
  const auto tables = serve.tables("views");
  REQUIRE_FALSE(tables.empty());
  for (const std::string& table : tables) {
    for (const std::size_t at : places(serve.size(table), 3)) {
      INFO(table << " offset " << at);
      serve.flip(table, at);
      const Ran verified = serve.verify();
      CHECK(verified.code == exit_corrupt);
      CHECK(verified.err.find(table) != std::string::npos);
      any = serve.reported(table) || any;
      const Ran rebuilt = serve.rebuild();
      INFO(rebuilt.err);
      CHECK(rebuilt.code == exit_ok);
      CHECK(serve.verify().code == exit_ok);
      CHECK_FALSE(serve.reported(table));
    }
  }
  CHECK(any);
}

TEST_CASE("verify opens the names of people with their keys, and says where it cannot") {
  RunningServe serve;
  const std::string line = R"({"_document_id":"1","@timestamp":1700000000000,"action":"org.add_member","actor":"ana",)"
                           R"("org":"acme","permission":"read","user":"bo"})";
  REQUIRE(serve.run({"import", "-"}, line + "\n").code == exit_ok);
  REQUIRE(serve.stop() == exit_ok);
  const auto verify = [&serve] { return serve.run_stopped({"--json", "verify"}); };
  const json sound = json::parse(verify().out);
  CHECK(sound.at("ok") == true);
  // Ana, Bo and the principal of the token; the latter in what belongs to no organization, too.
  CHECK(sound.at("people") == 4);
  CHECK(sound.at("without_key") == 0);

  const std::string folder = serve.folder(), aside = folder + "-aside";
  copy_folder(folder, aside);
  write_file(folder + "/master.key", std::string(64, 'a') + "\n");
  const Ran other_key = verify();
  CHECK(other_key.code != exit_ok);
  CHECK(json::parse(other_key.out).at("because").get<std::string>().find("master key") != std::string::npos);
  std::filesystem::remove(folder + "/master.key");
  CHECK(json::parse(verify().out).at("because").get<std::string>().find("--master-key") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder + "/master.key"));

  // Keys that are kept elsewhere are no fault of the log.
  std::filesystem::remove_all(folder + "/keys");
  const Ran no_keys = verify();
  CHECK(no_keys.code == exit_ok);
  CHECK_FALSE(json::parse(no_keys.out).contains("people"));
  CHECK(serve.run_stopped({"verify"}).out.find("names not looked at") != std::string::npos);

  // A vault that lost a key, as after an old backup: the log is sound, and it is said.
  copy_folder(aside, folder);
  {
    auto vault = storage::open_key_vault(folder + "/keys");
    REQUIRE(vault.has_value());
    storage::People people(std::move(*vault), *storage::load_or_make_master_key(folder + "/master.key"));
    const auto bo = people.find(OrgId("acme"), "bo");
    REQUIRE((bo && *bo));
    REQUIRE(people.erase(OrgId("acme"), **bo).has_value());
  }
  CHECK(json::parse(verify().out).at("without_key") == 1);
  CHECK(serve.run_stopped({"verify"}).out.find("they were erased, or their keys are lost") != std::string::npos);
  std::filesystem::remove_all(aside);
}

TEST_CASE("a store that does not open is told to programs, too") {
  RunningServe serve;
  // The server has it.
  for (const char* command : {"verify", "rebuild"}) {
    const Ran ran = serve.run_stopped({"--json", command});
    INFO(ran.out << ran.err);
    CHECK(ran.code == exit_failed);
    const json said = json::parse(ran.out);
    CHECK(said.at("ok") == false);
    CHECK_FALSE(said.at("because").get<std::string>().empty());
  }
}
