// What custom roles are: made, edited and reset by events, on top of what a base granted when they were made.
#include "projections/access.h"

namespace tenure::projections {

namespace {

Point before(Point at) {
  return at.position > 0 ? Point{at.us, at.position - 1} : Point{at.us - 1, Point::never().position};
}

}  // namespace

// Creating a role that the model of that time had as its own made nothing.
bool Access::made_nothing(Number role, Point creation) {
  const auto model = facts_.model_at(creation);
  return model && model->role(facts_.name(role).name);
}

std::unordered_set<std::uint64_t> Access::creations_of_nothing(Number role, const std::vector<Entry>& entries) {
  std::unordered_set<std::uint64_t> positions;
  for (const Entry& entry : entries) {
    const bool creation = entry.op == Op::set && entry.slot.kind == SlotKind::exists;
    if (creation && made_nothing(role, entry.at)) positions.insert(entry.at.position);
  }
  return positions;
}

EntityState Access::custom_role_at(Number role, Point at) {
  EntityState state = facts_.state_at(role, at);
  const Live* exists = state.find({SlotKind::exists});
  if (!exists || (exists->since == exists->at && !made_nothing(role, exists->at))) return state;
  // Created several times, or for nothing: what the other creations left, if there are any.
  const std::vector<Entry> entries = facts_.entries_until(role, at);
  const auto without = creations_of_nothing(role, entries);
  state = EntityState{};
  for (const Entry& entry : entries) {
    if (!without.contains(entry.at.position)) state.apply(entry);
  }
  return state;
}

// The last that counts, in order of time: what was learnt late of an earlier day is not what made it what it is.
std::uint64_t Access::defined_by(Number role) {
  const std::vector<Entry> entries = facts_.entries_until(role, facts_.at());
  const auto without = creations_of_nothing(role, entries);
  std::uint64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.slot == name_of_nothing) continue;
    if (!without.contains(entry.at.position)) position = entry.op == Op::end ? 0 : entry.at.position;
  }
  return position;
}

std::string Access::custom_role_name(Number role) {
  const EntityState state = custom_role_at(role, facts_.at());
  const Live* named = state.find({SlotKind::named});
  return named ? facts_.name(named->value).name : std::string();
}

std::string Access::group_name(Number group) {
  const Live* named = facts_.state(group).find({SlotKind::named});
  return named ? facts_.name(named->value).name : std::string();
}

bool Access::custom_role_exists(Number role) {
  const Live* exists = facts_.state(role).find({SlotKind::exists});
  if (!exists) return false;
  if (exists->since == exists->at) return !made_nothing(role, exists->at);
  return custom_role_at(role, facts_.at()).exists();
}

// What the role itself says of a permission: its last edit, else its creation.
const Live* Access::statement(const EntityState& role, const PermissionId& permission) {
  const Number number = facts_.number(EntityKind::permission, permission.text);
  if (number == 0) return nullptr;
  const Live* edited = role.find({SlotKind::edited_grant, number});
  return edited ? edited : role.find({SlotKind::created_grant, number});
}

std::optional<LevelIndex> Access::stated_by(Number role, PermissionIndex permission) {
  const EntityState state = custom_role_at(role, facts_.at());
  const Live* stated = state.exists() ? statement(state, model_->permissions()[permission].id) : nullptr;
  if (!stated) return std::nullopt;
  return model_->level(permission, facts_.name(stated->value).name).value_or(0);
}

// A role that was copied had what it said by the model of that time, so each base is asked by its own.
std::optional<Access::CustomGrant> Access::custom_grant(Number role, const PermissionRule& permission, Point at,
                                                        int depth) {
  const PermissionRule* asked = &permission;
  for (Models::Model model = model_; depth <= chain_max; ++depth) {
    const EntityState state = custom_role_at(role, at);
    if (!state.exists()) return std::nullopt;
    const Live* stated = statement(state, asked->id);
    if (!stated && asked->level_from) stated = statement(state, model->permissions()[*asked->level_from].id);
    if (stated) return CustomGrant{facts_.name(stated->value).name, std::nullopt};
    const Live* base = state.find({SlotKind::based_on});
    if (!base || base->value == 0) return std::nullopt;
    // What the base granted at the creation, before it.
    at = before(base->at);
    role = base->value;
    model = facts_.model_at(at);
    const auto p = model ? model->permission(permission.id.text) : std::nullopt;
    if (!p) return std::nullopt;
    asked = &model->permissions()[*p];
    if (const auto system = model->role(facts_.name(role).name)) {
      const Cell cell = model->cell(*system, *p);
      return CustomGrant{model->level_name(*p, cell.level).text, cell.visibility};
    }
  }
  return std::nullopt;
}

}  // namespace tenure::projections
