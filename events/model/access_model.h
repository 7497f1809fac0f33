// An access model: the rules of one platform, as data.
//
// A model is a JSON document (events/model/model.schema.json says its form, events/model/README.md
// its meaning) that is parsed once into this immutable value; ids become small indices, cells are
// looked up in O(log grants of the role). Its version is the SHA-256 (hex) of its canonical JSON
// (RFC 8785), so that the same rules are the same version everywhere.
//
// Immutable after `parse`: any number of threads. No I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/ids.h"
#include "events/result.h"

namespace tenure {

using LevelIndex = std::uint8_t;        // 0 is the scale's first level: no access
using PermissionIndex = std::uint16_t;  // into AccessModel::permissions()
using RoleIndex = std::uint16_t;        // into AccessModel::roles()

// What a grant depends on: nothing; the member's assignments; the assignments if there are any; or the assignments, but
// only where one resource is asked about (whoever has the grant holds it, and uses it on what is assigned to them).
enum class Visibility : std::uint8_t { all, assigned, all_unless_assigned, where_assigned };
std::string_view to_text(Visibility visibility);

struct Cell {
  LevelIndex level = 0;
  Visibility visibility = Visibility::all;
  bool unspecified = false;  // the platform's text leaves it blank: grants nothing, and says so
};

struct Scale {
  std::string id;
  std::vector<LevelId> levels;  // lowest first
};

struct PermissionRule {
  PermissionId id;
  std::string name;    // the platform's own
  std::string module;  // the platform's own
  std::string submodule;
  std::string description;
  std::uint16_t scale = 0;                // into AccessModel::scales()
  std::optional<PermissionIndex> parent;  // must be at parent_level for this one to count
  LevelIndex parent_level = 1;
  std::string resource_kind;         // what it is about; empty: the organization
  std::string feature;               // must be on; empty: none
  std::vector<LevelIndex> options;   // what a custom role may choose; empty: any level of the scale
  bool options_unspecified = false;  // the platform's text leaves open what a custom role may choose
  bool owner_only = false;
  std::vector<Visibility> visibility;  // by level: what a grant that names none means; empty: all at every level
  // What it counts as, at most, while its holder has none of `switches`: the children that can be off.
  std::optional<LevelIndex> when_children_off;
  std::vector<PermissionIndex> switches;
  // A role that says nothing of this permission has here the level that it has there.
  std::optional<PermissionIndex> level_from;

  Visibility visibility_at(LevelIndex level) const { return visibility.empty() ? Visibility::all : visibility[level]; }
  // Whether a custom role may choose the level: one of the options, or any where there are none.
  bool offers(LevelIndex level) const;
};

enum class Cardinality : std::uint8_t { any, exactly_one, at_least_one };
std::string_view to_text(Cardinality cardinality);

struct RoleRule {
  RoleId id;
  std::string name;
  std::string description;
  int rank = 0;  // higher outranks lower
  std::vector<RoleIndex> inherits;
  Cardinality cardinality = Cardinality::any;
  bool available = true;    // false: "coming soon", nobody can hold it
  bool member_role = true;  // may be a member's direct role (false: only granted on a scope, as a repository role)
};

struct FeatureRule {
  FeatureId id;
  std::string name;
  bool on_by_default = true;
};

struct ResourceKind {
  std::string id;
  std::string name;
  bool declared = true;           // false: a resource of this kind exists without `resource.added`, until removed
  bool owned_by_creator = false;  // whoever adds a resource of this kind is assigned to it
};

// A part of the platform in which a member can be disabled, beside the modules, each of which is one too. Being
// disabled in one without modules takes no permission away.
struct AreaRule {
  std::string id;
  std::string name;
  std::vector<std::string> modules;
};

// A setting whose value may give everyone a role on every resource of a kind ("base permission").
struct SettingValue {
  std::string value;
  std::optional<RoleIndex> everyone_role;
};
struct SettingRule {
  SettingId id;
  std::string name;
  std::string on_kind;  // the resource kind that everyone_role is on
  std::vector<SettingValue> values;
  std::string initial;  // the value before the first change
};

// One rule about team actions. A prohibition whose conditions all hold decides before any allowance, then the first
// allowance does. An action that no allowance of the model names is unspecified, since the text does not say who may;
// one that allowances name and none lets through is a violation.
struct ActionRule {
  std::string id;
  std::string because;               // one plain sentence
  std::vector<std::string> actions;  // event types: "member.invited", or "role.*"
  bool allow = true;                 // false: a prohibition, checked before every allowance
  bool leaves_others_open = false;   // an allowance that does not say that nobody else may
  // Who acts. Each list that is not empty must match.
  std::vector<std::string> actor_kinds;
  std::vector<RoleIndex> actor_roles;
  bool actor_disabled = false;  // only a member who is disabled, altogether or in one of the model's areas
  std::optional<PermissionIndex> actor_permission;
  LevelIndex actor_level = 1;
  // To whom.
  std::vector<RoleIndex> target_roles;  // the target's role before the event
  std::vector<RoleIndex> not_target_roles;
  bool target_below_actor = false;       // by rank
  bool target_not_below_actor = false;   // by rank; needs a target
  std::optional<bool> target_is_member;  // true: active or disabled
  std::optional<bool> target_is_actor;   // true: only oneself; false: never oneself
  bool target_is_last_holder = false;    // the target is the only holder of its role
  // On what: only where the event is about resources of these kinds.
  std::vector<std::string> on_kinds;
  // Giving what.
  std::optional<bool> gives_a_role;
  std::vector<RoleIndex> given_roles;
  std::vector<RoleIndex> not_given_roles;
  bool given_below_actor = false;  // the given role ranks below the actor's
  bool given_at_most_actor = false;
};

// What is wrong with a document: every fault, each with its place.
struct ModelFault {
  std::string pointer;  // JSON pointer, "/roles/3/grants/billing"
  std::string because;
};

class AccessModel {
 public:
  // All faults of a document, or the model. Checks form and sense: unknown roles, permissions, levels
  // outside the scale, cycles in inheritance or parents, duplicate ids, the limits.
  static boost::system::result<std::shared_ptr<const AccessModel>, std::vector<ModelFault>> parse(
      std::string_view document);
  // The same for a document that was published once and stands in the log: what only a check of sense finds fault with
  // (a role that nobody may give) does not make history unreadable.
  static boost::system::result<std::shared_ptr<const AccessModel>, std::vector<ModelFault>> parse_published(
      std::string_view document);

  virtual ~AccessModel() = default;

  const ModelId& id() const { return id_; }
  const std::string& version() const { return version_; }    // 64 hex digits
  const std::string& document() const { return document_; }  // canonical JSON
  const std::string& title() const { return title_; }
  const std::string& description() const { return description_; }

  const std::vector<Scale>& scales() const { return scales_; }
  const std::vector<PermissionRule>& permissions() const { return permissions_; }
  const std::vector<RoleRule>& roles() const { return roles_; }
  const std::vector<FeatureRule>& features() const { return features_; }
  const std::vector<ResourceKind>& resource_kinds() const { return resource_kinds_; }
  const std::vector<AreaRule>& areas() const { return areas_; }
  const std::vector<SettingRule>& settings() const { return settings_; }
  const std::vector<ActionRule>& rules() const { return rules_; }

  std::optional<PermissionIndex> permission(std::string_view id) const;
  std::optional<RoleIndex> role(std::string_view id) const;
  std::optional<LevelIndex> level(PermissionIndex permission, std::string_view level) const;
  const LevelId& level_name(PermissionIndex permission, LevelIndex level) const;
  const ResourceKind* resource_kind(std::string_view id) const;
  const SettingRule* setting(std::string_view id) const;
  const FeatureRule* feature(std::string_view id) const;
  // Whether being disabled in the area, which is one of areas() by id or name or a module, reaches the permission.
  bool in_area(PermissionIndex permission, std::string_view area) const;

  // What a system role grants, with what it inherits already merged (the higher level wins, at a tie the
  // wider visibility). O(log n).
  Cell cell(RoleIndex role, PermissionIndex permission) const;
  // Every cell of a role that the document states or leaves blank by name, with what is inherited, in order of
  // permission. What is not there is no access.
  const std::vector<std::pair<PermissionIndex, Cell>>& cells(RoleIndex role) const;
  // The role that `org.created` gives its owner: the model's owner role, else its highest rank.
  RoleIndex owner_role() const { return owner_role_; }
  bool has_owner_role() const { return has_owner_role_; }
  // What the former owner becomes when the event does not say.
  std::optional<RoleIndex> former_owner_role() const { return former_owner_role_; }

  // The rules that name an event type (by its index in EventPayload), as indices into rules(): prohibitions first, each
  // kind in the order of the document.
  const std::vector<std::uint16_t>& rules_of(std::size_t action) const;

  bool custom_roles() const { return custom_roles_; }
  bool groups_inherit_from_parents() const { return groups_inherit_; }
  bool outsiders_hold_scoped_grants() const { return outsiders_; }
  // Whoever is added on the invitation of a disabled member starts disabled.
  bool invitees_share_disabling() const { return invitees_share_disabling_; }
  // Permissions that a disabled member keeps.
  const std::vector<PermissionIndex>& kept_when_disabled() const { return kept_when_disabled_; }

 protected:
  AccessModel() = default;
  friend struct ModelReader;

  ModelId id_;
  std::string version_, document_, title_, description_;
  std::vector<Scale> scales_;
  std::vector<PermissionRule> permissions_;
  std::vector<RoleRule> roles_;
  std::vector<FeatureRule> features_;
  std::vector<ResourceKind> resource_kinds_;
  std::vector<AreaRule> areas_;
  std::vector<SettingRule> settings_;
  std::vector<ActionRule> rules_;
  std::vector<std::vector<std::uint16_t>> rules_of_;
  std::vector<std::vector<std::pair<PermissionIndex, Cell>>> cells_;
  std::vector<std::pair<std::string, std::uint16_t>> permission_by_id_, role_by_id_;  // sorted
  RoleIndex owner_role_ = 0;
  bool has_owner_role_ = false;
  std::optional<RoleIndex> former_owner_role_;
  bool custom_roles_ = false;
  bool groups_inherit_ = false;
  bool outsiders_ = false;
  bool invitees_share_disabling_ = false;
  std::vector<PermissionIndex> kept_when_disabled_;
};

// The models that are shipped with the program, each document as its file in events/model/shipped/ has it. The file's
// name is the model's id. Built in by events/model/embed.cmake.
struct ShippedModel {
  std::string_view id;
  std::string_view document;
};
const std::vector<ShippedModel>& shipped_models();

// The JSON Schema (2020-12) of a model's document.
std::string_view access_model_schema();

}  // namespace tenure
