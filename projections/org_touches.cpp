#include "projections/org_touches.h"

#include <algorithm>

#include "projections/diff.h"

namespace tenure::projections {

namespace {

// Whether somebody holds a link to it that it has not ended since.
bool linked(Access& access, std::initializer_list<ListKind> lists, Number thing) {
  return std::any_of(lists.begin(), lists.end(), [&](ListKind kind) {
    const std::vector<Interval> links = access.facts().list({kind, thing});
    // A grant ends with its role and with what it is on: the thing is one, `extra` the other.
    const bool grants = kind == ListKind::grants_on || kind == ListKind::grants_of;
    return std::any_of(links.begin(), links.end(), [&](const Interval& i) {
      return !access.ended_since(thing, i.link) && !(grants && access.ended_since(i.extra, i.link));
    });
  });
}

// The role that a setting gives everyone.
std::optional<RoleIndex> gift(Access& access, const SettingRule& rule, Number setting) {
  const Live* set = access.facts().state(access.facts().org_entity()).find({SlotKind::setting, setting});
  const std::string value = set ? access.facts().name(set->value).name : rule.initial;
  for (const SettingValue& option : rule.values) {
    if (option.value == value) return option.everyone_role;
  }
  return std::nullopt;
}

// Whether a setting gives everyone something on it: on every resource of a kind.
bool given_by_setting(Access& access, Number scope) {
  const std::string name = access.facts().name(scope).name;
  const auto& settings = access.model().settings();
  return std::any_of(settings.begin(), settings.end(), [&](const SettingRule& rule) {
    return name == rule.on_kind + ":*" &&
           gift(access, rule, access.facts().number(EntityKind::setting, rule.id.text)).has_value();
  });
}

bool there_or_linked(Access& access, Number thing) {
  const EntityKind kind = access.facts().name(thing).kind;
  if (kind == EntityKind::role) {
    return access.role_exists(thing) || linked(access, {ListKind::holders, ListKind::grants_of}, thing);
  }
  if (access.facts().state(thing).exists()) return true;
  if (kind == EntityKind::group) return linked(access, {ListKind::group_members, ListKind::children}, thing);
  return given_by_setting(access, thing) ||
         linked(access, {ListKind::grants_on, ListKind::assigned, ListKind::children}, thing);
}

bool feature_touches(Access& before, Access& with, Number thing, Number feature) {
  const std::string id = with.facts().name(feature).name;
  if (before.feature_on(id) == with.feature_on(id)) return false;
  if (with.facts().name(thing).kind != EntityKind::role || !with.role_exists(thing)) return false;
  const auto& rules = with.model().permissions();
  std::vector<bool> turned(rules.size());
  for (std::size_t p = 0; p < rules.size(); ++p) turned[p] = rules[p].feature == id;
  add_what_hangs_on(with.model(), turned);
  for (std::size_t p = 0; p < rules.size(); ++p) {
    if (turned[p] && with.cell(thing, static_cast<PermissionIndex>(p)).level > 0) return true;
  }
  return false;
}

bool setting_touches(Access& before, Access& with, Number thing, Number setting) {
  const SettingRule* rule = with.model().setting(with.facts().name(setting).name);
  if (!rule) return false;
  const auto gave = gift(before, *rule, setting), gives = gift(with, *rule, setting);
  if (gave == gives) return false;
  const NamedEntity& named = with.facts().name(thing);
  if (named.kind == EntityKind::scope) return named.name == rule->on_kind + ":*";
  const auto is_it = [&](const auto& role) { return role && with.model().roles()[*role].id.text == named.name; };
  return named.kind == EntityKind::role && (is_it(gave) || is_it(gives));
}

}  // namespace

bool may_touch_others(const Entry& entry) {
  if (entry.op == Op::end) return true;
  return entry.op == Op::set && (entry.slot.kind == SlotKind::model || entry.slot.kind == SlotKind::feature ||
                                 entry.slot.kind == SlotKind::setting);
}

bool org_touches(Access& before, Access& with, Number thing, const Entry& entry) {
  if (!may_touch_others(entry) || !before.has_model() || !with.has_model()) return false;
  if (entry.op == Op::end) return there_or_linked(before, thing);
  switch (entry.slot.kind) {
    case SlotKind::model:
      return &before.model() != &with.model() && (there_or_linked(before, thing) || there_or_linked(with, thing));
    case SlotKind::feature:
      return feature_touches(before, with, thing, entry.slot.a);
    case SlotKind::setting:
      return setting_touches(before, with, thing, entry.slot.a);
    default:
      return false;
  }
}

}  // namespace tenure::projections
