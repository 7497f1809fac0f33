// One batch in the making: what it will commit, and the log as it stands with it. Inside the recorder only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/wire/record_wire.h"
#include "services/record/recorder.h"

namespace tenure::services {

struct Recorder::Batch : projections::RecordSource {
  Position first;
  Instant now;
  storage::Snapshot* base = nullptr;
  const Batch* before = nullptr;  // decided and not yet in `base`
  storage::Commit commit;
  std::vector<std::unique_ptr<const Record>> records;  // beside commit.records
  std::map<std::string, Person> principals;
  std::map<OrgId, projections::OrgPlace> places;  // of every organization that the batch is about
  std::size_t keys_noted = 0;

  Position next() const { return Position(first.value + records.size()); }
  // The first position that may yet come to nothing.
  Position first_open() const { return before ? before->first : first; }
  const Record& add(std::unique_ptr<const Record> record, wire::EncodedRecord encoded);
  void mark();
  void roll_back();
  // A retraction must name an earlier event of the same organization, and not its creation.
  Decided<void> can_retract(Position target, const OrgId& org);

  Outcome<Record> record(Position position) override;
  Outcome<Record> record_of(const OrgId& org, Version version) override;

 private:
  // Records that were decided and not yet committed.
  const Record* open_record(Position position) const;

  std::size_t records_marked_ = 0, blobs_marked_ = 0;
};

// Whether it makes its organization.
inline bool creates(const AppendRequest& request) {
  return !request.events.empty() && std::holds_alternative<event::OrgCreated>(request.events.front().data);
}
// What is Tenure's own: an organization and ids that no client's event may stand in. Nothing if the request is about
// another.
Refusals cannot_be_about(const AppendRequest& request);
bool is_reserved(const EventId& id);

// One request in the making.
struct Recorder::Work {
  AppendRequest& request;
  projections::OrgPlace& place;
  Version version;
  Mode mode = Mode::observe;
  AppendAnswer answer;
  Refusals refusals;
  std::vector<std::pair<Event, Refusal>> denied;
  std::vector<Person> people;  // named by the event in hand

  void refuse(std::uint64_t index, Refusal refusal) {
    refusal.index = index;
    refusals.push_back(std::move(refusal));
  }
};

// What is kept of an answer for its Idempotency-Key.
struct KeptAnswer {
  Instant at;
  std::string body;
  Version version;
  std::vector<Position> positions;

  std::string encode() const;
  static std::optional<KeptAnswer> decode(std::string_view bytes);
};

// Rows that are no view of the log stand under a number that no organization gets, and outlive a rebuild.
inline constexpr projections::OrgNumber kept_rows = 0xFFFFFFFF;
std::string idempotency_row(const IdempotencyKey& key);
// The rows of all Idempotency-Keys: the first key that there can be, and the first behind them.
std::pair<std::string, std::string> idempotency_rows();
// Whether a row of kept_rows is that of an Idempotency-Key that has had its seven days.
bool is_over(std::string_view row, std::string_view value, Instant now);
// The checkpoint says how far the views are folded, and by which rules: views of another layout are folded anew.
inline constexpr std::uint64_t views_layout = 10;
// `rebuilding`: views that are not all there yet, because a rebuild broke off.
std::string checkpoint_value(Position position, bool rebuilding = false);

}  // namespace tenure::services
