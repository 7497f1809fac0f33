#include "storage/rocks/wal_tail.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/rocks/failures.h"

namespace tenure::storage {

namespace {

// RocksDB's log: blocks of 32 KiB; in each, records of crc32c(4, masked, over type and payload) length(2) type(1)
// payload, all little-endian; a block's last bytes are zeros where no header fits.
constexpr std::size_t block_bytes = 32'768;
constexpr std::size_t header_bytes = 7;
constexpr std::uint8_t type_last = 4;  // 1 to 4: full, first, middle, last; other types we never let it write

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

struct Header {
  std::uint32_t masked_crc;
  std::size_t length;
  std::uint8_t type;
};
Header header_at(std::string_view bytes, std::size_t at) {
  std::uint32_t crc = 0;
  for (int i = 3; i >= 0; --i) crc = crc << 8 | byte_at(bytes, at + static_cast<std::size_t>(i));
  return {crc, static_cast<std::size_t>(byte_at(bytes, at + 4) | byte_at(bytes, at + 5) << 8), byte_at(bytes, at + 6)};
}

bool fits(const Header& header, std::string_view type_and_payload) {
  Crc32c crc;
  crc.process_bytes(type_and_payload.data(), type_and_payload.size());
  const std::uint32_t value = crc.checksum();
  return header.masked_crc == ((value >> 15 | value << 17) + 0xa282ead8u);  // RocksDB's mask of a stored checksum
}

// Whether a whole, sound record of the length that its header states stands at `at`.
bool whole_record_at(std::string_view block, std::size_t at) {
  if (at + header_bytes > block.size()) return false;
  const Header header = header_at(block, at);
  if (header.type == 0 || header.type > type_last || at + header_bytes + header.length > block.size()) return false;
  return fits(header, block.substr(at + 6, 1 + header.length));
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

Failure damage(const std::string& file, std::size_t offset, const char* what) {
  return fail(FailureCode::corruption, "The write-ahead log " + file + " is damaged at offset " +
                                           std::to_string(offset) + ": " + what +
                                           ". Nothing was changed; restore the store from a backup.");
}

// The last record runs past the end of the log. `from` is where its header stands in the last block.
Outcome<void> check_cut(std::string_view block, std::size_t from, std::size_t block_offset, const std::string& file) {
  const Header header = header_at(block, from);
  if (fits(header, block.substr(from + 6))) {
    return damage(file, block_offset + from, "a whole record states a length that runs past the end of the file");
  }
  for (std::size_t at = from + 1; at + header_bytes <= block.size(); ++at) {
    if (whole_record_at(block, at)) {
      return damage(file, block_offset + from, "a record that seems cut short has a sound one behind it");
    }
  }
  return {};
}

}  // namespace

// Follows the headers only: a record that is there in full is checked by RocksDB itself when it replays the log. A type
// beyond `last` is not left to it, because it takes some of them for the end of the log before it looks at the
// checksum.
Outcome<void> check_log(std::string_view log, const std::string& file, LogCheck what) {
  for (std::size_t start = 0; start < log.size(); start += block_bytes) {
    const std::string_view block = log.substr(start, block_bytes);
    const bool last = start + block.size() == log.size();
    std::size_t at = 0;
    while (at + header_bytes <= block.size()) {
      const Header header = header_at(block, at);
      if (header.type == 0 && header.length == 0) {
        if (!all_zero(log.substr(start + at))) {
          return damage(file, start + at, "zeros stand where a record should, and more follows them");
        }
        return {};  // never written: space that a crash left unfilled
      }
      if (header.type > type_last) return damage(file, start + at, "a record has a type that is never written");
      if (at + header_bytes + header.length > block.size()) {
        if (last) return check_cut(block, at, start, file);
        if (what == LogCheck::everything) return damage(file, start + at, "a record's length runs past its block");
        break;  // RocksDB reports it
      }
      if (what == LogCheck::everything && !whole_record_at(block, at)) {
        return damage(file, start + at, "a record does not have the checksum that was stored with it");
      }
      at += header_bytes + header.length;
    }
  }
  return {};
}

Outcome<void> check_logs(rocksdb::Env* env, const std::string& folder, LogCheck what) {
  std::vector<std::string> names;
  if (!env->FileExists(folder).ok() || !env->GetChildren(folder, &names).ok()) return {};
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!name.ends_with(".log")) continue;
    const std::string file = folder + "/" + name;
    std::string log;
    const rocksdb::Status read = rocksdb::ReadFileToString(env, file, &log);
    if (!read.ok()) return failure_of(read, "reading the write-ahead log " + file);
    if (auto sound = check_log(log, file, what); !sound) return sound;
  }
  return {};
}

}  // namespace tenure::storage
