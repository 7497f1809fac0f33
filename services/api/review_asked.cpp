#include "services/api/review_asked.h"

namespace tenure::services {

Acting acting_of(const Request& request, const Said& said) {
  Acting acting;
  acting.actor = said.actor();
  if (said.event().reason) acting.reason = said.event().reason->text;
  acting.ticket = said.event().ticket;
  acting.by = recording_of(request, Channel::api);
  return acting;
}

void write_warnings(JsonText& json, const std::vector<std::string>& warnings) {
  json.key("warnings").open('[');
  for (const std::string& warning : warnings) json.text(warning);
  json.close(']');
}

boost::system::result<HeldReview, Response> review_of(Parts& parts, const Request& request, const OpenOrg& org) {
  const std::string id(request.param("review"));
  auto review = parts.reviews->reviews.get(org, id, parts.now());
  if (!review) return http::problem(review.error());
  if (*review) return std::move(*review);
  return missing(refuse(RefusalCode::not_found,
                        "there is no review \"" + id + "\"; GET /v1/orgs/" + org.id.text + "/reviews lists them.",
                        "review"));
}

void Shown::actor(JsonText& json, std::string_view name, const Actor& actor) {
  json.key(name).open('{').field("kind", to_text(actor.kind));
  json.field("id", name_of(actor)).close('}');
}

void Shown::event(JsonText& json, std::string_view name, std::uint64_t position) {
  if (position == 0) return;
  json.key(name).open('{').field("position", position);
  const auto record = record_at(*org_.snapshot, position);
  if (record) {
    json.field("type", type_name(record->event.data)).field("occurred_at", *record->event.occurred_at);
    if (record->event.basis == Basis::baseline) json.field("basis", to_text(Basis::baseline));
    actor(json, "actor", record->event.actor);
    if (record->event.approved_by) actor(json, "approved_by", *record->event.approved_by);
  } else {
    note(record.error());
  }
  json.close('}');
}

void review_summary(JsonText& json, Shown& shown, const ReviewSummary& summary) {
  const auto& opened = std::get<event::ReviewOpened>(summary.opened.event.data);
  json.open('{').field("id", summary.id);
  if (opened.definition) json.field("definition", *opened.definition);
  const bool closed = summary.ended && std::holds_alternative<event::ReviewClosed>(summary.ended->event.data);
  json.field("status", !summary.ended ? "open" : closed ? "closed" : "cancelled");
  json.field("opened_at", summary.opened.recorded_at).field("due_at", opened.due_at);
  if (summary.ended) json.field("ended_at", summary.ended->recorded_at);
  if (opened.scheduled_for) json.field("scheduled_for", *opened.scheduled_for);
  json.field("items", opened.items).field("position", summary.opened.position.value);
  shown.actor(json, "opened_by", summary.opened.event.actor);
  json.close('}');
}

}  // namespace tenure::services
