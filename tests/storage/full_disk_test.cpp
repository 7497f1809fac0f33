// A full disk refuses appends with a clear sentence, goes on reading, and takes appends again when there is room.
#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <utility>

#include "events/digest.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/open_options.h"
#include "tests/small_disk.h"
#include "tests/storage/store_contract.h"
#include "tests/storage/test_file_system.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

// 20 KB that do not compress, so that the disk does fill up; the same for the same position.
std::string bytes_at(std::uint64_t position) {
  std::mt19937_64 random(position);
  std::string bytes = std::to_string(position);
  while (bytes.size() < 20'000) {
    const std::uint64_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return bytes;
}

Outcome<void> append(Store& store, std::uint64_t count = 1) {
  const std::uint64_t head = store.head().value;
  Commit one = commit_at(head + 1, {}, {put("head", std::to_string(head + count))});
  for (std::uint64_t n = head + 1; n <= head + count; ++n) {
    one.records.push_back(record("acme", n, bytes_at(n)));
    one.views.append("added to", std::to_string(n) + ' ');
  }
  return store.commit(std::move(one));
}

void check_all(Store& store) {
  auto snapshot = store.snapshot();
  std::uint64_t seen = 0;
  require_ok(snapshot->records(Position(1), [&](const LogRecord& one) {
    ++seen;
    return one.bytes == bytes_at(one.position.value);
  }));
  REQUIRE(seen == store.head().value);
  std::string value;
  REQUIRE(value_of(snapshot->get("head", value)));
  REQUIRE(value == std::to_string(store.head().value));
  // Each once: also what was refused first and taken at another try.
  std::string all;
  for (std::uint64_t n = 1; n <= seen; ++n) all += std::to_string(n) + ' ';
  REQUIRE(value_of(snapshot->get("added to", value)));
  REQUIRE(value == all);
}

// Appends one as soon as the store takes it: upkeep that still fails has a second's pause.
void append_when_taken(Store& store) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  Outcome<void> done = append(store);
  while (!done && std::chrono::steady_clock::now() < until) done = append(store);
  require_ok(done);
}

// Keeps RocksDB's one thread of a kind busy until it is told to let pass what waits behind.
class Doorkeeper {
 public:
  Doorkeeper(rocksdb::Env& env, rocksdb::Env::Priority kind) : env_(env), kind_(kind) { schedule(wait_); }
  ~Doorkeeper() { let_pass(); }
  Doorkeeper(const Doorkeeper&) = delete;

  void open() {
    if (!std::exchange(open_, true)) door_.set_value();
  }
  // Until all that waited has been done.
  void let_pass() {
    if (std::exchange(passed_, true)) return;
    open();
    schedule(tell_);
    told_.get_future().wait();
  }

 private:
  void schedule(std::function<void()>& task) {
    env_.Schedule([](void* f) { (*static_cast<std::function<void()>*>(f))(); }, &task, kind_);
  }

  rocksdb::Env& env_;
  const rocksdb::Env::Priority kind_;
  bool open_ = false, passed_ = false;
  std::promise<void> door_, told_;
  std::function<void()> wait_ = [this] { door_.get_future().wait(); }, tell_ = [this] { told_.set_value(); };
};

}  // namespace

TEST_CASE("below the floor of free disk appends are refused before anything is written, and reading goes on") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  auto store = value_of(open_store(folder.path("store"), small_settings(), env_over(files)));
  require_ok(append(*store));
  CHECK_FALSE(store->trouble());
  files->set_reported_free(31 * mib);
  Outcome<void> refused = append(*store);
  while (refused) refused = append(*store);  // free space is asked for every few milliseconds only
  require_fails(refused, FailureCode::disk_full);
  CHECK(refused.error().because.find("31 MiB") != std::string::npos);
  CHECK(refused.error().because.find("32 MiB") != std::string::npos);
  CHECK(refused.error().because.find(folder.path("store")) != std::string::npos);
  REQUIRE(store->trouble());
  CHECK(store->trouble()->code == FailureCode::disk_full);
  check_all(*store);
  files->set_reported_free(33 * mib);
  CHECK_FALSE(store->trouble());
  require_ok(append(*store));
  check_all(*store);
}

TEST_CASE("a disk that fills up inside RocksDB is survived, wherever the last byte falls") {
  for (const std::uint64_t room : {0, 1, 100, 7'000, 25'000, 300'000, 3'000'000}) {
    for (const std::string_view what : {"a fresh store", "a used store", "a store that was opened again"}) {
      INFO("room " << room << " in " << what);
      TempFolder folder;
      const auto files = std::make_shared<TestFileSystem>();
      const auto env = env_over(files);
      RocksSettings settings = small_settings();
      settings.write_buffers_bytes = 2 * mib;
      settings.free_floor_bytes = 0;  // nothing warns: RocksDB itself hits the wall
      auto store = value_of(open_store(folder.path("store"), settings, env));
      if (what != "a fresh store") require_ok(append(*store, 30));
      if (what == "a store that was opened again") {  // nothing is in memory, and nothing in its log
        require_ok(store->close());
        store = value_of(open_store(folder.path("store"), settings, env));
      }
      files->set_room(room);
      Outcome<void> done;
      for (int i = 0; i < 1'000 && done; ++i) done = append(*store, 1 + static_cast<std::uint64_t>(i) % 3);
      require_fails(done, FailureCode::disk_full);
      files->set_room(0);  // a table written meanwhile may have freed a log
      const std::uint64_t head = store->head().value;
      for (int i = 0; i < 3; ++i) require_fails(append(*store), FailureCode::disk_full);
      if (head > 0) check_all(*store);
      files->set_room(std::nullopt);
      require_ok(append(*store, 5));
      REQUIRE(store->head().value == head + 5);
      check_all(*store);
      require_ok(append(*store, 5));
      require_ok(store->close());
      store = value_of(open_store(folder.path("store"), settings, env));
      REQUIRE(store->head().value == head + 10);
      check_all(*store);
    }
  }
}

TEST_CASE("a sync that failed refuses its append and no later one, and loses nothing that was acknowledged") {
  for (const bool in_memory : {true, false}) {
    INFO((in_memory ? "with rows in memory" : "right after a start"));
    TempFolder folder;
    const auto files = std::make_shared<TestFileSystem>();
    const auto env = env_over(files);
    auto store = value_of(open_store(folder.path("store"), small_settings(), env));
    require_ok(append(*store, 30));
    if (!in_memory) {
      require_ok(store->close());
      store = value_of(open_store(folder.path("store"), small_settings(), env));
    }
    for (int round = 0; round < 3; ++round) {
      files->failing_log_syncs = 1;
      require_fails(append(*store), FailureCode::io);
      append_when_taken(*store);
      check_all(*store);
      const std::string copy = folder.path("after " + std::to_string(round));
      files->cut_power(folder.path("store"), copy);
      const auto after = value_of(RocksStore::open(copy, small_settings()));
      REQUIRE(after->head() == store->head());
      check_all(*after);
    }
    CHECK_FALSE(store->trouble());
  }
}

TEST_CASE("a key vault that finds no room right after a start refuses keys and takes them when there is room") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  const auto env = env_over(files);
  const OrgId org("acme");
  const auto subject = [](std::uint8_t n) {
    NewSubject one;
    one.org = OrgId("acme");
    one.lookup = sha256(std::string(1, static_cast<char>(n)));
    one.subject.bytes[0] = n;
    one.wrapped_key = std::string(60, static_cast<char>(n));
    return one;
  };
  auto vault = value_of(open_vault(folder.path("keys"), env));
  require_ok(vault->put({subject(1)}));
  for (std::uint8_t round = 2; round < 5; ++round) {
    require_ok(vault->close());
    vault = value_of(open_vault(folder.path("keys"), env));
    files->set_room(round);
    for (int i = 0; i < 3; ++i) require_fails(vault->put({subject(round)}), FailureCode::disk_full);
    REQUIRE(value_of(vault->wrapped_key(org, subject(1).subject)));
    files->set_room(std::nullopt);
    require_ok(vault->put({subject(round)}));
    for (std::uint8_t n = 1; n <= round; ++n) {
      REQUIRE(value_of(vault->find(org, subject(n).lookup)) == std::optional(subject(n).subject));
    }
  }
}

TEST_CASE("views in bulk that find no room are refused whole, and taken when there is room") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  auto store = value_of(open_store(folder.path("store"), small_settings(), env_over(files)));
  const auto bulk = [](const std::string& value) {
    ViewWrites rows;
    std::mt19937_64 random(value.size());
    for (int n = 0; n < 2'000; ++n) {
      rows.put("row " + std::to_string(100'000 + n), value + std::to_string(random()));
    }
    return commit_in_bulk(std::move(rows));
  };
  require_ok(store->commit(bulk("first ")));
  files->set_reported_free(64 * mib);
  for (const std::uint64_t room : {std::uint64_t{0}, std::uint64_t{1'000}, std::uint64_t{30'000}}) {
    files->set_room(room);
    CHECK(store->commit(bulk("refused ")).has_error());
    const auto found = rows(*store->snapshot(), "", "\xff");
    REQUIRE(found.size() == 2'000);
    CHECK(found.front().find("=first ") != std::string::npos);
  }
  files->set_room({});
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  Outcome<void> done = store->commit(bulk("second "));
  while (!done && std::chrono::steady_clock::now() < until) done = store->commit(bulk("second "));
  require_ok(done);
  CHECK(rows(*store->snapshot(), "", "\xff").front().find("=second ") != std::string::npos);
}

TEST_CASE("a flush that waited while the disk filled up does not make the store wait for ever") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  const auto env = env_over(files);
  RocksSettings settings = small_settings();
  settings.write_buffers_bytes = 2 * mib;
  settings.free_floor_bytes = 0;
  auto store = value_of(open_store(folder.path("store"), settings, env));
  require_ok(append(*store, 30));
  // The one thread that flushes is kept busy: the flush that the next appends ask for waits behind this.
  Doorkeeper flushes(*env, rocksdb::Env::Priority::HIGH);
  require_ok(append(*store, 150));
  const std::uint64_t head = store->head().value;
  const auto reader = store->snapshot();
  files->set_room(0);
  require_fails(append(*store), FailureCode::disk_full);
  flushes.let_pass();  // the flush is taken up, after the error, and thrown away
  check_all(*store);
  files->set_room(std::nullopt);
  require_ok(append(*store, 5));
  REQUIRE(store->head().value == head + 5);
  check_all(*store);
  // Whoever was reading is told so, or answered, and never shown anything else.
  const auto read = reader->record(Position(head));
  if (read) CHECK(read->bytes == bytes_at(head));
  if (!read) CHECK(read.error().code == FailureCode::closed);
  require_ok(append(*store, 100));
  require_ok(store->close());
  store = value_of(open_store(folder.path("store"), settings, env));
  REQUIRE(store->head().value == head + 105);
  check_all(*store);
}

TEST_CASE("a store on a real full disk refuses, reads on and recovers") {
  tenure::testing::SmallDisk disk(128);
  if (!disk) {
    SUCCEED("mounting is not allowed here; the case above plays the full disk");
    return;
  }
  RocksSettings settings = small_settings();
  settings.free_floor_bytes = GENERATE(std::uint64_t{0}, 32 * mib);
  auto store = value_of(RocksStore::open(disk.path("store"), settings));
  std::ofstream ballast(disk.path("ballast"), std::ios::binary);
  // Enough that the store alone never takes the room that the floor asks for.
  ballast << std::string(48 * mib, 'b') << std::flush;
  Outcome<void> done;
  while (done) done = append(*store, 20);
  require_fails(done, FailureCode::disk_full);
  // The failed write may be cured by a table that frees a log: take that room too, until nothing is left to free.
  done = {};
  for (int i = 0; i < 1'000 && done; ++i) {
    while (ballast << std::string(mib / 4, 'b') << std::flush) continue;
    ballast.clear();
    done = append(*store, 20);
  }
  require_fails(done, FailureCode::disk_full);
  const std::uint64_t head = store->head().value;
  ballast.close();
  check_all(*store);
  std::filesystem::remove(disk.path("ballast"));
  append_when_taken(*store);
  check_all(*store);
  require_ok(store->close());
  store = value_of(RocksStore::open(disk.path("store"), settings));
  REQUIRE(store->head().value == head + 1);
  check_all(*store);
  require_ok(store->close());
}
