#include "projections/id_rows.h"

#include <algorithm>

#include "projections/row_sorts.h"

namespace tenure::projections {

IdRows::Key IdRows::key_of(std::string_view key) {
  return {take_u32(key, 0), {take_u64(key, kind_at + 1), take_u64(key, kind_at + 9)}};
}

IdRows::Key IdRows::key_of(OrgNumber org, const Digest& id) {
  const std::string_view bytes(reinterpret_cast<const char*>(id.data()), id.size());
  return {org, {take_u64(bytes, 0), take_u64(bytes, 8)}};
}

void IdRows::write_key(const Key& key, std::string& out) {
  out.clear();
  put_u32(out, key.org);
  out += static_cast<char>(projections::Row::event_id);
  for (const std::uint64_t half : key.digest) put_u64(out, half);
}

std::optional<IdRows::Value> IdRows::put(const Key& key, Value value) {
  if (in_bulk_) {
    in_a_row_.emplace_back(key, std::move(value));
    return std::nullopt;
  }
  const auto [it, is_new] = found_.try_emplace(key);
  std::optional<Value> before;
  if (!is_new) before.emplace(std::move(it->second));
  it->second = std::move(value);
  return before;
}

void IdRows::undo(const Key& key, std::optional<Value> before) {
  if (before) {
    found_[key] = std::move(*before);
  } else {
    found_.erase(key);
  }
}

const IdRows::Value* IdRows::find(const Key& key) const {
  const auto last =
      std::find_if(in_a_row_.rbegin(), in_a_row_.rend(), [&](const auto& row) { return row.first == key; });
  if (last != in_a_row_.rend()) return &last->second;
  const auto it = found_.find(key);
  return it == found_.end() ? nullptr : &it->second;
}

void IdRows::clear() {
  found_.clear();
  in_a_row_.clear();
}

void IdRows::swap(IdRows& other) noexcept {
  std::swap(in_bulk_, other.in_bulk_);
  found_.swap(other.found_);
  in_a_row_.swap(other.in_a_row_);
}

std::vector<IdRows::Row> IdRows::sorted() const {
  std::vector<Row> rows;
  rows.reserve(size());
  for (const auto& [key, value] : found_) rows.emplace_back(key, &value);
  for (const auto& [key, value] : in_a_row_) rows.emplace_back(key, &value);
  std::sort(rows.begin(), rows.end());  // of one key in bulk, what came last stands last: it lies behind
  const auto same = [](const Row& a, const Row& b) { return a.first == b.first; };
  rows.erase(rows.begin(), std::unique(rows.rbegin(), rows.rend(), same).base());
  return rows;
}

}  // namespace tenure::projections
