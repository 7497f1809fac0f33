#include "services/api/review_rows.h"

#include <algorithm>
#include <map>
#include <set>

namespace tenure::services {

using review::Campaign;
using review::HoldKind;
using review::ItemIndex;

namespace {

constexpr std::size_t touches_shown_max = 50;  // of an item: who wants more asks for its timeline

}  // namespace

void write_progress(JsonText& json, Shown& shown, const Review& review, Instant now) {
  const Campaign& campaign = *review.campaign;
  review.progress->follow(campaign, now);
  const review::Counts& counts = review.progress->counts();
  json.key("progress").open('{').field("open", counts.open).field("decided", counts.decided);
  json.field("carried_over", counts.carried).field("ended", counts.ended).close('}');
  json.key("outcomes").open('{').field("keep", counts.keep).field("revoke", counts.revoke);
  json.field("change", counts.change).field("none", counts.unanswered).close('}');
  json.key("reviewers").open('[');
  if (campaign.status() == review::CampaignStatus::open) {
    // By name: who was a stranger on one page of a dry run may have a subject by the next.
    std::map<std::string, std::uint64_t> loads;
    for (const auto& [reviewer, open] : review.progress->loads()) loads[shown.identity(reviewer)] += open;
    for (const auto& [reviewer, open] : loads) {
      json.open('{').field("reviewer", reviewer).field("open", open).close('}');
    }
  }
  json.close(']');
}

void write_result(JsonText& json, Shown& shown, const review::Result& result) {
  json.key("result").open('{').field("outcome", review::to_text(result.ends)).field("because", result.because);
  if (!result.role.empty()) json.field("role", result.role.text);
  shown.event(json, "by", result.decision);
  json.close('}');
}

void ItemRows::held(JsonText& json, ItemIndex item) { held(json, review_.hold(item)); }

void ItemRows::held(JsonText& json, const projections::Hold& hold) {
  auto& facts = sight_.facts();
  json.field("kind", review::to_text(hold.kind));
  switch (hold.kind) {
    case HoldKind::role:
      json.field("role", facts.name(hold.of).name);
      return;
    case HoldKind::group:
      json.field("group", facts.name(hold.of).name);
      return;
    case HoldKind::grant:
      json.field("role", facts.name(hold.role).name).field("on", facts.name(hold.of).name);
      return;
    case HoldKind::invitation:
      break;
  }
  if (hold.of == 0) {
    json.null("role");
  } else {
    json.field("role", facts.name(hold.of).name);
  }
}

void ItemRows::said(JsonText& json, ItemIndex item) {
  const Campaign& campaign = *review_.campaign;
  json.key("decisions").open('[');
  for (const review::Said& one : campaign.said(item)) {
    json.open('{').field("decision", to_text(one.verb)).field("stage", std::uint64_t{one.stage});
    json.field("reviewer", shown_.identity(one.reviewer)).field("at", one.at).field("position", one.position);
    json.field("state", one.state).field("counts", campaign.counts(item, one));
    if (!one.role.empty()) json.field("role", one.role.text);
    if (!one.to.empty()) json.field("to", shown_.identity(one.to));
    if (one.until) json.field("until", *one.until);
    if (!one.call.empty()) json.field("call", one.call);
    const auto record = record_at(*org_.snapshot, one.position);
    if (!record) {
      shown_.note(record.error());
    } else if (record->event.reason) {
      json.field("reason", shown_.reason_of(*record));
    }
    json.close('}');
  }
  json.close(']');
}

void ItemRows::gives(JsonText& json, ItemIndex item) {
  auto& facts = sight_.facts();
  json.key("gives").open('[');
  for (const auto& given : sight_.holds().gives(review_.hold_in(sight_.holds(), item))) {
    json.open('{').field("role", facts.name(given.role).name);
    json.field("on", given.scope == 0 ? std::string("org") : facts.name(given.scope).name);
    if (given.by != 0) json.field("by_group", facts.name(given.by).name);
    shown_.event(json, "event", given.since.position);
    json.close('}');
  }
  json.close(']');
}

void ItemRows::limits(JsonText& json, const projections::Hold& hold) {
  const auto limits = sight_.holds().limits(hold);
  const auto list = [&](std::string_view name, const auto& texts) {
    json.key(name).open('[');
    for (const std::string& text : texts) json.text(text);
    json.close(']');
  };
  json.key("limits").open('{');
  list("disabled", limits.disabled);
  list("features_off", limits.features_off);
  if (limits.where_assigned || limits.unless_assigned) {
    json.field("where_assigned", limits.where_assigned);
    if (limits.unless_assigned) json.field("all_since_none_assigned", !limits.has_assigned);
    list("assigned", limits.assigned);
  }
  json.close('}');
}

// Whoever loses a direct role is a member no more, and loses with it all else that they hold.
void ItemRows::ended_with(JsonText& json, const projections::Hold& hold) {
  if (hold.kind != HoldKind::role || !sight_.holds().now(hold)) return;
  json.key("revoking_ends").open('[');
  for (const projections::Hold& other : sight_.holds().of(hold.member)) {
    if (other.kind == HoldKind::role) continue;
    json.open('{');
    held(json, other);
    json.close('}');
  }
  json.close(']');
}

// How many there are, and the last so many.
void ItemRows::touches(JsonText& json, const std::vector<projections::HoldTouch>& touches) {
  const std::size_t first = touches.size() - std::min(touches.size(), touches_shown_max);
  json.field("count", static_cast<std::uint64_t>(touches.size())).key("events").open('[');
  for (std::size_t i = first; i < touches.size(); ++i) {
    const projections::HoldTouch& touch = touches[i];
    json.open('{').field("counts", touch.counts);
    shown_.event(json, "event", touch.at.position);
    if (touch.told_by != touch.at.position) shown_.event(json, "retracted_by", touch.told_by);
    json.close('}');
  }
  json.close(']');
}

// By which event it is no longer as it was when the review was opened, and all that touched it since.
void ItemRows::changed(JsonText& json, ItemIndex item) {
  const Campaign& campaign = *review_.campaign;
  shown_.event(json, "changed_by", campaign.changed_by(item));
  if (campaign.state_now(item) == campaign.items()[item].state) return;
  const projections::EarlierLook opening{review_.opening().as_of, review_.opening().pinned.value};
  json.key("touched_by").open('{');
  touches(json, projections::touches_since(sight_.holds(), review_.hold(item), opening));
  json.close('}');
}

// Since it was last certified, or else since the review was opened.
void ItemRows::touched(JsonText& json, ItemIndex item) {
  projections::EarlierLook earlier{review_.opening().as_of, review_.opening().pinned.value};
  const auto certificate = review_.certificates->find(review_.campaign->items()[item].id);
  if (certificate != review_.certificates->end()) {
    const auto decision = record_at(*org_.snapshot, certificate->second.decision);
    if (decision) {
      earlier = {decision->recorded_at, decision->position.value};
    } else {
      shown_.note(decision.error());
    }
  }
  json.key("changed_since").open('{').field("position", earlier.known);
  touches(json, projections::touches_since(sight_.holds(), review_.hold(item), earlier));
  json.close('}');
}

std::size_t ItemRows::findings(JsonText& json, ItemIndex item) {
  std::size_t count = 0;
  json.key("findings").open('[');
  if (!review_.findings) {
    auto opened = Sight::at(parts_, org_, review_.opening().as_of, review_.opening().pinned);
    auto found = opened ? open_findings(**opened, review_.campaign->definition().scope.findings)
                        : Outcome<std::shared_ptr<const OpenFindings>>(opened.error());
    if (found) {
      review_.findings = std::move(*found);
    } else {
      shown_.note(found.error());
    }
  }
  if (review_.findings) {
    const auto [first, last] = review_.findings->by_member.equal_range(review_.hold(item).member);
    std::set<std::size_t> in_order;
    for (auto each = first; each != last; ++each) in_order.insert(each->second);
    for (const std::size_t index : in_order) {
      const projections::Finding& finding = review_.findings->all[index];
      if (!projections::is_about(finding, sight_.holds(), review_.hold(item))) continue;
      ++count;
      json.open('{').field("id", finding.id).field("kind", projections::to_text(finding.kind));
      json.field("because", finding.because).close('}');
    }
  }
  json.close(']');
  return count;
}

void ItemRows::suggested(JsonText& json, ItemIndex item, std::size_t open_findings) {
  auto facts = projections::facts_of(sight_.holds(), review_.hold_in(sight_.holds(), item));
  const auto certificate = review_.certificates->find(review_.campaign->items()[item].id);
  facts.certified = certificate != review_.certificates->end();
  facts.changed = facts.certified && certificate->second.state != review_.campaign->state_now(item);
  facts.open_findings = open_findings;
  const auto recommendation = projections::recommend(facts);
  json.key("recommendation").open('{').field("suggestion", projections::to_text(recommendation.suggestion));
  json.key("because").open('[');
  for (const std::string& sentence : recommendation.because) json.text(sentence);
  json.close(']').close('}');
}

void ItemRows::write(JsonText& json, ItemIndex item, bool whole) {
  const Campaign& campaign = *review_.campaign;
  const review::Item& of = campaign.items()[item];
  json.open('{').field("item", of.id).field("member", shown_.identity(of.member));
  held(json, item);
  json.field("status", review::to_text(campaign.item_status(item)));
  if (campaign.reopened(item)) json.field("reopened", true);
  if (campaign.state_now(item).empty()) {
    json.null("state");
  } else {
    json.field("state", campaign.state_now(item));
  }
  json.field("state_when_opened", of.state);
  changed(json, item);
  const projections::Hold hold = review_.hold_in(sight_.holds(), item);
  const projections::Hold& was = review_.hold(item);
  if (std::tie(hold.kind, hold.of, hold.role) != std::tie(was.kind, was.of, was.role)) {
    json.key("now").open('{');
    held(json, hold);
    json.close('}');
  }
  json.field("since", Instant{hold.since.us});
  shown_.event(json, "granted", hold.since.position);
  json.key("reviewers").open('[');
  if (campaign.status() == review::CampaignStatus::open) {
    for (const SubjectId& reviewer : campaign.reviewers(item, campaign.stage(), parts_.now())) {
      json.text(shown_.identity(reviewer));
    }
  }
  json.close(']');
  if (of.carried) {
    json.key("carried_over").open('{').field("review", of.carried->review);
    shown_.event(json, "decision", of.carried->decision);
    json.close('}');
  }
  const auto certificate = review_.certificates->find(of.id);
  if (certificate != review_.certificates->end()) {
    json.key("last_certified").open('{').field("review", certificate->second.review);
    json.field("unchanged", certificate->second.state == campaign.state_now(item));
    shown_.event(json, "decision", certificate->second.decision);
    json.close('}');
  }
  write_result(json, shown_, campaign.result(item));
  said(json, item);
  if (whole) {
    gives(json, item);
    limits(json, hold);
    ended_with(json, hold);
    touched(json, item);
    suggested(json, item, findings(json, item));
  }
  json.close('}');
}

}  // namespace tenure::services
