// Commits on a thread of their own: each is told how it went, in order, and none is lost when it stops.
#include "storage/commit_thread.h"

#include <future>

#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::storage;

Commit one(Position first) {
  Commit commit;
  commit.first = first;
  NewRecord& record = commit.records.emplace_back();
  record.org = OrgId("acme");
  record.version = Version(first.value);
  record.bytes = "record " + std::to_string(first.value);
  return commit;
}

}  // namespace

TEST_CASE("what a commit thread was given is in the store when it says so") {
  MemoryStore store;
  CommitThread thread(store);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    std::promise<std::uint64_t> head;
    thread.begin(one(Position(i)), [&](const Outcome<void>& done) { head.set_value(done ? store.head().value : 0); });
    CHECK(thread.begun());
    REQUIRE(thread.end().has_value());
    CHECK_FALSE(thread.begun());
    CHECK(head.get_future().get() == i);
  }
}

TEST_CASE("a commit that fails is told to both sides, and the next one is made") {
  MemoryStore store;
  CommitThread thread(store);
  std::promise<FailureCode> told;
  thread.begin(one(Position(7)), [&](const Outcome<void>& done) { told.set_value(done.error().code); });
  const auto done = thread.end();
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == FailureCode::conflict);
  CHECK(told.get_future().get() == FailureCode::conflict);
  thread.begin(one(Position(1)), [](const Outcome<void>&) {});
  CHECK(thread.end().has_value());
  CHECK(store.head() == Position(1));
}

TEST_CASE("a commit thread that stops finishes what it was given, and answers it") {
  MemoryStore store;
  bool answered = false;
  {
    CommitThread thread(store);
    thread.begin(one(Position(1)), [&](const Outcome<void>& done) { answered = done.has_value(); });
    thread.stop();
    CHECK(answered);
  }
  CHECK(store.head() == Position(1));
}
