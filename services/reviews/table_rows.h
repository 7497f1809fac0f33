// The rows of a report's table by their number, for whatever a report is read from.
#pragma once

#include <memory>

#include "services/reports/document.h"

namespace tenure::services {

// `fill` fills the row of a number; `source` is kept, and says what went wrong on the way (`failure`).
template <class Source, class Fill>
reports::Rows rows_of(const std::shared_ptr<Source>& source, std::size_t count, Fill fill) {
  return [source, count, fill, next = std::size_t{0}](reports::Row& row) mutable -> Outcome<bool> {
    if (source->failure()) return *source->failure();
    if (next == count) return false;
    fill(*source, next++, row);
    if (source->failure()) return *source->failure();
    return true;
  };
}

inline reports::Cell number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace tenure::services
