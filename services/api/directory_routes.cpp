#include "events/without_effect.h"
#include "services/api/member_rows.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

// ---- members, groups, roles ----------------------------------------------------------------------

std::uint64_t holder_of(const Interval& i) { return i.principal; }

// A row of a list that may have a million: kept while it is streamed, so no more than it takes.
struct PersonRow {
  Number member = 0;
  std::int64_t since_us = 0;
};
std::uint64_t person_of(const PersonRow& row) { return row.member; }

std::vector<PersonRow> in_short(const std::vector<Interval>& rows) {
  std::vector<PersonRow> people;
  people.reserve(rows.size());
  for (const Interval& i : rows) people.push_back({i.principal, i.since.us});
  std::sort(people.begin(), people.end(), [](const auto& a, const auto& b) { return a.member < b.member; });
  return people;
}

std::vector<Interval> sorted(std::vector<Interval> rows) {
  std::sort(rows.begin(), rows.end(), [](const Interval& a, const Interval& b) { return a.principal < b.principal; });
  return rows;
}

// Whose invitation stands.
std::vector<Interval> invited(Asking& asking) {
  Facts& facts = asking.facts();
  std::vector<Interval> pending = sorted(facts.list({ListKind::invited, 0}));
  pending.erase(std::unique(pending.begin(), pending.end(),
                            [](const auto& a, const auto& b) { return a.principal == b.principal; }),
                pending.end());
  std::erase_if(pending, [&](const Interval& i) {
    const auto& state = facts.state(i.principal);
    return state.exists() || !state.invitation(asking.pinned().when.at);
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
    return asking.list(std::vector<PersonRow>(), person_of, [](JsonText&, const PersonRow&) {});
  }
  Facts& facts = asking.facts();
  if (status && *status == "invited") {
    const auto pending = found_once<std::vector<PersonRow>>(request, [&] { return in_short(invited(asking)); });
    return asking.list(*pending, person_of,
                       [&](JsonText& json, const PersonRow& row) { invited_row(asking, json, row.member); });
  }
  const auto rows = found_once<std::vector<PersonRow>>(request, [&] {
    auto found = in_short(facts.list({ListKind::members, 0}));
    if (status) {
      std::erase_if(
          found, [&](const PersonRow& row) { return asking.access().disabled(row.member) != (*status == "disabled"); });
    }
    return found;
  });
  return asking.list(*rows, person_of, [&](JsonText& json, const PersonRow& row) {
    member_row(asking, json, row.member, Instant{row.since_us});
  });
}

Response groups(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  Facts& facts = asking.facts();
  std::vector<Interval> rows;
  if (!asking.nothing_known()) rows = sorted(facts.list({ListKind::entities, static_cast<Number>(EntityKind::group)}));
  return asking.list(rows, holder_of, [&](JsonText& json, const Interval& i) {
    json.open('{').field("group", facts.name(i.principal).name);
    if (const std::string name = asking.access().group_name(i.principal); !name.empty()) json.field("name", name);
    if (const Number parent = asking.access().group_parent(i.principal)) {
      json.field("parent", facts.name(parent).name);
    }
    if (const Number role = asking.access().group_role(i.principal)) json.field("role", facts.name(role).name);
    json.field("members", static_cast<std::uint64_t>(asking.access().members_of(i.principal).size()));
    json.field("since", Instant{i.since.us}).close('}');
  });
}

Response group_members(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string name(request.param("group"));
  const Number group = asking.facts().number(EntityKind::group, name);
  if (group == 0) {
    return missing(refuse(RefusalCode::unknown_group,
                          "the organization has never had a group \"" + name + "\"; GET …/groups lists them.",
                          "group"));
  }
  const auto rows = found_once<std::vector<Interval>>(
      request, [&] { return asking.nothing_known() ? std::vector<Interval>() : asking.access().members_of(group); });
  return asking.list(*rows, holder_of, [&](JsonText& json, const Interval& i) {
    json.open('{').field("member", asking.identity(i.principal));
    json.field("since", Instant{asking.access().member_since(group, i).us}).close('}');
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
    json.field("since", Instant{exists->since.us});
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
                  with_rows({"member", "status", "role", "groups", "since"}, bound(members)));
  router.blocking(get, "/v1/orgs/{org}/groups", "read",
                  with_rows({"group", "name", "parent", "role", "members", "since"}, bound(groups)));
  router.blocking(get, "/v1/orgs/{org}/groups/{group}/members", "read",
                  with_rows({"member", "since"}, bound(group_members)));
  router.blocking(
      get, "/v1/orgs/{org}/roles", "read",
      with_rows({"role", "name", "kind", "grants", "unspecified", "without_effect", "since"}, bound(roles)));
  router.blocking(get, "/v1/orgs/{org}/roles/{role}", "read", bound(role));
}

}  // namespace tenure::services
