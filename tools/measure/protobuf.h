// Protocol buffers as far as SpiceDB needs them here: fields whose values are texts, messages or small numbers.
//
// Pure functions of texts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenure::bench {

inline void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

// A field with a text or a message in it.
inline std::string field(unsigned number, std::string_view value) {
  std::string out;
  append_varint(out, number << 3 | 2);
  append_varint(out, value.size());
  return out.append(value);
}

inline std::string number_field(unsigned number, std::uint64_t value) {
  std::string out;
  append_varint(out, number << 3);
  append_varint(out, value);
  return out;
}

inline std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; !bytes.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return number;
}

// The first text or message in the field of that number; none: an empty text.
inline std::string_view field_in(std::string_view message, unsigned number) {
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    if ((key & 7) == 0) {
      take_varint(message);
    } else if ((key & 7) == 2) {
      const std::size_t size = std::min<std::size_t>(take_varint(message), message.size());
      if (key >> 3 == number) return message.substr(0, size);
      message.remove_prefix(size);
    } else {
      const std::size_t size = (key & 7) == 1 ? 8 : 4;
      message.remove_prefix(std::min(size, message.size()));
    }
  }
  return {};
}

}  // namespace tenure::bench
