#include <algorithm>

#include "events/limits.h"
#include "events/wire/record_wire.h"
#include "projections/spans.h"
#include "services/api/asked.h"
#include "services/api/json_text.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using projections::Access;
using projections::EntityKind;
using projections::Facts;
using projections::Interval;
using projections::ListKind;
using projections::Number;
using projections::Point;

// One question about one organization: everything that its answer rests on.
class Asking {
 public:
  Asking(Parts& parts, Request& request) : parts_(parts), request_(request) {}

  // Opens the organization and reads when, as known when, and which page. A Response is a no.
  std::optional<Response> open() {
    auto org = open_org(parts_, request_.param("org"));
    if (!org) return org.error();
    org_ = std::move(*org);
    const auto pinned = asked_page(request_, parts_, *org_.snapshot);
    if (!pinned) return http::problem(pinned.error());
    pinned_ = *pinned;
    const auto earliest = projections::earliest_known(*org_.snapshot, org_.number, pinned_.known);
    if (!earliest) return http::problem(earliest.error());
    earliest_ = *earliest;
    auto facts = Facts::known_at(*org_.snapshot, parts_.names, parts_.models, org_.number,
                                 Point::end_of(pinned_.when.at), pinned_.known);
    if (!facts) return http::problem(facts.error());
    model_ = facts->model_at(facts->at());
    if (!model_ && !facts->failure()) {
      // Nothing was known yet: the names in the question are still those of the organization's model.
      Facts now(*org_.snapshot, parts_.names, parts_.models, org_.number, Point::never());
      model_ = now.model_at(now.at());
    }
    if (!model_) {
      return http::problem(facts->failure().value_or(
          fail(FailureCode::corruption, "the organization's access model cannot be read; run `tenure verify`")));
    }
    access_.emplace(std::move(*facts), model_);
    return std::nullopt;
  }

  bool before_history() const {
    const Instant first = pinned_.when.range ? pinned_.when.from : pinned_.when.at;
    return !earliest_ || first < *earliest_;
  }
  // Nothing of what is asked for lies within the history.
  bool nothing_known() const {
    return !earliest_ || (pinned_.when.range ? pinned_.when.to <= *earliest_ : pinned_.when.at < *earliest_);
  }

  // permission, level and resource of the query.
  Decided<projections::Question> question() {
    projections::Question q;
    const auto permission = request_.query("permission");
    if (!permission) return refuse(RefusalCode::missing_field, "\"permission\" is needed.", "permission");
    const auto index = model_->permission(*permission);
    if (!index) {
      return refuse(RefusalCode::unknown_permission,
                    "the model " + model_->id().text + " has no permission \"" + std::string(*permission) +
                        "\"; GET /v1/models/" + model_->id().text + " lists them.",
                    "permission");
    }
    q.permission = *index;
    if (const auto level = request_.query("level")) {
      const auto found = model_->level(*index, *level);
      if (!found) {
        std::string names;
        for (const LevelId& name : model_->scales()[model_->permissions()[*index].scale].levels) {
          names += (names.empty() ? "" : ", ") + name.text;
        }
        return refuse(RefusalCode::unknown_level,
                      "\"" + std::string(*level) + "\" is not a level of that permission: " + names + ".", "level");
      }
      q.level = std::max<LevelIndex>(*found, 1);
    }
    if (const auto resource = request_.query("resource")) {
      auto parsed = parse_resource(*resource, "resource");
      if (!parsed) return parsed.error();
      if (!model_->resource_kind(parsed->kind)) {
        return refuse(RefusalCode::unknown_resource, "the model has no resources of kind \"" + parsed->kind + "\".",
                      "resource");
      }
      q.resource = std::move(*parsed);
    }
    return q;
  }

  void head(JsonText& json) const {
    json.field("as_of", pinned_.when.at).field("position", pinned_.position.value);
    if (pinned_.when.range) json.field("from", pinned_.when.from).field("to", pinned_.when.to);
    if (pinned_.known != pinned_.position) json.field("known_at", pinned_.known.value);
    if (earliest_) {
      json.field("history_from", *earliest_);
    } else {
      json.null("history_from");
    }
    json.field("before_history", before_history());
  }

  std::string identity(Number member) {
    auto identity = parts_.identities.of_member(*org_.snapshot, org_.id, org_.number, member);
    if (identity) return std::move(*identity);
    if (!failure_) failure_ = identity.error();
    return {};
  }

  // A list of rows in order of their number; `row` writes one as JSON.
  template <class Rows, class NumberOf, class Row>
  Response list(const Rows& rows, const NumberOf& number_of, const Row& row) {
    JsonText json;
    json.open('{');
    head(json);
    json.field("total", static_cast<std::uint64_t>(rows.size())).key("items").open('[');
    auto next = std::upper_bound(rows.begin(), rows.end(), pinned_.page.after,
                                 [&](std::uint64_t after, const auto& r) { return after < number_of(r); });
    std::size_t written = 0;
    std::uint64_t last = 0;
    for (; next != rows.end() && written < pinned_.page.limit; ++next, ++written) {
      row(json, *next);
      last = number_of(*next);
    }
    json.close(']');
    if (next != rows.end()) json.field("next", next_cursor(request_, parts_, pinned_, last));
    return finish(std::move(json.close('}')));
  }

  Response finish(JsonText json) {
    if (failure_) return http::problem(*failure_);
    if (access_ && access_->facts().failure()) return http::problem(*access_->facts().failure());
    Response response;
    response.body = json.take();
    return response;
  }

  void paths(JsonText& json, const std::vector<projections::Path>& paths) {
    json.key("paths").open('[');
    for (const projections::Path& path : paths) {
      json.open('{').field("kind", projections::to_text(path.kind));
      json.field("level", model_->level_name(question_permission_, path.level).text);
      json.field("reach", projections::to_text(path.reach)).key("edges").open('[');
      for (const projections::Edge& edge : path.edges) this->edge(json, edge);
      json.close(']').close('}');
    }
    json.close(']');
  }

  Parts& parts() { return parts_; }
  Request& request() { return request_; }
  OpenOrg& org() { return org_; }
  Access& access() { return *access_; }
  Facts& facts() { return access_->facts(); }
  const Pinned& pinned() const { return pinned_; }
  const AccessModel& model() const { return *model_; }
  void about(PermissionIndex permission) { question_permission_ = permission; }

 private:
  void edge(JsonText& json, const projections::Edge& edge) {
    json.open('{').field("what", edge.what).field("position", edge.event.position);
    const auto stored = org_.snapshot->record(Position(edge.event.position));
    const auto record = stored
                            ? wire::read_record(stored->bytes, [&](const Digest& h) { return org_.snapshot->blob(h); })
                            : Outcome<Record>(stored.error());
    if (!record) {
      if (!failure_) failure_ = record.error();
    } else {
      json.field("occurred_at", *record->event.occurred_at);
      actor(json, "actor", record->event.actor);
      if (record->event.approved_by) actor(json, "approved_by", *record->event.approved_by);
      if (record->event.reason) reason(json, *record);
    }
    json.close('}');
  }
  void actor(JsonText& json, std::string_view name, const Actor& actor) {
    std::string id = actor.who.identity;
    if (actor.is_person()) {
      const auto known = parts_.identities.of_subject(*org_.snapshot, org_.id, org_.number, actor.who.subject);
      if (known) id = *known;
    }
    json.key(name).open('{').field("kind", to_text(actor.kind)).field("id", id).close('}');
  }
  void reason(JsonText& json, const Record& record) {
    const auto owner = key_owner(record.event);
    if (!owner) return;
    const auto text = parts_.people.open(org_.id, owner->subject, record.event.reason->text);
    if (text && *text) json.field("reason", **text);
  }

  Parts& parts_;
  Request& request_;
  OpenOrg org_;
  Pinned pinned_;
  std::optional<Instant> earliest_;
  projections::Models::Model model_;
  std::optional<Access> access_;
  std::optional<Failure> failure_;
  PermissionIndex question_permission_ = 0;
};

Response no(const Refusal& refusal) { return http::problem(refusal, 400); }
Response missing(const Refusal& refusal) { return http::problem(refusal, 404); }

bool wants(const Request& request, std::string_view flag) {
  const auto value = request.query(flag);
  return value && *value == "true";
}

// ---- who-can and can -----------------------------------------------------------------------------

struct RangeRow {
  Number member = 0;
  std::vector<projections::Span> spans;
};

Response who_can_over(Asking& asking, const projections::Question& q) {
  const Pinned& pinned = asking.pinned();
  projections::SpanQuestion question{asking.model().permissions()[q.permission].id, std::nullopt, q.resource};
  if (const auto level = asking.request().query("level")) question.level = LevelId(*level);
  std::vector<RangeRow> rows;
  Facts facts = asking.facts().moved_to(Point{pinned.when.to.us, 0});
  if (!asking.nothing_known()) {
    for (const Number member : asking.access().candidates_over(q, pinned.when.from, pinned.when.to)) {
      auto spans = projections::spans_of(facts, member, question, pinned.when.from, pinned.when.to);
      if (!spans.empty()) rows.push_back({member, std::move(spans)});
    }
  }
  return asking.list(
      rows, [](const RangeRow& r) { return std::uint64_t{r.member}; },
      [&](JsonText& json, const RangeRow& r) {
        // The row shows the highest level that was held within the range, and each interval its own.
        const auto best = std::max_element(r.spans.begin(), r.spans.end(), [&](const auto& a, const auto& b) {
          return asking.model().level(q.permission, a.level).value_or(0) <
                 asking.model().level(q.permission, b.level).value_or(0);
        });
        json.open('{').field("member", asking.identity(r.member)).field("level", best->level);
        json.field("reach", projections::to_text(best->reach)).key("intervals").open('[');
        for (const projections::Span& span : r.spans) {
          json.open('{').field("from", Instant{span.open.us});
          const bool open = span.close == Point::never();
          if (open) {
            json.null("to");
          } else {
            json.field("to", Instant{span.close.us});
          }
          json.field("level", span.level).field("opened_by", span.open.position);
          if (open) {
            json.null("closed_by");
          } else {
            json.field("closed_by", span.close.position);
          }
          json.close('}');
        }
        json.close(']').close('}');
      });
}

Response who_can(Parts& parts, Request& request) {
  const auto known = only_known(request, {"permission", "level", "resource", "at", "on", "tz", "from", "to", "known_at",
                                          "explain", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto q = asking.question();
  if (!q) return no(q.error());
  asking.about(q->permission);
  if (asking.pinned().when.range) return who_can_over(asking, *q);
  const bool explain = wants(request, "explain");
  std::vector<projections::Holder> holders;
  if (!asking.nothing_known()) holders = asking.access().who_can(*q, explain);
  return asking.list(
      holders, [](const auto& h) { return std::uint64_t{h.member}; },
      [&](JsonText& json, const auto& h) {
        json.open('{').field("member", asking.identity(h.member));
        json.field("level", asking.model().level_name(q->permission, h.effective.level).text);
        json.field("reach", projections::to_text(h.effective.reach));
        if (explain) asking.paths(json, h.effective.paths);
        json.close('}');
      });
}

Response can(Parts& parts, Request& request) {
  const auto known = only_known(request, {"member", "permission", "level", "resource", "at", "known_at", "explain"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto q = asking.question();
  if (!q) return no(q.error());
  asking.about(q->permission);
  const auto name = request.query("member");
  if (!name) return no(refuse(RefusalCode::missing_field, "\"member\" is needed.", "member"));
  const auto member = parts.identities.member_of(*asking.org().snapshot, asking.org().id, asking.org().number, *name);
  if (!member) return http::problem(member.error());
  if (*member == 0) {
    return missing(refuse(RefusalCode::unknown_member,
                          "the organization has never heard of \"" + std::string(*name) + "\"; check the spelling.",
                          "member"));
  }
  const bool explain = wants(request, "explain");
  projections::Effective effective;
  if (!asking.nothing_known()) effective = asking.access().effective(*member, *q, explain);
  const bool allowed = effective.level >= q->level;
  JsonText json;
  json.open('{').field("allowed", allowed);
  json.field("level", asking.model().level_name(q->permission, effective.level).text);
  if (effective.level > 0) json.field("reach", projections::to_text(effective.reach));
  asking.head(json);
  if (explain) asking.paths(json, effective.paths);
  if (!allowed) {
    json.field("denied_because", asking.nothing_known() ? "nothing is known of that time"
                                 : effective.level > 0  ? "the level held is lower than the one asked for"
                                                        : std::string_view(effective.denied_because));
  }
  return asking.finish(std::move(json.close('}')));
}

// ---- members, groups, roles ----------------------------------------------------------------------

std::uint64_t holder_of(const Interval& i) { return i.principal; }

std::vector<Interval> sorted(std::vector<Interval> rows) {
  std::sort(rows.begin(), rows.end(), [](const Interval& a, const Interval& b) { return a.principal < b.principal; });
  return rows;
}

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
  json.field("since", Instant{since.us}).close('}');
}

void invited_row(Asking& asking, JsonText& json, Number member) {
  const auto invitation = asking.facts().state(member).invitation(Instant{asking.facts().at().us});
  json.open('{').field("member", asking.identity(member)).field("status", "invited");
  if (invitation->role == 0) {
    json.null("role");
  } else {
    json.field("role", asking.facts().name(invitation->role).name);
  }
  std::vector<std::string> groups;
  for (const Number group : invitation->groups) groups.push_back(asking.facts().name(group).name);
  texts(json, "groups", std::move(groups));
  json.field("since", Instant{invitation->at.us}).close('}');
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
  if (asking.nothing_known()) return asking.list(std::vector<Interval>(), holder_of, [](JsonText&, const Interval&) {});
  Facts& facts = asking.facts();
  if (status && *status == "invited") {
    std::vector<Interval> pending = sorted(facts.list({ListKind::invited, 0}));
    pending.erase(std::unique(pending.begin(), pending.end(),
                              [](const auto& a, const auto& b) { return a.principal == b.principal; }),
                  pending.end());
    std::erase_if(pending, [&](const Interval& i) {
      const auto& state = facts.state(i.principal);
      return state.exists() || !state.invitation(Instant{facts.at().us});
    });
    return asking.list(pending, holder_of,
                       [&](JsonText& json, const Interval& i) { invited_row(asking, json, i.principal); });
  }
  auto rows = sorted(facts.list({ListKind::members, 0}));
  if (status) {
    std::erase_if(rows,
                  [&](const Interval& i) { return asking.access().disabled(i.principal) != (*status == "disabled"); });
  }
  return asking.list(rows, holder_of,
                     [&](JsonText& json, const Interval& i) { member_row(asking, json, i.principal, i.since); });
}

Response member(Parts& parts, Request& request) {
  const auto known = only_known(request, {"at", "known_at"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string name(request.param("member"));
  const auto number = parts.identities.member_of(*asking.org().snapshot, asking.org().id, asking.org().number, name);
  if (!number) return http::problem(number.error());
  if (*number == 0) {
    return missing(
        refuse(RefusalCode::unknown_member, "the organization has never heard of \"" + name + "\".", "member"));
  }
  const auto& state = asking.facts().state(*number);
  JsonText json;
  json.open('{');
  asking.head(json);
  json.key("member");
  if (!asking.nothing_known() && state.exists()) {
    member_row(asking, json, *number, state.find({projections::SlotKind::exists})->since);
  } else if (!asking.nothing_known() && state.invitation(Instant{asking.facts().at().us})) {
    invited_row(asking, json, *number);
  } else {
    const bool ended = state.find({projections::SlotKind::ended}) != nullptr;
    json.open('{')
        .field("member", asking.identity(*number))
        .field("status", ended ? "removed" : "not a member")
        .close('}');
  }
  return asking.finish(std::move(json.close('}')));
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
    const auto& state = facts.state(i.principal);
    if (const auto* parent = state.find({projections::SlotKind::parent});
        parent && asking.access().group_exists(parent->value)) {
      json.field("parent", facts.name(parent->value).name);
    }
    if (const auto* role = state.find({projections::SlotKind::role})) json.field("role", facts.name(role->value).name);
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
    return missing(
        refuse(RefusalCode::unknown_group, "the organization has never had a group \"" + name + "\".", "group"));
  }
  std::vector<Interval> rows;
  if (!asking.nothing_known()) rows = asking.access().members_of(group);
  return asking.list(rows, holder_of, [&](JsonText& json, const Interval& i) {
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

void role_row(Asking& asking, JsonText& json, const RoleRow& row) {
  const AccessModel& model = asking.model();
  json.open('{').field("role", row.id).field("name", row.system ? model.roles()[*row.system].name : row.id);
  json.field("kind", row.system ? "system" : "custom").key("grants").open('{');
  for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
    const Cell cell = row.system ? model.cell(*row.system, p) : asking.access().cell(row.number, p);
    if (cell.level > 0) json.field(model.permissions()[p].id.text, model.level_name(p, cell.level).text);
  }
  json.close('}');
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
  return missing(refuse(RefusalCode::unknown_role, "there was no role \"" + name + "\" at that time.", "role"));
}

}  // namespace

void add_access_routes(http::Router& router, Parts& parts) {
  const auto bound = [&parts](Response (*answer)(Parts&, Request&)) {
    return [&parts, answer](Request& request) { return answer(parts, request); };
  };
  constexpr auto get = http::Method::get;
  router.blocking(get, "/v1/orgs/{org}/who-can", "read", bound(who_can));
  // One member's power is a handful of lookups: quicker than the way to the pool and back.
  router.on_loop(get, "/v1/orgs/{org}/can", "read", bound(can));
  router.blocking(get, "/v1/orgs/{org}/members", "read", bound(members));
  router.blocking(get, "/v1/orgs/{org}/members/{member}", "read", bound(member));
  router.blocking(get, "/v1/orgs/{org}/groups", "read", bound(groups));
  router.blocking(get, "/v1/orgs/{org}/groups/{group}/members", "read", bound(group_members));
  router.blocking(get, "/v1/orgs/{org}/roles", "read", bound(roles));
  router.blocking(get, "/v1/orgs/{org}/roles/{role}", "read", bound(role));
}

}  // namespace tenure::services
