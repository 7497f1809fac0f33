// Acknowledged means durable: the power is cut, everything that was not synced is gone, and nothing acknowledged is.
#include <rocksdb/db.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <random>

#include "storage/rocks/open_options.h"
#include "tests/storage/store_contract.h"
#include "tests/storage/test_file_system.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

// What one power cut must leave: all that was acknowledged, and the commit under way whole or not at all.
struct Cut {
  std::string folder;
  std::uint64_t acknowledged;
  std::uint64_t under_way;  // the head if the commit under way survived; equal to `acknowledged` if there was none
};

std::string bytes_at(std::uint64_t position) {
  return "record " + std::to_string(position) + " " + std::string(position * 37 % 900, 'r');
}

std::string added_at(std::uint64_t position) { return std::to_string(position) + ' '; }

void check(const Cut& cut) {
  INFO(cut.folder << " acknowledged " << cut.acknowledged << " under way " << cut.under_way);
  auto store = value_of(RocksStore::open(cut.folder, small_settings()));
  const std::uint64_t head = store->head().value;
  REQUIRE((head == cut.acknowledged || head == cut.under_way));
  auto snapshot = store->snapshot();
  require_ok(snapshot->records(Position(1), [&](const LogRecord& one) {
    REQUIRE(one.bytes == bytes_at(one.position.value));
    return true;
  }));
  REQUIRE(value_of(snapshot->version_of(OrgId("acme"))) == Version(head));
  std::string value;
  REQUIRE(value_of(snapshot->get("head", value)) == (head > 0));
  if (head > 0) REQUIRE(value == std::to_string(head));
  std::string all;
  for (std::uint64_t position = 1; position <= head; ++position) all += added_at(position);
  REQUIRE(value_of(snapshot->get("added to", value)) == (head > 0));
  if (head > 0) REQUIRE(value == all);
}

Commit next_commit(std::uint64_t head, std::uint64_t count) {
  Commit one = commit_at(head + 1, {}, {put("head", std::to_string(head + count))});
  for (std::uint64_t n = 1; n <= count; ++n) {
    one.records.push_back(record("acme", head + n, bytes_at(head + n)));
    one.views.add(append("added to", added_at(head + n)));
  }
  return one;
}

}  // namespace

TEST_CASE("a power cut at any moment loses no acknowledged commit and leaves none by half") {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TENURE_SEED=" << seed << "\n";
  INFO("TENURE_SEED=" << seed);
  std::mt19937_64 random(seed);
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  RocksSettings settings = small_settings();
  settings.write_buffers_bytes = std::size_t{2} << 20;  // so that tables are written all the time
  auto store = value_of(open_store(folder.path("store"), settings, env_over(files)));
  std::vector<Cut> cuts;
  std::uint64_t head = 0, under_way = 0;
  const auto cut = [&](const std::function<std::uint64_t(std::uint64_t)>& keep) {
    cuts.push_back({folder.path("cut" + std::to_string(cuts.size())), head, under_way});
    files->cut_power(folder.path("store"), cuts.back().folder, keep);
  };
  files->before_log_sync = [&] {
    if (random() % 8 == 0) cut([&](std::uint64_t unsynced) { return random() % (unsynced + 1); });
  };
  for (int i = 0; i < 160; ++i) {
    const std::uint64_t count = random() % 10 == 0 ? 1 + random() % 400 : 1 + random() % 8;
    under_way = head + count;
    require_ok(store->commit(next_commit(head, count)));
    head = under_way;
    if (random() % 8 == 0) cut({});
  }
  files->before_log_sync = {};
  store.reset();
  REQUIRE(cuts.size() > 10);
  for (const Cut& one : cuts) check(one);
}

TEST_CASE("what was written without a sync is lost in a power cut, so the test above can fail") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  const auto env = env_over(files);
  rocksdb::Options options;
  options.env = env.get();
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  REQUIRE(rocksdb::DB::Open(options, folder.path("db"), &raw).ok());
  std::unique_ptr<rocksdb::DB> db(raw);
  REQUIRE(db->Put(synced_write(), "synced", "x").ok());
  rocksdb::WriteOptions careless = synced_write();
  careless.sync = false;
  REQUIRE(db->Put(careless, "unsynced", "x").ok());
  files->cut_power(folder.path("db"), folder.path("cut"));
  db.reset();

  options.env = rocksdb::Env::Default();
  REQUIRE(rocksdb::DB::Open(options, folder.path("cut"), &raw).ok());
  db.reset(raw);
  std::string value;
  CHECK(db->Get({}, "synced", &value).ok());
  CHECK(db->Get({}, "unsynced", &value).IsNotFound());
}

TEST_CASE("a power cut at any sync leaves of views in bulk all that was acknowledged, and of the next all or nothing") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  auto store = value_of(open_store(folder.path("store"), small_settings(), env_over(files)));
  require_ok(store->commit(next_commit(0, 1)));
  struct BulkCut {
    std::string folder;
    int acknowledged, under_way;
  };
  std::vector<BulkCut> cuts;
  int acknowledged = 0, under_way = 0;
  std::mutex guard;  // the store's own threads sync too
  const auto cut = [&] {
    const std::lock_guard lock(guard);
    cuts.push_back({folder.path("cut" + std::to_string(cuts.size())), acknowledged, under_way});
    files->cut_power(folder.path("store"), cuts.back().folder, {});
  };
  files->before_file_sync = cut;
  constexpr int rows_a_commit = 1'200;
  for (int i = 1; i <= 12; ++i) {
    const std::string number = std::to_string(i);
    ViewWrites rows;
    rows.put("first", number);
    for (int n = 0; n < rows_a_commit; ++n) {
      rows.put("row " + std::to_string(100'000 + n), number + std::string(60, '.'));
    }
    rows.put("run", number);
    {
      const std::lock_guard lock(guard);
      under_way = i;
    }
    require_ok(store->commit(commit_in_bulk(std::move(rows))));
    {
      const std::lock_guard lock(guard);
      acknowledged = i;
    }
    cut();
  }
  store.reset();
  files->before_file_sync = {};
  CHECK(cuts.size() > 24);  // more than one within each commit
  std::size_t early = 0;
  for (const BulkCut& one : cuts) {
    INFO(one.folder << " acknowledged " << one.acknowledged << " under way " << one.under_way);
    auto again = value_of(RocksStore::open(one.folder, small_settings()));
    REQUIRE(again->head() == Position(1));
    const auto snapshot = again->snapshot();
    std::string first, last;
    const bool any = value_of(snapshot->get("first", first));
    REQUIRE(value_of(snapshot->get("run", last)) == any);
    REQUIRE(first == last);
    const int there = any ? std::stoi(first) : 0;
    REQUIRE((there == one.acknowledged || there == one.under_way));
    early += there == one.acknowledged && one.acknowledged != one.under_way;
    const auto found = rows(*snapshot, "row ", "row!");
    REQUIRE(found.size() == (any ? rows_a_commit : 0));
    for (const std::string& row : found) REQUIRE(row.find("=" + first + ".") != std::string::npos);
    require_ok(again->check_views());
  }
  CHECK(early > 0);
}

TEST_CASE("the file of views in bulk that a crash left behind is gone with the next start") {
  TempFolder folder;
  const auto commit_bulk = [](Store& store, const std::string& value) {
    ViewWrites rows;
    for (int n = 0; n < 1'500; ++n) rows.put("row " + std::to_string(100'000 + n), value);
    return store.commit(commit_in_bulk(std::move(rows)));
  };
  auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  require_ok(commit_bulk(*store, "1"));
  store.reset();
  // As if it had come down between the two names of one file: the table that is part of the views has the other.
  std::string table;
  for (const auto& file : std::filesystem::directory_iterator(folder.path("store"))) {
    if (file.path().extension() == ".sst") table = file.path().string();
  }
  REQUIRE_FALSE(table.empty());
  const std::string left = folder.path("store") + "/views.bulk";
  std::filesystem::create_hard_link(table, left);
  store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  CHECK_FALSE(std::filesystem::exists(left));
  std::filesystem::create_hard_link(table, left);  // nor is it written over
  require_ok(commit_bulk(*store, "2"));
  CHECK_FALSE(std::filesystem::exists(left));
  require_ok(store->check_views());
  CHECK(rows(*store->snapshot(), "", "\xff").front() == "row 100000=2");
  store.reset();
  store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  CHECK(rows(*store->snapshot(), "", "\xff").size() == 1'500);
}

TEST_CASE("a new store is whole after a power cut at any sync of its making") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  int cuts = 0;
  files->before_log_sync = [&] { files->cut_power(folder.path("store"), folder.path("cut" + std::to_string(cuts++))); };
  auto store = value_of(open_store(folder.path("store"), small_settings(), env_over(files)));
  files->before_log_sync = {};
  REQUIRE(cuts > 0);
  for (int i = 0; i < cuts; ++i) {
    auto again = value_of(RocksStore::open(folder.path("cut" + std::to_string(i)), small_settings()));
    CHECK(again->head() == Position(0));
    CHECK(again->id().size() == 32);
    require_ok(again->commit(next_commit(0, 3)));
  }
}
