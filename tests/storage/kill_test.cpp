// kill -9 under load: a child process appends and tells each acknowledged head through a pipe; it is killed at a random
// moment, again and again, and every reopening must find all that was acknowledged. What this cannot see, because the
// machine lives on, is the subject of lost_power_test.cpp.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

#include "storage/rocks/store.h"
#include "tests/storage/store_contract.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

constexpr const char* child_variable = "TENURE_KILLED_STORE";
constexpr int kills = 20;
constexpr std::uint64_t org_count = 7, added_every = 10;
constexpr std::chrono::seconds reopen_limit{60};  // generous: the promise is two, on a machine that does nothing else

std::string org_at(std::uint64_t position) { return "org" + std::to_string(position % org_count); }
std::uint64_t version_at(std::uint64_t position) {
  const std::uint64_t first = position % org_count == 0 ? org_count : position % org_count;
  return (position - first) / org_count + 1;
}
// Says its place and its predecessor in the organization, so that a lost or changed record breaks the chain.
std::string bytes_of(std::uint64_t position, const std::string& previous) {
  return std::to_string(position) + " " + to_hex(sha256(previous)) + std::string(position * 31 % 500, '.');
}

// The child: appends until it is killed.
[[noreturn]] void append_for_ever(const std::string& folder) {
  auto store = RocksStore::open(folder);
  if (!store) ::_exit(3);
  std::uint64_t head = (*store)->head().value;
  std::vector<std::string> previous(org_count);
  {
    auto snapshot = (*store)->snapshot();
    for (std::uint64_t back = 0; back < org_count && back < head; ++back) {
      auto one = snapshot->record(Position(head - back));
      if (!one) ::_exit(4);
      previous[(head - back) % org_count] = one->bytes;
    }
  }
  for (std::uint64_t round = 0;; ++round) {
    Commit one{Position(head + 1), {}, {}, {}};
    for (std::uint64_t n = 0; n < 1 + round * 7 % 64; ++n) {
      const std::uint64_t position = head + n + 1;
      std::string& last = previous[position % org_count];
      last = bytes_of(position, last);
      one.records.push_back({OrgId(org_at(position)), Version(version_at(position)), {}, last});
      if (position % added_every == 0) one.views.append("added to", std::to_string(position) + ' ');
    }
    head += one.records.size();
    one.views.put("head", std::to_string(head));
    if (!(*store)->commit(std::move(one))) ::_exit(5);
    if (::write(STDOUT_FILENO, &head, sizeof head) != sizeof head) ::_exit(6);
  }
}

// Runs before main: the same program, started again with the variable set, is the child.
const bool is_child = [] {
  if (const char* folder = std::getenv(child_variable)) append_for_ever(folder);
  return false;
}();

// Starts the child, kills it after `lifetime` from its first acknowledgement, and gives the last head that it told.
std::uint64_t run_and_kill(const std::string& folder, std::chrono::milliseconds lifetime) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0);
  std::string variable = std::string(child_variable) + "=" + folder;
  std::string name = "child";
  char* arguments[] = {name.data(), nullptr};
  // With ours beside it: what a sanitizer was told holds for the child, which stops at a finding and is then missed.
  std::vector<char*> environment;
  for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
  environment.insert(environment.end(), {variable.data(), nullptr});
  ::pid_t child = 0;
  REQUIRE(::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments, environment.data()) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  std::uint64_t head = 0, told = 0;
  const bool alive = ::read(ends[0], &told, sizeof told) == sizeof told;
  std::thread killer([&] {
    std::this_thread::sleep_for(lifetime);
    ::kill(child, SIGKILL);
  });
  for (bool more = alive; more; more = ::read(ends[0], &told, sizeof told) == sizeof told) head = told;
  killer.join();
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(alive);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  return head;
}

// Follows the chains from the records that an earlier round has checked on.
class Chains {
 public:
  void check(Store& store) {
    auto snapshot = store.snapshot();
    const std::uint64_t head = snapshot->head().value;
    std::uint64_t bad = 0;
    require_ok(snapshot->records(Position(checked_ + 1), [&](const LogRecord& one) {
      const std::uint64_t position = one.position.value;
      std::string& last = previous_[position % org_count];
      if (position != checked_ + 1 || one.bytes != bytes_of(position, last)) bad = position;
      last = one.bytes;
      checked_ = position;
      return bad == 0;
    }));
    REQUIRE(bad == 0);
    REQUIRE(checked_ == head);
    for (std::uint64_t back = 0; back < org_count && back < head; ++back) {
      const OrgId org(org_at(head - back));
      REQUIRE(value_of(snapshot->version_of(org)) == Version(version_at(head - back)));
      REQUIRE(value_of(snapshot->position_of(org, Version(version_at(head - back)))) == Position(head - back));
    }
    std::string value;
    REQUIRE(value_of(snapshot->get("head", value)));
    REQUIRE(value == std::to_string(head));
    std::string all;
    for (std::uint64_t n = added_every; n <= head; n += added_every) all += std::to_string(n) + ' ';
    if (all.empty()) return;
    REQUIRE(value_of(snapshot->get("added to", value)));
    REQUIRE(value == all);
  }

 private:
  std::uint64_t checked_ = 0;
  std::vector<std::string> previous_ = std::vector<std::string>(org_count);
};

}  // namespace

TEST_CASE("kill -9 under load, twenty times, loses nothing acknowledged and leaves the chains whole") {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TENURE_SEED=" << seed << "\n";
  INFO("TENURE_SEED=" << seed);
  REQUIRE_FALSE(is_child);
  std::mt19937_64 random(seed);
  TempFolder folder;
  Chains chains;
  std::chrono::milliseconds slowest{0};
  std::uint64_t head = 0;
  for (int round = 0; round < kills; ++round) {
    const std::uint64_t acknowledged = run_and_kill(folder.path("store"), std::chrono::milliseconds(random() % 250));
    const auto before = std::chrono::steady_clock::now();
    auto store = value_of(RocksStore::open(folder.path("store")));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
    slowest = std::max(slowest, took);
    INFO("round " << round << ", acknowledged " << acknowledged);
    REQUIRE(acknowledged > head);
    REQUIRE(store->head().value >= acknowledged);
    head = store->head().value;
    chains.check(*store);
  }
  std::cout << kills << " kills, " << head << " records, slowest reopening " << slowest.count() << " ms\n";
  CHECK(slowest < reopen_limit);
}
