#include "storage/memory/store.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "events/digest.h"

namespace tenure::storage {

namespace {

constexpr std::size_t record_bytes_max = 65'535;
constexpr std::size_t rows_a_lock = 64;  // copied out under one lock by a scan, before its rows are shown

Failure closed_failure() { return fail(FailureCode::closed, "The store is closed and takes no more calls."); }

// A value of a view key as written by the commit `since`; nothing where it was deleted.
struct Dated {
  std::uint64_t since;
  std::optional<std::string> value;
};

}  // namespace

struct MemoryStore::Kept {
  mutable std::shared_mutex guard;
  bool closed = false;
  std::string id;
  std::uint64_t commits = 0;
  std::vector<std::shared_ptr<const LogRecord>> log;
  std::unordered_map<OrgId, std::vector<Position>> versions;  // [n] is the position of version n + 1
  std::map<std::string, std::vector<Dated>, std::less<>> views;
  std::map<Digest, Dated> blobs;
  std::multiset<std::uint64_t> open_snapshots;  // the commit that each shows
  std::vector<std::string> deleted;             // view keys to drop for good when no snapshot sees them

  std::string_view newest_value(std::string_view key) const;
  void write_view(const std::string& key, std::optional<std::string> value);
  void drop_deleted();
};

namespace {

// The value that the commit `at` left under a key, or null.
const std::string* value_at(const std::vector<Dated>& dated, std::uint64_t at) {
  for (auto one = dated.rbegin(); one != dated.rend(); ++one) {
    if (one->since <= at) return one->value ? &*one->value : nullptr;
  }
  return nullptr;
}

class MemorySnapshot final : public Snapshot {
 public:
  explicit MemorySnapshot(std::shared_ptr<MemoryStore::Kept> kept) : kept_(std::move(kept)) {
    const std::lock_guard lock(kept_->guard);
    at_ = kept_->commits;
    head_ = Position(kept_->log.size());
    kept_->open_snapshots.insert(at_);
  }
  ~MemorySnapshot() override {
    const std::lock_guard lock(kept_->guard);
    kept_->open_snapshots.erase(kept_->open_snapshots.find(at_));
  }

  Outcome<bool> get(std::string_view key, std::string& value) override {
    const std::shared_lock lock(kept_->guard);
    if (kept_->closed) return closed_failure();
    const auto found = kept_->views.find(key);
    const std::string* there = found == kept_->views.end() ? nullptr : value_at(found->second, at_);
    if (there) value = *there;
    return there != nullptr;
  }

  Outcome<bool> last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                             std::string& value) override {
    const std::shared_lock lock(kept_->guard);
    if (kept_->closed) return closed_failure();
    for (auto it = kept_->views.upper_bound(at_most); it != kept_->views.begin();) {
      --it;
      if (it->first < lower) break;
      if (const std::string* there = value_at(it->second, at_)) {
        key = it->first;
        value = *there;
        return true;
      }
    }
    return false;
  }

  // Rows are copied out in handfuls, so that `row` runs without the lock and may read other snapshots.
  Outcome<void> scan(std::string_view from, std::string_view to,
                     const std::function<bool(std::string_view, std::string_view)>& row) override {
    std::string next(from);
    std::vector<std::pair<std::string, std::string>> rows;
    do {
      rows.clear();
      {
        const std::shared_lock lock(kept_->guard);
        if (kept_->closed) return closed_failure();
        auto it = kept_->views.lower_bound(next);
        for (; it != kept_->views.end() && it->first < to && rows.size() < rows_a_lock; ++it) {
          if (const std::string* there = value_at(it->second, at_)) rows.emplace_back(it->first, *there);
        }
      }
      for (const auto& [key, value] : rows) {
        if (!row(key, value)) return {};
      }
      if (!rows.empty()) next = rows.back().first + '\0';
    } while (rows.size() == rows_a_lock);
    return {};
  }

  Position head() const override { return head_; }

  Outcome<LogRecord> record(Position position) override {
    std::shared_ptr<const LogRecord> found;
    {
      const std::shared_lock lock(kept_->guard);
      if (kept_->closed) return closed_failure();
      if (!position || position > head_) {
        return fail(FailureCode::not_found, "There is no record at position " + std::to_string(position.value) +
                                                "; the newest is " + std::to_string(head_.value) + ".");
      }
      found = kept_->log[position.value - 1];
    }
    if (leaf_hash(found->bytes) != found->leaf) {
      return fail(FailureCode::corruption, "The record at position " + std::to_string(position.value) +
                                               " does not have the leaf hash that was stored with it.");
    }
    return *found;
  }

  Outcome<void> records(Position from, const std::function<bool(const LogRecord&)>& row) override {
    if (const std::shared_lock lock(kept_->guard); kept_->closed) return closed_failure();
    for (Position next = from ? from : Position(1); next <= head_; next = next.next()) {
      auto one = record(next);
      if (!one) return one.error();
      if (!row(*one)) return {};
    }
    return {};
  }

  Outcome<void> records_of(const OrgId& org, Version from,
                           const std::function<bool(Version, const LogRecord&)>& row) override {
    const auto newest = version_of(org);
    if (!newest) return newest.error();
    for (Version next = from ? from : Version(1); next <= *newest; next = next.next()) {
      const auto position = position_of(org, next);
      if (!position) return position.error();
      const auto one = record(*position);
      if (!one) return one.error();
      if (!row(next, *one)) return {};
    }
    return {};
  }

  Outcome<Version> version_of(const OrgId& org) override { return version_at(org, head_); }

  Outcome<Position> position_of(const OrgId& org, Version version) override {
    const std::shared_lock lock(kept_->guard);
    if (kept_->closed) return closed_failure();
    const auto found = kept_->versions.find(org);
    if (version && found != kept_->versions.end() && version.value <= found->second.size() &&
        found->second[version.value - 1] <= head_) {
      return found->second[version.value - 1];
    }
    return fail(FailureCode::not_found,
                "There is no version " + std::to_string(version.value) + " of " + org.text + ".");
  }

  Outcome<Version> version_at(const OrgId& org, Position position) override {
    const std::shared_lock lock(kept_->guard);
    if (kept_->closed) return closed_failure();
    const auto found = kept_->versions.find(org);
    if (found == kept_->versions.end()) return Version{};
    const auto& positions = found->second;
    const auto past = std::upper_bound(positions.begin(), positions.end(), std::min(position, head_));
    return Version(static_cast<std::uint64_t>(past - positions.begin()));
  }

  Outcome<std::string> blob(const Digest& hash) override {
    const std::shared_lock lock(kept_->guard);
    if (kept_->closed) return closed_failure();
    const auto found = kept_->blobs.find(hash);
    if (found == kept_->blobs.end() || found->second.since > at_)
      return fail(FailureCode::not_found, "There is no blob " + to_hex(hash) + ".");
    if (sha256(*found->second.value) != hash) {
      return fail(FailureCode::corruption, "the blob " + to_hex(hash) + " has other bytes than its hash says.");
    }
    return *found->second.value;
  }

 private:
  std::shared_ptr<MemoryStore::Kept> kept_;
  std::uint64_t at_ = 0;
  Position head_;
};

std::string random_id() {
  Digest bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) assert(!"OpenSSL has no randomness");
  return to_hex(bytes).substr(0, 32);
}

}  // namespace

void MemoryStore::Kept::write_view(const std::string& key, std::optional<std::string> value) {
  std::vector<Dated>& dated = views[key];
  if (!value) deleted.push_back(key);
  // What no open snapshot can see goes: all before the newest value that the oldest snapshot may look at.
  const std::uint64_t oldest = open_snapshots.empty() ? commits : *open_snapshots.begin();
  auto seen = std::find_if(dated.rbegin(), dated.rend(), [&](const Dated& d) { return d.since <= oldest; });
  if (seen != dated.rend()) dated.erase(dated.begin(), std::prev(seen.base()));
  if (!dated.empty() && dated.back().since == commits) dated.pop_back();  // an earlier write of this same commit
  dated.push_back({commits, std::move(value)});
}

std::string_view MemoryStore::Kept::newest_value(std::string_view key) const {
  const auto found = views.find(key);
  const bool there = found != views.end() && !found->second.empty() && found->second.back().value;
  return there ? std::string_view(*found->second.back().value) : std::string_view();
}

void MemoryStore::Kept::drop_deleted() {
  if (!open_snapshots.empty()) return;
  for (const std::string& key : deleted) {
    const auto found = views.find(key);
    if (found != views.end() && !found->second.back().value) views.erase(found);
  }
  deleted.clear();
}

MemoryStore::MemoryStore() : kept_(std::make_shared<Kept>()) { kept_->id = random_id(); }
MemoryStore::~MemoryStore() { (void)close(); }

std::unique_ptr<Snapshot> MemoryStore::snapshot() { return std::make_unique<MemorySnapshot>(kept_); }

Outcome<void> MemoryStore::commit(Commit&& commit) {
  const std::lock_guard lock(kept_->guard);
  if (kept_->closed) return closed_failure();
  if (!commit.records.empty() && commit.first.value != kept_->log.size() + 1) {
    return fail(FailureCode::conflict, "The commit starts at position " + std::to_string(commit.first.value) +
                                           " but the next one is " + std::to_string(kept_->log.size() + 1) + ".");
  }
  std::unordered_map<OrgId, std::uint64_t> newest;
  for (const NewRecord& record : commit.records) {
    assert(!record.bytes.empty() && record.bytes.size() <= record_bytes_max);
    const auto known = kept_->versions.find(record.org);
    auto& version =
        newest.try_emplace(record.org, known == kept_->versions.end() ? 0 : known->second.size()).first->second;
    if (record.version.value != version + 1) {
      return fail(FailureCode::conflict, "The commit has version " + std::to_string(record.version.value) + " of " +
                                             record.org.text + " but the next one is " + std::to_string(version + 1) +
                                             ".");
    }
    ++version;
  }
  kept_->drop_deleted();
  ++kept_->commits;
  for (NewRecord& record : commit.records) {
    const Position position(kept_->log.size() + 1);
    kept_->versions[record.org].push_back(position);
    kept_->log.push_back(
        std::make_shared<LogRecord>(LogRecord{position, record.leaf_or_made(), std::move(record.bytes)}));
  }
  const auto add = [this](const ViewWrites::Write& view) {
    auto value = view.value ? std::optional(std::string(*view.value)) : std::nullopt;
    if (view.appends) value->insert(0, kept_->newest_value(view.key));
    kept_->write_view(std::string(view.key), std::move(value));
  };
  for (const auto view : commit.views) add(view);
  if (commit.in_bulk) commit.in_bulk->each(add);
  for (NewBlob& blob : commit.blobs) kept_->blobs.try_emplace(blob.hash, Dated{kept_->commits, std::move(blob.bytes)});
  return {};
}

Position MemoryStore::head() const {
  const std::shared_lock lock(kept_->guard);
  return Position(kept_->log.size());
}

std::string MemoryStore::id() const { return kept_->id; }

Outcome<void> MemoryStore::clear_views(const std::vector<ViewWrite>& kept) {
  const std::lock_guard lock(kept_->guard);
  if (kept_->closed) return closed_failure();
  kept_->drop_deleted();
  ++kept_->commits;
  std::vector<std::string> keys;
  for (const auto& [key, dated] : kept_->views) keys.push_back(key);
  for (const std::string& key : keys) kept_->write_view(key, std::nullopt);
  for (const ViewWrite& row : kept) kept_->write_view(row.key, row.value);
  return {};
}

Outcome<void> MemoryStore::check_views() {
  const std::shared_lock lock(kept_->guard);
  if (kept_->closed) return closed_failure();
  return {};
}

std::optional<Failure> MemoryStore::trouble() const { return std::nullopt; }
std::size_t MemoryStore::memory_bytes() const { return 0; }

Outcome<void> MemoryStore::close() {
  const std::lock_guard lock(kept_->guard);
  kept_->closed = true;
  return {};
}

}  // namespace tenure::storage
