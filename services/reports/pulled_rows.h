// The rows of a table, pulled and checked, and the buffer in front of a sink: what every writer needs. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "services/reports/document.h"
#include "services/reports/write.h"

namespace tenure::reports {

class PulledRows {
 public:
  explicit PulledRows(const Table& table);

  // The next row in `row()`; false at the end. A row with more or fewer cells than the table has columns is a bug of
  // its source: std::logic_error.
  Outcome<bool> next();
  const Row& row() const { return row_; }

 private:
  const Table& table_;
  Rows rows_;
  Row row_;
};

// Collects small pieces into large ones.
class Buffered {
 public:
  explicit Buffered(const Sink& sink) : sink_(sink) {}

  std::string& out() { return out_; }
  // Gives what was collected, if that is worth it.
  Outcome<void> settle();
  Outcome<void> flush();

 private:
  static constexpr std::size_t piece_bytes = 64 * 1024;

  const Sink& sink_;
  std::string out_;
};

}  // namespace tenure::reports
