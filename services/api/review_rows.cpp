#include "services/api/review_rows.h"

namespace tenure::services {

using review::Campaign;
using review::HoldKind;
using review::ItemIndex;

void write_result(JsonText& json, Shown& shown, const review::Result& result) {
  json.key("result").open('{').field("outcome", review::to_text(result.ends)).field("because", result.because);
  if (!result.role.empty()) json.field("role", result.role.text);
  shown.event(json, "by", result.decision);
  json.close('}');
}

void ItemRows::held(JsonText& json, ItemIndex item) {
  const projections::Hold& hold = review_.holds[item];
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
  const Campaign& campaign = review_.campaign;
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
  for (const auto& given : sight_.holds().gives(review_.holds[item])) {
    json.open('{').field("role", facts.name(given.role).name);
    json.field("on", given.scope == 0 ? std::string("org") : facts.name(given.scope).name);
    if (given.by != 0) json.field("by_group", facts.name(given.by).name);
    shown_.event(json, "event", given.since.position);
    json.close('}');
  }
  json.close(']');
}

void ItemRows::write(JsonText& json, ItemIndex item, bool whole) {
  const Campaign& campaign = review_.campaign;
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
  shown_.event(json, "changed_by", campaign.changed_by(item));
  const projections::Hold& hold = review_.holds[item];
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
  if (whole) gives(json, item);
  json.close('}');
}

}  // namespace tenure::services
