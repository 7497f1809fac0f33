#include "events/wire/json_read.h"

#include <cmath>
#include <cstdlib>
#include <set>

#include "events/limits.h"
#include "events/wire/canonical_json.h"

namespace tenure {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
  }
  out += static_cast<char>(0x80 | (point & 0x3F));
}

// Walks the text by the grammar of RFC 8259. Every function leaves `at_` behind what it read, or at the
// byte at fault and answers false.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  std::optional<JsonFault> run() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      stop("The text starts with a byte order mark; send plain UTF-8 without one.");
      return fault_;
    }
    skip_blanks();
    if (!value()) return fault_;
    skip_blanks();
    if (at_ < text_.size()) stop("Text goes on after the end of the JSON value.");
    return fault_;
  }

 private:
  bool stop(std::string because) {
    fault_ = JsonFault{at_, std::move(because)};
    return false;
  }
  bool stop_expecting(std::string_view what) {
    const std::string_view where = at_ >= text_.size() ? "The text ends where " : "This is where ";
    return stop(std::string(where).append(what).append(" should stand."));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }  // NUL stands nowhere in the grammar
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return string(nullptr);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        break;
    }
    return peek() == '-' || is_digit(peek()) ? number() : stop_expecting("a JSON value");
  }

  bool word(std::string_view expected) {
    for (const char c : expected) {
      if (take(c)) continue;
      if (at_ >= text_.size()) return stop_expecting("the word " + std::string(expected));
      return stop(
          "No JSON value begins so: text stands in double quotes, and the only words are true, false and null.");
    }
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return stop_expecting("a digit");
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    const std::size_t from = at_;
    if (!number_token()) return false;
    if (std::isfinite(std::strtod(std::string(text_.substr(from, at_ - from)).c_str(), nullptr))) return true;
    at_ = from;
    return stop("This number is too large for a double.");
  }

  bool number_token() {
    take('-');
    if (take('0')) {
      if (is_digit(peek())) return stop("A number has no leading zeros.");
    } else if (!digits()) {
      return false;
    }
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool string(std::string* decoded) {
    take('"');
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return stop("A control character must be written as an escape inside a string.");
      if (c == '\\') {
        if (!escape(decoded)) return false;
      } else if (!character(c, decoded)) {
        return false;
      }
    }
    return stop("The text ends inside a string.");
  }

  bool character(unsigned char lead, std::string* decoded) {
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view bytes = text_.substr(at_, length);
    if (length > 1 && !is_utf8(bytes)) return stop("These bytes are not valid UTF-8.");
    if (decoded) *decoded += bytes;
    at_ += length;
    return true;
  }

  bool escape(std::string* decoded) {
    const std::size_t from = at_++;
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return unicode_escape(from, decoded);
    const std::size_t which = at_ < text_.size() ? letters.find(text_[at_]) : letters.npos;
    if (which == letters.npos) return stop_expecting("one of the letters that JSON escapes");
    if (decoded) *decoded += meanings[which];
    ++at_;
    return true;
  }

  bool unicode_escape(std::size_t from, std::string* decoded) {
    std::uint32_t point = 0;
    if (!four_hex(point)) return false;
    const auto alone = [&] {
      at_ = from;
      return stop("This escape is half of a surrogate pair.");
    };
    if (point >= 0xDC00 && point <= 0xDFFF) return alone();
    if (point >= 0xD800 && point <= 0xDBFF) {
      if (text_.substr(at_, 2) != "\\u") return alone();
      at_ += 2;
      std::uint32_t low = 0;
      if (!four_hex(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return alone();
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    if (decoded) append_utf8(*decoded, point);
    return true;
  }

  bool four_hex(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(peek());
      if (digit < 0) return stop_expecting("a hexadecimal digit");
      out = out << 4 | static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return true;
  }

  bool deeper() {
    if (depth_ < limits::json_depth_max) {
      ++depth_;
      return true;
    }
    return stop("JSON may be nested " + std::to_string(limits::json_depth_max) + " levels deep at most.");
  }

  bool array() {
    if (!deeper()) return false;
    take('[');
    skip_blanks();
    if (!take(']')) {
      do {
        skip_blanks();
        if (!value()) return false;
        skip_blanks();
      } while (take(','));
      if (!take(']')) return stop_expecting("a comma or the end of the array");
    }
    --depth_;
    return true;
  }

  bool object() {
    if (!deeper()) return false;
    take('{');
    skip_blanks();
    if (!take('}')) {
      std::set<std::string, std::less<>> names;
      do {
        skip_blanks();
        if (!member(names)) return false;
        skip_blanks();
      } while (take(','));
      if (!take('}')) return stop_expecting("a comma or the end of the object");
    }
    --depth_;
    return true;
  }

  bool member(std::set<std::string, std::less<>>& names) {
    const std::size_t from = at_;
    std::string name;
    if (peek() != '"') return stop_expecting("a name in double quotes");
    if (!string(&name)) return false;
    if (!names.insert(std::move(name)).second) {
      at_ = from;
      return stop("This name stands twice in one object.");
    }
    skip_blanks();
    if (!take(':')) return stop_expecting("a colon");
    skip_blanks();
    return value();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text) { return JsonWalk(text).run(); }

Decided<nlohmann::json> read_json(std::string_view text, std::string_view field) {
  if (auto fault = find_json_fault(text)) {
    Refusal refusal = refuse(RefusalCode::malformed_json, std::move(fault->because), std::string(field));
    refusal.offset = fault->offset;
    return refusal;
  }
  return nlohmann::json::parse(text);
}

}  // namespace tenure
