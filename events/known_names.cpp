// check_names of events/judge.h: whether every name in an event's `data` means something.
#include <algorithm>

#include "events/judge.h"
#include "events/wire/canonical_json.h"

namespace tenure {
namespace {

using Status = TeamState::Status;
using Found = std::optional<Refusal>;

// The checks of one event; the first that refuses ends them.
class KnownNames {
 public:
  KnownNames(const AccessModel& model, const TeamState& before) : model_(model), before_(before) {}

  template <class Any>
  Found check(const Any&) const {
    return std::nullopt;
  }

  Found check(const event::OrgSettingChanged& e) const {
    const SettingRule* setting = model_.setting(e.setting.text);
    if (!setting) {
      return no(RefusalCode::not_found, "setting", "The model has no setting", e.setting.text,
                choices(model_.settings(), [](const SettingRule& rule) { return rule.id.text; }));
    }
    const auto is_value = [&](const SettingValue& value) { return value.value == e.value; };
    if (std::any_of(setting->values.begin(), setting->values.end(), is_value)) return std::nullopt;
    return no(RefusalCode::invalid_field, "value", "The setting has no value", e.value,
              choices(setting->values, [](const SettingValue& value) { return value.value; }));
  }
  Found check(const event::FeatureEnabled& e) const { return feature(e.feature); }
  Found check(const event::FeatureDisabled& e) const { return feature(e.feature); }

  Found check(const event::MemberInvited& e) const {
    for (std::size_t i = 0; i < e.groups.size(); ++i) {
      if (auto found = group(e.groups[i], "groups/" + std::to_string(i))) return found;
    }
    return e.role ? role(*e.role, "role") : std::nullopt;
  }
  Found check(const event::InvitationAccepted& e) const { return invited(e.member); }
  Found check(const event::InvitationCancelled& e) const { return invited(e.member); }
  Found check(const event::InvitationExpired& e) const { return invited(e.member); }
  Found check(const event::MemberAdded& e) const { return e.role ? role(*e.role, "role") : std::nullopt; }
  Found check(const event::MemberRemoved& e) const { return known(e.member, "member"); }
  Found check(const event::MemberDisabled& e) const { return member(e.member, "member"); }
  Found check(const event::MemberEnabled& e) const { return member(e.member, "member"); }
  Found check(const event::MemberRoleChanged& e) const {
    return first(member(e.member, "member"), role(e.role, "role"));
  }
  Found check(const event::OwnershipTransferred& e) const {
    return first(member(e.from, "from"), member(e.to, "to"),
                 e.previous_owner_role ? role(*e.previous_owner_role, "previous_owner_role") : std::nullopt);
  }

  Found check(const event::RoleCreated& e) const {
    return first(e.based_on ? role(*e.based_on, "based_on") : std::nullopt, grants(e.grants));
  }
  Found check(const event::RoleEdited& e) const { return first(role(e.role, "role"), grants(e.grants)); }
  Found check(const event::RoleReset& e) const { return role(e.role, "role"); }
  Found check(const event::RoleDeleted& e) const {
    return first(role(e.role, "role"), e.reassign_to ? role(*e.reassign_to, "reassign_to") : std::nullopt);
  }

  Found check(const event::GroupCreated& e) const {
    return first(e.parent ? group(*e.parent, "parent") : std::nullopt, e.role ? role(*e.role, "role") : std::nullopt);
  }
  Found check(const event::GroupEdited& e) const {
    return first(group(e.group, "group"), e.parent.value ? group(*e.parent.value, "parent") : std::nullopt,
                 e.role.value ? role(*e.role.value, "role") : std::nullopt);
  }
  Found check(const event::GroupDeleted& e) const { return group(e.group, "group"); }
  Found check(const event::GroupMemberAdded& e) const {
    return first(group(e.group, "group"), member(e.member, "member"));
  }
  Found check(const event::GroupMemberRemoved& e) const {
    return first(group(e.group, "group"), known(e.member, "member"));
  }

  Found check(const event::RoleGranted& e) const {
    return first(role(e.role, "role"), scope(e.on), principal(e.principal, !model_.outsiders_hold_scoped_grants()));
  }
  Found check(const event::RoleRevoked& e) const {
    // Outsiders are known by their grants alone, which the state does not list.
    if (e.principal.kind == Principal::Kind::member && !model_.outsiders_hold_scoped_grants()) {
      if (auto found = known(e.principal.member, "principal")) return found;
    }
    return first(role(e.role, "role"), scope(e.on), principal(e.principal, false));
  }
  Found check(const event::ResourceAdded& e) const {
    return first(kind(e.resource.kind, "resource"), e.parent ? resource(*e.parent, "parent") : std::nullopt);
  }
  Found check(const event::ResourceRemoved& e) const { return resource(e.resource, "resource"); }
  Found check(const event::AssignmentAdded& e) const {
    return first(member(e.member, "member"), resource(e.resource, "resource"));
  }
  Found check(const event::AssignmentRemoved& e) const {
    return first(known(e.member, "member"), resource(e.resource, "resource"));
  }

 private:
  template <class... More>
  static Found first(Found found, More... more) {
    if constexpr (sizeof...(more) == 0) {
      return found;
    } else {
      return found ? found : first(std::move(more)...);
    }
  }

  // `way_out` is a sentence: what there is instead, or where to look.
  static Found no(RefusalCode code, const std::string& field, const std::string& because, const std::string& name,
                  const std::string& way_out) {
    return refuse(code, because + " \"" + name + "\". " + way_out, "/data/" + field);
  }

  // What may stand in its place, by name, or where all of it is listed when that is too much for a sentence.
  template <class Rows, class NameOf>
  std::string choices(const Rows& rows, const NameOf& name_of) const {
    constexpr std::size_t named_max = 12;
    if (rows.empty()) return "It has none.";
    if (rows.size() > named_max) {
      return "It has " + std::to_string(rows.size()) + "; GET /v1/models/" + model_.id().text + " lists them.";
    }
    std::string names;
    for (const auto& row : rows) names.append(names.empty() ? "It has " : ", ").append(name_of(row));
    return names + ".";
  }

  Found feature(const FeatureId& id) const {
    if (model_.feature(id.text)) return std::nullopt;
    return no(RefusalCode::not_found, "feature", "The model has no feature", id.text,
              choices(model_.features(), [](const FeatureRule& rule) { return rule.id.text; }));
  }
  Found role(const RoleId& id, const std::string& field) const {
    if (model_.role(id.text) || before_.role_exists(id)) return std::nullopt;
    // A role that was deleted is known; that it stays deleted is for the judgement to say.
    if (before_.role_was_deleted(id)) return std::nullopt;
    return no(
        RefusalCode::unknown_role, field, "The organization has no role", id.text,
        "Its roles are those of the model " + model_.id().text + " and its own; GET /v1/orgs/{org}/roles lists them.");
  }
  Found group(const GroupId& id, const std::string& field) const {
    if (before_.group_exists(id)) return std::nullopt;
    return no(RefusalCode::unknown_group, field, "The organization has no group", id.text,
              "Send group.created first, or check the spelling.");
  }
  Found kind(const std::string& id, const std::string& field) const {
    if (model_.resource_kind(id)) return std::nullopt;
    return no(RefusalCode::unknown_resource, field, "The model has no kind of resource", id,
              choices(model_.resource_kinds(), [](const ResourceKind& kind) { return kind.id; }));
  }
  Found resource(const ResourceId& id, const std::string& field) const {
    if (auto found = kind(id.kind, field)) return found;
    if (!model_.resource_kind(id.kind)->declared || before_.resource_exists(id)) return std::nullopt;
    return no(RefusalCode::unknown_resource, field, "The organization has no resource", to_text(id),
              "Send resource.added first, or check the spelling.");
  }
  Found scope(const Scope& on) const {
    if (on.kind == Scope::Kind::org) return std::nullopt;
    if (on.kind == Scope::Kind::every) return kind(on.resource_kind, "on");
    return resource({on.resource_kind, on.id}, "on");
  }
  Found principal(const Principal& to, bool members_only) const {
    if (to.kind == Principal::Kind::group) return group(to.group, "principal");
    if (to.kind == Principal::Kind::member && members_only) return member(to.member, "principal");
    return std::nullopt;
  }

  Found member(const Person& person, const std::string& field) const {
    const Status status = before_.status(person);
    if (status == Status::active || status == Status::disabled) return std::nullopt;
    return no(RefusalCode::unknown_member, field, "The organization has no member", person.identity,
              "Add or invite the person first, or check the spelling.");
  }
  Found known(const Person& person, const std::string& field) const {
    if (before_.status(person) != Status::unknown) return std::nullopt;
    return no(RefusalCode::unknown_member, field, "The organization knows no", person.identity, "Check the spelling.");
  }
  Found invited(const Person& person) const {
    const Status status = before_.status(person);
    if (status == Status::invited) return std::nullopt;
    if (status == Status::active || status == Status::disabled) {
      return refuse(RefusalCode::already_exists,
                    "\"" + person.identity + "\" is a member already: no invitation waits for an answer.",
                    "/data/member");
    }
    return no(RefusalCode::unknown_member, "member", "The organization has no open invitation for", person.identity,
              "Send member.invited first, or check the spelling.");
  }

  static std::string place(const PermissionId& id) {
    std::string place = "grants";
    append_json_pointer(place, id.text);
    return place;
  }
  Found grants(const Grants& all) const {
    for (const auto& [id, level] : all) {
      const auto permission = model_.permission(id.text);
      if (!permission) {
        return no(RefusalCode::unknown_permission, place(id), "The model has no permission", id.text,
                  choices(model_.permissions(), [](const PermissionRule& rule) { return rule.id.text; }));
      }
      if (!model_.level(*permission, level.text)) {
        return no(RefusalCode::unknown_level, place(id), "The permission has no level", level.text,
                  choices(model_.scales()[model_.permissions()[*permission].scale].levels,
                          [](const LevelId& choice) { return choice.text; }));
      }
    }
    return std::nullopt;
  }

  const AccessModel& model_;
  const TeamState& before_;
};

}  // namespace

Decided<void> check_names(const AccessModel& model, const Event& event, const TeamState& before) {
  const KnownNames names(model, before);
  auto refusal = std::visit([&](const auto& e) { return names.check(e); }, event.data);
  if (refusal) return std::move(*refusal);
  return {};
}

}  // namespace tenure
