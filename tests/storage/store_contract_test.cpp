// The contract of storage/store.h, on every store that keeps it.
#include "tests/storage/store_contract.h"

#include <limits>
#include <map>
#include <thread>

#include "events/digest.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

#define EVERY_STORE(name) StoreUnderTest name(GENERATE(StoreKind::memory, StoreKind::rocks))

TEST_CASE("a new store is empty and has an id of its own") {
  EVERY_STORE(store);
  CHECK(store->head() == Position(0));
  CHECK(store->id().size() == 32);
  const StoreUnderTest other(StoreKind::rocks);
  auto snapshot = store->snapshot();
  CHECK(snapshot->head() == Position(0));
  require_fails(snapshot->record(Position(1)), FailureCode::not_found);
  require_fails(snapshot->record(Position(0)), FailureCode::not_found);
  CHECK(value_of(snapshot->version_of(OrgId("acme"))) == Version(0));
  CHECK(value_of(snapshot->version_at(OrgId("acme"), Position(9))) == Version(0));
  CHECK(rows(*snapshot, "", "\xff").empty());
}

TEST_CASE("records get the positions and versions that were stated, and read back byte for byte") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_at(1, {record("acme", 1, "a1"), record("beta", 1, "b1"), record("acme", 2, "a2")})));
  require_ok(store->commit(commit_at(4, {record("acme", 3, std::string(65'535, 'x'))})));
  CHECK(store->head() == Position(4));
  auto snapshot = store->snapshot();
  const LogRecord third = value_of(snapshot->record(Position(3)));
  CHECK(third.position == Position(3));
  CHECK(third.bytes == "a2");
  CHECK(third.leaf == leaf_hash("a2"));
  CHECK(value_of(snapshot->record(Position(4))).bytes == std::string(65'535, 'x'));
  CHECK(value_of(snapshot->version_of(OrgId("acme"))) == Version(3));
  CHECK(value_of(snapshot->version_of(OrgId("beta"))) == Version(1));
  CHECK(value_of(snapshot->position_of(OrgId("acme"), Version(2))) == Position(3));
  require_fails(snapshot->position_of(OrgId("acme"), Version(4)), FailureCode::not_found);
  require_fails(snapshot->position_of(OrgId("acme"), Version(0)), FailureCode::not_found);
  require_fails(snapshot->position_of(OrgId("acm"), Version(1)), FailureCode::not_found);
  require_fails(snapshot->record(Position(5)), FailureCode::not_found);
}

TEST_CASE("a version at a position is the newest at or below it") {
  EVERY_STORE(store);
  for (std::uint64_t n = 1; n <= 40; ++n) {
    require_ok(store->commit(commit_at(n, {n % 4 == 0 ? record("acme", n / 4, "a") : record("beta", n - n / 4, "b")})));
  }
  auto snapshot = store->snapshot();
  for (std::uint64_t at = 0; at <= 50; ++at) {
    INFO(at);
    CHECK(value_of(snapshot->version_at(OrgId("acme"), Position(at))) == Version(std::min<std::uint64_t>(at, 40) / 4));
  }
  CHECK(value_of(snapshot->version_at(OrgId("nobody"), Position(40))) == Version(0));
}

TEST_CASE("organizations whose names begin alike do not mix") {
  EVERY_STORE(store);
  require_ok(store->commit(
      commit_at(1, {record("a", 1, "1"), record("ab", 1, "2"), record("a\x01", 1, "3"), record("ab", 2, "4")})));
  auto snapshot = store->snapshot();
  CHECK(value_of(snapshot->version_of(OrgId("a"))) == Version(1));
  CHECK(value_of(snapshot->version_of(OrgId("ab"))) == Version(2));
  CHECK(value_of(snapshot->version_of(OrgId("a\x01"))) == Version(1));
  CHECK(value_of(snapshot->position_of(OrgId("a"), Version(1))) == Position(1));
}

TEST_CASE("a commit at another position than the next is a conflict and leaves nothing") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_at(1, {record("acme", 1, "a1")})));
  for (std::uint64_t first : {0, 1, 3}) {
    auto done = store->commit(commit_at(first, {record("acme", 2, "a2")}, {put("k", "v")}, {blob("b")}));
    require_fails(done, FailureCode::conflict);
    CHECK(done.error().because.find("2") != std::string::npos);
  }
  auto snapshot = store->snapshot();
  CHECK(store->head() == Position(1));
  CHECK(rows(*snapshot, "", "\xff").empty());
  require_fails(snapshot->blob(sha256("b")), FailureCode::not_found);
}

TEST_CASE("a version that is not the next is a conflict and leaves nothing of its commit") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_at(1, {record("acme", 1, "a1")})));
  for (std::uint64_t version : {0, 1, 3}) {
    require_fails(store->commit(commit_at(2, {record("beta", 1, "b1"), record("acme", version, "a2")})),
                  FailureCode::conflict);
  }
  require_fails(store->commit(commit_at(2, {record("acme", 2, "a2"), record("acme", 2, "again")})),
                FailureCode::conflict);
  CHECK(store->head() == Position(1));
  CHECK(value_of(store->snapshot()->version_of(OrgId("beta"))) == Version(0));
  require_ok(store->commit(commit_at(2, {record("beta", 1, "b1"), record("acme", 2, "a2")})));
  CHECK(store->head() == Position(3));
}

TEST_CASE("a snapshot shows its instant and nothing later") {
  EVERY_STORE(store);
  require_ok(
      store->commit(commit_at(1, {record("acme", 1, "a1")}, {put("k", "old"), put("gone", "x")}, {blob("first")})));
  auto before = store->snapshot();
  require_ok(store->commit(
      commit_at(2, {record("acme", 2, "a2")}, {put("k", "new"), drop("gone"), put("l", "y")}, {blob("second")})));
  auto after = store->snapshot();
  CHECK(before->head() == Position(1));
  require_fails(before->record(Position(2)), FailureCode::not_found);
  CHECK(value_of(before->version_of(OrgId("acme"))) == Version(1));
  require_fails(before->position_of(OrgId("acme"), Version(2)), FailureCode::not_found);
  CHECK(value_of(before->version_at(OrgId("acme"), Position(2))) == Version(1));
  CHECK(rows(*before, "", "\xff") == std::vector<std::string>{"gone=x", "k=old"});
  require_fails(before->blob(sha256("second")), FailureCode::not_found);
  CHECK(rows(*after, "", "\xff") == std::vector<std::string>{"k=new", "l=y"});
  CHECK(value_of(after->blob(sha256("second"))) == "second");
  require_ok(store->clear_views({}));
  CHECK(rows(*before, "", "\xff") == std::vector<std::string>{"gone=x", "k=old"});
  CHECK(rows(*after, "", "\xff") == std::vector<std::string>{"k=new", "l=y"});
}

TEST_CASE("a clearing of the views leaves the rows that it is told to keep, as they are told") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_views({put("a", "1"), put("kept", "old"), put("z", "9")})));
  require_ok(store->clear_views({put("kept", "new"), put("made", "")}));
  CHECK(rows(*store->snapshot(), "", "\xff") == std::vector<std::string>{"kept=new", "made="});
  require_ok(store->clear_views({}));
  CHECK(rows(*store->snapshot(), "", "\xff").empty());
}

TEST_CASE("a view that is absent, one that is empty and one that was deleted are told apart") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_views({put("empty", ""), put("deleted", "x"), put("", "the empty key")})));
  require_ok(store->commit(commit_views({drop("deleted"), drop("never there")})));
  auto snapshot = store->snapshot();
  std::string value = "untouched";
  CHECK_FALSE(value_of(snapshot->get("absent", value)));
  CHECK_FALSE(value_of(snapshot->get("deleted", value)));
  CHECK(value_of(snapshot->get("empty", value)));
  CHECK(value.empty());
  CHECK(value_of(snapshot->get("", value)));
  CHECK(value == "the empty key");
  CHECK(store->head() == Position(0));
}

TEST_CASE("the later of two writes of one key in a commit wins") {
  EVERY_STORE(store);
  require_ok(
      store->commit(commit_views({put("a", "1"), put("a", "2"), put("b", "1"), drop("b"), drop("c"), put("c", "3")})));
  CHECK(rows(*store->snapshot(), "", "\xff") == std::vector<std::string>{"a=2", "c=3"});
}

TEST_CASE("what is appended to a row goes behind what it has, once") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_views({put("a", "1"), append("new", "x")})));
  require_ok(
      store->commit(commit_views({append("a", "2"), append("a", "3"), append("new", "y"), append("empty", "")})));
  require_ok(store->commit(commit_views({append("a", "4")})));
  CHECK(rows(*store->snapshot(), "", "\xff") == std::vector<std::string>{"a=1234", "empty=", "new=xy"});
  std::string key, value;
  CHECK(value_of(store->snapshot()->get("a", value)));
  CHECK(value == "1234");
  CHECK(value_of(store->snapshot()->last_at_most("a", "b", key, value)));
  CHECK(value == "1234");
  // A put takes the place of all that was added, a row that was erased begins anew.
  require_ok(store->commit(commit_views({put("a", "9"), append("a", "8"), drop("new"), append("new", "z")})));
  CHECK(rows(*store->snapshot(), "", "\xff") == std::vector<std::string>{"a=98", "empty=", "new=z"});
}

TEST_CASE("what was appended is not seen by a snapshot from before it") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_views({put("a", "1")})));
  const auto before = store->snapshot();
  require_ok(store->commit(commit_views({append("a", "2"), append("b", "3")})));
  CHECK(rows(*before, "", "\xff") == std::vector<std::string>{"a=1"});
}

TEST_CASE("the last key at most is found within its bounds and past deleted keys") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_views({put("a", "1"), put("c", "3"), put("e", "5"), put("g", "7")})));
  require_ok(store->commit(commit_views({drop("e")})));
  auto snapshot = store->snapshot();
  std::string key, value;
  CHECK(value_of(snapshot->last_at_most("a", "f", key, value)));
  CHECK(key + value == "c3");
  CHECK(value_of(snapshot->last_at_most("a", "c", key, value)));
  CHECK(key + value == "c3");
  CHECK(value_of(snapshot->last_at_most("a", "zzz", key, value)));
  CHECK(key + value == "g7");
  CHECK(value_of(snapshot->last_at_most("c", "c", key, value)));
  CHECK_FALSE(value_of(snapshot->last_at_most("d", "f", key, value)));
  CHECK_FALSE(value_of(snapshot->last_at_most("", "A", key, value)));
  CHECK_FALSE(value_of(snapshot->last_at_most("g", "a", key, value)));
}

TEST_CASE("a scan gives each key of its half-open range once, in byte order, until told to stop") {
  EVERY_STORE(store);
  std::vector<ViewWrite> writes;
  std::vector<std::string> expected;
  for (int i = 0; i < 256; ++i) {
    const std::string key{'k', static_cast<char>(i)};
    writes.push_back(put(key, std::to_string(i)));
    if (i >= 10 && i < 200) expected.push_back(key + "=" + std::to_string(i));
  }
  require_ok(store->commit(commit_views(std::move(writes))));
  auto snapshot = store->snapshot();
  CHECK(rows(*snapshot, "k\x0a", "k\xc8") == expected);
  CHECK(rows(*snapshot, "k\x0a", "k\x0a").empty());
  CHECK(rows(*snapshot, "z", "k").empty());
  int seen = 0;
  require_ok(snapshot->scan("k", "l", [&](std::string_view, std::string_view) { return ++seen < 70; }));
  CHECK(seen == 70);
}

TEST_CASE("records are walked from any position until told to stop") {
  EVERY_STORE(store);
  for (std::uint64_t n = 1; n <= 100; ++n)
    require_ok(store->commit(commit_at(n, {record("acme", n, std::to_string(n))})));
  auto snapshot = store->snapshot();
  const auto walk = [&](std::uint64_t from, std::size_t most) {
    std::vector<std::uint64_t> positions;
    require_ok(snapshot->records(Position(from), [&](const LogRecord& one) {
      CHECK(one.bytes == std::to_string(one.position.value));
      positions.push_back(one.position.value);
      return positions.size() < most;
    }));
    return positions;
  };
  CHECK(walk(0, 1000).size() == 100);
  CHECK(walk(98, 1000) == std::vector<std::uint64_t>{98, 99, 100});
  CHECK(walk(1, 2) == std::vector<std::uint64_t>{1, 2});
  CHECK(walk(101, 1000).empty());
}

TEST_CASE("one organization's records are walked from any version, wherever they stand, until told to stop") {
  EVERY_STORE(store);
  // Some stand one behind the other and some far apart.
  std::vector<std::string> acme;
  std::uint64_t others = 0;
  for (std::uint64_t n = 1; n <= 60; ++n) {
    const bool ours = n % 7 < 3;
    const std::string bytes = "record " + std::to_string(n);
    require_ok(store->commit(
        commit_at(n, {ours ? record("acme", acme.size() + 1, bytes) : record("acme2", ++others, bytes)})));
    if (ours) acme.push_back(std::to_string(n) + " " + bytes);
  }
  auto snapshot = store->snapshot();
  require_ok(store->commit(commit_at(61, {record("acme", acme.size() + 1, "later")})));
  const auto walked = [&](const char* org, std::uint64_t from, std::size_t most) {
    std::vector<std::string> found;
    require_ok(snapshot->records_of(OrgId(org), Version(from), [&](Version version, const LogRecord& one) {
      CHECK(version.value == std::max<std::uint64_t>(from, 1) + found.size());
      CHECK(one.leaf == leaf_hash(one.bytes));
      found.push_back(std::to_string(one.position.value) + " " + one.bytes);
      return found.size() < most;
    }));
    return found;
  };
  CHECK(walked("acme", 0, 1'000) == acme);
  for (std::uint64_t from = 1; from <= acme.size(); ++from) {
    INFO(from);
    const auto begin = acme.begin() + static_cast<std::ptrdiff_t>(from - 1);
    CHECK(walked("acme", from, 1'000) == std::vector<std::string>(begin, acme.end()));
    CHECK(walked("acme", from, 1) == std::vector<std::string>(begin, begin + 1));
  }
  CHECK(walked("acme", acme.size() + 1, 1'000).empty());
  CHECK(walked("acm", 1, 1'000).empty());
}

TEST_CASE("views in bulk are seen as soon as they are committed, by nobody who looked before, and for good") {
  EVERY_STORE(store);
  const auto key = [](int n) { return "row " + std::to_string(100'000 + n); };
  // Enough that a store which can makes a file of them.
  constexpr int many = 3'000;
  std::map<std::string, std::string> expected{{"a kept", "1"}, {key(7), "old"}, {key(9), "old"}};
  require_ok(store->commit(
      commit_at(1, {record("acme", 1, "a")}, {put("a kept", "1"), put(key(7), "old"), put(key(9), "old")})));
  for (int round = 0; round < 3; ++round) {
    INFO("round " << round);
    ViewWrites bulk;
    for (int n = 0; n < many; n += round + 1) {
      if (n % 9 == 0) {
        bulk.add(drop(key(n)));
        expected.erase(key(n));
      } else if (n % 9 == 1) {
        bulk.add(append(key(n), std::to_string(round)));
        expected[key(n)] += std::to_string(round);
      } else {
        bulk.add(put(key(n), std::to_string(round)));
        expected[key(n)] = std::to_string(round);
      }
    }
    const auto before = store->snapshot();
    const auto seen_before = rows(*before, "", "\xff");
    require_ok(store->commit(commit_in_bulk(std::move(bulk))));
    CHECK(rows(*before, "", "\xff") == seen_before);
    std::vector<std::string> all;
    for (const auto& [name, value] : expected) all.push_back(name + "=" + value);
    CHECK(rows(*store->snapshot(), "", "\xff") == all);
  }
  // What comes one by one lies above it, and the log goes on.
  require_ok(store->commit(commit_at(2, {record("acme", 2, "b")}, {put(key(1), "newest"), drop(key(2))})));
  expected[key(1)] = "newest";
  expected.erase(key(2));
  std::vector<std::string> all;
  for (const auto& [name, value] : expected) all.push_back(name + "=" + value);
  CHECK(rows(*store->snapshot(), "", "\xff") == all);
  CHECK(store->head() == Position(2));
}

TEST_CASE("blobs are kept under their hash") {
  EVERY_STORE(store);
  const std::string large(300'000, 'b');
  require_ok(store->commit(commit_at(1, {record("acme", 1, "a1")}, {}, {blob(large), blob("small")})));
  auto snapshot = store->snapshot();
  CHECK(value_of(snapshot->blob(sha256(large))) == large);
  CHECK(value_of(snapshot->blob(sha256("small"))) == "small");
  require_fails(snapshot->blob(sha256("other")), FailureCode::not_found);
}

TEST_CASE("a record or blob whose bytes are not its hash's is corruption, named, and never served") {
  EVERY_STORE(store);
  NewRecord wrong = record("acme", 1, "a1");
  wrong.bytes = "a2";
  require_ok(store->commit(commit_at(1, {wrong, record("acme", 2, "right")}, {}, {{sha256("x"), "y"}})));
  auto snapshot = store->snapshot();
  require_fails(snapshot->record(Position(1)), FailureCode::corruption);
  CHECK(snapshot->record(Position(1)).error().because.find("position 1") != std::string::npos);
  CHECK(value_of(snapshot->record(Position(2))).bytes == "right");
  int rows_seen = 0;
  require_fails(snapshot->records(Position(1), [&](const LogRecord&) { return ++rows_seen; }), FailureCode::corruption);
  CHECK(rows_seen == 0);
  require_fails(snapshot->blob(sha256("x")), FailureCode::corruption);
}

TEST_CASE("clearing deletes every view and nothing else") {
  EVERY_STORE(store);
  require_ok(
      store->commit(commit_at(1, {record("acme", 1, "a1")}, {put("a", "1"), put("\xff\xff\xff", "2")}, {blob("b")})));
  require_ok(store->clear_views({}));
  require_ok(store->clear_views({}));
  auto snapshot = store->snapshot();
  CHECK(rows(*snapshot, "", "\xff\xff\xff\xff").empty());
  CHECK(value_of(snapshot->record(Position(1))).bytes == "a1");
  CHECK(value_of(snapshot->blob(sha256("b"))) == "b");
  require_ok(store->commit(commit_at(2, {record("acme", 2, "a2")}, {put("a", "3")})));
  CHECK(rows(*store->snapshot(), "", "\xff") == std::vector<std::string>{"a=3"});
  require_ok(store->check_views());
}

TEST_CASE("a closed store and the snapshots that it gave answer closed, and closing again is fine") {
  EVERY_STORE(store);
  require_ok(store->commit(commit_at(1, {record("acme", 1, "a1")}, {put("k", "v")})));
  auto snapshot = store->snapshot();
  std::string key, value;
  CHECK(value_of(snapshot->last_at_most("", "z", key, value)));
  require_ok(store->close());
  require_ok(store->close());
  require_fails(store->commit(commit_at(2, {record("acme", 2, "a2")})), FailureCode::closed);
  require_fails(store->clear_views({}), FailureCode::closed);
  require_fails(store->check_views(), FailureCode::closed);
  auto later = store->snapshot();
  for (Snapshot* one : {snapshot.get(), later.get()}) {
    require_fails(one->record(Position(1)), FailureCode::closed);
    require_fails(one->records(Position(1), [](const LogRecord&) { return true; }), FailureCode::closed);
    require_fails(one->get("k", value), FailureCode::closed);
    require_fails(one->last_at_most("", "z", key, value), FailureCode::closed);
    require_fails(one->scan("", "z", [](std::string_view, std::string_view) { return true; }), FailureCode::closed);
    require_fails(one->version_of(OrgId("acme")), FailureCode::closed);
    require_fails(one->version_at(OrgId("acme"), Position(1)), FailureCode::closed);
    require_fails(one->position_of(OrgId("acme"), Version(1)), FailureCode::closed);
    require_fails(one->blob(sha256("b")), FailureCode::closed);
  }
}

TEST_CASE("readers on other threads see whole commits only, and closing under them is safe") {
  EVERY_STORE(store);
  std::atomic<bool> torn{false}, stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      std::string first, second;
      while (!stop) {
        auto snapshot = store->snapshot();
        auto has_first = snapshot->get("first", first);
        auto has_second = snapshot->get("second", second);
        if (!has_first || !has_second) {
          if (has_first && has_second.error().code != FailureCode::closed) torn = true;
          continue;
        }
        if (*has_first != *has_second ||
            (*has_first && (first != second || first != std::to_string(snapshot->head().value))))
          torn = true;
      }
    });
  }
  for (std::uint64_t n = 1; n <= 300; ++n) {
    const std::string text = std::to_string(n);
    require_ok(store->commit(commit_at(n, {record("acme", n, text)}, {put("first", text), put("second", text)})));
  }
  require_ok(store->close());
  stop = true;
  for (auto& reader : readers) reader.join();
  CHECK_FALSE(torn);
}

TEST_CASE("reopening keeps everything, the id too") {
  StoreUnderTest store(StoreKind::rocks);
  require_ok(store->commit(
      commit_at(1, {record("acme", 1, "a1"), record("beta", 1, "b1")}, {put("a", "1"), put("b", "2")}, {blob("x")})));
  require_ok(store->commit(commit_at(3, {record("acme", 2, "a2")}, {drop("a")})));
  const std::string before = everything(*store->snapshot(), {"acme", "beta"});
  const std::string id = store->id();
  store.reopen();
  CHECK(everything(*store->snapshot(), {"acme", "beta"}) == before);
  CHECK(store->id() == id);
  CHECK(value_of(store->snapshot()->blob(sha256("x"))) == "x");
  require_fails(store->commit(commit_at(4, {record("acme", 2, "again")})), FailureCode::conflict);
  require_ok(store->commit(commit_at(4, {record("acme", 3, "a3")})));
  store.reopen();
  CHECK(store->head() == Position(4));
}

TEST_CASE("a store that is open is locked for everybody else") {
  TempFolder folder;
  auto first = value_of(RocksStore::open(folder.path("store"), small_settings()));
  require_fails(RocksStore::open(folder.path("store"), small_settings()), FailureCode::locked);
  require_ok(first->close());
  CHECK(value_of(RocksStore::open(folder.path("store"), small_settings()))->head() == Position(0));
}
