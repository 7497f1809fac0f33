// What events are made of: people, texts, actors, resources, scopes, and how a type's JSON fields are told.
//
// Values only: copyable, comparable where useful, no I/O, any thread. The events themselves: events/event.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "events/ids.h"
#include "events/instant.h"

namespace tenure {

// A person as a client names them (`identity`) and as the log names them (`subject`). Before the
// people are resolved `subject` is empty; in what was read from the log `identity` is empty until
// it is looked up, and stays empty for a person who was erased.
struct Person {
  std::string identity;
  SubjectId subject;
};

// Free text that may speak of a person: plain on the way in and out, sealed (base64) in the log.
struct PrivateText {
  std::string text;
};

// A text of any length that speaks of nobody, such as an access model: kept bare, beside the log when it is long.
struct Document {
  std::string text;
};

enum class ActorKind : std::uint8_t { member, support, system, integration };

// Who acted. Members and support staff are people; a system or an integration has a plain id, which
// then stands in `who.identity`.
struct Actor {
  ActorKind kind = ActorKind::system;
  Person who;
  bool is_person() const { return kind == ActorKind::member || kind == ActorKind::support; }
};

struct ResourceId {  // "repo:acme/web"
  std::string kind;
  std::string id;
  auto operator<=>(const ResourceId&) const = default;
};

// What a scoped grant is on: "org", one resource "repo:acme/web", or every one of a kind "repo:*".
struct Scope {
  enum class Kind : std::uint8_t { org, resource, every };
  Kind kind = Kind::org;
  std::string resource_kind;
  std::string id;
  auto operator<=>(const Scope&) const = default;
};

// To whom a role is granted: "member:ana@acme.test", "group:sre" or "everyone".
struct Principal {
  enum class Kind : std::uint8_t { member, group, everyone };
  Kind kind = Kind::everyone;
  Person member;
  GroupId group;
};

using Grants = std::map<PermissionId, LevelId>;

// A field of an edit: left alone (absent), cleared (JSON null) or set.
template <class T>
struct Patch {
  bool cleared = false;
  std::optional<T> value;
  bool absent() const { return !cleared && !value; }
};

enum class Mode : std::uint8_t { observe, enforce };
enum class Basis : std::uint8_t { happened, baseline };

// What a reviewer says of a hold: it stays, it ends, another role stands in its place, or somebody else is to say.
enum class ReviewVerb : std::uint8_t { keep, revoke, change, delegate };

// One JSON field of a struct: its name and where its value is.
template <class C, class T>
struct Field {
  std::string_view name;
  T C::*member;
};
template <class C, class T>
constexpr Field<C, T> field(std::string_view name, T C::*member) {
  return {name, member};
}

}  // namespace tenure
