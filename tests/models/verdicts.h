// What a test expects of an event on a watched team. Values and checks only; one thread.
#pragma once

#include <string>
#include <string_view>

#include "tests/catch.h"
#include "tests/models/watched_team.h"

namespace tenure::testing {

// Allowed by that rule of the model (or of what holds under every model).
inline void allowed(const Became& became, std::string_view rule) {
  INFO(became.rule << ": " << became.because);
  CHECK(became.result == VerdictResult::allowed);
  CHECK(became.rule == rule);
  CHECK(became.recorded);
}
// A violation by that rule, with a sentence.
inline void violates(const Became& became, std::string_view rule) {
  INFO(became.rule << ": " << became.because);
  CHECK(became.result == VerdictResult::violation);
  CHECK(became.rule == rule);
  CHECK_FALSE(became.because.empty());
}
// The text says nothing of who may.
inline void unspecified(const Became& became, std::string_view rule = {}) {
  INFO(became.rule << ": " << became.because);
  CHECK(became.result == VerdictResult::unspecified);
  CHECK(became.rule == rule);
}

// The `data` of events, in the words of a client.
inline std::string of(std::string_view member) { return R"({"member": ")" + std::string(member) + R"("})"; }
inline std::string of(std::string_view member, std::string_view role) {
  return R"({"member": ")" + std::string(member) + R"(", "role": ")" + std::string(role) + R"("})";
}
inline std::string on(std::string_view member, std::string_view resource) {
  return R"({"member": ")" + std::string(member) + R"(", "resource": ")" + std::string(resource) + R"("})";
}
inline std::string transfer(std::string_view from, std::string_view to) {
  return R"({"from": ")" + std::string(from) + R"(", "to": ")" + std::string(to) + R"("})";
}

}  // namespace tenure::testing
