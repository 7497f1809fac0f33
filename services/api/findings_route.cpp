#include "services/api/findings_route.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "projections/findings.h"
#include "projections/rejudged.h"
#include "services/api/rows.h"
#include "services/api/said.h"

namespace tenure::services {

namespace {

using projections::Finding;
using projections::FindingKind;
using projections::FindingSearch;
using projections::short_lived_us_max;

constexpr std::int64_t minute_us = 60LL * 1'000'000, day_us = 24 * 60 * minute_us;
constexpr std::uint64_t pending_days_default = 30, pending_days_max = 36'500;
constexpr std::uint64_t within_minutes_default = 60;

// Roles whose holders can raise themselves, searched once a model. Any thread.
class Searched {
 public:
  struct Roles {
    projections::Raises raises;
    tenure::Searched searched = tenure::Searched::together;
  };
  Roles of(const AccessModel& model) {
    const std::lock_guard lock(guard_);
    auto& kept = kept_[model.id().text + ' ' + model.version()];
    if (!kept) {
      Escalations found = find_escalations(model);
      kept = Roles{std::move(found.alone), found.searched};
    }
    return *kept;
  }

 private:
  std::mutex guard_;
  std::map<std::string, std::optional<Roles>> kept_;  // as many as models are in use
};

void named(Asking& asking, JsonText& json, std::string_view field, Number entity) {
  if (entity == 0) return;
  const auto& name = asking.facts().name(entity);
  switch (name.kind) {
    case EntityKind::member:
      json.field(field, asking.identity(entity));
      return;
    case EntityKind::group:
      json.field("group", name.name);
      return;
    case EntityKind::org:
      json.field("everyone", true);
      return;
    case EntityKind::sod_rule:
      json.field("rule", name.name);
      return;
    default:
      return;  // roles and resources are named in the finding
  }
}

// What it is about: whoever holds or did something, and what that is.
void about(Asking& asking, JsonText& json, const Finding& finding) {
  const bool about_role =
      finding.kind == FindingKind::custom_role_unheld || finding.kind == FindingKind::custom_role_duplicate;
  named(asking, json, "member", finding.entity);
  const auto is_group = [&](Number entity) {
    return entity != 0 && asking.facts().name(entity).kind == EntityKind::group;
  };
  if (is_group(finding.entity) && is_group(finding.other)) {
    json.field("parent", asking.facts().name(finding.other).name);
  } else {
    named(asking, json, finding.kind == FindingKind::inviter_removed ? "inviter" : "member", finding.other);
  }
  if (about_role) {
    json.field("role", asking.facts().name(finding.entity).name);
    if (!finding.role.empty()) json.field("same_as", finding.role);
  } else if (!finding.role.empty()) {
    json.field("role", finding.role);
  }
  const auto more = [&](std::string_view field, const std::string& text) {
    if (!text.empty()) json.field(field, text);
  };
  more("on", finding.on);
  more("permission", finding.permission);
  more("level", finding.level);
  more("area", finding.area);
  more("feature", finding.feature);
}

// A finding with the event that closed it, if it is closed.
struct Row {
  std::uint64_t number = 0;
  Finding finding;
  std::optional<Point> closed;
};

// Of those that are open or closed, where that is asked for.
std::vector<Row> rows_of(Asking& asking, std::vector<Finding> found, std::optional<bool> which) {
  const auto closed = projections::closed_findings(asking.facts());
  std::vector<Row> rows;
  rows.reserve(found.size());
  for (Finding& finding : found) {
    const auto by = closed.find(finding.id);
    const bool is_closed = by != closed.end();
    if (which && *which != is_closed) continue;
    rows.push_back({rows.size() + 1, std::move(finding), is_closed ? std::optional(by->second) : std::nullopt});
  }
  return rows;
}

void write_row(Asking& asking, JsonText& json, const Row& row) {
  const Finding& finding = row.finding;
  json.open('{').field("id", finding.id).field("kind", projections::to_text(finding.kind));
  json.field("status", row.closed ? "closed" : "open");
  if (finding.since.position != 0) asking.since(json, finding.since);
  const auto broken =
      finding.kind == FindingKind::rule_violation ? asking.record(finding.since.position) : std::optional<Record>();
  json.field("because", broken ? broken->verdict.because : finding.because);
  if (broken) json.field("rule", broken->verdict.rule);
  about(asking, json, finding);
  json.key("evidence").open('[');
  for (const std::uint64_t position : finding.evidence) {
    if (position != 0) asking.event(json, position);
  }
  json.close(']');
  if (row.closed) {
    json.key("closed");
    asking.event(json, row.closed->position);
  }
  json.close('}');
}

// A whole number of a unit in the query, up to a limit.
Decided<std::uint64_t> asked_number(const Request& request, const std::string& name, const std::string& unit,
                                    std::uint64_t otherwise, std::uint64_t most) {
  const auto text = request.query(name);
  if (!text) return otherwise;
  const auto number = whole_number(*text);
  if (number && *number <= most) return *number;
  return refuse(RefusalCode::invalid_field,
                '"' + name + "\" must be a number of " + unit + ", 0 to " + std::to_string(most) + ".", name);
}

// What was found; a Response is a no.
boost::system::result<std::vector<Finding>, Response> found_at(Asking& asking, Searched& searched,
                                                               const FindingSearch& search) {
  if (asking.nothing_known()) return std::vector<Finding>();
  const Instant at = asking.pinned().when.at;
  // Judging again is work of its own, done only where it is asked for.
  if (search.only != FindingKind::judgement_changed) {
    return projections::findings_at(asking.access(), at, searched.of(asking.model()).raises, search);
  }
  auto again =
      projections::judged_again(asking.access(), *asking.org().snapshot, asking.org().id, at, search.meanwhile);
  if (!again.too_many) return std::move(again.found);
  return no(refuse(RefusalCode::too_large,
                   "what was learnt late bears on more than " + std::to_string(projections::rejudged_max) +
                       " records up to this instant; ask of an earlier \"at\", or of an earlier \"known_at\".",
                   "at"));
}

// Which findings are asked for.
struct Wanted {
  FindingSearch search;
  std::optional<bool> closed;
};

Decided<Wanted> wanted(const Request& request) {
  Wanted wanted;
  const auto days = asked_number(request, "pending_days", "days", pending_days_default, pending_days_max);
  if (!days) return days.error();
  wanted.search.pending_us = static_cast<std::int64_t>(*days) * day_us;
  const auto minutes =
      asked_number(request, "within_minutes", "minutes", within_minutes_default, short_lived_us_max / minute_us);
  if (!minutes) return minutes.error();
  wanted.search.short_lived_us = static_cast<std::int64_t>(*minutes) * minute_us;
  if (const auto kind = request.query("kind")) {
    wanted.search.only = projections::finding_kind_from(*kind);
    if (!wanted.search.only) {
      std::string kinds;
      for (std::size_t k = 0; k < projections::finding_kinds; ++k) {
        kinds += (k == 0 ? "" : ", ") + std::string(projections::to_text(static_cast<FindingKind>(k)));
      }
      return refuse(RefusalCode::invalid_field, "there is no such kind of finding; choose " + kinds + ".", "kind");
    }
  }
  if (const auto status = request.query("status")) {
    if (*status != "open" && *status != "closed") {
      return refuse(RefusalCode::invalid_field, "\"status\" must be open or closed.", "status");
    }
    wanted.closed = *status == "closed";
  }
  return wanted;
}

Response list(Parts& parts, Request& request, Searched& searched) {
  const auto known =
      only_known(request, {"at", "known_at", "kind", "status", "pending_days", "within_minutes", "limit", "cursor"});
  if (!known) return no(known.error());
  const auto asked = wanted(request);
  if (!asked) return no(asked.error());
  Asking asking(parts, request);
  if (auto no = asking.open()) return std::move(*no);
  std::optional<Response> refused;
  const auto found = found_once<std::vector<Row>>(request, [&] {
    FindingSearch search = asked->search;
    search.meanwhile = [&request] { request.go_on(); };
    auto all = found_at(asking, searched, search);
    if (all) return rows_of(asking, std::move(*all), asked->closed);
    refused = all.error();
    return std::vector<Row>();
  });
  if (refused) return std::move(*refused);
  // A model with too many kinds of roles is not searched for ways to raise oneself: that is said, and not told as
  // nothing found.
  const bool of_roles = !asked->search.only || *asked->search.only == FindingKind::can_raise_self;
  return asking.list(
      *found, [](const Row& row) { return row.number; },
      [&](JsonText& json, const Row& row) { write_row(asking, json, row); },
      [&](JsonText& json) {
        const bool nothing = of_roles && searched.of(asking.model()).searched == tenure::Searched::nothing;
        if (nothing) json.key("not_searched").open('[').text(to_text(FindingKind::can_raise_self)).close(']');
      });
}

// The finding of the path, as it stands at the instant asked about; whatever a list could show is found.
boost::system::result<std::optional<Finding>, Response> find(Asking& asking, Searched& searched,
                                                             const std::string& id) {
  const auto kind = projections::finding_kind_from(id.substr(0, id.find('.')));
  if (!kind) return std::optional<Finding>();
  const auto go_on = [&asking] { asking.request().go_on(); };
  const auto found = found_at(asking, searched, FindingSearch{0, short_lived_us_max, kind, go_on});
  if (!found) return found.error();
  const auto it = std::find_if(found->begin(), found->end(), [&](const Finding& finding) { return finding.id == id; });
  return it == found->end() ? std::optional<Finding>() : std::optional(*it);
}

// Nobody closes a finding about themselves, whomever they name.
std::optional<Response> own_finding(Asking& asking, const Actor& actor, const Finding& finding) {
  if (finding.entity == 0) return std::nullopt;
  const std::string& principal = asking.request().identity_as<Token>()->principal;
  for (const std::string& who : {principal, actor.is_person() ? actor.who.identity : principal}) {
    const auto number =
        asking.parts().identities.member_of(*asking.org().snapshot, asking.org().id, asking.org().number, who);
    if (!number) return http::problem(number.error());
    if (*number != finding.entity) continue;
    return http::problem(
        refuse(RefusalCode::forbidden, "nobody closes a finding about themselves; ask somebody else.", "/actor/id"));
  }
  return std::nullopt;
}

// What is said is the principal's own; others are spoken for as in a review.
std::optional<Response> in_anothers_name(const Request& request, const Actor& actor) {
  const auto* token = request.identity_as<Token>();
  if (!actor.is_person() || actor.who.identity == token->principal || token->may("review:any")) return std::nullopt;
  return http::problem(refuse(RefusalCode::forbidden,
                              "a finding is closed or reopened in the principal's own name; a token with the scope "
                              "\"review:any\" may name another actor, and both are recorded.",
                              "/actor/id"));
}

Response turn(Parts& parts, Request& request, Searched& searched, bool close) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {});
  if (!said) return said.error();
  if (close && !said->has_reason()) {
    return no(refuse(RefusalCode::missing_field, "closing a finding needs a \"reason\": why it may rest.", "/reason"));
  }
  Asking asking(parts, request);
  if (auto refused = asking.open(said->occurred_at())) return std::move(*refused);
  const std::string id(request.param("finding"));
  const auto found = find(asking, searched, id);
  if (!found) return found.error();
  const std::optional<Finding>& finding = *found;
  if (asking.facts().failure()) return http::problem(*asking.facts().failure());
  if (!finding) {
    return missing(refuse(RefusalCode::not_found,
                          "no finding \"" + id + "\" stands at that instant; what was mended needs no closing.",
                          "finding"));
  }
  const bool closed = projections::closed_findings(asking.facts()).contains(id);
  if (closed == close) {
    return http::problem(refuse(RefusalCode::already_exists,
                                std::string("the finding is ") + (close ? "closed already." : "open already."),
                                "finding"));
  }
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  if (auto refused = in_anothers_name(request, said->actor())) return std::move(*refused);
  if (auto refused = close ? own_finding(asking, said->actor(), *finding) : std::nullopt) return std::move(*refused);
  if (close) return said->record(asking, event::FindingClosed{id});
  return said->record(asking, event::FindingReopened{id});
}

}  // namespace

void add_findings_routes(http::Router& router, Parts& parts) {
  const auto searched = std::make_shared<Searched>();
  std::vector<std::string> columns{"id",       "kind", "status", "since",   "because", "member", "group",
                                   "everyone", "role", "on",     "inviter", "same_as", "rule",   "evidence"};
  for (const char* more : {"closed.position", "closed.occurred_at", "closed.actor.id", "closed.reason", "since_basis",
                           "parent", "permission", "level", "area", "feature"}) {
    columns.emplace_back(more);
  }
  router.blocking(http::Method::get, "/v1/orgs/{org}/findings", "read",
                  with_rows(columns, [&parts, searched](Request& request) { return list(parts, request, *searched); }));
  for (const bool close : {true, false}) {
    router.blocking(http::Method::post,
                    std::string("/v1/orgs/{org}/findings/{finding}/") + (close ? "close" : "reopen"), "review",
                    [&parts, searched, close](Request& request) { return turn(parts, request, *searched, close); });
  }
}

}  // namespace tenure::services
