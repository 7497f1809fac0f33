#include "storage/rocks/failures.h"

#include "storage/rocks/format.h"

namespace tenure::storage {

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

// RocksDB has no code of its own for a lock that is held, here or by another process.
bool is_held_lock(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return text.find("/LOCK") != std::string::npos && (text.find("temporarily unavailable") != std::string::npos ||
                                                     text.find("No locks available") != std::string::npos);
}

}  // namespace

std::string shown_key(std::string_view key) {
  static constexpr char digits[] = "0123456789abcdef";
  bool printable = true;
  std::string hex = "0x";
  for (char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    printable = printable && byte >= 0x20 && byte < 0x7f;
    hex.push_back(digits[byte >> 4]);
    hex.push_back(digits[byte & 0x0f]);
  }
  return printable && !key.empty() ? "\"" + std::string(key) + "\"" : hex;
}

Failure failure_of(const rocksdb::Status& status, std::string_view place) {
  const std::string text = std::string(place) + ": " + status.ToString();
  if (status.IsCorruption()) return fail(FailureCode::corruption, text);
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::SubCode::kNoSpace) {
    return fail(FailureCode::disk_full, text + ". Free some room on that disk; reading goes on meanwhile.");
  }
  if (status.IsIOError() && is_held_lock(status)) {
    return fail(FailureCode::locked, std::string(place) + ": it is open already (" + status.ToString() + ").");
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) return fail(FailureCode::wrong_format, text);
  if (status.IsShutdownInProgress()) return closed_failure();
  return fail(FailureCode::io, text);
}

Failure closed_failure() { return fail(FailureCode::closed, "The store is closed and takes no more calls."); }

Failure not_behind_damage(const Failure& damage) {
  return fail(FailureCode::corruption,
              "The log is damaged and takes no more events until it is mended; reading goes on. Stop the server, run "
              "`tenure verify`, and put a sound copy of the data in place. Found: " +
                  damage.because);
}

Failure disk_full_failure(const std::string& folder, std::uint64_t free_bytes, std::uint64_t floor_bytes) {
  return fail(FailureCode::disk_full, "The disk of " + folder + " has " + std::to_string(free_bytes / mib) +
                                          " MiB free and appends stop below " + std::to_string(floor_bytes / mib) +
                                          " MiB: make room there. Reading goes on, and appends work again by "
                                          "themselves when there is room.");
}

}  // namespace tenure::storage
