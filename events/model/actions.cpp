#include "events/model/actions.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace tenure {
namespace {

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

ActionType describe(std::string_view name) {
  ActionType action{name};
  action.ruled = sent_by_clients(name) && name != event::SourceRecorded::type;
  action.has_target = name.starts_with("member.") || name.starts_with("invitation.") ||
                      name.starts_with("assignment.") || name.starts_with("group.member_") ||
                      one_of(name, {"ownership.transferred", "role.granted", "role.revoked", "group.edited"});
  action.gives_role =
      one_of(name, {"member.added", "member.invited", "member.role_changed", "ownership.transferred", "role.granted",
                    "role.deleted", "group.created", "group.edited", "group.member_added"});
  action.on_resource = name.starts_with("resource.") || name.starts_with("assignment.") ||
                       one_of(name, {"role.granted", "role.revoked"});
  return action;
}

template <std::size_t... Index>
std::array<ActionType, action_count> describe_all(std::index_sequence<Index...>) {
  return {describe(std::variant_alternative_t<Index, EventTypes>::type)...};
}

const std::array<ActionType, action_count>& all_actions() {
  static const auto all = describe_all(std::make_index_sequence<action_count>{});
  return all;
}

}  // namespace

const ActionType& action_type(std::size_t index) {
  assert(index < action_count);
  return all_actions()[index];
}

std::vector<std::size_t> actions_matching(std::string_view pattern) {
  const bool open_end = pattern == "*" || pattern.ends_with(".*");
  const std::string_view start = open_end ? pattern.substr(0, pattern.size() - 1) : pattern;
  std::vector<std::size_t> matching;
  for (std::size_t i = 0; i < action_count; ++i) {
    const ActionType& action = all_actions()[i];
    if (action.ruled && (open_end ? action.name.starts_with(start) : action.name == start)) matching.push_back(i);
  }
  return matching;
}

}  // namespace tenure
