#include "events/without_effect.h"
#include "services/api/member_rows.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

// ---- members, groups, roles ----------------------------------------------------------------------

// A row of a list that may have a million: kept while it is streamed, so no more than it takes.
struct EntityRow {
  Number entity = 0;
  Point since;
};
std::uint64_t entity_of(const EntityRow& row) { return row.entity; }

// Whatever a list has, in order.
std::vector<EntityRow> in_short(Facts& facts, projections::List list) {
  std::vector<EntityRow> rows;
  facts.each(list, [&](const Interval& i) {
    rows.push_back({i.principal, i.since});
    return true;
  });
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.entity < b.entity; });
  return rows;
}

// Memory holds the state of one at a time.
template <class Is>
void keep_if(Facts& facts, std::vector<EntityRow>& rows, const Is& is) {
  std::erase_if(rows, [&](const EntityRow& row) {
    const bool kept = is(row.entity);
    facts.let_go(row.entity);
    return !kept;
  });
}

// Whose invitation stands.
std::vector<EntityRow> invited(Asking& asking) {
  Facts& facts = asking.facts();
  std::vector<EntityRow> pending = in_short(facts, {ListKind::invited, 0});
  pending.erase(
      std::unique(pending.begin(), pending.end(), [](const auto& a, const auto& b) { return a.entity == b.entity; }),
      pending.end());
  keep_if(facts, pending, [&](Number member) {
    const auto& state = facts.state(member);
    return !state.exists() && state.invitation(asking.pinned().when.at);
  });
  return pending;
}

Response members(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "status", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto status = request.query("status");
  if (status && *status != "active" && *status != "disabled" && *status != "invited") {
    return no(refuse(RefusalCode::invalid_field, "\"status\" must be active, disabled or invited.", "status"));
  }
  if (asking.nothing_known()) {
    return asking.list(std::vector<EntityRow>(), entity_of, [](JsonText&, const EntityRow&) {});
  }
  Facts& facts = asking.facts();
  if (status && *status == "invited") {
    const auto pending = found_once<std::vector<EntityRow>>(request, [&] { return invited(asking); });
    return asking.list(*pending, entity_of,
                       [&](JsonText& json, const EntityRow& row) { invited_row(asking, json, row.entity); });
  }
  const auto rows = found_once<std::vector<EntityRow>>(request, [&] {
    auto found = in_short(facts, {ListKind::members, 0});
    if (status) {
      keep_if(facts, found, [&](Number member) { return asking.access().disabled(member) == (*status == "disabled"); });
    }
    return found;
  });
  return asking.list(*rows, entity_of,
                     [&](JsonText& json, const EntityRow& row) { member_row(asking, json, row.entity, row.since); });
}

Response groups(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  Facts& facts = asking.facts();
  const auto rows = found_once<std::vector<EntityRow>>(request, [&] {
    if (asking.nothing_known()) return std::vector<EntityRow>();
    return in_short(facts, {ListKind::entities, static_cast<Number>(EntityKind::group)});
  });
  return asking.list(*rows, entity_of, [&](JsonText& json, const EntityRow& row) {
    const Number group = row.entity;
    json.open('{').field("group", facts.name(group).name);
    if (const std::string name = asking.access().group_name(group); !name.empty()) json.field("name", name);
    if (const Number parent = asking.access().group_parent(group)) json.field("parent", facts.name(parent).name);
    if (const Number role = asking.access().group_role(group)) json.field("role", facts.name(role).name);
    std::uint64_t members = 0;
    asking.access().each_member_of(group, [&](Number) { ++members; });
    json.field("members", members);
    asking.since(json, row.since);
    json.close('}');
  });
}

Response group_members(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string name(request.param("group"));
  const auto heard_of = asking.group(name);
  if (!heard_of) return heard_of.error();
  const Number group = *heard_of;
  const auto rows = found_once<std::vector<Number>>(request, [&] {
    std::vector<Number> members;
    if (!asking.nothing_known()) asking.access().each_member_of(group, [&](Number m) { members.push_back(m); });
    std::sort(members.begin(), members.end());
    return members;
  });
  return asking.list(
      *rows, [](Number member) { return std::uint64_t{member}; },
      [&](JsonText& json, Number member) {
        json.open('{').field("member", asking.identity(member));
        asking.since(json, asking.access().member_since(group, member));
        json.close('}');
      });
}

struct RoleRow {
  std::uint64_t order = 0;  // system roles first, in the model's order; then custom ones by number
  std::string id;
  std::optional<RoleIndex> system;
  Number number = 0;
};

std::vector<RoleRow> all_roles(Asking& asking) {
  std::vector<RoleRow> rows;
  const auto& system = asking.model().roles();
  for (RoleIndex r = 0; r < system.size(); ++r) rows.push_back({r + 1u, system[r].id.text, r, 0});
  if (asking.nothing_known()) return rows;
  for (const Number role : asking.access().custom_roles()) {
    rows.push_back({(std::uint64_t{1} << 32) + role, asking.facts().name(role).name, std::nullopt, role});
  }
  return rows;
}

void permissions(JsonText& json, std::string_view name, const AccessModel& model,
                 const std::vector<PermissionIndex>& list) {
  if (list.empty()) return;
  json.key(name).open('[');
  for (const PermissionIndex p : list) json.text(model.permissions()[p].id.text);
  json.close(']');
}

void role_row(Asking& asking, JsonText& json, const RoleRow& row) {
  const AccessModel& model = asking.model();
  const auto cell = [&](PermissionIndex p) {
    return row.system ? model.cell(*row.system, p) : asking.access().cell(row.number, p);
  };
  std::string name = row.system ? model.roles()[*row.system].name : asking.access().custom_role_name(row.number);
  json.open('{').field("role", row.id).field("name", name.empty() ? row.id : name);
  json.field("kind", row.system ? "system" : "custom").key("grants").open('{');
  std::vector<PermissionIndex> blank;
  for (std::size_t i = 0; i < model.permissions().size(); ++i) {
    const auto p = static_cast<PermissionIndex>(i);
    const Cell granted = cell(p);
    if (granted.level > 0) json.field(model.permissions()[p].id.text, model.level_name(p, granted.level).text);
    if (granted.unspecified) blank.push_back(p);
  }
  json.close('}');
  permissions(json, "unspecified", model, blank);
  permissions(json, "without_effect", model, without_effect(model, [&](PermissionIndex p) { return cell(p).level; }));
  if (const auto* exists = asking.facts().state(row.number).find({projections::SlotKind::exists})) {
    asking.since(json, exists->since);
  }
  json.close('}');
}

Response roles(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  return asking.list(
      all_roles(asking), [](const RoleRow& r) { return r.order; },
      [&](JsonText& json, const RoleRow& row) { role_row(asking, json, row); });
}

Response role(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string name(request.param("role"));
  for (const RoleRow& row : all_roles(asking)) {
    if (row.id != name) continue;
    JsonText json;
    json.open('{');
    asking.head(json);
    json.key("role");
    role_row(asking, json, row);
    return asking.finish(std::move(json.close('}')));
  }
  return missing(refuse(RefusalCode::unknown_role,
                        "there was no role \"" + name + "\" at that time; GET …/roles?at= lists those of it.", "role"));
}

}  // namespace

void add_directory_routes(http::Router& router, Parts& parts) {
  const auto bound = [&parts](Response (*answer)(Parts&, Request&)) {
    return [&parts, answer](Request& request) { return answer(parts, request); };
  };
  constexpr auto get = http::Method::get;
  router.blocking(get, "/v1/orgs/{org}/members", "read",
                  with_rows({"member", "status", "role", "groups", "since", "since_basis"}, bound(members)));
  router.blocking(get, "/v1/orgs/{org}/groups", "read",
                  with_rows({"group", "name", "parent", "role", "members", "since", "since_basis"}, bound(groups)));
  router.blocking(get, "/v1/orgs/{org}/groups/{group}/members", "read",
                  with_rows({"member", "since", "since_basis"}, bound(group_members)));
  router.blocking(get, "/v1/orgs/{org}/roles", "read",
                  with_rows({"role", "name", "kind", "grants", "unspecified", "without_effect", "since", "since_basis"},
                            bound(roles)));
  router.blocking(get, "/v1/orgs/{org}/roles/{role}", "read", bound(role));
}

}  // namespace tenure::services
