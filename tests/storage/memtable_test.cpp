// The memtable of our own below a RocksDB: held against an ordered map, and read while it is written.
#include "storage/rocks/memtable.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/rocks/open_options.h"
#include "tests/catch.h"

using namespace tenure::storage;

namespace {

using Map = std::map<std::string, std::string>;

// A database of one family, in memory alone.
struct Database {
  explicit Database(std::size_t write_buffer_bytes) {
    const SharedMemory memory = shared_memory(std::size_t{8} << 20, std::size_t{256} << 20);
    rocksdb::Options options(durable_options(env.get(), memory), point_family(memory));
    options.write_buffer_size = write_buffer_bytes;
    options.arena_block_size = std::size_t{8} << 10;  // below the smallest write buffer
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open(options, "/memtable", &opened).ok());
    db.reset(opened);
  }
  void write(rocksdb::WriteBatch& batch) const { REQUIRE(db->Write({}, &batch).ok()); }
  std::unique_ptr<rocksdb::Iterator> rows(const rocksdb::Snapshot* at) const {
    rocksdb::ReadOptions options = checked_read();
    options.snapshot = at;
    return std::unique_ptr<rocksdb::Iterator>(db->NewIterator(options));
  }

  std::unique_ptr<rocksdb::Env> env{rocksdb::NewMemEnv(rocksdb::Env::Default())};
  std::unique_ptr<rocksdb::DB> db;
};

// Few different keys, so that many come again; some are long, with a length of two bytes before them.
std::string any_key(std::mt19937_64& random) {
  std::string key(random() % 3 == 0 ? 120 + random() % 20 : random() % 4, 'k');
  for (char& c : key) c = static_cast<char>(random() % 8 == 0 ? random() : 'k');
  return key + std::to_string(random() % 100);
}

void same_row(const rocksdb::Iterator& row, const Map::const_iterator& at, const Map& map) {
  REQUIRE(row.Valid() == (at != map.end()));
  if (!row.Valid()) return;
  REQUIRE(row.key().ToString() == at->first);
  REQUIRE(row.value().ToString() == at->second);
}

void same_walks(rocksdb::Iterator& row, const Map& map) {
  row.SeekToFirst();
  for (auto at = map.begin(); at != map.end(); ++at, row.Next()) same_row(row, at, map);
  REQUIRE_FALSE(row.Valid());
  row.SeekToLast();
  for (auto at = map.end(); at != map.begin(); row.Prev()) same_row(row, --at, map);
  REQUIRE_FALSE(row.Valid());
}

void same_seeks(const Database& database, const rocksdb::Snapshot* at, rocksdb::Iterator& row, const Map& map,
                const std::string& key) {
  row.Seek(key);
  same_row(row, map.lower_bound(key), map);
  row.SeekForPrev(key);
  const auto above = map.upper_bound(key);
  same_row(row, above == map.begin() ? map.end() : std::prev(above), map);
  rocksdb::ReadOptions options = checked_read();
  options.snapshot = at;
  std::string value;
  const auto got = database.db->Get(options, key, &value);
  const auto there = map.find(key);
  REQUIRE((got.ok() ? std::optional(value) : std::nullopt) ==
          (there == map.end() ? std::nullopt : std::optional(there->second)));
}

void random_batch(std::mt19937_64& random, rocksdb::WriteBatch& batch, Map& map) {
  for (std::size_t n = 1 + random() % 40; n > 0; --n) {
    const std::string key = any_key(random);
    if (random() % 4 == 0) {
      REQUIRE(batch.Delete(key).ok());
      map.erase(key);
    } else if (random() % 3 == 0) {
      const std::string added = std::to_string(random() % 1'000);
      REQUIRE(batch.Merge(key, added).ok());
      map[key] += added;
    } else {
      map[key] = std::to_string(random());
      REQUIRE(batch.Put(key, map[key]).ok());
    }
  }
}

}  // namespace

TEST_CASE("the memtable answers at every snapshot as an ordered map does") {
  const auto write_buffer_bytes =
      GENERATE(std::size_t{64} << 10, std::size_t{64} << 20);  // flushed now and then; never
  std::mt19937_64 random(write_buffer_bytes);
  const Database database(write_buffer_bytes);
  Map map;
  std::vector<std::pair<const rocksdb::Snapshot*, Map>> snapshots;
  for (int round = 0; round < 400; ++round) {
    rocksdb::WriteBatch batch;
    random_batch(random, batch, map);
    database.write(batch);
    if (round % 40 == 0) snapshots.emplace_back(database.db->GetSnapshot(), map);
  }
  snapshots.emplace_back(database.db->GetSnapshot(), map);
  for (const auto& [at, then] : snapshots) {
    const auto row = database.rows(at);
    same_walks(*row, then);
    for (int n = 0; n < 200; ++n) same_seeks(database, at, *row, then, any_key(random));
    database.db->ReleaseSnapshot(at);
  }
}

TEST_CASE("readers beside the writer see every commit that was over when they began, in order") {
  constexpr std::uint64_t batches = 3'000, rows_a_batch = 8;
  const Database database(std::size_t{64} << 20);
  std::atomic<std::uint64_t> written{0}, unordered{0}, missed{0}, walks{0};
  const auto read = [&] {
    do {  // once also where the writer is done before they begin
      const std::uint64_t least = written * rows_a_batch;
      std::uint64_t seen = 0;
      std::string last;
      const auto row = database.rows(nullptr);
      for (row->SeekToFirst(); row->Valid(); row->Next(), ++seen) {
        if (row->key().ToString() <= last) ++unordered;
        last = row->key().ToString();
      }
      if (seen < least) ++missed;
      ++walks;
    } while (written < batches);
  };
  {
    const std::jthread one(read), other(read);
    std::mt19937_64 random(1);
    for (std::uint64_t n = 0; n < batches; ++n) {
      rocksdb::WriteBatch batch;
      for (std::uint64_t k = 0; k < rows_a_batch; ++k) {
        REQUIRE(batch.Put(std::to_string(random()) + "-" + std::to_string(n * rows_a_batch + k), "row").ok());
      }
      database.write(batch);
      ++written;
    }
  }
  REQUIRE(walks > 0);
  REQUIRE(unordered == 0);
  REQUIRE(missed == 0);
}
