#include "services/http/utf8.h"

#include <cstddef>

namespace tenure::http {

std::string as_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    // The shortest well-formed start is one character: no part of a character is well-formed.
    std::size_t length = 1;
    while (length <= 4 && length <= text.size() && !is_utf8(text.substr(0, length))) ++length;
    if (length > 4 || length > text.size()) {
      clean += "\xEF\xBF\xBD";
      length = 1;
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return clean;
}

void append_shown_text(std::string& out, std::string_view text) {
  if (is_utf8(text)) return tenure::append_json_string(out, text);
  tenure::append_json_string(out, as_utf8(text));
}

}  // namespace tenure::http
