#include "events/wire/canonical_json.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "events/limits.h"

namespace tenure {
namespace {

// The order of UTF-8 bytes is the order of code points. UTF-16 puts the surrogates of what lies beyond
// U+FFFF (first byte F0..F4) before U+E000..U+FFFF (first byte EE or EF), so those two are lifted.
unsigned utf16_rank(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0xEE || byte == 0xEF ? byte + 0x10U : byte;
}

std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// Second bytes that would be overlong, a surrogate or above U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      constexpr char hex[] = "0123456789abcdef";
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    }
  }
}

// Writes one value and what it holds; the first refusal stops it.
class CanonicalWriter {
 public:
  CanonicalWriter(std::string& out, std::string_view field) : out_(out), pointer_(field) {}

  bool write(const nlohmann::json& value) {
    switch (value.type()) {
      case nlohmann::json::value_t::null:
        out_ += "null";
        return true;
      case nlohmann::json::value_t::boolean:
        out_ += value.get<bool>() ? "true" : "false";
        return true;
      case nlohmann::json::value_t::string:
        return write_string(value.get_ref<const std::string&>());
      case nlohmann::json::value_t::number_integer:
        return write_integer(value.get<std::int64_t>());
      case nlohmann::json::value_t::number_unsigned: {
        const auto number = value.get<std::uint64_t>();
        return number > static_cast<std::uint64_t>(json_integer_max) ? no_exact_integer()
                                                                     : write_integer(static_cast<std::int64_t>(number));
      }
      case nlohmann::json::value_t::number_float:
        return write_double(value.get<double>());
      case nlohmann::json::value_t::array:
        return write_array(value);
      case nlohmann::json::value_t::object:
        return write_object(value);
      case nlohmann::json::value_t::binary:
      case nlohmann::json::value_t::discarded:
        break;
    }
    return stop("This value is not JSON.");
  }

  Refusal refusal;

 private:
  bool stop(std::string because) {
    refusal = refuse(RefusalCode::invalid_field, std::move(because), pointer_);
    return false;
  }
  bool no_exact_integer() {
    return stop("Whole numbers must lie within 9007199254740991 on either side of zero; write larger ones as strings.");
  }
  bool write_string(const std::string& text) {
    if (!is_utf8(text)) return stop("This text is not valid UTF-8.");
    append_json_string(out_, text);
    return true;
  }
  bool write_integer(std::int64_t number) {
    if (number > json_integer_max || number < -json_integer_max) return no_exact_integer();
    append_json_integer(out_, number);
    return true;
  }
  bool write_double(double number) {
    if (!std::isfinite(number)) return stop("Numbers must be finite.");
    // Up to 1e21 a whole number is printed as plain digits: what reads it back would see an inexact integer.
    const double size = std::fabs(number);
    if (size > static_cast<double>(json_integer_max) && size < 1e21) return no_exact_integer();
    append_json_number(out_, number);
    return true;
  }
  bool deeper() {
    if (++depth_ <= limits::json_depth_max) return true;
    return stop("JSON may be nested " + std::to_string(limits::json_depth_max) + " levels deep at most.");
  }
  bool write_array(const nlohmann::json& array) {
    if (!deeper()) return false;
    const std::size_t here = pointer_.size();
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      pointer_ += "/" + std::to_string(i);
      if (!write(array[i])) return false;
      pointer_.resize(here);
    }
    out_ += ']';
    --depth_;
    return true;
  }
  bool write_object(const nlohmann::json& object) {
    if (!deeper()) return false;
    using Member = std::pair<const std::string, nlohmann::json>;
    std::vector<const Member*> members;
    members.reserve(object.size());
    for (const Member& member : object.get_ref<const nlohmann::json::object_t&>()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* a, const Member* b) { return canonical_less(a->first, b->first); });
    const std::size_t here = pointer_.size();
    out_ += '{';
    for (const Member* member : members) {
      if (member != members.front()) out_ += ',';
      append_json_pointer(pointer_, member->first);
      if (!write_string(member->first)) return false;
      out_ += ':';
      if (!write(member->second)) return false;
      pointer_.resize(here);
    }
    out_ += '}';
    --depth_;
    return true;
  }

  std::string& out_;
  std::string pointer_;
  std::size_t depth_ = 0;
};

// Whether none of eight bytes needs an escape, all of them looked at together: texts are a third of what writing a
// record costs. `(v - 0x01…) & ~v & 0x80…` is not zero exactly when one of the bytes of v is zero; with 0x20 in place
// of 0x01, when one is below 0x20.
bool eight_are_plain(const char* bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  std::uint64_t v = 0;
  std::memcpy(&v, bytes, sizeof v);
  const std::uint64_t quotes = v ^ (ones * '"'), slashes = v ^ (ones * '\\');
  const std::uint64_t found = ((v - ones * 0x20) & ~v) | ((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes);
  return (found & tops) == 0;
}

bool is_plain(std::string_view text) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  std::size_t at = 0;
  for (; at + word <= text.size(); at += word) {
    if (!eight_are_plain(text.data() + at)) return false;
  }
  if (at == text.size()) return true;
  char rest[] = "        ";
  std::memcpy(rest, text.data() + at, text.size() - at);
  return eight_are_plain(rest);
}

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  if (is_plain(utf8)) {
    // Nearly every text, and most are short: room for it and both its quotes at once.
    const std::size_t start = out.size();
    out.append(utf8.size() + 2, '"');
    utf8.copy(out.data() + start + 1, utf8.size());
    return;
  }
  out += '"';
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    if (i + 8 <= utf8.size() && eight_are_plain(utf8.data() + i)) {
      i += 8;
      continue;
    }
    for (const std::size_t end = std::min(i + 8, utf8.size()); i < end; ++i) {
      const auto c = static_cast<unsigned char>(utf8[i]);
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      out.append(utf8, plain_from, i - plain_from);
      append_escape(out, c);
      plain_from = i + 1;
    }
  }
  out.append(utf8, plain_from, utf8.size() - plain_from);
  out += '"';
}

void append_json_integer(std::string& out, std::int64_t value) {
  assert(value <= json_integer_max && value >= -json_integer_max);
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_json_number(std::string& out, double value) {
  assert(std::isfinite(value));
  if (value == 0) {  // minus zero too
    out += '0';
    return;
  }
  // The shortest digits that read back as the same number, as d.ddde[+-]xx.
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  std::string digits;
  const char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits += *at;
  }
  const bool small = at[1] == '-';
  int exponent = 0;
  std::from_chars(at + 2, end, exponent);
  if (small) exponent = -exponent;

  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // how many digits stand before the decimal point
  if (value < 0) out += '-';
  if (point >= count && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (point > 0 && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (point > -6 && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += 'e';
    out += exponent < 0 ? '-' : '+';
    out += std::to_string(std::abs(exponent));
  }
}

void append_json_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

bool canonical_less(std::string_view a, std::string_view b) {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (a[i] != b[i]) return utf16_rank(a[i]) < utf16_rank(b[i]);
  }
  return a.size() < b.size();
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = utf8_length(lead);
    if (length == 0 || i + length > bytes.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(bytes[i + k]);
      if ((next & 0xC0) != 0x80 || (k == 1 && !second_byte_fits(lead, next))) return false;
    }
    i += length;
  }
  return true;
}

Decided<std::string> canonical_json(const nlohmann::json& value, std::string_view field) {
  std::string out;
  CanonicalWriter writer(out, field);
  if (!writer.write(value)) return writer.refusal;
  return out;
}

}  // namespace tenure
