// Folding, one family of events at a time.
#include <iterator>
#include <stdexcept>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

template <class Map>
void erase_where_value_is(Map& map, const std::string& value) {
  for (auto it = map.begin(); it != map.end();) it = it->second == value ? map.erase(it) : std::next(it);
}
template <class Set, class Test>
void erase_where(Set& set, Test test) {
  for (auto it = set.begin(); it != set.end();) it = test(*it) ? set.erase(it) : std::next(it);
}

class Folding {
 public:
  Folding(State& state, const std::vector<json>& models) : s_(state), models_(models) {}

  void fold(const Fact& fact) {
    now_ = fact.occurred_us;
    position_ = fact.position;
    type_ = text(fact.event, "type");
    const bool by_member = fact.event.contains("actor") && text(fact.event.at("actor"), "kind") == "member";
    actor_ = by_member ? folded(text(fact.event.at("actor"), "id")) : std::string();
    data_ = fact.event.contains("data") ? fact.event.at("data") : json::object();
    const std::string family = type_.substr(0, type_.find('.'));
    const bool known = family == "org"          ? organization(fact)
                       : family == "feature"    ? feature()
                       : family == "member"     ? member()
                       : family == "invitation" ? invitation()
                       : family == "ownership"  ? ownership()
                       : family == "role"       ? role()
                       : family == "group"      ? group()
                       : family == "resource"   ? resource()
                       : family == "assignment" ? assignment()
                                                : changes_no_access();
    if (!known) throw std::logic_error("the oracle does not know the event type " + type_);
  }

 private:
  std::string person(const char* name) const { return folded(text(data_, name)); }

  // A link is made anew by an event that says it for the first time, or in another manner.
  void made(const std::string& link, bool was_there) {
    if (was_there) return;
    s_.made_by[link] = {position_};
    s_.happened[position_] = now_;
  }

  // `holder` is "member:ann" or "group:g", `key` the holder in `roles`.
  void give_role(std::map<std::string, std::string>& roles, const std::string& key, const std::string& holder,
                 const std::string& role, const std::string& manner = "named") {
    const auto held = roles.find(key);
    std::string& manner_before = s_.manner_of_role[holder];
    made("role of " + holder, held != roles.end() && held->second == role && manner_before == manner);
    manner_before = manner;
    roles[key] = role;
  }
  void give_member_role(const std::string& member, const std::string& role, const std::string& manner = "named") {
    give_role(s_.role_of_member, member, "member:" + member, role, manner);
  }

  bool changes_no_access() const {
    // A retraction has done its work before the fold began: what it names is not among the facts.
    return is_about_the_record(type_) || type_ == "source.recorded" || type_ == "action.denied";
  }

  bool organization(const Fact& fact) {
    if (type_ == "org.created") {
      take_model(fact);
      if (data_.contains("owner")) {
        begin_membership(person("owner"));
        give_member_role(person("owner"), owner_role(*s_.model), "owner");
      }
    } else if (type_ == "org.deleted") {
      State empty;
      empty.model = s_.model;
      if (s_.made_by.count("model") > 0) empty.made_by["model"] = s_.made_by["model"];
      s_ = empty;
    } else if (type_ == "org.setting_changed") {
      const std::string setting = text(data_, "setting");
      made("setting " + setting, s_.settings.count(setting) > 0 && s_.settings[setting] == text(data_, "value"));
      s_.settings[setting] = text(data_, "value");
    } else if (type_ == "org.model_changed") {
      take_model(fact);
    } else {
      return false;
    }
    return true;
  }

  // One that is assumed for the time before the first creation was made by no event.
  void take_model(const Fact& fact) {
    const json* model = &models_.at(fact.model);
    made("model", s_.made_by.count("model") > 0 && s_.model == model);
    s_.model = model;
  }

  bool feature() {
    s_.feature_turns[text(data_, "feature")].emplace_back(position_, type_ == "feature.enabled");
    s_.features[text(data_, "feature")] = type_ == "feature.enabled";
    return type_ == "feature.enabled" || type_ == "feature.disabled";
  }

  void begin_membership(const std::string& member) {
    made("membership of " + member, !s_.members.emplace(member, now_).second);
  }

  bool member() {
    const std::string member = person("member");
    if (type_ == "member.added") {
      begin_membership(member);
      if (data_.contains("role")) give_member_role(member, text(data_, "role"));
    } else if (type_ == "member.removed") {
      remove_member(member);
    } else if (type_ == "member.disabled") {
      if (data_.contains("area")) s_.disabled[member].areas.insert(text(data_, "area"));
      if (!data_.contains("area")) s_.disabled[member].whole = true;
    } else if (type_ == "member.enabled") {
      State::Enabling enabling{position_, s_.disabled[member], s_.came_disabled[member], {}, {}};
      s_.happened[position_] = now_;
      for (auto* disabled : {&s_.disabled, &s_.came_disabled}) {
        if (data_.contains("area")) (*disabled)[member].areas.erase(text(data_, "area"));
        if (!data_.contains("area")) disabled->erase(member);
      }
      enabling.own_after = s_.disabled[member];
      enabling.came_after = s_.came_disabled[member];
      s_.enablings[member].push_back(enabling);
    } else if (type_ == "member.role_changed") {
      give_member_role(member, text(data_, "role"));
    } else if (type_ == "member.invited") {
      Invitation invitation;
      invitation.role = text_or_none(data_, "role");
      invitation.since_us = now_;
      if (data_.contains("groups")) {
        for (const json& group : data_.at("groups")) invitation.groups.insert(group.get<std::string>());
      }
      invitation.position = position_;
      if (!actor_.empty()) invitation.inviters = shared_with_invitees(actor_);
      if (data_.contains("expires_at")) invitation.expires_us = instant_us(text(data_, "expires_at"));
      s_.invitations[member].push_back(invitation);
    } else {
      return false;
    }
    return true;
  }

  // Whether it counts is for the model to say when it is asked.
  Disablement shared_with_invitees(const std::string& inviter) {
    Disablement all = s_.disabled[inviter];
    const Disablement& came = s_.came_disabled[inviter];
    all.whole = all.whole || came.whole;
    all.areas.insert(came.areas.begin(), came.areas.end());
    return all;
  }

  void remove_member(const std::string& member) {
    s_.removed_members.insert(member);
    s_.enablings.erase(member);
    s_.members.erase(member);
    s_.role_of_member.erase(member);
    s_.disabled.erase(member);
    s_.came_disabled.erase(member);
    erase_where(s_.created, [&](const auto& link) { return link.first == member; });
    erase_where(s_.members_of_groups, [&](const auto& link) { return link.first.second == member; });
    erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.principal == "member:" + member; });
    erase_where(s_.assignments, [&](const auto& link) { return link.first == member; });
  }

  bool invitation() {
    const std::string member = person("member");
    if (type_ == "invitation.accepted") {
      const bool is_new = s_.members.count(member) == 0;
      begin_membership(member);
      std::vector<Invitation> offers = pending_invitations(s_, member, now_);
      if (offers.empty()) offers = s_.invitations[member];  // all too late, and let in all the same
      std::optional<Invitation> pending;                    // the latest counts
      if (!offers.empty()) pending = offers.back();
      if (pending) s_.invitation_of[position_] = pending->position;
      if (pending && pending->inviters && is_new) s_.came_disabled[member] = *pending->inviters;
      if (pending && !pending->role.empty()) give_member_role(member, pending->role);
      if (pending) {
        for (const std::string& group : pending->groups) join(group, member);
      }
    } else if (type_ != "invitation.cancelled" && type_ != "invitation.expired") {
      return false;
    }
    s_.invitations.erase(member);
    return true;
  }

  void join(const std::string& group, const std::string& member) {
    made(member + " in " + group, !s_.members_of_groups.emplace(std::pair(group, member), now_).second);
  }

  bool ownership() {
    if (type_ != "ownership.transferred") return false;
    const std::string from = person("from");
    if (data_.contains("previous_owner_role")) {
      give_member_role(from, text(data_, "previous_owner_role"));
    } else if (s_.model->contains("former_owner_role")) {
      give_member_role(from, text(*s_.model, "former_owner_role"), "former");
    } else {
      s_.role_of_member.erase(from);
    }
    give_member_role(person("to"), owner_role(*s_.model), "owner");
    return true;
  }

  bool role() {
    const std::string role = text(data_, "role");
    if (type_ == "role.granted") {
      const ScopedGrant grant = scoped_grant();
      made(link_name(grant), !s_.grants.insert(grant).second);
    } else if (type_ == "role.revoked") {
      s_.grants.erase(scoped_grant());
    } else if (type_ == "role.deleted") {
      delete_role(role);
    } else if (type_ == "role.created") {
      if (!s_.is_system_role(role)) create_role(role);
    } else if (type_ == "role.edited") {
      if (s_.custom_roles.count(role) > 0) edit_role(s_.custom_roles[role]);
    } else if (type_ == "role.reset") {
      if (s_.custom_roles.count(role) > 0) reset_role(s_.custom_roles[role]);
    } else {
      return false;
    }
    return true;
  }

  ScopedGrant scoped_grant() const {
    std::string principal = text(data_, "principal");
    if (principal.rfind("member:", 0) == 0) principal = folded(principal);
    return {principal, text(data_, "role"), text(data_, "on")};
  }

  void overlay_grants(Definition& definition) const {
    if (!data_.contains("grants")) return;
    for (const auto& [permission, level] : data_.at("grants").items())
      definition[permission] = {level.get<std::string>(), ""};
  }

  void edit_role(CustomRole& role) const {
    overlay_grants(role.own);
    const bool says_grants = data_.contains("grants") && !data_.at("grants").empty();
    if (says_grants || data_.contains("name")) role.defined_by = position_;
  }

  void reset_role(CustomRole& role) const {
    role.own = role.is_based ? Definition() : role.created;
    role.defined_by = position_;
  }

  void create_role(const std::string& role) {
    CustomRole created;
    created.is_based = data_.contains("based_on");
    if (created.is_based) created.base = s_.definition(text(data_, "based_on"));
    overlay_grants(created.created);
    created.own = created.created;
    created.defined_by = position_;
    made("creation of role:" + role, s_.custom_roles.count(role) > 0);
    s_.custom_roles[role] = created;
  }

  void delete_role(const std::string& role) {
    std::vector<std::string> members, groups;
    for (const auto& [member, held] : s_.role_of_member) {
      if (held == role) members.push_back(member);
    }
    for (const auto& [group, held] : s_.role_of_group) {
      if (held == role) groups.push_back(group);
    }
    s_.custom_roles.erase(role);
    s_.deleted_roles.insert(role);
    if (s_.is_system_role(role)) return;  // cannot be deleted: whoever holds it holds it still
    erase_where_value_is(s_.role_of_member, role);
    erase_where_value_is(s_.role_of_group, role);
    erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.role == role; });
    if (!data_.contains("reassign_to")) return;
    for (const std::string& member : members) move_role(s_.role_of_member, member, "member:" + member);
    for (const std::string& group : groups) move_role(s_.role_of_group, group, "group:" + group);
  }

  void move_role(std::map<std::string, std::string>& roles, const std::string& key, const std::string& holder) {
    roles[key] = text(data_, "reassign_to");
    s_.manner_of_role[holder] = "moved";
    s_.made_by["role of " + holder].push_back(position_);
    s_.happened[position_] = now_;
  }

  bool group() {
    const std::string group = text(data_, "group");
    if (type_ == "group.created" || type_ == "group.edited") {
      if (type_ == "group.created") made("creation of group:" + group, !s_.groups.emplace(group, now_).second);
      if (data_.contains("parent")) set_or_clear_parent(group);
      if (data_.contains("role")) set_or_clear_role(group);
    } else if (type_ == "group.deleted") {
      s_.groups.erase(group);
      s_.parent_of_group.erase(group);
      s_.role_of_group.erase(group);
      erase_where_value_is(s_.parent_of_group, group);
      erase_where(s_.members_of_groups, [&](const auto& link) { return link.first.first == group; });
      erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.principal == "group:" + group; });
    } else if (type_ == "group.member_added") {
      join(group, person("member"));
    } else if (type_ == "group.member_removed") {
      s_.members_of_groups.erase(std::pair(group, person("member")));
    } else {
      return false;
    }
    return true;
  }

  // Null clears the link, a text sets it.
  void set_or_clear_parent(const std::string& group) {
    if (data_.at("parent").is_null()) {
      s_.parent_of_group.erase(group);
    } else {
      std::string& parent = s_.parent_of_group[group];
      made("parent of " + group, parent == text(data_, "parent"));
      parent = text(data_, "parent");
    }
  }
  void set_or_clear_role(const std::string& group) {
    if (data_.at("role").is_null()) {
      s_.role_of_group.erase(group);
    } else {
      give_role(s_.role_of_group, group, "group:" + group, text(data_, "role"));
    }
  }

  bool resource() {
    const std::string resource = text(data_, "resource");
    if (type_ == "resource.added") {
      bool& is_there = s_.resources[resource];
      made("creation of " + resource, is_there);
      is_there = true;
      if (!actor_.empty()) made(resource + " added by " + actor_, !s_.created.insert({actor_, resource}).second);
      if (data_.contains("parent")) {
        std::string& parent = s_.parent_of_resource[resource];
        made("place of " + resource, parent == text(data_, "parent"));
        parent = text(data_, "parent");
      }
    } else if (type_ == "resource.removed") {
      s_.resources[resource] = false;
      s_.removed_resources.insert(resource);
      s_.parent_of_resource.erase(resource);
      erase_where_value_is(s_.parent_of_resource, resource);
      for (auto* links : {&s_.assignments, &s_.created}) {
        erase_where(*links, [&](const auto& link) { return link.second == resource; });
      }
      erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.on == resource; });
    } else {
      return false;
    }
    return true;
  }

  bool assignment() {
    const std::pair link(person("member"), text(data_, "resource"));
    if (type_ == "assignment.added") {
      made(link.second + " assigned to " + link.first, s_.assignments.count(link) > 0);
      s_.assignments.insert(link);
    } else if (type_ == "assignment.removed") {
      s_.assignments.erase(link);
    } else {
      return false;
    }
    return true;
  }

  State& s_;
  const std::vector<json>& models_;
  std::int64_t now_ = 0;
  std::int64_t position_ = 0;
  std::string type_;
  std::string actor_;  // who acted, if a member did
  json data_;
};

}  // namespace

void fold(State& state, const std::vector<json>& models, const Fact& fact) { Folding(state, models).fold(fact); }

}  // namespace tenure::oracle
