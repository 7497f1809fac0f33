// Writes a JSON object or array piece by piece, without a document in between. A plain value; one thread.
#pragma once

#include <string>
#include <string_view>

#include "events/instant.h"
#include "events/wire/canonical_json.h"

namespace tenure::services {

class JsonText {
 public:
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
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
  JsonText& field(std::string_view name, std::uint64_t value) { return key(name).raw(std::to_string(value)); }
  JsonText& field(std::string_view name, Instant at) { return key(name).text(format_instant(at)); }
  JsonText& null(std::string_view name) { return key(name).raw("null"); }

  std::string& out() { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string out_;
  bool first_ = true;
};

}  // namespace tenure::services
