// Rows of the ids of events, as the writer of the views adds them (view_writer.h). Internal to it.
//
// They are new nearly always and hardly ever looked for again: in bulk they only stand one behind the other, and are
// sorted when they are taken; else they are found by their hash.
//
// One thread.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/digest.h"
#include "projections/layout.h"

namespace tenure::projections {

class IdRows {
 public:
  using Value = std::optional<std::string>;  // nothing: there is no such row
  // The bytes of a row's key (row_sorts.h), in their order.
  struct Key {
    OrgNumber org = 0;
    std::array<std::uint64_t, 2> digest{};
    auto operator<=>(const Key&) const = default;
  };
  static Key key_of(std::string_view key);
  static Key key_of(OrgNumber org, const Digest& id);

  explicit IdRows(bool in_bulk = false) : in_bulk_(in_bulk) {}

  // Not in bulk: what was kept of it before; nothing: it was not. O(1).
  std::optional<Value> put(const Key& key, Value value);
  // Undoes the last `put` of a key, by what it answered; not in bulk.
  void undo(const Key& key, std::optional<Value> before);
  // Null if it is not kept. O(1); in bulk O(n).
  const Value* find(const Key& key) const;

  bool empty() const { return found_.empty() && in_a_row_.empty(); }
  std::size_t size() const { return found_.size() + in_a_row_.size(); }
  void clear();
  void swap(IdRows& other) noexcept;

  using Row = std::pair<Key, const Value*>;
  // All, by their keys. O(n log n).
  std::vector<Row> sorted() const;
  // The key of a row in the views.
  static void write_key(const Key& key, std::string& out);

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.digest[0] ^ key.org; }
  };

  bool in_bulk_;
  boost::unordered_flat_map<Key, Value, Hash> found_;
  std::vector<std::pair<Key, Value>> in_a_row_;
};

}  // namespace tenure::projections
