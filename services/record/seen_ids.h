// Which events' ids the store may have: a filter in front of the lookup that nearly every new event would make in vain.
//
// A blocked Bloom filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom Filters", 2007): one cache
// line an id, about one wrong "maybe" in a hundred, no wrong "no". What an organization had before is read in a
// little with each batch, and until then every id may be there. It grows with the ids, to at most
// bytes_max; beyond that there are more maybes.
//
// Owned by the recorder; one thread. O(1) each but `read_some`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "projections/access_fold.h"
#include "storage/store.h"

namespace tenure::services {

class SeenIds {
 public:
  static constexpr std::size_t bytes_max = std::size_t{24} << 20;

  // What the organization had before it is known: `false` may then be said of an id. Reads up to `rows` more of it.
  Outcome<void> read_some(storage::ViewReader& views, projections::OrgNumber org, std::size_t rows);
  // An organization that has no ids yet.
  void is_new(projections::OrgNumber org) { read_[org].done = true; }

  bool may_have(projections::OrgNumber org, const EventId& id) const;
  void add(projections::OrgNumber org, const EventId& id) { add(projections::id_key(org, id)); }

 private:
  using Line = std::array<std::uint64_t, 8>;
  struct Filter {
    std::vector<Line> lines;  // a power of two
    std::size_t ids = 0;
  };
  // How far an organization's ids are read.
  struct Reading {
    std::string next;
    bool done = false;
  };
  static constexpr std::size_t orgs_max = 50'000;  // emptied when full
  static constexpr std::size_t ids_a_line = 48;
  static constexpr std::size_t lines_first = std::size_t{1} << 14;

  void add(std::string_view key);

  std::vector<Filter> filters_;  // each twice as large as the one before
  std::unordered_map<projections::OrgNumber, Reading> read_;
};

}  // namespace tenure::services
