#include "services/record/batch.h"

#include "events/digest.h"

namespace tenure::services {

const Record& Recorder::Batch::add(std::unique_ptr<const Record> record, wire::EncodedRecord encoded) {
  commit.records.push_back({record->org, record->version, {}, std::move(encoded.bytes)});
  for (wire::Part& part : encoded.parts) commit.blobs.push_back({part.hash, std::move(part.bytes)});
  return *records.emplace_back(std::move(record));
}

void Recorder::Batch::mark() {
  records_marked_ = records.size();
  blobs_marked_ = commit.blobs.size();
}

void Recorder::Batch::roll_back() {
  records.resize(records_marked_);
  commit.records.resize(records_marked_);
  commit.blobs.resize(blobs_marked_);
}

namespace {

// Whether an event counts is found through all retractions of its retractions: each of them asks for the whole chain.
constexpr std::size_t retractions_in_a_row_max = 100;

}  // namespace

Decided<void> Recorder::Batch::can_retract(Position target, const OrgId& org) {
  const std::string place = "/data/position";
  if (target >= next()) {
    return refuse(RefusalCode::unknown_event, "there is no event at position " + std::to_string(target.value) + " yet.",
                  place);
  }
  const auto of = record(target);
  if (!of || of->org != org) {
    return refuse(RefusalCode::unknown_event,
                  "position " + std::to_string(target.value) + " is not an event of this organization.", place);
  }
  if (std::holds_alternative<event::OrgCreated>(of->event.data)) {
    return refuse(RefusalCode::invalid_field, "the creation of an organization cannot be retracted.", place);
  }
  if (is_about_reviews(type_name(of->event.data))) {
    return refuse(RefusalCode::invalid_field,
                  "what was said in an access review cannot be retracted; decide again while it is open.", place);
  }
  auto each = of;
  for (std::size_t row = 0; each && std::holds_alternative<event::EventRetracted>(each->event.data); ++row) {
    if (row + 1 == retractions_in_a_row_max) {
      return refuse(RefusalCode::invalid_field,
                    "position " + std::to_string(target.value) + " is the last of " +
                        std::to_string(retractions_in_a_row_max) +
                        " retractions, each of the one before, and no more are taken; append the event itself anew.",
                    place);
    }
    each = record(std::get<event::EventRetracted>(each->event.data).position);
  }
  return {};
}

const Record* Recorder::Batch::open_record(Position position) const {
  if (position < first) return before ? before->open_record(position) : nullptr;
  const std::size_t i = position.value - first.value;
  return i < records.size() ? records[i].get() : nullptr;
}

Outcome<Record> Recorder::Batch::record(Position position) {
  if (const Record* open = open_record(position)) return *open;
  if (position >= first) return fail(FailureCode::not_found, "no record at position " + std::to_string(position.value));
  const auto stored = base->record(position);
  if (!stored) return stored.error();
  return wire::read_record(stored->bytes, [this](const Digest& hash) { return base->blob(hash); });
}

Outcome<Record> Recorder::Batch::record_of(const OrgId& org, Version version) {
  for (const Batch* batch : {static_cast<const Batch*>(this), before}) {
    if (!batch) continue;
    for (const auto& record : batch->records) {
      if (record->org == org && record->version == version) return *record;
    }
  }
  const auto position = base->position_of(org, version);
  if (!position) return position.error();
  return record(*position);
}

std::string KeptAnswer::encode() const {
  std::string out;
  projections::put_signed(out, at.us);
  projections::put_varint(out, version.value);
  projections::put_varint(out, positions.size());
  for (const Position p : positions) projections::put_varint(out, p.value);
  return out + body;
}

std::optional<KeptAnswer> KeptAnswer::decode(std::string_view bytes) {
  projections::Reader in{bytes};
  KeptAnswer kept;
  kept.at.us = in.signed_varint();
  kept.version = Version(in.varint());
  for (std::uint64_t n = in.varint(); n > 0 && in.good; --n) kept.positions.emplace_back(in.varint());
  if (!in.good) return std::nullopt;
  kept.body = std::string(in.rest);
  return kept;
}

std::string idempotency_row(const IdempotencyKey& key) {
  std::string row = projections::row_key(kept_rows, projections::Row::event_id);
  const Digest digest = sha256(key.token + '\0' + key.key);
  return row.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::pair<std::string, std::string> idempotency_rows() {
  const std::string from = projections::row_key(kept_rows, projections::Row::event_id);
  std::string to = from;
  to.back() = static_cast<char>(to.back() + 1);
  return {from, to};
}

bool is_over(std::string_view row, std::string_view value, Instant now) {
  const auto [from, to] = idempotency_rows();
  if (row < from || row >= to) return false;
  const auto kept = KeptAnswer::decode(value);
  return !kept || kept->at.us + idempotency_us < now.us;
}

std::string checkpoint_value(Position position, bool rebuilding) {
  std::string out;
  projections::put_varint(out, views_layout);
  projections::put_varint(out, position.value);
  if (rebuilding) projections::put_varint(out, 1);
  return out;
}

}  // namespace tenure::services
