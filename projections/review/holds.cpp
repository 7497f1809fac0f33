#include "projections/review/holds.h"

#include <algorithm>

#include "events/digest.h"

namespace tenure::projections {

namespace {

using review::HoldKind;

constexpr std::size_t id_digits = 20, state_digits = 16;

// Stands in ids and states that the log keeps: never another one for the same kind.
char letter(HoldKind kind) {
  switch (kind) {
    case HoldKind::role:
      return 'r';
    case HoldKind::group:
      return 'g';
    case HoldKind::grant:
      return 'x';
    case HoldKind::invitation:
      break;
  }
  return 'i';
}

std::string digest_of(std::string_view text, std::size_t digits) { return to_hex(sha256(text)).substr(0, digits); }

// Names hold no control characters, so nothing runs into its neighbour.
void put(std::string& text, std::string_view part) {
  text += part;
  text += '\0';
}
void put(std::string& text, Point event) { put(text, std::to_string(event.position)); }

}  // namespace

const std::string& Holds::name(Number number) {
  static const std::string none;
  return number == 0 ? none : access_.facts().name(number).name;
}

// ---- what somebody holds -------------------------------------------------------------------------

std::optional<Hold> Holds::role_of(Number member) {
  const EntityState& state = access_.facts().state(member);
  const Live* link = state.find({SlotKind::role});
  if (!link || !state.exists()) return std::nullopt;
  std::vector<Edge> moved;
  const Number role = access_.resolve_role(link->value, link->at, &moved);
  if (role == 0) return std::nullopt;
  const Point since = moved.empty() ? access_.standing_since(member, *link, {access_.named_role(link->value, link->at)})
                                    : moved.back().event;
  return Hold{member, HoldKind::role, role, 0, since};
}

std::optional<Hold> Holds::group_of(Number member, const Live& link) {
  const Number group = link.slot.a;
  if (!access_.group_exists(group) || access_.ended_since(group, link.at)) return std::nullopt;
  return Hold{member, HoldKind::group, group, 0, access_.standing_since(member, link, {group})};
}

std::optional<Hold> Holds::grant_of(Number member, const Live& link) {
  const Number scope = link.slot.a, role = link.slot.b;
  const bool counts =
      access_.role_exists(role) && access_.resource_exists(scope, link.at) && !access_.ended_since(role, link.at);
  if (!counts) return std::nullopt;
  return Hold{member, HoldKind::grant, scope, role, access_.standing_since(member, link, {scope, role})};
}

std::optional<Hold> Holds::invitation_of(Number member) {
  const EntityState& state = access_.facts().state(member);
  if (state.exists()) return std::nullopt;
  const auto invitation = state.invitation(at_);
  if (!invitation) return std::nullopt;
  return Hold{member, HoldKind::invitation, invitation->role, 0, invitation->at};
}

std::vector<Number> Holds::invited_groups(Number member) {
  const auto invitation = access_.facts().state(member).invitation(at_);
  return invitation ? invitation->groups : std::vector<Number>();
}

std::vector<Hold> Holds::of(Number member) {
  std::vector<Hold> holds;
  if (!access_.has_model()) return holds;
  const auto add = [&](std::optional<Hold> hold) {
    if (hold) holds.push_back(*hold);
  };
  const EntityState& state = access_.facts().state(member);
  add(role_of(member));
  const auto [group, groups_end] = state.of_kind(SlotKind::group);
  for (const Live* link = group; link != groups_end; ++link) add(group_of(member, *link));
  const auto [grant, grants_end] = state.of_kind(SlotKind::grant);
  for (const Live* link = grant; link != grants_end; ++link) add(grant_of(member, *link));
  add(invitation_of(member));
  return holds;
}

std::optional<Hold> Holds::now(const Hold& hold) {
  if (!access_.has_model()) return std::nullopt;
  const EntityState& state = access_.facts().state(hold.member);
  const auto of_link = [&](Slot slot) {
    const Live* link = state.find(slot);
    if (!link) return std::optional<Hold>();
    return hold.kind == HoldKind::group ? group_of(hold.member, *link) : grant_of(hold.member, *link);
  };
  std::optional<Hold> found;
  switch (hold.kind) {
    case HoldKind::role:
      found = role_of(hold.member);
      break;
    case HoldKind::group:
      return of_link({SlotKind::group, hold.of});
    case HoldKind::grant:
      return of_link({SlotKind::grant, hold.of, hold.role});
    case HoldKind::invitation:
      found = invitation_of(hold.member);
      break;
  }
  return found && found->of == hold.of ? found : std::nullopt;
}

// The first by name of the groups that somebody came into since.
std::optional<Hold> Holds::group_given_since(Number member, const EarlierLook& earlier) {
  std::optional<Hold> first;
  const auto [begin, end] = access_.facts().state(member).of_kind(SlotKind::group);
  for (const Live* link = begin; link != end; ++link) {
    if (earlier.saw(link->at)) continue;
    const auto group = group_of(member, *link);
    if (group && (!first || name(group->of) < name(first->of))) first = group;
  }
  return first;
}

std::vector<Hold> Holds::granted_since(Number member, Number scope, const EarlierLook& earlier) {
  std::vector<Hold> granted;
  if (!access_.has_model()) return granted;
  const auto [first, last] = access_.facts().state(member).of_kind(SlotKind::grant);
  for (const Live* link = first; link != last; ++link) {
    if (link->slot.a != scope || earlier.saw(link->at)) continue;
    if (const auto grant = grant_of(member, *link)) granted.push_back(*grant);
  }
  // Those of one event, by the order of the links.
  std::stable_sort(granted.begin(), granted.end(), [](const Hold& a, const Hold& b) { return a.since > b.since; });
  return granted;
}

std::optional<Hold> Holds::become(const Hold& hold, const EarlierLook& earlier) {
  if (const auto same = now(hold)) return same;
  if (!access_.has_model()) return std::nullopt;
  std::optional<Hold> found;
  switch (hold.kind) {
    case HoldKind::group:
      break;
    case HoldKind::invitation:
      found = invitation_of(hold.member);
      if (!found) found = role_of(hold.member);
      if (!found) found = group_given_since(hold.member, earlier);
      break;
    case HoldKind::role:
      found = role_of(hold.member);
      break;
    case HoldKind::grant: {
      // What stood beside it before is a hold of its own.
      const auto others = granted_since(hold.member, hold.of, earlier);
      if (!others.empty()) found = others.front();
      break;
    }
  }
  return found;
}

// ---- what it gives -------------------------------------------------------------------------------

void Holds::add_group(Number group, std::vector<Gives>& gives) {
  const EntityState& state = access_.facts().state(group);
  if (const Live* link = state.find({SlotKind::role})) {
    std::vector<Edge> moved;
    if (const Number role = access_.resolve_role(link->value, link->at, &moved)) {
      const Point since = moved.empty() ? access_.standing_since(group, *link, {link->value}) : moved.back().event;
      gives.push_back({role, 0, group, since});
    }
  }
  const auto [first, last] = state.of_kind(SlotKind::grant);
  for (const Live* link = first; link != last; ++link) {
    const auto grant = grant_of(group, *link);
    if (grant) gives.push_back({grant->role, name(grant->of) == "org" ? 0 : grant->of, group, grant->since});
  }
}

const Holds::GroupGives& Holds::group_gives(Number group) {
  const auto [kept, is_new] = groups_.try_emplace(group);
  GroupGives& found = kept->second;
  if (!is_new) return found;
  std::vector<std::string> lines;
  std::unordered_set<Number> seen;
  for (Number each = group; each != 0 && access_.group_exists(each) && seen.insert(each).second;) {
    add_group(each, found.gives);
    if (!access_.model().groups_inherit_from_parents()) break;
    const Number above = access_.group_parent(each);
    if (above != 0) {
      const Live* parent = access_.facts().state(each).find({SlotKind::parent});
      std::string& line = lines.emplace_back("below");
      line += '\0';
      put(line, name(each));
      put(line, name(above));
      put(line, access_.standing_since(each, *parent, {above}));
    }
    each = above;
  }
  for (const Gives& each : found.gives) {
    std::string& line = lines.emplace_back("gives");
    line += '\0';
    put(line, name(each.by));
    put(line, name(each.role));
    put(line, word_of(each.role).digest);
    put(line, name(each.scope));
    put(line, each.since);
  }
  // By what they say, since the order of the views' numbers is not to show.
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  found.digest = to_hex(sha256(text));
  return found;
}

const std::vector<Holds::Gives>& Holds::gives(const Hold& hold, std::vector<Gives>& own) {
  own.clear();
  switch (hold.kind) {
    case HoldKind::role:
      own.push_back({hold.of, 0, 0, hold.since});
      break;
    case HoldKind::group:
      return group_gives(hold.of).gives;
    case HoldKind::grant:
      own.push_back({hold.role, name(hold.of) == "org" ? 0 : hold.of, 0, hold.since});
      break;
    case HoldKind::invitation:
      if (access_.role_exists(hold.of)) own.push_back({hold.of, 0, 0, hold.since});
      for (const Number group : invited_groups(hold.member)) {
        const auto& more = group_gives(group).gives;
        own.insert(own.end(), more.begin(), more.end());
      }
      break;
  }
  return own;
}

std::vector<Number> Holds::groups(const Hold& hold) {
  std::vector<Number> groups;
  if (hold.kind == HoldKind::group) groups.push_back(hold.of);
  if (hold.kind == HoldKind::invitation) groups = invited_groups(hold.member);
  if (!access_.has_model() || !access_.model().groups_inherit_from_parents()) return groups;
  for (std::size_t next = 0; next < groups.size(); ++next) {
    const Number above = access_.group_parent(groups[next]);
    if (above != 0 && std::find(groups.begin(), groups.end(), above) == groups.end()) groups.push_back(above);
  }
  return groups;
}

const std::vector<Entry>& Holds::history(Number entity) {
  const auto [kept, is_new] = histories_.try_emplace(entity);
  if (is_new) kept->second = access_.facts().all_entries(entity);
  return kept->second;
}

const std::vector<Number>& Holds::members_of_small(Number group, std::size_t most) {
  const auto [kept, is_new] = small_groups_.try_emplace({group, most});
  if (!is_new) return kept->second;
  std::vector<Interval> rows;
  access_.facts().each({ListKind::group_members, group}, [&](const Interval& row) {
    rows.push_back(row);
    return rows.size() <= most;
  });
  if (rows.size() > most) return kept->second;
  for (const Interval& row : rows) {
    if (access_.active(row.principal) && !access_.ended_since(group, row.link)) kept->second.push_back(row.principal);
  }
  return kept->second;
}

std::vector<Holds::Gives> Holds::gives(const Hold& hold) {
  std::vector<Gives> own;
  return gives(hold, own);
}

LevelIndex Holds::level(const std::vector<Gives>& gives, PermissionIndex permission) {
  const std::string& kind = access_.model().permissions()[permission].resource_kind;
  LevelIndex best = 0;
  for (const Gives& each : gives) {
    const bool about = each.scope == 0 || (!kind.empty() && kind_of(name(each.scope)) == kind);
    if (about) best = std::max(best, access_.cell(each.role, permission).level);
  }
  return best;
}

LevelIndex Holds::level(const Hold& hold, PermissionIndex permission) {
  std::vector<Gives> own;
  return level(gives(hold, own), permission);
}

// ---- its name and its state ----------------------------------------------------------------------

std::string Holds::id(const Hold& hold) {
  std::string text = name(hold.member);
  text += letter(hold.kind);
  put(text, name(hold.of));
  put(text, name(hold.role));
  return digest_of(text, id_digits);
}

const Holds::RoleWord& Holds::word_of(Number role) {
  const auto [kept, is_new] = words_.try_emplace(role);
  RoleWord& word = kept->second;
  if (!is_new) return word;
  const AccessModel& model = access_.model();
  std::vector<std::string> lines;
  for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
    const Cell cell = access_.cell(role, p);
    if (cell.level == 0) continue;
    const PermissionRule& rule = model.permissions()[p];
    std::string& line = lines.emplace_back();
    put(line, rule.id.text);
    put(line, model.level_name(p, cell.level).text);
    put(line, to_text(cell.visibility));
    const bool on = access_.feature_on(rule.feature);
    put(line, on ? "on" : "off");
    if (!on) word.features_off.insert(rule.feature);
    const Number feature = rule.feature.empty() ? 0 : access_.facts().number(EntityKind::feature, rule.feature);
    if (feature != 0) word.features.insert(feature);
    if (rule.resource_kind.empty() || cell.visibility == Visibility::all) continue;
    if (cell.visibility == Visibility::all_unless_assigned) {
      word.unless_assigned.insert(rule.resource_kind);
    } else {
      word.where_assigned = true;
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  word.digest = to_hex(sha256(text));
  return word;
}

bool Holds::asks_assignments(const Hold& hold) {
  std::vector<Gives> own;
  const auto& all = gives(hold, own);
  return std::any_of(all.begin(), all.end(), [&](const Gives& each) { return word_of(each.role).asks_assignments(); });
}

std::set<Number> Holds::features(const Hold& hold) {
  std::set<Number> all;
  for (const Gives& each : gives(hold)) {
    const auto& of_role = word_of(each.role).features;
    all.insert(of_role.begin(), of_role.end());
  }
  return all;
}

std::vector<std::string> Holds::disabled(Number member) {
  std::vector<std::string> where;
  for (const Number area : access_.disabled_in(member))
    where.push_back(area == 0 ? std::string(everywhere) : name(area));
  std::sort(where.begin(), where.end());
  return where;
}

// What somebody gave the member to work on, with the events that did. What they added themselves comes with being
// allowed to add it, and is part of the state only where it takes something away (`narrowed`).
std::vector<Holds::Assigned> Holds::assigned_to(Number member) {
  std::vector<Assigned> all;
  const EntityState& state = access_.facts().state(member);
  if (!state.exists()) return all;
  const auto [first, last] = state.of_kind(SlotKind::assigned);
  for (const Live* link = first; link != last; ++link) {
    const Number resource = link->slot.a;
    if (!access_.resource_exists(resource, link->at)) continue;
    all.push_back({name(resource), access_.standing_since(member, *link, {resource})});
  }
  std::sort(all.begin(), all.end());
  return all;
}

Holds::Limits Holds::limits(const Hold& hold) {
  Limits limits;
  limits.disabled = disabled(hold.member);
  for (const Gives& each : gives(hold)) {
    const RoleWord& word = word_of(each.role);
    limits.features_off.insert(word.features_off.begin(), word.features_off.end());
    limits.where_assigned = limits.where_assigned || word.where_assigned;
    limits.unless_assigned = limits.unless_assigned || !word.unless_assigned.empty();
  }
  if (!limits.where_assigned && !limits.unless_assigned) return limits;
  limits.has_assigned = !narrowed(hold).empty();
  for (const Assigned& each : assigned_to(hold.member)) limits.assigned.push_back(each.resource);
  return limits;
}

std::set<std::string> Holds::narrowed(const Hold& hold) {
  std::set<std::string> narrowed;
  const EntityState& member = access_.facts().state(hold.member);
  for (const Gives& each : gives(hold)) {
    for (const std::string& kind : word_of(each.role).unless_assigned) {
      if (access_.any_assignment(member, kind)) narrowed.insert(kind);
    }
  }
  return narrowed;
}

std::string Holds::state_of(const Hold& hold) {
  std::string text(1, letter(hold.kind));
  put(text, name(hold.of));
  put(text, name(hold.role));
  put(text, hold.since);
  const auto put_group = [&](Number group) {
    put(text, name(group));
    put(text, group_gives(group).digest);
  };
  switch (hold.kind) {
    case HoldKind::role:
      put(text, word_of(hold.of).digest);
      break;
    case HoldKind::group:
      put_group(hold.of);
      break;
    case HoldKind::grant:
      put(text, word_of(hold.role).digest);
      break;
    case HoldKind::invitation:
      put(text, access_.role_exists(hold.of) ? word_of(hold.of).digest : std::string());
      std::vector<Number> groups = invited_groups(hold.member);
      std::sort(groups.begin(), groups.end(), [&](Number a, Number b) { return name(a) < name(b); });
      for (const Number group : groups) put_group(group);
      break;
  }
  for (const std::string& where : disabled(hold.member)) put(text, "disabled " + where);
  if (asks_assignments(hold)) {
    for (const Assigned& each : assigned_to(hold.member)) {
      put(text, "assigned " + each.resource);
      put(text, each.since);
    }
    for (const std::string& kind : narrowed(hold)) put(text, "not every " + kind);
  }
  return digest_of(text, state_digits);
}

std::string Holds::state(const Hold& hold) {
  const auto found = now(hold);
  return found ? state_of(*found) : std::string();
}

std::string population_digest(const std::vector<Holds::Found>& found) {
  std::string text;
  text.reserve(found.size() * (id_digits + state_digits + 2));
  for (const Holds::Found& each : found) text += each.id + ' ' + each.state + '\n';
  return to_hex(sha256(text));
}

}  // namespace tenure::projections
