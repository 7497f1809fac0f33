#include "services/api/findings_route.h"

#include <map>
#include <mutex>

#include "projections/findings.h"
#include "services/api/asking.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using projections::Finding;
using projections::FindingKind;

constexpr std::int64_t day_us = 24LL * 3600 * 1'000'000;
constexpr std::uint64_t pending_days_default = 30, pending_days_max = 36'500;

// Ways to raise oneself, searched once a model. Any thread.
class Searched {
 public:
  projections::Raises of(const AccessModel& model) {
    const std::lock_guard lock(guard_);
    auto& kept = kept_[model.id().text + ' ' + model.version()];
    if (!kept) kept = find_escalations(model).found;
    return *kept;
  }

 private:
  std::mutex guard_;
  std::map<std::string, std::optional<projections::Raises>> kept_;  // as many as models are in use
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
    default:
      json.field("role", name.name);
      return;
  }
}

void row(Asking& asking, JsonText& json, const Finding& finding) {
  json.open('{').field("id", finding.id()).field("kind", projections::to_text(finding.kind));
  json.field("because", finding.because);
  named(asking, json, "member", finding.entity);
  switch (finding.kind) {
    case FindingKind::inviter_removed:
      named(asking, json, "inviter", finding.other);
      break;
    case FindingKind::custom_role_duplicate:
      json.field("same_as", finding.role);
      break;
    case FindingKind::can_raise_self:
    case FindingKind::grant_without_effect:
      named(asking, json, "member", finding.other);
      break;
    default:
      if (finding.entity == 0 && !finding.role.empty()) json.field("role", finding.role);
      break;
  }
  json.key("evidence").open('[');
  for (const std::uint64_t position : finding.evidence) {
    if (position != 0) asking.event(json, position);
  }
  json.close(']').close('}');
}

Response findings(Parts& parts, Request& request, Searched& searched) {
  const auto known = only_known(request, {"at", "known_at", "kind", "pending_days", "limit", "cursor"});
  if (!known) return no(known.error());
  std::uint64_t pending_days = pending_days_default;
  if (const auto text = request.query("pending_days")) {
    const auto days = whole_number(*text);
    if (!days || *days > pending_days_max) {
      return no(refuse(RefusalCode::invalid_field, "\"pending_days\" must be a number of days, 0 to 36,500.",
                       "pending_days"));
    }
    pending_days = *days;
  }
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  std::vector<Finding> found;
  if (!asking.nothing_known()) {
    found = projections::findings_at(asking.access(), asking.pinned().when.at, searched.of(asking.model()),
                                     static_cast<std::int64_t>(pending_days) * day_us);
  }
  if (const auto kind = request.query("kind")) {
    const auto last = static_cast<int>(FindingKind::holders_under);
    bool is_kind = false;
    for (int k = 0; k <= last; ++k) is_kind = is_kind || projections::to_text(static_cast<FindingKind>(k)) == *kind;
    if (!is_kind) return no(refuse(RefusalCode::invalid_field, "there is no such kind of finding.", "kind"));
    std::erase_if(found, [&](const Finding& finding) { return projections::to_text(finding.kind) != *kind; });
  }
  std::vector<std::pair<std::uint64_t, const Finding*>> rows;
  rows.reserve(found.size());
  for (const Finding& finding : found) rows.emplace_back(rows.size() + 1, &finding);
  return asking.list(
      rows, [](const auto& each) { return each.first; },
      [&](JsonText& json, const auto& each) { row(asking, json, *each.second); });
}

}  // namespace

void add_findings_routes(http::Router& router, Parts& parts) {
  const auto searched = std::make_shared<Searched>();
  router.blocking(http::Method::get, "/v1/orgs/{org}/findings", "read",
                  with_rows({"id", "kind", "because", "member", "group", "role", "inviter", "same_as", "evidence"},
                            [&parts, searched](Request& request) { return findings(parts, request, *searched); }));
}

}  // namespace tenure::services
