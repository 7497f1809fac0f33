// An event as the API shows it, its members found once. Views into the document, which outlives it; what is absent or
// of another kind is an empty text or an empty object. One thread at a time; nothing fails.
#pragma once

#include <cstdint>
#include <memory>
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

// What a role grants after the event, as far as the record tells: the grants before, with those that it changed.
std::vector<std::string> grants_after(const Shown& event);
bool has(const nlohmann::json& object, std::string_view name);

// One line of JSON. Nothing that was checked on its way in fails here; bad UTF-8 would be replaced.
std::string dump(const nlohmann::json& value);

// The values that the event set, as JSON: its `data` without what stands elsewhere in every format (the raw line, the
// refused event) or says nothing to a reader (an access model's document, the digest of a token's secret).
std::string after_json(const Shown& event);
// Values in shapes that an index keeps apart: an object becomes a list of "name=value", since an index would else grow
// a field for every permission of every model. Empty if there is nothing; leaves out what after_json does.
std::string flat_json(const nlohmann::json& values);
// What is left out: the raw line, or the refused event as JSON. Empty for other types.
std::string_view raw_text(const Shown& event);

// What a record tells of: itself, but a refusal tells of what was refused as if it stood in the record, with what was
// said beside it (reason, session, address). Where that is gone with a person who was erased, a refusal tells of itself
// too. Outlived by the record.
class Told {
 public:
  explicit Told(const Shown& record);
  ~Told();
  const Shown& event() const { return other_ ? *other_ : record_; }
  bool refused() const { return refused_; }

 private:
  const Shown& record_;
  const bool refused_;
  const std::unique_ptr<nlohmann::json> attempted_;
  const std::unique_ptr<Shown> other_;
};

// Whom or what the event is about, as kind and id: {"member", "ben@acme.test"}.
struct Subject {
  std::string_view kind;
  std::string id;
};
Subject subject_of(const Row& row, const Shown& event);
// Of an event of reviews: whose hold was decided, or who is asked, by identity; empty where it names nobody.
std::string_view person_in_review(const Shown& event);

// "member:ben", "group:sre" or "everyone", taken apart.
struct PrincipalText {
  bool member = false, everyone = false;
  std::string_view id;
};
PrincipalText principal_of(const Shown& event);

// One plain sentence; `denied`: that it was refused.
std::string sentence(const Row& row, const Shown& event, bool denied);

}  // namespace tenure::formats
