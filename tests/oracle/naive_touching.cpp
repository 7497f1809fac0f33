// Which events touch a role, a group or a resource: those whose own words name it, and those of the whole organization,
// as the state before and after each of them says.
#include <algorithm>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

using Thing = NaiveFold::Thing;

bool is(const json& data, const char* name, const std::string& wanted) {
  return data.contains(name) && data.at(name).is_string() && text(data, name) == wanted;
}

// What defines a role by another, or would give its holders another one, is left to others to say.
bool names(const Fact& fact, const Thing& thing) {
  const std::string type = text(fact.event, "type");
  if (is_about_the_record(type) || type.rfind("review", 0) == 0 || !fact.event.contains("data")) return false;
  const json& data = fact.event.at("data");
  const bool on_resources = type.rfind("resource.", 0) == 0;
  if (thing.kind == "role") return is(data, "role", thing.id) || is(data, "previous_owner_role", thing.id);
  if (thing.kind == "group") {
    if (is(data, "group", thing.id) || is(data, "principal", "group:" + thing.id)) return true;
    if (data.contains("groups") && data.at("groups").is_array() && stands_in(data.at("groups"), thing.id)) return true;
    return !on_resources && is(data, "parent", thing.id);
  }
  return is(data, "resource", thing.id) || is(data, "on", thing.id) || (on_resources && is(data, "parent", thing.id));
}

bool is_there(const State& state, const Thing& thing) {
  if (thing.kind == "role") return state.role_exists(thing.id);
  if (thing.kind == "group") return state.groups.count(thing.id) > 0;
  const auto last = state.resources.find(thing.id);
  return last != state.resources.end() && last->second;
}

template <class Links>
bool leads_to(const Links& links, const std::string& id) {
  return std::any_of(links.begin(), links.end(), [&](const auto& link) { return link.second == id; });
}

bool has_links(const State& state, const Thing& thing) {
  for (const ScopedGrant& grant : state.grants) {
    const std::string& end = thing.kind == "role" ? grant.role : thing.kind == "resource" ? grant.on : grant.principal;
    if (end == (thing.kind == "group" ? "group:" + thing.id : thing.id)) return true;
  }
  if (thing.kind == "role") return leads_to(state.role_of_member, thing.id) || leads_to(state.role_of_group, thing.id);
  if (thing.kind == "resource") {
    return leads_to(state.parent_of_resource, thing.id) || leads_to(state.assignments, thing.id);
  }
  return leads_to(state.parent_of_group, thing.id) ||
         std::any_of(state.members_of_groups.begin(), state.members_of_groups.end(),
                     [&](const auto& link) { return link.first.first == thing.id; });
}

// The links of the thing that an end of what they lead to takes away, each in words. A group's grant is there with it.
std::set<std::string> links_of(const State& state, const Thing& thing) {
  std::set<std::string> links;
  const auto led_to = [&](const std::map<std::string, std::string>& ends, const char* word) {
    if (const auto link = ends.find(thing.id); link != ends.end()) links.insert(word + link->second);
  };
  if (thing.kind == "group") led_to(state.parent_of_group, "below "), led_to(state.role_of_group, "role ");
  if (thing.kind == "resource") led_to(state.parent_of_resource, "below ");
  for (const ScopedGrant& grant : state.grants) {
    const bool group = grant.principal.rfind("group:", 0) == 0;
    if (group && state.groups.count(grant.principal.substr(6)) == 0) continue;
    const std::string& end = thing.kind == "role" ? grant.role : thing.kind == "resource" ? grant.on : grant.principal;
    if (end != (thing.kind == "group" ? "group:" + thing.id : thing.id)) continue;
    links.insert(grant.principal + " " + grant.role + " " + grant.on);
  }
  return links;
}

bool gives_of_feature(const State& state, const std::string& role, const std::string& feature) {
  for (const json& permission : state.model->at("permissions")) {
    if (!is(permission, "feature", feature)) continue;
    const auto cell = state.cell(role, permission);
    if (cell && level_of(*state.model, permission, cell->level) > 0) return true;
  }
  return false;
}

// The role that a setting gives everyone; empty for none.
std::string gift(const State& state, const json& setting) {
  const auto changed = state.settings.find(text(setting, "id"));
  const std::string value = changed != state.settings.end() ? changed->second : text(setting, "initial");
  const json& values = setting.at("values");
  return values.contains(value) && values.at(value).is_string() ? text(values, value.c_str()) : std::string();
}

using Touching = NaiveFold::Touching;

// On every resource of a kind, where a setting gives everyone something on them.
bool given_by_setting(const State& state, const Thing& thing) {
  if (thing.kind != "resource" || !state.model->contains("settings")) return false;
  const json& settings = state.model->at("settings");
  return std::any_of(settings.begin(), settings.end(), [&](const json& setting) {
    return text(setting, "on_kind") + ":*" == thing.id && !gift(state, setting).empty();
  });
}

Touching of_organization(const State& before, const State& after, const Fact& fact, const Thing& thing) {
  const std::string type = text(fact.event, "type");
  const auto told = [](bool must, bool may) { return must ? Touching::must : may ? Touching::may : Touching::never; };
  const bool given_before = given_by_setting(before, thing), given_after = given_by_setting(after, thing);
  if (type == "org.deleted") return told(is_there(before, thing) || given_before, has_links(before, thing));
  if (type == "org.model_changed" || type == "org.created") {
    if (before.model == after.model) return Touching::never;
    return told(is_there(before, thing) || is_there(after, thing) || given_before || given_after,
                has_links(before, thing) || has_links(after, thing));
  }
  const json& data = fact.event.at("data");
  if (type == "feature.enabled" || type == "feature.disabled") {
    const std::string feature = text(data, "feature");
    if (thing.kind != "role" || before.feature_is_on(feature) == after.feature_is_on(feature)) return Touching::never;
    // What hangs on something of the feature is turned, too.
    return told(gives_of_feature(after, thing.id, feature), after.role_exists(thing.id));
  }
  if (type != "org.setting_changed") return Touching::never;
  const json* setting = entry(*after.model, "settings", text(data, "setting"));
  if (setting == nullptr || gift(before, *setting) == gift(after, *setting)) return Touching::never;
  const bool role = gift(before, *setting) == thing.id || gift(after, *setting) == thing.id;
  const bool every = text(*setting, "on_kind") + ":*" == thing.id;
  return told((thing.kind == "role" && role) || (thing.kind == "resource" && every), false);
}

}  // namespace

std::map<std::int64_t, Touching> NaiveFold::touching(const Thing& thing, std::int64_t at_us,
                                                     std::int64_t known_position) const {
  std::map<std::int64_t, Touching> all;
  const std::vector<const Fact*> known = inside_->facts_known(known_position);
  State state = inside_->beginning(known);
  const std::set<std::string> resources = resources_in(inside_->facts);
  for (const Fact* fact : known) {
    if (fact->occurred_us > at_us) break;
    const State before = state;
    fold(state, inside_->models, *fact);
    const std::string type = text(fact->event, "type");
    if (names(*fact, thing)) {
      all[fact->position] = Touching::names;
    } else if (type.rfind("org.", 0) == 0 || type.rfind("feature.", 0) == 0) {
      all[fact->position] = of_organization(before, state, *fact, thing);
    } else if (type == "role.deleted" || type == "group.deleted" || type == "resource.removed") {
      if (links_of(before, thing) != links_of(state, thing)) all[fact->position] = Touching::must;
    }
    if (all.count(fact->position) > 0 && all[fact->position] != Touching::may) continue;
    if (reaches(before, state, *fact, thing, inside_->shown, resources)) all[fact->position] = Touching::must;
  }
  return all;
}

}  // namespace tenure::oracle
