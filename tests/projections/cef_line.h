// Reads a line of CEF by the letter of the format, sharing nothing with what writes it. Any thread; what is not CEF is
// an empty answer.
#pragma once

#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tenure::test {

struct CefLine {
  std::array<std::string, 7> header;  // "CEF:0", vendor, product, version, type, name, severity
  std::map<std::string, std::string> extensions;
};

// The header: fields end at a bare pipe.
inline std::optional<std::size_t> read_cef_header(std::string_view line, CefLine& read) {
  std::size_t at = 0;
  for (std::string& field : read.header) {
    while (true) {
      if (at == line.size()) return std::nullopt;
      const char c = line[at++];
      if (c == '|') break;
      if (c != '\\') {
        field += c;
      } else {
        if (at == line.size() || (line[at] != '\\' && line[at] != '|')) return std::nullopt;
        field += line[at++];
      }
    }
  }
  return at;
}

// A key is the letters and digits before a bare equals sign; a value goes on to the blank before the next key.
inline bool read_cef_extensions(std::string_view text, CefLine& read) {
  std::string key, value;
  std::string* into = &key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') return false;
    if (c == '\\' && into == &value) {
      if (++i == text.size()) return false;
      const char escaped = text[i];
      if (escaped != '\\' && escaped != '=' && escaped != 'n' && escaped != 'r') return false;
      value += escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
    } else if (c == '=') {
      if (into == &value) {
        // What was read since the last blank was the next key.
        const auto blank = value.rfind(' ');
        if (blank == std::string::npos) return false;
        const std::string next = value.substr(blank + 1);
        value.resize(blank);
        if (!read.extensions.emplace(key, value).second) return false;
        key = next;
        value.clear();
      }
      for (const char letter : key) {
        if (!std::isalnum(static_cast<unsigned char>(letter))) return false;
      }
      if (key.empty()) return false;
      into = &value;
    } else {
      *into += c;
    }
  }
  return into == &value && read.extensions.emplace(key, value).second;
}

inline std::optional<CefLine> read_cef(std::string_view line) {
  CefLine read;
  const auto rest = read_cef_header(line, read);
  if (!rest || read.header[0] != "CEF:0" || !read_cef_extensions(line.substr(*rest), read)) return std::nullopt;
  return read;
}

}  // namespace tenure::test
