// The keys and values of the store on disk, as storage/FORMAT.md describes them: constants, encoders, decoders.
// Internal to storage/rocks/. Pure; any thread. A decoder answers false for bytes that are none of its kind.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "events/ids.h"

namespace tenure::storage {

// FORMAT.md, "Column families". The numbers are positions in our vector of handles, not on disk.
enum class Family : std::size_t { unused = 0, log, versions, views, blobs, meta };
inline constexpr std::size_t family_count = 6;

inline const char* family_name(Family family) {
  static constexpr const char* names[family_count] = {"default", "log", "versions", "views", "blobs", "meta"};
  return names[static_cast<std::size_t>(family)];
}

// FORMAT.md, "Meta".
inline constexpr std::string_view store_format = "tenure-store 1";
inline constexpr std::string_view vault_format = "tenure-vault 1";
inline constexpr std::string_view meta_format = "format";
inline constexpr std::string_view meta_id = "id";
inline constexpr std::string_view meta_head = "head";
inline constexpr std::string_view meta_kept = "kept";  // in front of a key of the views

inline constexpr std::size_t number_bytes = 8;
inline constexpr std::size_t leaf_bytes = 32;

inline void append_number(std::string& to, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift & 0xff));
}
inline std::string number_key(std::uint64_t value) {
  std::string key;
  append_number(key, value);
  return key;
}
inline bool read_number(std::string_view bytes, std::uint64_t& value) {
  if (bytes.size() != number_bytes) return false;
  value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return true;
}

// FORMAT.md, "Versions": org 0x00 BE64(version). No organization's name holds a NUL, so none is another's prefix.
inline void version_key(std::string& key, const OrgId& org, Version version) {
  assert(org.text.find('\0') == std::string::npos);
  key.assign(org.text);
  key.push_back('\0');
  append_number(key, version.value);
}
// Whether `key` is a version of `org`, and which.
inline bool read_version_key(std::string_view key, const OrgId& org, Version& version) {
  if (key.size() != org.text.size() + 1 + number_bytes || !key.starts_with(org.text) || key[org.text.size()] != '\0') {
    return false;
  }
  return read_number(key.substr(org.text.size() + 1), version.value);
}

// FORMAT.md, "Log": leaf(32) record.
inline void split_log_value(std::string_view value, Digest& leaf, std::string_view& record) {
  std::memcpy(leaf.data(), value.data(), leaf_bytes);
  record = value.substr(leaf_bytes);
}

// FORMAT.md, "Meta", key "head": BE64(position) BE64(version) org.
inline void head_value(std::string& value, Position position, const OrgId& org, Version version) {
  value.clear();
  append_number(value, position.value);
  append_number(value, version.value);
  value += org.text;
}
inline bool read_head_value(std::string_view value, Position& position, OrgId& org, Version& version) {
  if (value.size() <= 2 * number_bytes) return false;
  org.text = value.substr(2 * number_bytes);
  return read_number(value.substr(0, number_bytes), position.value) &&
         read_number(value.substr(number_bytes, number_bytes), version.value);
}

inline std::string_view digest_key(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// A key as text for a person: as it stands when printable, otherwise in hex.
std::string shown_key(std::string_view key);

}  // namespace tenure::storage
