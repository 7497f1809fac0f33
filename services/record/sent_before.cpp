// What was sent before gets its first answer: by Idempotency-Key for seven days, by the event's id for ever.
#include <algorithm>
#include <iterator>
#include <utility>

#include "events/people.h"
#include "events/wire/event_wire.h"
#include "services/record/batch.h"

namespace tenure::services {

// What a request for another version is answered: nothing if all of it was sent before, since a retry is no conflict.
Outcome<Refusals> Recorder::stale_unless_sent_before(Batch& batch, Work& work, Version version) {
  Refusals refusals;
  bool all_there = true;
  for (std::uint64_t i = 0; i < work.request.events.size(); ++i) {
    const std::size_t refused = refusals.size();
    const auto again = earlier(batch, work, work.request.events[i], refusals);
    if (!again) return again.error();
    if (refusals.size() > refused) refusals.back().index = i;
    all_there = all_there && again->has_value();
  }
  if (all_there || !refusals.empty()) return refusals;
  refusals.push_back(refuse(RefusalCode::version_conflict,
                            "the organization is at version " + std::to_string(version.value) + ", not " +
                                std::to_string(work.request.expected->value) + "; read what changed and send again.",
                            "If-Match"));
  refusals.back().version = version.value;
  return refusals;
}

std::optional<AppendResult> Recorder::seen_before(Batch& batch, const AppendRequest& request) {
  if (!request.idempotency) return std::nullopt;
  std::string value;
  const auto found = views_.get(idempotency_row(*request.idempotency), value);
  if (!found) return AppendResult(found.error());
  if (!*found) return std::nullopt;
  const auto kept = KeptAnswer::decode(value);
  if (!kept || kept->at.us + idempotency_us < batch.now.us) return std::nullopt;
  if (kept->body != request.idempotency->body) {
    return AppendResult(Refusals{refuse(
        RefusalCode::id_reused, "this Idempotency-Key came with another body before; use a new key for a new request.",
        "Idempotency-Key")});
  }
  AppendAnswer answer;
  answer.version = kept->version;
  for (const Position position : kept->positions) {
    const auto record = batch.record(position);
    if (!record) return AppendResult(record.error());
    answer.items.push_back({record->event.id, position, record->version, record->verdict, true});
  }
  return AppendResult(std::move(answer));
}

void Recorder::note_key(Batch& batch, const AppendRequest& request, const AppendAnswer& answer) {
  if (!request.idempotency) return;
  KeptAnswer kept{batch.now, request.idempotency->body, answer.version, {}};
  for (const Appended& item : answer.items) kept.positions.push_back(item.position);
  views_.put(idempotency_row(*request.idempotency), kept.encode());
  ++batch.keys_noted;
}

// The event's first answer, if its id was taken; a refusal if the id came with something else.
Outcome<std::optional<Appended>> Recorder::earlier(Batch& batch, Work& work, const Event& event, Refusals& refusals) {
  std::optional<Appended> none;
  if (!event.id) return none;
  if (work.place.number == 0 || !seen_ids_.may_have(work.place.number, *event.id)) return none;
  const auto position = projections::position_of_id(views_, work.place.number, *event.id);
  if (!position) return position.error();
  if (*position == Position(0)) return none;
  auto record = batch.record(*position);
  if (!record) return record.error();
  const auto owner = key_owner(record->event);
  SubjectId subject = owner ? owner->subject : SubjectId{};
  if (!owner) {
    const auto own = people_.find(work.request.org, organization_identity);
    if (!own) return own.error();
    subject = own->value_or(SubjectId{});
  }
  each_private_text(record->event, [&](PrivateText& text) {
    const auto plain = people_.open(work.request.org, subject, text.text);
    text.text = plain && *plain ? **plain : std::string();
  });
  Event sent = event;
  const bool with_time = sent.occurred_at.has_value() && work.mode != Mode::enforce;
  if (auto* created = std::get_if<event::OrgCreated>(&sent.data)) {
    if (!created->model_version) created->model_version = record->model_version;
  }
  if (wire::fingerprint(sent, with_time) != wire::fingerprint(record->event, with_time)) {
    refusals.push_back(refuse(RefusalCode::id_reused,
                              "an event with the id \"" + event.id->text + "\" was recorded at position " +
                                  std::to_string(position->value) + " with other content; use a new id.",
                              "/id"));
    return none;
  }
  return std::optional<Appended>(Appended{event.id, *position, record->version, record->verdict, true});
}

// What has had its seven days goes, two rows for each key that comes, in the order of the rows and round again.
void Recorder::drop_old_keys(const Batch& batch) {
  if (batch.keys_noted == 0) return;
  const auto [first, end] = idempotency_rows();
  std::string from = std::max(first, std::exchange(keys_looked_at_to_, {}));
  std::vector<std::string> over;
  std::size_t left = 2 * batch.keys_noted;
  const auto looked = batch.base->scan(from, end, [&](std::string_view key, std::string_view value) {
    if (left-- == 0) return keys_looked_at_to_ = std::string(key), false;
    if (is_over(key, value, batch.now)) over.emplace_back(key);
    return true;
  });
  if (!looked) return;  // what cannot be read stays; it is told where it is asked for
  for (std::string& key : over) {
    std::string value;
    const auto now = views_.get(key, value);
    if (now && *now && is_over(key, value, batch.now)) views_.erase(std::move(key));
  }
}

}  // namespace tenure::services
