// The strong types of Tenure: what a position, a version, a subject or an identifier is.
//
// None of them converts to another, so that a version cannot be passed where a position is meant.
// Everything here is a plain value: no I/O, no allocation beyond the text it holds, any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace tenure {

// A whole number with a meaning. `Tag` keeps two kinds apart.
template <class Tag>
struct Ordinal {
  std::uint64_t value = 0;

  constexpr Ordinal() = default;
  constexpr explicit Ordinal(std::uint64_t v) : value(v) {}
  constexpr auto operator<=>(const Ordinal&) const = default;
  constexpr Ordinal next() const { return Ordinal(value + 1); }
  constexpr explicit operator bool() const { return value != 0; }
};

// A text identifier with a meaning, as the client or the model wrote it (UTF-8, 1 to 320 bytes).
template <class Tag>
struct Name {
  std::string text;

  Name() = default;
  explicit Name(std::string t) : text(std::move(t)) {}
  explicit Name(std::string_view t) : text(t) {}
  explicit Name(const char* t) : text(t) {}
  auto operator<=>(const Name&) const = default;
  bool empty() const { return text.empty(); }
};

// Where a record stands in the whole log: global, dense, from 1. 0 means "before everything".
using Position = Ordinal<struct PositionTag>;
// Where a record stands in its organization: dense, from 1. 0 means "no record yet".
using Version = Ordinal<struct VersionTag>;

using OrgId = Name<struct OrgTag>;
using RoleId = Name<struct RoleTag>;
using GroupId = Name<struct GroupTag>;
using PermissionId = Name<struct PermissionTag>;
using LevelId = Name<struct LevelTag>;
using FeatureId = Name<struct FeatureTag>;
using SettingId = Name<struct SettingTag>;
using ModelId = Name<struct ModelTag>;
using SodRuleId = Name<struct SodRuleTag>;
using EventId = Name<struct EventTag>;  // the client's own id of an event

// A SHA-256 value, 32 bytes.
using Digest = std::array<std::uint8_t, 32>;

// The opaque name of a person inside one organization: 16 random bytes, shown as "s_" and 32 hex
// digits. It is all that the log says of a person outside sealed text.
struct SubjectId {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const SubjectId&) const = default;
  bool empty() const { return *this == SubjectId{}; }
};

// The organization that holds what belongs to no organization: models, tokens, erasures.
inline const OrgId tenure_org{"_tenure"};

}  // namespace tenure

template <class Tag>
struct std::hash<tenure::Ordinal<Tag>> {
  std::size_t operator()(const tenure::Ordinal<Tag>& o) const noexcept { return std::hash<std::uint64_t>{}(o.value); }
};
template <class Tag>
struct std::hash<tenure::Name<Tag>> {
  std::size_t operator()(const tenure::Name<Tag>& n) const noexcept { return std::hash<std::string>{}(n.text); }
};
template <>
struct std::hash<tenure::SubjectId> {
  std::size_t operator()(const tenure::SubjectId& s) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(s.bytes.data()), s.bytes.size()});
  }
};
