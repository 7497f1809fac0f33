// Retractions as parts of a story: which event one turned, and what that has to do with a thing.
//
// A retraction may retract a retraction: what it turns is the event at the end of the chain, which stops counting or
// counts again. It touches what that event touches where it counts.
//
// One thread; errors stick in the facts, those of reading records with whoever reads them. Complexity: the chain, and
// the history of what the event changed.
#pragma once

#include <functional>

#include "projections/access.h"

namespace tenure::projections {

// A record of the log; nothing where it cannot be read.
using RecordOf = std::function<std::optional<Record>(std::uint64_t position)>;

struct Retraction {
  // What the turned event does to one entity.
  struct Changed {
    Number entity = 0;
    std::vector<Entry> entries;
  };

  Point at;                      // its own
  std::uint64_t target = 0;      // what it names
  Point event;                   // what that comes to, at the end of the chain
  bool turned = false;           // not turned: another retraction said the same before
  bool counts = false;           // whether that event counts from here on
  std::vector<Changed> changes;  // none where the event changes no access

  std::vector<Number> entities() const;
};

// The retraction at a position; nothing where something cannot be read.
std::optional<Retraction> retraction_of(Facts& facts, const RecordOf& records, std::uint64_t position);

enum class Bearing : std::uint8_t { none, bears, names };
// On a group, role or resource: whether the turned event names it, or changed who has it, is in it or holds something
// on it.
Bearing bearing_of(Access& access, const Retraction& retraction, Number thing);

}  // namespace tenure::projections
