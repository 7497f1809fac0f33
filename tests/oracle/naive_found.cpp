// What was found so later, and may have been so at an instant: the first that is told of it after the instant is a
// baseline, it was not so by what was known then, and whoever has it did not end in between.
#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

class Later {
 public:
  Later(const State& then, const std::string& member) : then_(then), member_(member) {
    std::vector<std::string> groups;
    for (const auto& [link, since] : then.members_of_groups) {
      if (link.second == member) groups.push_back(link.first);
    }
    const bool inherit = says(then.model->value("groups", json::object()), "inherit_from_parents", false);
    while (!groups.empty()) {
      const std::string group = groups.back();
      groups.pop_back();
      const auto parent = then.parent_of_group.find(group);
      if (groups_.insert(group).second && inherit && parent != then.parent_of_group.end()) {
        groups.push_back(parent->second);
      }
    }
  }

  void hear(const Fact& fact) {
    type_ = text(fact.event, "type");
    data_ = fact.event.value("data", json::object());
    found_so_ = text_or_none(fact.event, "basis") == "baseline";
    if (type_ == "role.granted" || type_ == "role.revoked") {
      grant();
    } else if (type_ == "org.created") {
      if (!is_member("owner")) return;
      say("member", "membership", true, then_.members.count(member_) > 0);
      say("member", "role", true, false);
    } else if (type_ == "ownership.transferred") {
      for (const char* name : {"from", "to"}) {
        if (is_member(name)) say("member", "role", true, false);
      }
    } else if (is_member("member")) {
      member();
    } else if (data_.contains("group") && groups_.count(text(data_, "group")) > 0) {
      group(text(data_, "group"));
    }
  }

  bool found = false;

 private:
  bool is_member(const char* name) const {
    const std::string person = text_or_none(data_, name);
    return !person.empty() && folded(person) == member_;
  }

  // Something is or is not so; whether it was so then, too.
  void say(const std::string& holder, const std::string& what, bool is_so, bool was_so) {
    if (ended_.count(holder) > 0 || !told_.insert(holder + " " + what).second) return;
    found = found || (is_so && found_so_ && !was_so);
  }

  // By name: a role that came otherwise is another one.
  bool had_role(const std::map<std::string, std::string>& roles, const std::string& key,
                const std::string& holder) const {
    const auto role = roles.find(key);
    const auto manner = then_.manner_of_role.find(holder);
    return role != roles.end() && role->second == text(data_, "role") && manner != then_.manner_of_role.end() &&
           manner->second == "named";
  }
  void member_role() { say("member", "role", true, had_role(then_.role_of_member, member_, "member:" + member_)); }

  void member() {
    const bool was_member = then_.members.count(member_) > 0;
    if (type_ == "member.added") {
      say("member", "membership", true, was_member);
      if (data_.contains("role")) member_role();
    } else if (type_ == "member.removed") {
      ended_.insert("member");
    } else if (type_ == "member.role_changed") {
      member_role();
    } else if (type_ == "invitation.accepted") {
      say("member", "membership", true, was_member);
      told_.insert("member role");
    } else if (type_ == "group.member_added" || type_ == "group.member_removed") {
      const std::string group = text(data_, "group");
      say("member", "in " + group, type_ == "group.member_added", then_.members_of_groups.count({group, member_}) > 0);
    } else if (type_ == "assignment.added" || type_ == "assignment.removed") {
      const std::string resource = text(data_, "resource");
      say("member", "assigned " + resource, type_ == "assignment.added",
          then_.assignments.count({member_, resource}) > 0);
    }
  }

  void grant() {
    ScopedGrant grant{text(data_, "principal"), text(data_, "role"), text(data_, "on")};
    std::string holder = grant.principal;
    if (holder.rfind("member:", 0) == 0) {
      grant.principal = folded(holder);
      if (grant.principal != "member:" + member_) return;
      holder = "member";
    } else if (holder.rfind("group:", 0) == 0) {
      holder = holder.substr(6);
      if (groups_.count(holder) == 0) return;
      holder = "group " + holder;
    }
    say(holder, grant.role + " on " + grant.on, type_ == "role.granted", then_.grants.count(grant) > 0);
  }

  void group(const std::string& group) {
    const std::string holder = "group " + group;
    if (type_ == "group.deleted") ended_.insert(holder);
    if (type_ == "group.created") say(holder, "there", true, then_.groups.count(group) > 0);
    if (type_ != "group.created" && type_ != "group.edited") return;
    if (data_.contains("parent")) {
      const bool clears = data_.at("parent").is_null();
      const auto parent = then_.parent_of_group.find(group);
      const bool had = !clears && parent != then_.parent_of_group.end() && parent->second == text(data_, "parent");
      say(holder, "parent", !clears, had);
    }
    if (data_.contains("role")) {
      const bool clears = data_.at("role").is_null();
      say(holder, "role", !clears, !clears && had_role(then_.role_of_group, group, "group:" + group));
    }
  }

  const State& then_;
  const std::string member_;
  std::set<std::string> groups_;  // that the member was put into, and those above where that counts
  std::set<std::string> told_;
  std::set<std::string> ended_;
  std::string type_;
  json data_;
  bool found_so_ = false;
};

}  // namespace

bool NaiveFold::Inside::found_later(const std::string& member, std::int64_t at_us, std::int64_t known_position) const {
  const State then = state(at_us, known_position);
  Later later(then, member);
  for (const Fact* fact : facts_known(known_position)) {
    if (fact->occurred_us <= at_us) continue;
    if (text(fact->event, "type") == "org.deleted") break;
    later.hear(*fact);
  }
  return later.found;
}

}  // namespace tenure::oracle
