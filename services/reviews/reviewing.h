// What is done to access reviews: defined, opened, decided, reassigned, ended, and what follows. Each is decided here
// on the newest snapshot and recorded as events of the organization, through the one way into the log.
//
// What was decided on is compared with what is there when it counts (events/review/campaign.h), so that an event that
// comes in between is never overlooked: a decision on another state does not count, and a close is recorded only at the
// version of the organization that it was worked out for.
//
// Threads: any; calls wait for the writer, so on the pool or the review clock's thread. One review is worked on by one
// thread at a time. Refusals say which field, and what to do; failures are the store's.
#pragma once

#include <string>
#include <variant>

#include "services/reviews/reviews.h"

namespace tenure::services {

// Who does it, and what they say of it.
struct Acting {
  Actor actor;  // by identity
  std::optional<std::string> reason, ticket;
  Recording by;
};
// The program itself.
Acting acting_for(const std::string& review);

struct OpenWish {
  std::string review;  // its id; empty: made from the definition's id and the day
  std::optional<Instant> scheduled_for;
  bool by_definition = true;  // of the definitions kept; false: stated for this review alone
  // A dry run: what would be opened at this instant, as known at this position.
  struct Place {
    Position known;
    Instant at;
  };
  std::optional<Place> dry_run;
};
struct Opened {
  std::string review;
  review::Definition definition;
  std::size_t items = 0;
  Population population;  // of a dry run; else the review that was opened has it
  Position pinned;
  Instant as_of, due_at;
  std::vector<std::string> warnings;     // sentences: what is worth a look
  std::optional<AppendAnswer> recorded;  // nothing for a dry run
};

struct WantedDecision {
  std::string item, state;
  ReviewVerb verb = ReviewVerb::keep;
  std::optional<RoleId> role;
  std::optional<std::string> to;
  std::optional<Instant> until;
  std::optional<std::string> reason, ticket;
};
struct DecisionMade {
  std::optional<Refusal> refused;
  Position position;
};

class Reviewing {
 public:
  // At most this many decisions a call.
  static constexpr std::size_t decisions_max = 1'000;

  Reviewing(Parts& parts, Reviews& reviews) : parts_(parts), reviews_(reviews) {}

  AppendResult define(const OpenOrg& org, const review::Definition& definition, const Acting& acting);
  // What is worth a look before a review is opened by it, as things stand, a sentence each: somebody is asked whom
  // nobody knows, or it could not be opened now.
  Outcome<std::vector<std::string>> warnings(const OpenOrg& org, review::Definition definition);
  AppendResult withdraw(const OpenOrg& org, const std::string& definition, const Acting& acting);

  using OpenAnswer = std::variant<Opened, Refusals, Failure>;
  OpenAnswer open(const OpenOrg& org, review::Definition definition, const OpenWish& wish, const Acting& acting);

  // A result for each, in order; what was not refused is recorded with one commit.
  Outcome<std::vector<DecisionMade>> decide(const OpenOrg& org, HeldReview& review,
                                            const std::vector<WantedDecision>& wanted, const Acting& acting);
  // A run of a schedule that came to nothing, with why.
  AppendResult skip(const OpenOrg& org, const std::string& definition, Instant due, const Refusal& because);
  // A report on access, by a definition whose purpose that is; what it says follows from where it is pinned.
  AppendResult report(const OpenOrg& org, const review::Definition& definition, const OpenWish& wish,
                      const Acting& acting);
  // Asks `to` instead of `from`, or beside all; about one item, or all where none is named.
  AppendResult reassign(const OpenOrg& org, HeldReview& review, const std::optional<std::string>& from,
                        const std::string& to, const std::optional<std::string>& item, const Acting& acting);
  AppendResult end_stage(const OpenOrg& org, HeldReview& review, const Acting& acting);
  AppendResult cancel(const OpenOrg& org, HeldReview& review, const Acting& acting);
  // Closes it, and in mode enforce records what it came to. `if_due`: only while that is why it is due; a Refusal once
  // something has opened an item again.
  AppendResult close(const std::string& org, const std::string& review, const std::string& because,
                     const Acting& acting, bool if_due = false);
  // Whatever the clock asks for by now. Answers whether the review is open still.
  Outcome<bool> tick(const std::string& org, const std::string& review);
  // What a closed review of mode enforce came to, where nothing of that is on record; `all_the_same`: also where
  // something is, for whatever of it is neither done nor refused, and past the definition's cap. Idempotent.
  Outcome<void> remedy(const std::string& org, const std::string& review, bool all_the_same);
  // The same for a closed review of which nothing was recorded since.
  Outcome<void> remedy_once(const OpenOrg& org, const ReviewSummary& closed);

 private:
  Outcome<std::string> about_nobody_asked(const OpenOrg& org, const Population& population);
  OpenAnswer nobody_asked(const OpenOrg& org, const Population& population, const OpenWish& wish);
  Outcome<std::vector<std::string>> strangers(const OpenOrg& org, Sight& sight, const review::Definition& definition);
  std::optional<OpenAnswer> record_opening(const OpenOrg& org, const review::Definition& definition,
                                           const OpenWish& wish, const Acting& acting, Opened& opened);
  void keep(const std::string& org, Opened& opened, const Reviews::Before& before);
  Refusals faults_of(Sight& sight, const review::Definition& definition);
  OpenAnswer work_out(const OpenOrg& org, review::Definition definition, const OpenWish& wish,
                      const Reviews::Before& before);
  Outcome<bool> resolve(const OpenOrg& org, review::Definition& definition, bool make);
  std::string new_name(const OpenOrg& org, projections::EntityKind kind, const review::Definition& definition,
                       Instant at, Position known);
  AppendResult append(const OrgId& org, std::vector<EventPayload> events, const Acting& acting,
                      std::optional<Version> expected = {}, const std::optional<EventId>& id = {});

  AppendResult recorded(AppendRequest request);

  Parts& parts_;
  Reviews& reviews_;
};

// Why a schedule that reads well would never run: its last date is past.
std::optional<Refusal> schedule_is_over(const review::Schedule& schedule, Instant now);

// When it runs next after an instant, at most `n` of its runs.
std::vector<Instant> next_runs(const review::Schedule& schedule, Instant after, std::size_t n);

// The client's id of the event that a run of a schedule makes, whatever it comes to: each happens once.
EventId run_id(const std::string& definition, Instant due);

// Whether another role in a hold's place gives no more than it does, so that the change takes and gives nothing.
bool lowers(Sight& sight, const projections::Hold& hold, const RoleId& role);

// The events by which a hold ends, or becomes another one; of the person by subject.
std::vector<EventPayload> remedy_of(Sight& sight, const projections::Hold& hold, const SubjectId& member,
                                    review::Ends ends, const RoleId& role);

}  // namespace tenure::services
