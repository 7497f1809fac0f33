// Writes a JSON object or array piece by piece, without a document in between: the routes' pen and the encoders'. A
// plain value; one thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "events/instant.h"
#include "events/wire/canonical_json.h"

namespace tenure {

class JsonText {
 public:
  JsonText() = default;
  explicit JsonText(std::size_t expected_bytes) { out_.reserve(expected_bytes); }

  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  JsonText& open(std::string_view name, char bracket) { return key(name).open(bracket); }
  JsonText& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  JsonText& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    first_ = true;  // the value follows without a comma
    return *this;
  }
  JsonText& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonText& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  JsonText& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonText& field(std::string_view name, const char* value) { return key(name).text(value); }
  JsonText& field(std::string_view name, const std::string& value) { return key(name).text(value); }
  JsonText& field(std::string_view name, bool value) { return key(name).raw(value ? "true" : "false"); }
  JsonText& field(std::string_view name, std::uint64_t value) { return key(name).digits(value); }
  JsonText& field(std::string_view name, Instant at) { return key(name).text(format_instant(at)); }
  // Nothing when the value is empty.
  JsonText& some(std::string_view name, std::string_view value) { return value.empty() ? *this : field(name, value); }
  JsonText& number(std::string_view name, std::int64_t value) { return key(name).digits(value); }
  JsonText& null(std::string_view name) { return key(name).raw("null"); }

  std::string& out() { return out_; }
  std::string take() { return std::move(out_); }

 private:
  template <class Whole>
  JsonText& digits(Whole value) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return raw(std::string_view(text, static_cast<std::size_t>(end - text)));
  }
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string out_;
  bool first_ = true;
};

}  // namespace tenure
