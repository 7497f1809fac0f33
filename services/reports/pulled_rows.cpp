#include "services/reports/pulled_rows.h"

#include <stdexcept>

namespace tenure::reports {

PulledRows::PulledRows(const Table& table) : table_(table), rows_(table.open()) {}

Outcome<bool> PulledRows::next() {
  row_.clear();
  Outcome<bool> more = rows_(row_);
  if (more && *more && row_.size() != table_.columns.size()) {
    throw std::logic_error("a row of the table \"" + table_.id + "\" has " + std::to_string(row_.size()) +
                           " cells for " + std::to_string(table_.columns.size()) + " columns");
  }
  return more;
}

Outcome<void> Buffered::settle() {
  if (out_.size() < piece_bytes) return {};
  return flush();
}

Outcome<void> Buffered::flush() {
  if (out_.empty()) return {};
  const Outcome<void> taken = sink_(out_);
  out_.clear();
  return taken;
}

}  // namespace tenure::reports
