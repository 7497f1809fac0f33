#include "tests/oracle/naive_comings.h"

#include <algorithm>

namespace tenure::oracle {

using nlohmann::json;

namespace {

// Of what has to be there on its own: a custom role, a group, a resource that was added to be there.
bool had_to_come(const State& state, const std::string& what) {
  if (what.rfind("role:", 0) == 0) return !state.is_system_role(what.substr(5));
  if (what.rfind("group:", 0) == 0) return true;
  if (what.find(':') == std::string::npos || kind_of(what) + ":*" == what) return false;
  const json* kind = entry(*state.model, "resource_kinds", kind_of(what));
  return kind == nullptr || says(*kind, "declared", true) || state.removed_resources.count(what) > 0;
}

}  // namespace

Began began(const State& state, const std::string& link) {
  const std::int64_t position = state.made_by.at(link).front();
  return {state.happened.at(position), position};
}

void add_coming(const State& state, Way& way, const std::string& what, std::int64_t link) {
  if (!had_to_come(state, what) || state.made_by.count("creation of " + what) == 0) return;
  const Began came = began(state, "creation of " + what);
  if (came <= Began(state.happened.at(link), link)) return;
  if (std::find(way.begin(), way.end(), came.second) == way.end()) way.push_back(came.second);
}

std::optional<std::int64_t> enabled_again(const State& state, const std::string& member, const std::string& kind,
                                          bool for_anybody, const json& permission) {
  const auto all = state.enablings.find(member);
  if (all == state.enablings.end()) return std::nullopt;
  const json& model = *state.model;
  const bool is_kept = stands_in(model.value("kept_when_disabled", json::array()), text(permission, "id"));
  const auto is_cut = [&](const Disablement& own, const Disablement& came) {
    State then;
    then.model = state.model;
    then.disabled[member] = own;
    then.came_disabled[member] = came;
    const Disablement cut = then.disablement(member);
    if (kind == "everyone" && cut.whole) return true;
    return !is_kept && (cut.whole || std::any_of(cut.areas.begin(), cut.areas.end(),
                                                 [&](const auto& area) { return in_area(model, permission, area); }));
  };
  for (auto each = all->second.rbegin(); each != all->second.rend(); ++each) {
    const Began when(state.happened.at(each->position), each->position);
    if (!for_anybody && when <= began(state, "membership of " + member)) break;
    if (is_cut(each->own, each->came) && !is_cut(each->own_after, each->came_after)) return each->position;
  }
  return std::nullopt;
}

std::optional<std::int64_t> feature_since(const State& state, const json& permission) {
  const auto turns = state.feature_turns.find(text_or_none(permission, "feature"));
  if (turns == state.feature_turns.end()) return std::nullopt;
  const json* feature = entry(*state.model, "features", turns->first);
  bool on = feature == nullptr || says(*feature, "on_by_default", true);
  std::optional<std::int64_t> since;
  for (const auto& [position, then] : turns->second) {
    if (!then) since.reset();
    if (then && !on) since = position;
    on = then;
  }
  return since;
}

}  // namespace tenure::oracle
