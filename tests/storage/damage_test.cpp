// A flipped byte is reported with its place and never served: in tables, in the write-ahead log, and in background
// work.
#include <rocksdb/db.h>

#include <algorithm>
#include <random>

#include "storage/rocks/wal_tail.h"
#include "tests/storage/store_contract.h"
#include "tests/store_files.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;
using namespace tenure::testing;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t records_written = 600;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t block_bytes = 32'768;

std::string bytes_at(std::uint64_t n) {
  std::mt19937_64 random(n);
  std::string bytes = std::to_string(n) + " ";
  while (bytes.size() < 300) bytes += std::to_string(random());
  return bytes;
}

void fill(Store& store, std::uint64_t count, std::uint64_t a_commit) {
  while (store.head().value < count) {
    const std::uint64_t head = store.head().value;
    Commit one = commit_at(head + 1, {});
    for (std::uint64_t n = head + 1; n <= head + a_commit; ++n) {
      one.records.push_back(record("acme", n, bytes_at(n)));
      one.views.add(put("view " + std::to_string(n), bytes_at(n)));
    }
    require_ok(store.commit(std::move(one)));
  }
}

// Everything that is served is right; what is not served is corruption. True if corruption was reported.
bool reported(const std::string& folder, std::string& because) {
  auto store = RocksStore::open(folder, small_settings());
  const auto note = [&](const Failure& failure) {
    INFO(failure.because);
    REQUIRE(failure.code == FailureCode::corruption);
    because = failure.because;
  };
  if (!store) {
    note(store.error());
    return true;
  }
  auto snapshot = (*store)->snapshot();
  bool found = false;
  REQUIRE(snapshot->head() == Position(records_written));
  std::string value;
  for (std::uint64_t n = 1; n <= records_written; ++n) {
    auto one = snapshot->record(Position(n));
    if (one) REQUIRE(one->bytes == bytes_at(n));
    if (!one) note(one.error()), found = true;
    auto view = snapshot->get("view " + std::to_string(n), value);
    if (view) REQUIRE((*view && value == bytes_at(n)));
    if (!view) note(view.error()), found = true;
  }
  std::uint64_t rows_seen = 0;
  auto scanned = snapshot->scan("view ", "view~", [&](std::string_view key, std::string_view bytes) {
    REQUIRE(bytes == bytes_at(std::stoull(std::string(key.substr(5)))));
    return ++rows_seen;
  });
  if (!scanned) note(scanned.error()), found = true;
  if (scanned) REQUIRE(rows_seen == records_written);
  if (auto checked = (*store)->check_views(); !checked) note(checked.error()), found = true;
  return found;
}

// A store whose newest commits stand in its write-ahead log only, copied while it was open.
class LoggedStore {
 public:
  LoggedStore() {
    auto store = value_of(RocksStore::open(folder_.path("live"), small_settings()));
    fill(*store, records_written, 12);
    copy_folder(folder_.path("live"), folder_.path("store"));
    std::uintmax_t largest = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path("store"))) {
      if (entry.path().extension() != ".log" || entry.file_size() <= largest) continue;
      largest = entry.file_size();
      log_name_ = entry.path().filename().string();
    }
    log_ = read_file(folder_.path("store/" + log_name_));
    REQUIRE(log_.size() > 3 * block_bytes);
  }
  const std::string& log() const { return log_; }
  const std::string& log_name() const { return log_name_; }
  // A copy of the store with this log in it.
  std::string with_log(const std::string& bytes) const {
    copy_folder(folder_.path("store"), folder_.path("copy"));
    write_file(folder_.path("copy/" + log_name_), bytes);
    return folder_.path("copy");
  }
  // Where the physical records begin.
  std::vector<std::size_t> headers() const {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at + header_bytes <= log_.size();) {
      if (block_bytes - at % block_bytes < header_bytes) {
        at += block_bytes - at % block_bytes;
        continue;
      }
      found.push_back(at);
      at += header_bytes + (static_cast<std::uint8_t>(log_[at + 4]) | static_cast<std::uint8_t>(log_[at + 5]) << 8);
    }
    return found;
  }

 private:
  TempFolder folder_;
  std::string log_name_, log_;
};

}  // namespace

TEST_CASE("a flipped byte in a table of the log or of the views is reported with its file, never served") {
  TempFolder folder;
  {
    auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
    fill(*store, records_written, 50);
    require_ok(store->close());
  }
  const std::string family = GENERATE("log", "views");
  const auto tables = tables_of(folder.path("store"), family);
  REQUIRE_FALSE(tables.empty());
  for (const std::string& table : tables) {
    const std::string sound = read_file(folder.path("store/" + table));
    constexpr std::size_t places = 24;
    for (std::size_t i = 0; i <= places; ++i) {
      const std::size_t at = std::min(sound.size() - 1, i * sound.size() / places);
      INFO(family << " " << table << " offset " << at << " of " << sound.size());
      copy_folder(folder.path("store"), folder.path("copy"));
      std::string flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      write_file(folder.path("copy/" + table), flipped);
      std::string because;
      const bool said = reported(folder.path("copy"), because);
      // The last bytes are the footer, which has padding that nothing reads.
      if (at + 60 < sound.size()) REQUIRE(said);
      if (said) CHECK(because.find(table) != std::string::npos);
    }
  }
}

TEST_CASE("once a reader has come upon damage in the log no more events are taken, but views are") {
  TempFolder folder;
  {
    auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
    fill(*store, 52'000, 2'000);  // more than an opening looks at
    require_ok(store->close());
  }
  const std::string table = folder.path("store/" + tables_of(folder.path("store"), "log").front());
  std::string bytes = read_file(table);
  bytes[bytes.size() / 100] = static_cast<char>(bytes[bytes.size() / 100] ^ 0x10);
  write_file(table, bytes);

  auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  const auto next_event = [&store] {
    Commit one = commit_at(store->head().value + 1, {});
    one.records.push_back(record("acme", store->head().value + 1, "sound"));
    return store->commit(std::move(one));
  };
  require_ok(next_event());  // nobody knows of it yet
  CHECK_FALSE(store->trouble());
  auto read = store->snapshot()->records(Position(1), [](const LogRecord&) { return true; });
  require_fails(read, FailureCode::corruption);

  const Position head = store->head();
  auto refused = next_event();
  require_fails(refused, FailureCode::corruption);
  CHECK(refused.error().because.find("tenure verify") != std::string::npos);
  CHECK(refused.error().because.find(read.error().because) != std::string::npos);
  CHECK(store->head() == head);
  REQUIRE(store->trouble());
  CHECK(store->trouble()->because == refused.error().because);
  Commit rows;
  rows.first = head.next();
  rows.views.add(put("a view", "whatever"));
  require_ok(store->commit(std::move(rows)));
  CHECK(store->snapshot()->record(head)->bytes == "sound");
}

TEST_CASE("a flipped byte in the write-ahead log refuses to open and names the log") {
  const LoggedStore store;
  std::vector<std::size_t> places;
  const auto headers = store.headers();
  for (std::size_t i = 0; i < 40; ++i) places.push_back(i * store.log().size() / 40);
  for (std::size_t i = 0; i < header_bytes; ++i) {
    places.push_back(headers[headers.size() / 2] + i);
    places.push_back(headers.back() + i);
  }
  places.push_back(store.log().size() - 1);
  for (std::size_t at : places) {
    // Space at a block's end that holds no record is read by nobody.
    const auto next = std::upper_bound(headers.begin(), headers.end(), at);
    const std::size_t record_at = *std::prev(next);
    const std::size_t length = static_cast<std::uint8_t>(store.log()[record_at + 4]) |
                               static_cast<std::uint8_t>(store.log()[record_at + 5]) << 8;
    if (at >= record_at + header_bytes + length) continue;
    for (const int bit : {0x01, 0x04, 0x80}) {
      INFO("offset " << at << " bit " << bit << " in the record at " << record_at);
      std::string flipped = store.log();
      flipped[at] = static_cast<char>(flipped[at] ^ bit);
      const auto opened = RocksStore::open(store.with_log(flipped), small_settings());
      require_fails(opened, FailureCode::corruption);
      CHECK(opened.error().because.find(".log") != std::string::npos);
      if (bit != 0x04) continue;
      RocksSettings mending = small_settings();
      mending.for_mending = true;
      require_fails(RocksStore::open(store.with_log(flipped), mending), FailureCode::corruption);
    }
  }
}

TEST_CASE("a torn tail of the write-ahead log is cut: what was acknowledged before it is all there") {
  const LoggedStore store;
  const std::size_t last = store.headers().back();
  const std::size_t length = store.log().size() - last;
  for (const std::size_t keep :
       {std::size_t{0}, std::size_t{1}, std::size_t{6}, std::size_t{7}, length / 2, length - 1}) {
    INFO("kept " << keep << " of the last " << length << " bytes");
    auto opened = value_of(RocksStore::open(store.with_log(store.log().substr(0, last + keep)), small_settings()));
    CHECK(opened->head() == Position(records_written - 12));
    CHECK(value_of(opened->snapshot()->record(opened->head())).bytes == bytes_at(records_written - 12));
  }
  // Space that was set aside and never written.
  auto opened = value_of(RocksStore::open(store.with_log(store.log() + std::string(50'000, '\0')), small_settings()));
  CHECK(opened->head() == Position(records_written));
}

TEST_CASE("zeros in the middle of the write-ahead log are corruption, not its end") {
  const LoggedStore store;
  const auto headers = store.headers();
  std::string holed = store.log();
  std::fill_n(holed.begin() + static_cast<std::ptrdiff_t>(headers[headers.size() - 3]), header_bytes, '\0');
  require_fails(RocksStore::open(store.with_log(holed), small_settings()), FailureCode::corruption);
}

TEST_CASE("a log that is gone is noticed at the next start") {
  TempFolder folder;
  auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  fill(*store, 24, 12);
  require_ok(store->close());
  store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  fill(*store, 48, 12);
  // Tables of the log alone are thrown away: the head entry then knows of records that the log does not have.
  require_ok(store->close());
  const auto tables = tables_of(folder.path("store"), "log");
  REQUIRE_FALSE(tables.empty());
  fs::remove(folder.path("store/" + tables.back()));
  const auto opened = RocksStore::open(folder.path("store"), small_settings());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().because.find(tables.back().substr(0, 6)) != std::string::npos);
}

TEST_CASE("damage that background work finds stops commits and says where, while sound records are still read") {
  TempFolder folder;
  RocksSettings settings = small_settings();
  settings.write_buffers_bytes = std::size_t{1} << 20;
  auto store = value_of(RocksStore::open(folder.path("store"), settings));
  fill(*store, 120, 12);
  require_ok(store->close());
  const auto tables = tables_of(folder.path("store"), "views");
  REQUIRE_FALSE(tables.empty());
  std::string bytes = read_file(folder.path("store/" + tables.front()));
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x10);
  write_file(folder.path("store/" + tables.front()), bytes);

  store = value_of(RocksStore::open(folder.path("store"), settings));
  // Every round rewrites the same view keys, so that the tables overlap and have to be compacted.
  Outcome<void> done;
  for (std::uint64_t round = 0; round < 4'000 && done; ++round) {
    Commit one = commit_views({});
    for (std::uint64_t n = 1; n <= 120; ++n) one.views.add(put("view " + std::to_string(n), bytes_at(round + n)));
    done = store->commit(std::move(one));
  }
  require_fails(done, FailureCode::corruption);
  CHECK(done.error().because.find(tables.front()) != std::string::npos);
  require_fails(store->commit(commit_views({put("k", "v")})), FailureCode::corruption);
  REQUIRE(store->trouble());
  CHECK(store->trouble()->code == FailureCode::corruption);
  CHECK(value_of(store->snapshot()->record(Position(7))).bytes == bytes_at(7));
}

TEST_CASE("views that are damaged are cleared without being read, and kept anew") {
  TempFolder folder;
  auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  fill(*store, 120, 12);
  require_ok(store->close());
  for (const std::string& table : tables_of(folder.path("store"), "views")) {
    std::string bytes = read_file(folder.path("store/" + table));
    for (std::size_t at = 0; at < bytes.size(); at += 1000) bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    write_file(folder.path("store/" + table), bytes);
  }
  RocksSettings settings = small_settings();
  settings.for_mending = true;
  store = value_of(RocksStore::open(folder.path("store"), settings));
  require_fails(store->check_views(), FailureCode::corruption);
  const auto before = store->snapshot();
  require_ok(store->clear_views({}));
  std::string value;
  require_fails(before->get("view 1", value), FailureCode::corruption);  // still its own instant
  CHECK_FALSE(value_of(store->snapshot()->get("view 1", value)));
  require_ok(store->commit(commit_views({put("view 1", "anew")})));
  require_ok(store->close());
  store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  CHECK(rows(*store->snapshot(), "", "~") == std::vector<std::string>{"view 1=anew"});
  require_ok(store->check_views());
  CHECK(store->head() == Position(120));
}

TEST_CASE("a clearing of the views that was cut in the middle leaves what it keeps and everything that is no view") {
  TempFolder folder;
  auto store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  fill(*store, 120, 12);
  require_ok(store->close());
  {
    const SharedMemory memory = shared_memory(1 << 20, 1 << 20);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const rocksdb::DBOptions options = durable_options(rocksdb::Env::Default(), memory);
    REQUIRE(rocksdb::DB::Open(options, folder.path("store"), column_families(memory), &handles, &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    for (auto* handle : handles) {
      // FORMAT.md, "Meta".
      if (handle->GetName() == "meta") REQUIRE(db->Put({}, handle, "keptrow", "what it said").ok());
      if (handle->GetName() == "views") REQUIRE(db->DropColumnFamily(handle).ok());
      REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
    }
  }
  for (int opened = 0; opened < 2; ++opened) {
    store = value_of(RocksStore::open(folder.path("store"), small_settings()));
    CHECK(rows(*store->snapshot(), "", "~") == std::vector<std::string>{"row=what it said"});
    require_ok(store->commit(commit_views({put("row", "what it said")})));
    require_ok(store->close());
  }
  store = value_of(RocksStore::open(folder.path("store"), small_settings()));
  CHECK(store->head() == Position(120));
  CHECK(value_of(store->snapshot()->record(Position(7))).bytes == bytes_at(7));
}

TEST_CASE("a store of another format, or a folder of something else, is refused and left alone") {
  TempFolder folder;
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* raw = nullptr;
    REQUIRE(rocksdb::DB::Open(options, folder.path("store"), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    REQUIRE(db->CreateColumnFamily({}, "somebody else's", &handle).ok());
    REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  const auto opened = RocksStore::open(folder.path("store"), small_settings());
  require_fails(opened, FailureCode::wrong_format);
  CHECK(opened.error().because.find("somebody else's") != std::string::npos);
}
