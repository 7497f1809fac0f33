// The server while its views are made anew. The fold is held at every commit in turn, and at each of them every read of
// every organization is either the one that it is in the end or a 503, and never a 200 before the organization's last
// event is folded. A fold that is killed is gone on with.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "services/openapi.h"
#include "services/record/batch.h"
#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"
#include "tests/catch.h"
#include "tests/services/organization.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::Organization;
using test::RunningProgram;
using Views = std::map<std::string, std::string>;

constexpr std::size_t small_commit = 2, killed_commit = 10;
constexpr std::size_t commits_before_kill = 4;
constexpr const char* child_variable = "TENURE_FOLDED_FOLDER";
constexpr int told_to = 3;  // the child's end of the pipe

// Holds the folding thread after each commit until it is let go on.
class Held {
 public:
  services::FoldHooks hooks(std::size_t records_a_commit) {
    services::FoldHooks hooks;
    hooks.records_a_commit = records_a_commit;
    hooks.reached = [this](Position reached, Position head) {
      std::unique_lock lock(guard_);
      reached_ = reached;
      at_end_ = reached == head;
      waiting_ = true;
      turn_.notify_all();
      turn_.wait(lock, [this] { return !waiting_ || free_; });
      waiting_ = false;
    };
    return hooks;
  }
  // Waits until it is held, and says where.
  Position wait() {
    std::unique_lock lock(guard_);
    turn_.wait(lock, [this] { return waiting_; });
    return reached_;
  }
  bool at_end() {
    const std::lock_guard lock(guard_);
    return at_end_;
  }
  void go_on() {
    const std::lock_guard lock(guard_);
    waiting_ = false;
    turn_.notify_all();
  }
  void let_go() {
    const std::lock_guard lock(guard_);
    free_ = true;
    turn_.notify_all();
  }

 private:
  std::mutex guard_;
  std::condition_variable turn_;
  Position reached_;
  bool waiting_ = false, free_ = false, at_end_ = false;
};

// Whatever ends a test, the folding thread is not left waiting.
struct LetGoAtEnd {
  Held& held;
  ~LetGoAtEnd() { held.let_go(); }
};

// What a query needs so that it is answered, by path of the OpenAPI document.
std::string query_of(const std::string& path) {
  if (path.ends_with("/who-can")) return "?permission=assign_other_roles&explain=true";
  if (path.ends_with("/can")) return "?permission=assign_other_roles&member=oda%40team.test&explain=true";
  if (path.ends_with("/diff")) return "?from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z";
  if (path.ends_with("/timeline")) return "?member=oda%40team.test";
  if (path.ends_with("/members/{member}")) return "?card=true&explain=true";
  return "";
}

std::string with(std::string path, const std::string& name, const std::string& value) {
  const auto at = path.find(name);
  return at == std::string::npos ? path : path.replace(at, name.size(), value);
}

// Every read of an organization that the document tells of, with and without a form that streams.
std::vector<std::string> reads_of(const std::string& org) {
  std::vector<std::string> reads;
  const json document = json::parse(openapi_document());
  for (const auto& [path, methods] : document.at("paths").items()) {
    if (!path.starts_with("/v1/orgs/{org}") || !methods.contains("get")) continue;
    std::string target = with(path, "{org}", org);
    target = with(target, "{member}", "oda%40team.test");
    target = with(target, "{group}", "none");
    target = with(target, "{role}", "owner");
    target = with(target, "{version}", "1");
    for (const char* name : {"{review}", "{item}", "{definition}", "{report}"}) target = with(target, name, "none");
    reads.push_back(target + query_of(path));
  }
  REQUIRE(reads.size() > 12);
  return reads;
}

// Without what moves with the clock.
std::string still(const HttpAnswer& answer) {
  json body = json::parse(answer.body);
  body.erase("as_of");
  body.erase("next");  // sealed with the instant in it
  return std::to_string(answer.status) + " " + body.dump();
}

const std::vector<std::string> names{"early", "middle", "late"};

// Three organizations whose last events lie at the beginning, in the middle and at the end of the log.
void tell(RunningProgram& program) {
  const auto more = [&](const Organization& org, int first, int last) {
    for (int i = first; i < last; ++i) {
      const auto sent =
          org.send("member.added", R"({"member":"m)" + std::to_string(i) + R"(@team.test","role":"viewer"})");
      INFO(sent.body);
      REQUIRE(sent.status == 201);
    }
  };
  const Organization early(program, "early", "newo", "observe");
  const Organization late(program, "late", "newo", "observe");
  more(early, 0, 4);
  more(late, 0, 3);
  const Organization middle(program, "middle", "newo", "observe");
  more(middle, 0, 6);
  more(late, 3, 9);
}

std::unique_ptr<storage::RocksStore> open_store(const std::string& folder) {
  auto store = storage::RocksStore::open(folder + "/store");
  if (!store) FAIL(store.error().because);
  return std::move(*store);
}

Views views_of(const std::string& folder) {
  Views views;
  const auto store = open_store(folder);
  const auto done = store->snapshot()->scan("", std::string(16, '\xff'), [&](auto key, auto value) {
    views.emplace(key, value);
    return true;
  });
  REQUIRE(done.has_value());
  return views;
}

// As if the views were of an older layout: the next start makes them anew.
void age_views(const std::string& folder) {
  const auto store = open_store(folder);
  storage::Commit old;
  old.first = store->head().next();
  std::string checkpoint;
  projections::put_varint(checkpoint, store->head().value);
  old.views.put(projections::checkpoint_key(), checkpoint);
  REQUIRE(store->commit(std::move(old)).has_value());
}

std::map<std::string, Position> last_positions(const std::string& folder) {
  std::map<std::string, Position> last;
  const auto store = open_store(folder);
  const auto snapshot = store->snapshot();
  for (const std::string& name : names) {
    const auto version = snapshot->version_of(OrgId(name));
    REQUIRE(version.has_value());
    const auto position = snapshot->position_of(OrgId(name), *version);
    REQUIRE(position.has_value());
    last[name] = *position;
  }
  return last;
}

// The child of the test of a kill: serves, folds some commits, says so and waits to be killed.
[[noreturn]] void fold_and_wait(const std::string& folder) {
  const auto key = storage::load_or_make_master_key(folder + "/master.key");
  auto store = storage::RocksStore::open(folder + "/store");
  auto vault = storage::open_key_vault(folder + "/keys");
  if (!key || !store || !vault) ::_exit(3);
  services::ProgramOptions options;
  options.port = 0;
  options.folding.records_a_commit = killed_commit;
  options.folding.reached = [commits = std::size_t{0}](Position reached, Position) mutable {
    if (++commits < commits_before_kill) return;
    if (::write(told_to, &reached.value, sizeof reached.value) != sizeof reached.value) ::_exit(4);
    for (;;) ::pause();
  };
  services::Program program(std::move(*store), std::make_unique<storage::People>(std::move(*vault), *key), options);
  if (!program.start()) ::_exit(5);
  for (;;) ::pause();
}

// Starts the child, kills it where it waits, and says where that was.
Position fold_and_kill(const std::string& folder) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(::posix_spawn_file_actions_adddup2(&actions, ends[1], told_to) == 0);
  std::string variable = std::string(child_variable) + "=" + folder, name = "child", only = "[folding-child]";
  char* arguments[] = {name.data(), only.data(), nullptr};
  std::vector<char*> environment;
  for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  environment.insert(environment.end(), {variable.data(), nullptr});
  ::pid_t child = 0;
  REQUIRE(::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments, environment.data()) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::uint64_t reached = 0;
  const bool told = ::read(ends[0], &reached, sizeof reached) == sizeof reached;
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(told);
  REQUIRE(WIFSIGNALED(status));
  return Position(reached);
}

}  // namespace

TEST_CASE(
    "while views are made anew, an organization is answered for once its last event is folded, and never before") {
  test::TemporaryFolder folder;
  Held held;
  RunningProgram program({.folder = folder.path()});
  const LetGoAtEnd at_end{held};
  tell(program);
  std::map<std::string, std::string> in_the_end;
  for (const std::string& name : names) {
    for (const std::string& read : reads_of(name)) in_the_end[read] = still(program.get(read));
  }
  program.stop();
  const Views live = views_of(folder.path());
  const auto last = last_positions(folder.path());
  age_views(folder.path());
  program.restart(held.hooks(small_commit));
  std::map<std::string, int> answered, refused;
  for (bool more = true; more; held.go_on()) {
    const Position reached = held.wait();
    more = !held.at_end();
    INFO("folded up to " << reached.value);
    for (const std::string& name : names) {
      for (const std::string& read : reads_of(name)) {
        INFO(read);
        const auto answer = program.get(read);
        INFO(answer.body);
        if (reached >= last.at(name)) {
          REQUIRE(still(answer) == in_the_end.at(read));
          ++answered[name];
        } else {
          REQUIRE(answer.status == 503);
          REQUIRE(answer.headers.contains("retry-after"));
          REQUIRE(answer.json().at("code") == "views_behind");
          REQUIRE(answer.json().at("done") == reached.value);
          REQUIRE(answer.json().at("all") > reached.value);
          ++refused[name];
        }
        // A stream begins with its first page: refused as a whole.
        const auto rows = program.request("GET", read, {}, {"Accept: application/x-ndjson"});
        if (reached < last.at(name)) REQUIRE((rows.status == 503 || rows.status == 406));
      }
    }
    REQUIRE(program.get("/v1/orgs/nowhere/members").status == 404);
  }
  held.let_go();
  REQUIRE(program.wait_until_folded());
  for (const auto& [read, answer] : in_the_end) CHECK(still(program.get(read)) == answer);
  for (const std::string& name : names) CHECK(answered[name] > 0);
  CHECK(refused["early"] > 0);
  CHECK(answered["early"] > answered["middle"]);
  CHECK(answered["middle"] > answered["late"]);
  program.stop();
  CHECK(views_of(folder.path()) == live);
}

TEST_CASE("while views are made anew, nothing is recorded and nothing is told of all organizations at once") {
  test::TemporaryFolder folder;
  Held held;
  RunningProgram program({.folder = folder.path()});
  const LetGoAtEnd at_end{held};
  tell(program);
  program.stop();
  age_views(folder.path());
  program.restart(held.hooks(small_commit));
  const Position reached = held.wait();
  const auto refused = [&](const HttpAnswer& answer) {
    INFO(answer.body);
    CHECK(answer.status == 503);
    CHECK(answer.json().at("code") == "views_behind");
  };
  refused(program.post("/v1/orgs/early/events", R"({"type":"member.removed"})"));
  refused(program.post("/v1/orgs", R"({"id":"new","model":"newo","mode":"observe"})"));
  refused(program.post("/v1/orgs/early/import?format=github-audit", "{}"));
  refused(program.post("/v1/tokens", R"({"principal":"x","scopes":["read"]})"));
  refused(program.post("/v1/orgs/early/sod-rules", "{}"));
  refused(program.get("/v1/orgs"));
  refused(program.get("/v1/consumers"));
  refused(program.request("GET", "/v1/feed?cursor=1&limit=1", {}, {"Accept: application/x-ndjson"}));
  refused(program.get("/readyz"));
  CHECK(program.get("/readyz").json().at("done") == reached.value);
  CHECK(program.get("/healthz").status == 200);
  CHECK(program.get("/v1/models").status == 200);
  CHECK(program.get("/v1/tokens").json().at("items").size() == 1);
  CHECK(program.get("/v1/tokens").json().at("items").at(0).at("principal") == "admin");
  const std::string line = "\ntenure_views_position " + std::to_string(reached.value) + "\n";
  CHECK(program.get("/metrics").body.find(line) != std::string::npos);
  // A token says who asks, also before the views do.
  program.speak_as("tnr_of_nobody");
  CHECK(program.get("/v1/orgs/early/members").status == 401);
  held.let_go();
}

TEST_CASE("a server that is killed while views are made anew goes on where it was, and so does one that stops") {
  test::TemporaryFolder folder;
  Held held;
  RunningProgram program({.folder = folder.path()});
  const LetGoAtEnd at_end{held};
  tell(program);
  json many = json::array();
  for (std::size_t i = 0; i < killed_commit * (commits_before_kill + 10); ++i) {
    many.push_back({{"type", "member.added"},
                    {"actor", {{"kind", "system"}, {"id", "sync"}}},
                    {"data", {{"member", "n" + std::to_string(i)}, {"role", "viewer"}}}});
  }
  REQUIRE(program.post("/v1/orgs/late/events", many.dump()).status == 201);
  program.stop();
  const Views live = views_of(folder.path());
  age_views(folder.path());
  const Position killed_at = fold_and_kill(folder.path());
  CHECK(killed_at == Position(killed_commit * commits_before_kill));
  program.restart(held.hooks(killed_commit));
  const Position first = held.wait();
  CHECK(first > killed_at);
  // One more commit may have been under way when it was killed.
  CHECK(first <= Position(killed_at.value + 2 * killed_commit));
  CHECK(program.get("/readyz").status == 503);
  held.let_go();
  program.stop();
  program.restart();
  REQUIRE(program.wait_until_folded());
  CHECK(program.get("/readyz").status == 200);
  program.stop();
  CHECK(views_of(folder.path()) == live);
}

TEST_CASE("the child of the test above, which kills it", "[.][folding-child]") {
  const char* folder = std::getenv(child_variable);
  REQUIRE(folder != nullptr);
  fold_and_wait(folder);
}
