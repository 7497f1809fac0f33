#include "projections/formats/steps.h"

namespace tenure::formats {

namespace {

std::string role_text(std::string_view role) { return "role:" + std::string(role); }

class Maker {
 public:
  Maker(const Row& row, const Shown& event) : row_(row), event_(event) {}

  std::vector<Step> made() {
    first();
    switch (row_.also) {
      case Also::founding:
        if (const auto owner = of("owner"); !owner.empty()) ownership(Deed::assign_privilege, owner);
        break;
      case Also::arrival:
        join();
        break;
      case Also::acceptance:
        arrive();
        break;
      case Also::departure:
        depart();
        break;
      case Also::role_change:
        role_change();
        break;
      case Also::ownership:
        transfer();
        break;
      case Also::group_birth:
        nested(Deed::add_subgroup, of("parent"), of("group"));
        group_role(Deed::assign_to_group, of("role"));
        break;
      case Also::group_edit:
        edit_group();
        break;
      case Also::group_end:
        end_group();
        break;
      case Also::grant:
        grant();
        break;
      case Also::area:
        if (!of("area").empty()) steps_[0].deed = Deed::other_user;
        break;
      case Also::nothing:
        break;
    }
    return std::move(steps_);
  }

 private:
  std::string_view of(std::string_view name) const { return text_of(event_.data, name); }
  std::string_view was(std::string_view name) const { return text_of(event_.before, name); }

  Step& add(Deed deed) { return steps_.emplace_back(Step{deed}); }

  void first() {
    Step& step = add(row_.deed);
    step.activity = row_.activity;
    step.user = of("member");
    step.group = of("group");
    step.role = of("role");
    step.resource = of("resource");
    if (row_.about == About::assignment) step.privileges = {"assignment:" + std::string(step.resource)};
    if (row_.about == About::role) {
      step.privileges = grants_of(row_.deed == Deed::delete_role ? event_.before : event_.data, "grants");
    }
  }

  Step& role_of(Deed deed, std::string_view user, std::string_view role, std::optional<bool> held) {
    Step& step = add(deed);
    step.user = user;
    step.role = role;
    step.privileges = {role_text(role)};
    step.held = held;
    return step;
  }
  void ownership(Deed deed, std::string_view user) {
    Step& step = add(deed);
    step.user = user;
    step.resource = "org";
    step.privileges = {"ownership"};
  }
  void in_group(Deed deed, std::string_view group, std::string_view user, bool held) {
    Step& step = add(deed);
    step.user = user;
    step.group = group;
    step.held = held;
  }

  // Who is added may have been a member with another role before.
  void join() {
    const auto role = of("role"), held = was("role");
    if (role.empty()) return;
    role_of(Deed::assign_role, of("member"), role, false);
    if (!held.empty() && held != role) role_of(Deed::remove_role, of("member"), held, true);
  }
  void arrive() {
    const auto member = of("member");
    if (const auto role = was("role"); !role.empty()) role_of(Deed::assign_role, member, role, false);
    for (const auto group : texts_of(event_.before, "groups")) in_group(Deed::add_to_group, group, member, false);
  }

  void depart() {
    const auto member = of("member");
    if (const auto role = was("role"); !role.empty()) role_of(Deed::remove_role, member, role, true);
    std::vector<std::string> ended;
    for (const auto grant : texts_of(event_.before, "grants")) ended.push_back(role_text(grant));
    for (const auto on : texts_of(event_.before, "assignments")) ended.push_back("assignment:" + std::string(on));
    if (!ended.empty()) {
      Step& step = add(Deed::remove_privilege);
      step.user = member;
      step.privileges = std::move(ended);
      step.held = true;
    }
    for (const auto group : texts_of(event_.before, "groups")) in_group(Deed::remove_from_group, group, member, true);
  }

  void role_change() {
    steps_[0].privileges = {role_text(of("role"))};
    const auto role = was("role");
    if (!role.empty() && role != of("role")) role_of(Deed::remove_role, of("member"), role, std::nullopt);
  }

  void transfer() {
    steps_.clear();
    ownership(Deed::assign_privilege, of("to"));
    if (const auto role = was("to_role"); !role.empty()) role_of(Deed::remove_role, of("to"), role, std::nullopt);
    ownership(Deed::remove_privilege, of("from"));
    const auto held = was("from_role"), left = of("previous_owner_role");
    if (!held.empty() && held != left) role_of(Deed::remove_role, of("from"), held, std::nullopt);
    if (!left.empty()) role_of(Deed::assign_role, of("from"), left, std::nullopt);
  }

  void nested(Deed deed, std::string_view parent, std::string_view child, std::optional<bool> held = std::nullopt) {
    if (parent.empty() || child.empty()) return;
    Step& step = add(deed);
    step.group = parent;
    step.subgroup = child;
    step.held = held;
  }
  void group_role(Deed deed, std::string_view role) {
    if (role.empty()) return;
    Step& step = add(deed);
    step.group = of("group");
    step.role = role;
    step.privileges = {role_text(role)};
  }

  void edit_group() {
    const bool moved = has(event_.data, "parent"), given = has(event_.data, "role");
    if ((moved || given) && of("name").empty()) steps_.clear();
    if (moved && was("parent") != of("parent")) nested(Deed::remove_subgroup, was("parent"), of("group"));
    if (moved) nested(Deed::add_subgroup, of("parent"), of("group"));
    if (given && was("role") != of("role")) group_role(Deed::revoke_from_group, was("role"));
    if (given) group_role(Deed::assign_to_group, of("role"));
    if (steps_.empty()) first();  // cleared what was not there
  }

  void end_group() {
    const auto group = of("group");
    nested(Deed::remove_subgroup, was("parent"), group, true);
    std::vector<std::string> ended;
    if (const auto role = was("role"); !role.empty()) ended.push_back(role_text(role));
    for (const auto grant : texts_of(event_.before, "grants")) ended.push_back(role_text(grant));
    if (!ended.empty()) {
      Step& step = add(Deed::revoke_from_group);
      step.group = group;
      step.privileges = std::move(ended);
      step.held = true;
    }
    for (const auto child : texts_of(event_.before, "children")) {
      nested(Deed::remove_subgroup, group, child, true);
    }
    for (const auto member : texts_of(event_.before, "members")) {
      in_group(Deed::remove_from_group, group, member, true);
    }
  }

  void grant() {
    Step& step = steps_[0];
    const auto principal = principal_of(event_);
    step.resource = of("on");
    step.privileges = {role_text(step.role) + " on " + std::string(step.resource)};
    if (principal.member) {
      step.user = principal.id;
      return;
    }
    step.deed = step.deed == Deed::assign_role ? Deed::assign_to_group : Deed::revoke_from_group;
    step.group = principal.id;
    step.everyone = principal.everyone;
  }

  const Row& row_;
  const Shown& event_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> steps_of(const Row& row, const Shown& event) { return Maker(row, event).made(); }

}  // namespace tenure::formats
