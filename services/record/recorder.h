// Start here: how an event is accepted. Requests in, records in the log and changes of the views out,
// in one atomic, synced batch.
//
// For each request in turn: the organization is looked up; a sending that was seen before (event id, Idempotency-Key)
// gets its first answer; the expected version is compared; people become subjects; the access model judges each event
// by the state at its time; what it replaced is noted; texts are sealed; the record is encoded, chained and folded into
// the views on top of what stands before it in the same batch. A request is taken whole or refused whole, with the
// index of each event at fault.
//
// In two halves, so that one batch is made durable while the next one is decided on top of it. One that was decided on
// top of one that failed falls with it.
//
// Owned by the program; one thread (the writer's). The commit itself is the caller's, on whichever thread.
// Memory: two batches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "events/record.h"
#include "projections/access_fold.h"
#include "projections/team_state.h"
#include "projections/view_writer.h"
#include "services/record/authority.h"
#include "services/record/seen_ids.h"
#include "storage/people.h"
#include "storage/store.h"

namespace tenure::services {

// Reads the time; the store's own clock never goes back, whatever this says.
using Clock = std::function<Instant()>;
Instant system_clock_now();

// Who records, as the token says.
struct Recording {
  std::string token;      // public id, empty for the program itself
  std::string principal;  // identity, empty for the program itself
  Channel channel = Channel::api;
  std::string import_id;
};

// A retried request is recognised by its key for 7 days.
struct IdempotencyKey {
  std::string token;
  std::string key;
  std::string body;  // digest of the body, keyed
};
inline constexpr std::int64_t idempotency_us = 7LL * 24 * 3600 * 1'000'000;

struct AppendRequest {
  OrgId org;
  std::vector<Event> events;
  std::optional<Version> expected;
  std::optional<IdempotencyKey> idempotency;
  Recording by;
  bool own = false;  // Tenure's own events, which no client may send
  JudgedAs judged_as = JudgedAs::actor;
  // Where each of its parts ends, in order, the last with the events. A part of which something is refused is left out
  // whole, and the others are taken. None: all of it is one. Not of a request that creates its organization.
  std::vector<std::size_t> parts;
};

struct Appended {
  std::optional<EventId> id;
  Position position;
  Version version;
  Verdict verdict;
  bool duplicate = false;  // it was there already
};

struct AppendAnswer {
  std::vector<Appended> items;
  Version version;                // the organization's, after this request
  Instant recorded_at;            // of the records that this request made
  std::vector<Refusal> left_out;  // why parts of it were
};

using Refusals = std::vector<Refusal>;
using AppendResult = std::variant<AppendAnswer, Refusals, Failure>;

class Recorder {
 public:
  Recorder(storage::Store& store, storage::People& people, const projections::Models& models, Clock clock);
  ~Recorder();

  // All of it: decides a batch and commits it, with nothing under way. An answer for each request, in order; the
  // positive ones are durable. If the commit failed, every request has that Failure and nothing of the batch is kept.
  std::vector<AppendResult> record(std::vector<AppendRequest> requests);

  // In halves. First an answer for each request, in order, by all that was decided before; positive ones hold once the
  // batch is durable, which grows with each call. A Failure: the batch is in doubt, and `forget` is due.
  Outcome<std::vector<AppendResult>> decide(std::vector<AppendRequest> requests);
  // What is to be committed of all that was decided since the last time, if anything; it is under way from now on, if
  // it is not empty. Not while another batch is.
  storage::Commit take();
  // When the newest record was recorded, with all that was decided.
  Instant newest() const { return newest_; }
  // The batch under way is in the store.
  void committed();
  // The batch under way failed, or `decide` did: it is given up with what was decided on top of it, and only what the
  // store has counts. Not while a commit is being made.
  void forget();

 private:
  struct Batch;
  struct Work;

  void begin();
  Outcome<bool> will_be_there(Batch& batch, const OrgId& org, const std::vector<AppendRequest>& requests);
  Outcome<void> resolve_people(Batch& batch, std::vector<AppendRequest>& requests);
  Outcome<projections::OrgPlace*> place(Batch& batch, const OrgId& org);
  void write_places(Batch& batch);
  AppendResult take(Batch& batch, AppendRequest& request);
  Outcome<Mode> mode_of(projections::OrgNumber org);
  Outcome<Refusals> stale_unless_sent_before(Batch& batch, Work& work, Version version);
  std::optional<AppendResult> seen_before(Batch& batch, const AppendRequest& request);
  Outcome<std::optional<Appended>> earlier(Batch& batch, Work& work, const Event& event, Refusals& refusals);
  static void say_who_records(const Batch& batch, Work& work, Record& record);
  void undo(Batch& batch, Work& work, const projections::OrgPlace& before);
  Outcome<void> take_parts(Batch& batch, Work& work);
  Outcome<void> take_event(Batch& batch, Work& work, Event& event, std::uint64_t index);
  void settle_time(Batch& batch, Work& work, Event& event, std::uint64_t index);
  bool settle_models(Work& work, Event& event, std::uint64_t index);
  Outcome<bool> judged(Batch& batch, Work& work, Event& event, Record& record, std::uint64_t index);
  Outcome<void> append(Batch& batch, Work& work, std::unique_ptr<Record> made, std::uint64_t index);
  Outcome<void> seal(Record& record, projections::OrgNumber org, Position first_open,
                     const std::vector<Person>& people);
  Outcome<void> deny(Batch& batch, Work& work);
  void drop_old_keys(const Batch& batch);
  void note_key(Batch& batch, const AppendRequest& request, const AppendAnswer& answer);

  storage::Store& store_;
  storage::People& people_;
  const projections::Models& models_;
  Clock clock_;
  projections::ViewWriter views_;
  projections::DirectoryCache names_;
  projections::AccessFold fold_;
  projections::HolderHints hints_;
  SeenIds seen_ids_;
  // Members whose sealed identity is in the log already; bounded, emptied when full.
  static constexpr std::size_t named_max = 200'000;
  std::unordered_set<std::uint64_t> named_;
  std::string keys_looked_at_to_;                           // how far drop_old_keys came; empty: to the end
  std::unordered_map<projections::OrgNumber, Mode> modes_;  // as many as there are organizations
  std::unique_ptr<Batch> decided_;                          // the last one, until it is taken
  std::unique_ptr<Batch> under_way_;                        // taken, and not yet known to be in the store
  Position head_;                                           // with all that was decided
  Instant newest_{0};
};

// Whose key seals an event's private texts: the first person of its data, else the actor, else the
// organization's own subject (empty here).
std::optional<Person> key_owner(const Event& event);
// The identity under which the organization's own subject is kept; no client can send it.
inline constexpr std::string_view organization_identity = "\x01organization";

}  // namespace tenure::services
