// Everything that everybody holds, found by walking all links.
#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

class Holding {
 public:
  explicit Holding(const State& state) : s_(state) {}

  std::int64_t since(const std::string& link) const { return s_.made_by.at(link).back(); }

  NaiveHold role(const std::string& role, const std::string& on, std::int64_t since) const {
    NaiveHold hold;
    hold.since = since;
    hold.roles.insert(role);
    hold.gives.insert(given(role, on, since));
    return hold;
  }

  // What being in the group gives; above it, where that is handed down.
  void add_group(NaiveHold& hold, const std::string& group) const {
    std::set<std::string> passed;
    bool hands_down = true;
    for (std::string each = group; s_.groups.count(each) > 0 && passed.insert(each).second;) {
      hold.groups.insert(each);
      if (hands_down) add_own(hold, each);
      const auto parent = s_.parent_of_group.find(each);
      if (parent == s_.parent_of_group.end() || s_.groups.count(parent->second) == 0) break;
      hands_down = hands_down && says(s_.model->value("groups", json::object()), "inherit_from_parents", false);
      if (hands_down) {
        hold.gives.insert(each + " below " + parent->second + " since " + std::to_string(since("parent of " + each)));
      }
      each = parent->second;
    }
  }

  // What decides how far it goes beside what it is: how its holder is disabled, and where it asks for that what is
  // assigned to them.
  void add_limits(NaiveHold& hold, const std::string& identity) const {
    const Disablement disabled = s_.disablement(identity);
    if (disabled.whole) hold.gives.insert("disabled everywhere");
    for (const std::string& area : disabled.areas) hold.gives.insert("disabled in " + area);
    bool asks = false;
    for (const std::string& role : hold.roles) {
      if (!s_.role_exists(role)) continue;
      for (const json& permission : s_.model->at("permissions")) {
        const auto cell = s_.cell(role, permission);
        if (!cell || level_of(*s_.model, permission, cell->level) == 0 || !permission.contains("resource")) continue;
        const std::string visibility = visibility_of(permission, *cell), kind = text(permission, "resource");
        asks = asks || visibility != "all";
        if (visibility == "all_unless_assigned" && s_.assigned_to_one_of(identity, kind))
          hold.gives.insert("not every " + kind);
      }
    }
    if (!asks || s_.members.count(identity) == 0) return;
    for (const auto& [who, resource] : s_.assignments) {
      if (who != identity || !s_.resource_exists(resource)) continue;
      hold.gives.insert(resource + " since " + std::to_string(since(resource + " assigned to " + identity)));
    }
  }

  bool counts(const ScopedGrant& grant) const {
    const bool single = grant.on != "org" && grant.on.substr(grant.on.find(':')) != ":*";
    return s_.role_exists(grant.role) && (!single || s_.resource_exists(grant.on));
  }

 private:
  void add_own(NaiveHold& hold, const std::string& group) const {
    const auto add = [&](const std::string& role, const std::string& on, std::int64_t since) {
      hold.roles.insert(role);
      hold.gives.insert(group + ": " + given(role, on, since));
    };
    const auto role = s_.role_of_group.find(group);
    if (role != s_.role_of_group.end() && s_.role_exists(role->second)) {
      add(role->second, "everything", since("role of group:" + group));
    }
    for (const ScopedGrant& grant : s_.grants) {
      if (grant.principal == "group:" + group && counts(grant)) add(grant.role, grant.on, since(link_name(grant)));
    }
  }

  std::string given(const std::string& role, const std::string& on, std::int64_t since) const {
    std::string all = role + " on " + on + " since " + std::to_string(since);
    for (const json& permission : s_.model->at("permissions")) {
      const auto cell = s_.cell(role, permission);
      if (!cell || level_of(*s_.model, permission, cell->level) == 0) continue;
      all += ", " + text(permission, "id") + "=" + cell->level + "/" + visibility_of(permission, *cell);
      if (const std::string needs = text_or_none(permission, "feature"); !needs.empty() && !s_.feature_is_on(needs))
        all += " off";
    }
    return all;
  }

  const State& s_;
};

}  // namespace

NaiveHolds NaiveFold::holds(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  const Holding holding(state);
  NaiveHolds holds;
  for (const auto& [identity, shown] : inside_->shown) {
    const std::string role = direct_role(state, identity);
    if (!role.empty()) {
      const std::int64_t since = holding.since("role of member:" + identity);
      NaiveHold hold = holding.role(role, "everything", since);
      holding.add_limits(hold, identity);
      holds["role|" + shown + "|" + role] = hold;
    }
    const std::vector<Invitation> pending = pending_invitations(state, identity, at_us);
    if (state.members.count(identity) > 0 || pending.empty()) continue;
    const Invitation& latest = pending.back();
    NaiveHold hold;
    if (state.role_exists(latest.role)) hold = holding.role(latest.role, "everything", latest.position);
    hold.since = latest.position;
    if (!latest.role.empty()) hold.roles.insert(latest.role);
    hold.gives.insert("invited at " + std::to_string(latest.position));
    for (const std::string& group : latest.groups) holding.add_group(hold, group);
    holding.add_limits(hold, identity);
    holds["invitation|" + shown + "|" + latest.role] = hold;
  }
  for (const auto& [link, joined] : state.members_of_groups) {
    const auto& [group, identity] = link;
    if (state.groups.count(group) == 0) continue;
    NaiveHold hold;
    hold.since = holding.since(identity + " in " + group);
    hold.gives.insert("in " + group + " since " + std::to_string(hold.since));
    holding.add_group(hold, group);
    holding.add_limits(hold, identity);
    holds["group|" + inside_->shown.at(identity) + "|" + group] = hold;
  }
  for (const ScopedGrant& grant : state.grants) {
    if (grant.principal.rfind("member:", 0) != 0 || !holding.counts(grant)) continue;
    const std::string words = inside_->shown.at(grant.principal.substr(7)) + "|" + grant.role + "|" + grant.on;
    NaiveHold hold = holding.role(grant.role, grant.on, holding.since(link_name(grant)));
    holding.add_limits(hold, grant.principal.substr(7));
    holds["grant|" + words] = hold;
  }
  return holds;
}

}  // namespace tenure::oracle
