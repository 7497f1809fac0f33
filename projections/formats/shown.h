// An event as the API shows it, its members found once. Views into the document, which outlives it; what is absent or
// of another kind is an empty text or an empty object. One thread at a time; nothing fails.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "projections/formats/mapping.h"

namespace tenure::formats {

struct Who {
  std::string_view kind, id;
};

struct Shown {
  explicit Shown(const nlohmann::json& shown);

  const nlohmann::json& whole;
  const nlohmann::json& data;
  const nlohmann::json& before;
  std::string_view type, org, id, basis, prev;
  std::string_view occurred_at, recorded_at;      // RFC 3339
  std::int64_t occurred_ms = 0, recorded_ms = 0;  // since 1970, finer cut
  std::uint64_t position = 0, version = 0;
  Who actor, approver;
  std::string_view reason, ticket, correlation, session, source_ip;
  std::string_view verdict, rule, because;
  std::string_view model, model_version;
  std::string_view channel;

  bool violation() const { return verdict == "violation"; }
};

// A text member; empty if it is absent or something else.
std::string_view text_of(const nlohmann::json& object, std::string_view name);
// The texts of a list; none if it is absent or something else.
std::vector<std::string_view> texts_of(const nlohmann::json& object, std::string_view name);
// "permission=level" of each member.
std::vector<std::string> grants_of(const nlohmann::json& object, std::string_view name);

// One line in any format. Nothing that was checked on its way in fails here; bad UTF-8 would be replaced.
std::string dump(const nlohmann::json& value);

// The values that the event set, as JSON: its `data` without what stands elsewhere in every format (the raw line, the
// refused event) or says nothing to a reader (an access model's document, the digest of a token's secret).
std::string after_json(const Shown& event);
bool left_out_of_after(std::string_view name);
// What is left out of that: the raw line, or the refused event as JSON. Empty for other types.
std::string_view raw_text(const Shown& event);

// Whom or what the event is about, as kind and id: {"member", "ben@acme.test"}.
struct Subject {
  std::string_view kind;
  std::string id;
};
Subject subject_of(const Row& row, const Shown& event);

// "member:ben", "group:sre" or "everyone", taken apart.
struct PrincipalText {
  bool member = false, everyone = false;
  std::string_view id;
};
PrincipalText principal_of(const Shown& event);

// One plain sentence.
std::string sentence(const Row& row, const Shown& event);

// Whether OCSF, ECS and CEF take the text for an address: dotted IPv4; IPv6 without a zone.
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
// An address that mail programs would take, in the letters that OCSF allows.
bool is_email(std::string_view text);

}  // namespace tenure::formats
