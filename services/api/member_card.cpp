// A member at an instant: their rows, and with the card everything that they have and what it gives.
#include <algorithm>

#include "services/api/member_rows.h"

namespace tenure::services {

void texts(JsonText& json, std::string_view name, std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  json.key(name).open('[');
  for (const std::string& value : values) json.text(value);
  json.close(']');
}

void member_row(Asking& asking, JsonText& json, Number member, Point since) {
  Access& access = asking.access();
  std::vector<std::string> groups;
  for (const auto* link : access.groups_of(member)) groups.push_back(access.facts().name(link->slot.a).name);
  json.open('{').field("member", asking.identity(member));
  json.field("status", access.disabled(member) ? "disabled" : "active");
  const Number role = access.direct_role(member);
  if (role == 0) {
    json.null("role");
  } else {
    json.field("role", access.facts().name(role).name);
  }
  texts(json, "groups", std::move(groups));
  asking.since(json, since);
  json.close('}');
}

void invited_row(Asking& asking, JsonText& json, Number member) {
  const auto invitation = asking.facts().state(member).invitation(asking.pinned().when.at);
  json.open('{').field("member", asking.identity(member)).field("status", "invited");
  if (invitation->role == 0) {
    json.null("role");
  } else {
    json.field("role", asking.facts().name(invitation->role).name);
  }
  std::vector<std::string> groups;
  for (const Number group : invitation->groups) groups.push_back(asking.facts().name(group).name);
  texts(json, "groups", std::move(groups));
  asking.since(json, invitation->at);
  json.close('}');
}

namespace {

// Groups, assignments and scoped grants, each with the event since which it stands.
void links(Asking& asking, JsonText& json, Number member) {
  Access& access = asking.access();
  Facts& facts = asking.facts();
  json.key("grants").open('[');
  for (const auto* link : access.grants_of(member)) {
    json.open('{').field("role", facts.name(link->slot.b).name).field("on", facts.name(link->slot.a).name);
    const Point since = access.standing_since(member, *link, {link->slot.a, link->slot.b});
    asking.event(json.key("event"), since.position);
    json.close('}');
  }
  json.close(']');
  std::vector<std::string> assigned;
  for (const Number resource : access.assignments_of(member)) assigned.push_back(facts.name(resource).name);
  texts(json, "assignments", std::move(assigned));
}

void powers(Asking& asking, JsonText& json, Number member, bool explain) {
  const AccessModel& model = asking.model();
  json.key("permissions").open('[');
  for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
    const PermissionRule& rule = model.permissions()[p];
    const projections::Question question{p, 1, std::nullopt};
    const projections::Effective held = asking.access().effective(member, question, explain);
    json.open('{').field("permission", rule.id.text).field("name", rule.name).field("module", rule.module);
    json.field("level", model.level_name(p, held.level).text);
    if (held.level > 0) json.field("reach", projections::to_text(held.reach));
    if (held.level == 0) json.field("denied_because", held.denied_because);
    if (explain) asking.paths(json, held.paths, model, p);
    json.close('}');
  }
  json.close(']');
}

Response member(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at", "card", "explain"});
  if (!known) return no(known.error());
  const auto card = asked_flag(request, "card"), explain = asked_flag(request, "explain");
  if (!card) return no(card.error());
  if (!explain) return no(explain.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto number = asking.member(request.param("member"));
  if (!number) return number.error();
  const auto& state = asking.facts().state(*number);
  JsonText json;
  json.open('{');
  asking.head(json);
  json.key("member");
  if (!asking.nothing_known() && state.exists()) {
    member_row(asking, json, *number, state.find({projections::SlotKind::exists})->since);
  } else if (!asking.nothing_known() && state.invitation(asking.pinned().when.at)) {
    invited_row(asking, json, *number);
  } else {
    const bool ended = state.find({projections::SlotKind::ended}) != nullptr;
    json.open('{')
        .field("member", asking.identity(*number))
        .field("status", ended ? "removed" : "not a member")
        .close('}');
  }
  // What nothing is known of is not told as "nothing".
  if ((*card || *explain) && !asking.nothing_known()) {
    links(asking, json, *number);
    powers(asking, json, *number, *explain);
  }
  return asking.finish(std::move(json.close('}')));
}

}  // namespace

void add_member_routes(http::Router& router, Parts& parts) {
  router.blocking(http::Method::get, "/v1/orgs/{org}/members/{member}", "read",
                  [&parts](Request& request) { return member(parts, request); });
}

}  // namespace tenure::services
