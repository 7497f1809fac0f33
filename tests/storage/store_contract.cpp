#include "tests/storage/store_contract.h"

#include <cstdlib>

#include "events/digest.h"
#include "storage/memory/store.h"

namespace tenure::storage::testing {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "tenure-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}
TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

RocksSettings small_settings() {
  RocksSettings settings;
  settings.block_cache_bytes = std::size_t{4} << 20;
  settings.write_buffers_bytes = std::size_t{8} << 20;
  return settings;
}

StoreUnderTest::StoreUnderTest(StoreKind kind) : kind_(kind) {
  if (kind == StoreKind::memory) {
    store_ = std::make_unique<MemoryStore>();
  } else {
    store_ = value_of(RocksStore::open(folder_.path("store"), small_settings()));
  }
}

void StoreUnderTest::reopen() {
  REQUIRE(kind_ == StoreKind::rocks);
  require_ok(store_->close());
  store_.reset();
  store_ = value_of(RocksStore::open(folder_.path("store"), small_settings()));
}

NewRecord record(std::string_view org, std::uint64_t version, std::string_view bytes) {
  return {OrgId(org), Version(version), leaf_hash(bytes), std::string(bytes)};
}
NewBlob blob(std::string_view bytes) { return {sha256(bytes), std::string(bytes)}; }
ViewWrite put(std::string_view key, std::string_view value) { return {std::string(key), std::string(value)}; }
ViewWrite drop(std::string_view key) { return {std::string(key), std::nullopt}; }
ViewWrite append(std::string_view key, std::string_view value) { return {std::string(key), std::string(value), true}; }

Commit commit_at(std::uint64_t first, std::vector<NewRecord> records, const std::vector<ViewWrite>& views,
                 std::vector<NewBlob> blobs) {
  return {Position(first), std::move(records), ViewWrites(views), std::move(blobs)};
}
Commit commit_views(const std::vector<ViewWrite>& views) { return {Position{}, {}, ViewWrites(views), {}}; }
Commit commit_in_bulk(ViewWrites views) {
  const auto rows = std::make_shared<const ViewWrites>(std::move(views));
  Commit commit;
  commit.in_bulk = BulkViews{rows->size(), [rows](const BulkViews::Visit& row) {
                               for (const auto write : *rows) row(write);
                             }};
  return commit;
}

std::vector<std::string> rows(ViewReader& reader, std::string_view from, std::string_view to) {
  std::vector<std::string> found;
  require_ok(reader.scan(from, to, [&](std::string_view key, std::string_view value) {
    found.push_back(std::string(key) + "=" + std::string(value));
    return true;
  }));
  return found;
}

std::string everything(Snapshot& snapshot, const std::vector<std::string>& orgs) {
  std::string text = "head " + std::to_string(snapshot.head().value) + "\n";
  require_ok(snapshot.records(Position(1), [&](const LogRecord& one) {
    text += std::to_string(one.position.value) + " " + one.bytes + "\n";
    return true;
  }));
  for (const std::string& row : rows(snapshot, "", "\xff\xff")) text += row + "\n";
  for (const std::string& org : orgs) {
    const Version newest = value_of(snapshot.version_of(OrgId(org)));
    text += org + ":";
    for (Version v(1); v <= newest; v = v.next())
      text += " " + std::to_string(value_of(snapshot.position_of(OrgId(org), v)).value);
    text += "\n";
  }
  return text;
}

}  // namespace tenure::storage::testing
