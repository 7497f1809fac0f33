// The store on disk does what the plain model does, whatever is asked of both.
#include <iostream>
#include <map>
#include <random>

#include "events/digest.h"
#include "storage/memory/store.h"
#include "tests/storage/store_contract.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

const std::vector<std::string> orgs = {"acme", "acm", "beta", "_tenure"};

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_() % 20) {
      case 0:
        require_ok(disk_->clear_views({})), require_ok(memory_.clear_views({}));
        break;
      case 1:
        disk_.reopen(), snapshots_.clear();
        break;
      case 2:
      case 3:
        snapshots_.emplace_back(disk_->snapshot(), memory_.snapshot());
        break;
      case 4:
        if (!snapshots_.empty())
          snapshots_.erase(snapshots_.begin() + static_cast<std::ptrdiff_t>(random_() % snapshots_.size()));
        break;
      case 5:
        refused();
        break;
      default:
        commit();
    }
    if (random_() % 4 == 0) compare(*disk_->snapshot(), *memory_.snapshot());
    if (!snapshots_.empty() && random_() % 4 == 0) {
      auto& [disk, memory] = snapshots_[random_() % snapshots_.size()];
      compare(*disk, *memory);
    }
  }

 private:
  std::string key() {
    std::string text(1 + random_() % 3, 'a');
    for (char& c : text) c = static_cast<char>(random_() % 4 == 0 ? random_() : 'a' + random_() % 4);
    return text;
  }
  ViewWrite view() {
    const std::string value = std::to_string(random_() % 100);
    switch (random_() % 4) {
      case 0:
        return drop(key());
      case 1:
        return append(key(), value);
      default:
        return put(key(), value);
    }
  }
  Commit made() {
    Commit one;
    one.first = Position(memory_.head().value + 1);
    auto next = versions_;
    for (std::uint64_t n = random_() % 5; n > 0; --n) {
      const std::string& org = orgs[random_() % orgs.size()];
      one.records.push_back(record(org, ++next[org], org + " " + std::to_string(random_())));
    }
    for (std::uint64_t n = random_() % 6; n > 0; --n) one.views.add(view());
    if (random_() % 5 == 0) one.blobs.push_back(blob(key()));
    return one;
  }
  void commit() {
    Commit one = made();
    for (const auto& r : one.records) versions_[r.org.text] = r.version.value;
    Commit same = one;
    require_ok(disk_->commit(std::move(one)));
    require_ok(memory_.commit(std::move(same)));
  }
  void refused() {
    Commit one = made();
    if (one.records.empty()) return;
    if (random_() % 2) {
      one.first = Position(one.first.value + 1 + random_() % 3);
    } else {
      one.records[random_() % one.records.size()].version = Version(1'000'000);
    }
    Commit same = one;
    require_fails(disk_->commit(std::move(one)), FailureCode::conflict);
    require_fails(memory_.commit(std::move(same)), FailureCode::conflict);
  }
  void compare(Snapshot& disk, Snapshot& memory) {
    REQUIRE(everything(disk, orgs) == everything(memory, orgs));
    for (int i = 0; i < 5; ++i) {
      const std::string low = key(), high = key();
      std::string k1, v1, k2, v2;
      REQUIRE(value_of(disk.last_at_most(low, high, k1, v1)) == value_of(memory.last_at_most(low, high, k2, v2)));
      REQUIRE(k1 + "=" + v1 == k2 + "=" + v2);
      REQUIRE(rows(disk, low, high) == rows(memory, low, high));
      REQUIRE(value_of(disk.get(low, v1)) == value_of(memory.get(low, v2)));
      REQUIRE(v1 == v2);
      const Position at(random_() % (memory.head().value + 3));
      const OrgId org(orgs[random_() % orgs.size()]);
      REQUIRE(value_of(disk.version_at(org, at)) == value_of(memory.version_at(org, at)));
      REQUIRE(disk.blob(sha256(low)).has_value() == memory.blob(sha256(low)).has_value());
    }
  }

  std::mt19937_64 random_;
  StoreUnderTest disk_{StoreKind::rocks};
  MemoryStore memory_;
  std::map<std::string, std::uint64_t> versions_;
  std::vector<std::pair<std::unique_ptr<Snapshot>, std::unique_ptr<Snapshot>>> snapshots_;
};

}  // namespace

TEST_CASE("the store on disk and the one in memory cannot be told apart") {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TENURE_SEED=" << seed << "\n";
  INFO("TENURE_SEED=" << seed);
  Pair pair(seed);
  for (int i = 0; i < 600; ++i) pair.step();
}
