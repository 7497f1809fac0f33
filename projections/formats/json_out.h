// Writes JSON straight into a text: the encoders' pen. Names of members are our own ASCII words and are not escaped;
// values are. A plain value; one thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "events/wire/canonical_json.h"

namespace tenure::formats {

class JsonOut {
 public:
  explicit JsonOut(std::size_t expected_bytes) { out_.reserve(expected_bytes); }

  JsonOut& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  JsonOut& open(std::string_view name, char bracket) { return key(name).open(bracket); }
  JsonOut& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  JsonOut& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    first_ = true;  // the value follows without a comma
    return *this;
  }
  JsonOut& item(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonOut& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  JsonOut& text(std::string_view name, std::string_view value) { return key(name).item(value); }
  // Nothing when the value is empty.
  JsonOut& some(std::string_view name, std::string_view value) { return value.empty() ? *this : text(name, value); }
  JsonOut& flag(std::string_view name, bool value) { return key(name).raw(value ? "true" : "false"); }
  JsonOut& number(std::string_view name, std::int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return key(name).raw(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string out_;
  bool first_ = true;
};

}  // namespace tenure::formats
