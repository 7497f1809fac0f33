// Start here: what can happen. Every event type of Tenure, as plain data.
//
// An `Event` is what a client states: who did what to whom, when. A `Record` (events/record.h) is
// the event as kept. The `data` of each type is one struct below; its `fields()` lists the JSON
// names in their canonical (byte) order, and everything that reads, writes, seals or walks an event
// follows that list, so a type is described once.
//
// Values only: copyable, comparable where useful, no I/O, any thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "events/event_parts.h"
#include "events/reserved_events.h"
#include "events/review_events.h"

namespace tenure {

#define TENURE_EVENT(type_name, schema_number)        \
  static constexpr std::string_view type = type_name; \
  static constexpr int schema = schema_number;        \
  static constexpr auto fields() { return std::tuple(TENURE_FIELDS); }

namespace event {

struct OrgCreated {
  ModelId model;
  std::optional<std::string> model_version;
  Mode mode = Mode::observe;
  std::optional<Person> owner;
#define TENURE_FIELDS                                                   \
  field("mode", &OrgCreated::mode), field("model", &OrgCreated::model), \
      field("model_version", &OrgCreated::model_version), field("owner", &OrgCreated::owner)
  TENURE_EVENT("org.created", 1)
#undef TENURE_FIELDS
};

struct OrgDeleted {
  static constexpr std::string_view type = "org.deleted";
  static constexpr int schema = 1;
  static constexpr std::tuple<> fields() { return {}; }
};

struct OrgSettingChanged {
  SettingId setting;
  std::string value;
#define TENURE_FIELDS field("setting", &OrgSettingChanged::setting), field("value", &OrgSettingChanged::value)
  TENURE_EVENT("org.setting_changed", 1)
#undef TENURE_FIELDS
};

struct OrgModelChanged {
  ModelId model;
  std::optional<std::string> model_version;
#define TENURE_FIELDS field("model", &OrgModelChanged::model), field("model_version", &OrgModelChanged::model_version)
  TENURE_EVENT("org.model_changed", 1)
#undef TENURE_FIELDS
};

struct FeatureEnabled {
  FeatureId feature;
#define TENURE_FIELDS field("feature", &FeatureEnabled::feature)
  TENURE_EVENT("feature.enabled", 1)
#undef TENURE_FIELDS
};
struct FeatureDisabled {
  FeatureId feature;
#define TENURE_FIELDS field("feature", &FeatureDisabled::feature)
  TENURE_EVENT("feature.disabled", 1)
#undef TENURE_FIELDS
};

struct MemberInvited {
  Person member;
  std::optional<RoleId> role;
  std::vector<GroupId> groups;
  std::optional<Instant> expires_at;
#define TENURE_FIELDS                                                                       \
  field("expires_at", &MemberInvited::expires_at), field("groups", &MemberInvited::groups), \
      field("member", &MemberInvited::member), field("role", &MemberInvited::role)
  TENURE_EVENT("member.invited", 1)
#undef TENURE_FIELDS
};
struct InvitationAccepted {
  Person member;
#define TENURE_FIELDS field("member", &InvitationAccepted::member)
  TENURE_EVENT("invitation.accepted", 1)
#undef TENURE_FIELDS
};
struct InvitationCancelled {
  Person member;
#define TENURE_FIELDS field("member", &InvitationCancelled::member)
  TENURE_EVENT("invitation.cancelled", 1)
#undef TENURE_FIELDS
};
struct InvitationExpired {
  Person member;
#define TENURE_FIELDS field("member", &InvitationExpired::member)
  TENURE_EVENT("invitation.expired", 1)
#undef TENURE_FIELDS
};

struct MemberAdded {
  Person member;
  std::optional<RoleId> role;
#define TENURE_FIELDS field("member", &MemberAdded::member), field("role", &MemberAdded::role)
  TENURE_EVENT("member.added", 1)
#undef TENURE_FIELDS
};
struct MemberRemoved {
  Person member;
#define TENURE_FIELDS field("member", &MemberRemoved::member)
  TENURE_EVENT("member.removed", 1)
#undef TENURE_FIELDS
};
struct MemberDisabled {
  Person member;
  std::optional<std::string> area;
#define TENURE_FIELDS field("area", &MemberDisabled::area), field("member", &MemberDisabled::member)
  TENURE_EVENT("member.disabled", 1)
#undef TENURE_FIELDS
};
struct MemberEnabled {
  Person member;
  std::optional<std::string> area;
#define TENURE_FIELDS field("area", &MemberEnabled::area), field("member", &MemberEnabled::member)
  TENURE_EVENT("member.enabled", 1)
#undef TENURE_FIELDS
};
struct MemberRoleChanged {
  Person member;
  RoleId role;
#define TENURE_FIELDS field("member", &MemberRoleChanged::member), field("role", &MemberRoleChanged::role)
  TENURE_EVENT("member.role_changed", 1)
#undef TENURE_FIELDS
};
struct OwnershipTransferred {
  Person from;
  std::optional<RoleId> previous_owner_role;
  Person to;
#define TENURE_FIELDS                         \
  field("from", &OwnershipTransferred::from), \
      field("previous_owner_role", &OwnershipTransferred::previous_owner_role), field("to", &OwnershipTransferred::to)
  TENURE_EVENT("ownership.transferred", 1)
#undef TENURE_FIELDS
};

struct RoleCreated {
  RoleId role;
  std::string name;
  std::optional<std::string> description;
  std::optional<RoleId> based_on;
  Grants grants;
#define TENURE_FIELDS                                                                         \
  field("based_on", &RoleCreated::based_on), field("description", &RoleCreated::description), \
      field("grants", &RoleCreated::grants), field("name", &RoleCreated::name), field("role", &RoleCreated::role)
  TENURE_EVENT("role.created", 1)
#undef TENURE_FIELDS
};
struct RoleEdited {
  RoleId role;
  Grants grants;  // the changed ones
  std::optional<std::string> name;
#define TENURE_FIELDS \
  field("grants", &RoleEdited::grants), field("name", &RoleEdited::name), field("role", &RoleEdited::role)
  TENURE_EVENT("role.edited", 1)
#undef TENURE_FIELDS
};
struct RoleReset {
  RoleId role;
#define TENURE_FIELDS field("role", &RoleReset::role)
  TENURE_EVENT("role.reset", 1)
#undef TENURE_FIELDS
};
struct RoleDeleted {
  RoleId role;
  std::optional<RoleId> reassign_to;
#define TENURE_FIELDS field("reassign_to", &RoleDeleted::reassign_to), field("role", &RoleDeleted::role)
  TENURE_EVENT("role.deleted", 1)
#undef TENURE_FIELDS
};

struct GroupCreated {
  GroupId group;
  std::optional<std::string> name;
  std::optional<GroupId> parent;
  std::optional<RoleId> role;
#define TENURE_FIELDS                                                                                               \
  field("group", &GroupCreated::group), field("name", &GroupCreated::name), field("parent", &GroupCreated::parent), \
      field("role", &GroupCreated::role)
  TENURE_EVENT("group.created", 1)
#undef TENURE_FIELDS
};
struct GroupEdited {
  GroupId group;
  std::optional<std::string> name;
  Patch<GroupId> parent;
  Patch<RoleId> role;
#define TENURE_FIELDS                                                                                            \
  field("group", &GroupEdited::group), field("name", &GroupEdited::name), field("parent", &GroupEdited::parent), \
      field("role", &GroupEdited::role)
  TENURE_EVENT("group.edited", 1)
#undef TENURE_FIELDS
};
struct GroupDeleted {
  GroupId group;
#define TENURE_FIELDS field("group", &GroupDeleted::group)
  TENURE_EVENT("group.deleted", 1)
#undef TENURE_FIELDS
};
struct GroupMemberAdded {
  GroupId group;
  Person member;
#define TENURE_FIELDS field("group", &GroupMemberAdded::group), field("member", &GroupMemberAdded::member)
  TENURE_EVENT("group.member_added", 1)
#undef TENURE_FIELDS
};
struct GroupMemberRemoved {
  GroupId group;
  Person member;
#define TENURE_FIELDS field("group", &GroupMemberRemoved::group), field("member", &GroupMemberRemoved::member)
  TENURE_EVENT("group.member_removed", 1)
#undef TENURE_FIELDS
};

struct RoleGranted {
  Scope on;
  Principal principal;
  RoleId role;
#define TENURE_FIELDS \
  field("on", &RoleGranted::on), field("principal", &RoleGranted::principal), field("role", &RoleGranted::role)
  TENURE_EVENT("role.granted", 1)
#undef TENURE_FIELDS
};
struct RoleRevoked {
  Scope on;
  Principal principal;
  RoleId role;
#define TENURE_FIELDS \
  field("on", &RoleRevoked::on), field("principal", &RoleRevoked::principal), field("role", &RoleRevoked::role)
  TENURE_EVENT("role.revoked", 1)
#undef TENURE_FIELDS
};

struct ResourceAdded {
  std::optional<ResourceId> parent;
  ResourceId resource;
#define TENURE_FIELDS field("parent", &ResourceAdded::parent), field("resource", &ResourceAdded::resource)
  TENURE_EVENT("resource.added", 1)
#undef TENURE_FIELDS
};
struct ResourceRemoved {
  ResourceId resource;
#define TENURE_FIELDS field("resource", &ResourceRemoved::resource)
  TENURE_EVENT("resource.removed", 1)
#undef TENURE_FIELDS
};
struct AssignmentAdded {
  Person member;
  ResourceId resource;
#define TENURE_FIELDS field("member", &AssignmentAdded::member), field("resource", &AssignmentAdded::resource)
  TENURE_EVENT("assignment.added", 1)
#undef TENURE_FIELDS
};
struct AssignmentRemoved {
  Person member;
  ResourceId resource;
#define TENURE_FIELDS field("member", &AssignmentRemoved::member), field("resource", &AssignmentRemoved::resource)
  TENURE_EVENT("assignment.removed", 1)
#undef TENURE_FIELDS
};

struct EventRetracted {
  Position position;
#define TENURE_FIELDS field("position", &EventRetracted::position)
  TENURE_EVENT("event.retracted", 1)
#undef TENURE_FIELDS
};

// A line of an imported log that changes no access.
struct SourceRecorded {
  std::string source;  // "github-audit"
  std::string action;  // the line's own action
  PrivateText raw;     // the line
#define TENURE_FIELDS \
  field("action", &SourceRecorded::action), field("raw", &SourceRecorded::raw), field("source", &SourceRecorded::source)
  TENURE_EVENT("source.recorded", 1)
#undef TENURE_FIELDS
};

// Mode `enforce` only: what was refused, and by which rule. Never sent by a client.
struct ActionDenied {
  std::string because;
  PrivateText event;    // the refused event as JSON
  std::string refused;  // its type
  std::string rule;
#define TENURE_FIELDS                                                             \
  field("because", &ActionDenied::because), field("event", &ActionDenied::event), \
      field("refused", &ActionDenied::refused), field("rule", &ActionDenied::rule)
  TENURE_EVENT("action.denied", 1)
#undef TENURE_FIELDS
};
// Two permissions that one hand must not hold, each at its level or above; where a kind is named, on one resource.
struct SodRuleAdded {
  PermissionId first;
  LevelId first_level;
  std::string name;
  std::optional<std::string> resource_kind;
  SodRuleId rule;
  PermissionId second;
  LevelId second_level;
#define TENURE_FIELDS                                                                           \
  field("first", &SodRuleAdded::first), field("first_level", &SodRuleAdded::first_level),       \
      field("name", &SodRuleAdded::name), field("resource_kind", &SodRuleAdded::resource_kind), \
      field("rule", &SodRuleAdded::rule), field("second", &SodRuleAdded::second),               \
      field("second_level", &SodRuleAdded::second_level)
  TENURE_EVENT("sod_rule.added", 1)
#undef TENURE_FIELDS
};
struct SodRuleRemoved {
  SodRuleId rule;
#define TENURE_FIELDS field("rule", &SodRuleRemoved::rule)
  TENURE_EVENT("sod_rule.removed", 1)
#undef TENURE_FIELDS
};
// Somebody looked at a finding, by its id, and says why it may rest, or that it may not.
struct FindingClosed {
  std::string finding;
#define TENURE_FIELDS field("finding", &FindingClosed::finding)
  TENURE_EVENT("finding.closed", 1)
#undef TENURE_FIELDS
};
struct FindingReopened {
  std::string finding;
#define TENURE_FIELDS field("finding", &FindingReopened::finding)
  TENURE_EVENT("finding.reopened", 1)
#undef TENURE_FIELDS
};

}  // namespace event
#undef TENURE_EVENT

// The types, in the order of their indices.
using EventTypes = std::variant<
    event::OrgCreated, event::OrgDeleted, event::OrgSettingChanged, event::OrgModelChanged, event::FeatureEnabled,
    event::FeatureDisabled, event::MemberInvited, event::InvitationAccepted, event::InvitationCancelled,
    event::InvitationExpired, event::MemberAdded, event::MemberRemoved, event::MemberDisabled, event::MemberEnabled,
    event::MemberRoleChanged, event::OwnershipTransferred, event::RoleCreated, event::RoleEdited, event::RoleReset,
    event::RoleDeleted, event::GroupCreated, event::GroupEdited, event::GroupDeleted, event::GroupMemberAdded,
    event::GroupMemberRemoved, event::RoleGranted, event::RoleRevoked, event::ResourceAdded, event::ResourceRemoved,
    event::AssignmentAdded, event::AssignmentRemoved, event::EventRetracted, event::SourceRecorded, event::ActionDenied,
    event::SodRuleAdded, event::SodRuleRemoved, event::FindingClosed, event::FindingReopened, event::ModelPublished,
    event::TokenCreated, event::TokenRevoked, event::ConsumerCreated, event::ConsumerReset, event::ConsumerDeleted,
    event::SinkCreated, event::SinkPaused, event::SinkResumed, event::SinkDeleted, event::ReviewDefined,
    event::ReviewWithdrawn, event::ReviewSkipped, event::ReviewOpened, event::ReviewDecided, event::ReviewReassigned,
    event::ReviewReminded, event::ReviewEscalated, event::ReviewStageEnded, event::ReviewClosed,
    event::ReviewRemediated, event::ReviewCancelled, event::AccessReported>;

namespace detail {
template <class Type, class... Types>
constexpr std::size_t index_among(std::type_identity<std::variant<Types...>>) {
  std::size_t index = 0;
  (void)((std::is_same_v<Type, Types> || (++index, false)) || ...);
  return index;
}
}  // namespace detail

// Where a type stands among EventTypes; their number for what is none.
template <class Type>
inline constexpr std::size_t event_index = detail::index_among<Type>(std::type_identity<EventTypes>{});

// What happened: one of the types. A std::variant to whoever looks into it; that it is a class of its own has what it
// takes to copy, move and destroy one of sixty types compiled once, in event.cpp, and not wherever an event is handled.
class EventPayload : public EventTypes {
 public:
  EventPayload();  // of the first type
  template <class Type>
  requires(event_index<std::remove_cvref_t<Type>> < std::variant_size_v<EventTypes>)
      EventPayload(Type&& data)  // NOLINT(bugprone-forwarding-reference-overload): only of a type
      : EventPayload(std::remove_cvref_t<Type>(std::forward<Type>(data)), nullptr) {}
  EventPayload(const EventPayload& other);
  EventPayload(EventPayload&& other) noexcept;
  EventPayload& operator=(const EventPayload& other);
  EventPayload& operator=(EventPayload&& other) noexcept;
  ~EventPayload();

 private:
  template <class Type>
  EventPayload(Type data, std::nullptr_t) : EventPayload(event_index<Type>, &data) {}
  EventPayload(std::size_t index, void* moved_from);
};

struct Event {
  std::optional<EventId> id;
  std::optional<Instant> occurred_at;  // set by the time it is decided
  Basis basis = Basis::happened;
  Actor actor;
  std::optional<Actor> approved_by;
  std::optional<PrivateText> reason;
  std::optional<std::string> ticket;
  std::optional<std::string> correlation_id;
  std::optional<PrivateText> session;
  std::optional<PrivateText> source_ip;
  EventPayload data;
};

// "member.added"; the text stands in the struct.
std::string_view type_name(const EventPayload& data);
// Whether there is an event type of that name.
bool is_event_type(std::string_view type);
// Whether a client may send this type (the rest is Tenure's own).
bool sent_by_clients(std::string_view type);
// Whether it is one of the access reviews' own.
bool is_about_reviews(std::string_view type);
// Whether it is a word about the record rather than something that happened to the team: no history begins with one.
bool is_about_the_record(const EventPayload& data);

// Whether an organization may be made under this name, which stands in paths: 1 to 320 bytes without control
// characters, spaces and / ? # % \, no _ in front (those are Tenure's own), neither "." nor "..".
bool is_org_name(std::string_view text);

// The text forms: "kind:id", "org" | "kind:id" | "kind:*", "member" ….
std::string to_text(const ResourceId& resource);
std::string to_text(const Scope& scope);
std::string_view to_text(ActorKind kind);
std::string_view to_text(Mode mode);
std::string_view to_text(Basis basis);
std::string_view to_text(ReviewVerb verb);
std::optional<ReviewVerb> review_verb_from(std::string_view text);
Decided<ResourceId> parse_resource(std::string_view text, std::string_view field);
Decided<Scope> parse_scope(std::string_view text, std::string_view field);
std::optional<ActorKind> actor_kind_from(std::string_view text);

}  // namespace tenure
