// What every test of a Store shares: the stores under one name, commits that are short to write, folders that go away.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/rocks/store.h"
#include "storage/store.h"
#include "tests/catch.h"

namespace tenure::storage::testing {

// A folder of its own for one test; removed with all in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path(std::string_view inside = {}) const {
    return inside.empty() ? path_ : path_ + "/" + std::string(inside);
  }

 private:
  std::string path_;
};

// The stores that keep the contract. A test of the contract runs once for each:
//   StoreUnderTest tested(GENERATE(StoreKind::memory, StoreKind::rocks));
enum class StoreKind { memory, rocks };

class StoreUnderTest {
 public:
  explicit StoreUnderTest(StoreKind kind);
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  void reopen();  // disk only

 private:
  StoreKind kind_;
  TempFolder folder_;
  std::unique_ptr<Store> store_;
};

// Small caches: the tests run many stores.
RocksSettings small_settings();

NewRecord record(std::string_view org, std::uint64_t version, std::string_view bytes);
NewBlob blob(std::string_view bytes);
ViewWrite put(std::string_view key, std::string_view value);
ViewWrite drop(std::string_view key);
ViewWrite append(std::string_view key, std::string_view value);
Commit commit_at(std::uint64_t first, std::vector<NewRecord> records, const std::vector<ViewWrite>& views = {},
                 std::vector<NewBlob> blobs = {});
Commit commit_views(const std::vector<ViewWrite>& views);
// In the order of their keys, each once.
Commit commit_in_bulk(ViewWrites views);

// Fails the test with the store's own sentence.
template <class T>
void require_ok(const Outcome<T>& outcome) {
  INFO((outcome ? std::string() : outcome.error().because));
  REQUIRE(outcome.has_value());
}
// The value; fails the test where there is none.
template <class T>
T value_of(Outcome<T> outcome) {
  require_ok(outcome);
  return std::move(*outcome);
}
// Fails the test unless the outcome is a failure of this code with a sentence.
template <class T>
void require_fails(const Outcome<T>& outcome, FailureCode code) {
  REQUIRE_FALSE(outcome.has_value());
  INFO(outcome.error().because);
  REQUIRE(outcome.error().code == code);
  REQUIRE_FALSE(outcome.error().because.empty());
}

// "key=value" of every row in [from, to).
std::vector<std::string> rows(ViewReader& reader, std::string_view from, std::string_view to);
// Everything of one snapshot in a canonical text: log, views, versions of `orgs`. Equal texts, equal states.
std::string everything(Snapshot& snapshot, const std::vector<std::string>& orgs);

}  // namespace tenure::storage::testing
