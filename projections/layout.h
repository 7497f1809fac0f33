// How the views are laid out as keys: who is numbered how, and which byte starts which row.
//
// Every key starts with the organization's number (4 bytes, big endian), then one byte for the kind
// of row (`Row`). Numbers are dense and given in the order of the log, so that a rebuild gives the
// same bytes. Integers in keys are big endian (they sort), in values they are varints (LEB128).
// projections/README.md has the table of rows.
#pragma once

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "events/ids.h"
#include "events/instant.h"

namespace tenure::projections {

// An organization's number; 0 is the space of what belongs to none (the directory of organizations).
using OrgNumber = std::uint32_t;
// The number of a thing within its organization; 0 means none.
using Number = std::uint32_t;

enum class EntityKind : char {
  org = 'o',
  member = 'm',  // named by the 16 bytes of its subject
  group = 'g',
  role = 'r',
  scope = 'x',  // "org", "kind:*" or a resource "kind:id"
  permission = 'p',
  level = 'l',
  setting = 's',
  value = 'v',  // a setting's value, or the name that people see of a role or group
  feature = 'f',
  model = 'w',  // "id version"
  area = 'a',
  sod_rule = 'q',
  finding = 'c',  // one that somebody closed or reopened, by its id
  review = 'u',
  review_definition = 'j',
  access_report = 'b',
};

enum class Row : char {
  head = 'h',         // one row: where the organization stands (OrgHead)
  number = 'd',       // kind, name -> number
  name = 'n',         // number -> kind, name
  timeline = 't',     // number, 'H' | 'S' point -> chunk of entries
  interval = 'i',     // list, tag, … -> interval: what became known late
  list = 'l',         // list, tag, … -> the history of who held a link (list_rows.h)
  earliest = 'e',     // position -> history_from from that position on
  newest = 'y',       // version -> newest occurred_at known with it, where the event itself was late
  event_id = 'k',     // keyed digest of a client's event id -> position, digest of the body
  first_named = 's',  // number of a member -> position of the record with the sealed identity
  finding = 'f',      // kind, point, entity -> what only the records tell (finding_rows.h); 'n': unlisted.h
  retractions = 'z',  // position -> positions of the retractions of that event
  baselines = 'b',    // block of positions -> which of them tell what was found so (baselines.h)
  review = 'u',       // number of a review, definition or report, position -> that it is of it (review/rows.h)
};

// A moment in the fold's order: time, then position.
struct Point {
  std::int64_t us = std::numeric_limits<std::int64_t>::min();
  std::uint64_t position = 0;
  auto operator<=>(const Point&) const = default;

  static constexpr Point never() {
    return {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::uint64_t>::max()};
  }
  // The state at an instant includes every event of that instant.
  static constexpr Point end_of(Instant at) { return {at.us, std::numeric_limits<std::uint64_t>::max()}; }
};

inline void put_u32(std::string& out, std::uint32_t value) {
  const std::uint32_t bytes = boost::endian::native_to_big(value);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}
inline void put_u64(std::string& out, std::uint64_t value) {
  const std::uint64_t bytes = boost::endian::native_to_big(value);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}
// Times before 1970 sort before those after: the sign bit is turned.
inline void put_time(std::string& out, std::int64_t us) { put_u64(out, static_cast<std::uint64_t>(us) ^ (1ULL << 63)); }
inline std::uint32_t take_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}
inline std::uint64_t take_u64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}
inline std::int64_t take_time(std::string_view bytes, std::size_t at) {
  return static_cast<std::int64_t>(take_u64(bytes, at) ^ (1ULL << 63));
}

inline void put_varint(std::string& out, std::uint64_t value) {
  char bytes[10];
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}
// Signed: zigzag, so that small differences of either sign are short.
inline void put_signed(std::string& out, std::int64_t value) {
  put_varint(out, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

// Reads varints off the front of a value; `good` turns false past the end, and stays so.
struct Reader {
  std::string_view rest;
  bool good = true;

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest.empty()) return good = false, 0;
      const auto byte = static_cast<std::uint8_t>(rest.front());
      rest.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return good = false, 0;
  }
  std::int64_t signed_varint() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  std::uint32_t number() { return static_cast<std::uint32_t>(varint()); }
};

inline std::string row_key(OrgNumber org, Row row) {
  std::string key;
  key.reserve(48);
  put_u32(key, org);
  key += static_cast<char>(row);
  return key;
}

}  // namespace tenure::projections
