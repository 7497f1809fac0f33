// What only the records tell, kept as rows when they are folded: violations of the model's rules, people who approve
// themselves, powers given and taken again soon after, what was learnt late. Findings (findings.h) are made of them
// when they are asked for.
//
// A row stands at the point that it is about, so that one scan finds all up to an instant, and bears the position of
// the record that told it, so that what was known at a position is what stands at or below it. What was retracted is
// told apart by its retractions when the question is asked.
//
// A row of a short-lived link is only a hint of where to look: it is written when an interval of that length comes into
// being, live or through a late event or a retraction, and never erased. Whether the power was given and taken so soon
// as known at some position is found from the holder's own history. Of a member's scoped grant both count: how long it
// stood, and how long its holder was there with it; which of them it is, the model says when the question is asked.
//
// An event that makes no row costs a comparison or two. Threads: the writer's to write; as the ViewReader to read.
// Failures: the store's; corruption names the organization.
#pragma once

#include <functional>
#include <vector>

#include "events/record.h"
#include "projections/interval.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// The letter 'n' among these rows is unlisted.h's.
enum class Told : char {
  violation = 'v',     // entity: whoever acted, 0 if nobody by name
  own_approval = 'a',  // entity: whoever approved; value: Approved, combined
  learnt = 'l',        // at: the time that a late fact or a retraction is about, and the position that told it
  short_lived = 't',   // at: the event that took the power; entity: its holder; value: the shortest time held, in µs
};

// How an approver has a part in what they approved.
enum Approved : std::uint8_t { approved_own_act = 1, approved_own_gain = 2 };

// A power that was held longer than a day was not given for a moment; the question may ask for less, not for more.
inline constexpr std::int64_t short_lived_us_max = 24LL * 3600 * 1'000'000;

struct ToldRow {
  Point at;
  Number entity = 0;
  std::uint64_t value = 0;
};

// Whether a list holds a power that somebody was given: a role, a group, a grant on a scope, an assignment, a parent
// that a group may have roles and grants of.
bool is_power(ListKind list);

using NumberOfPerson = std::function<Outcome<Number>(const Person&)>;
// What the record tells by itself. Everyone whom it names has a number already, or gets one here.
Outcome<void> note_record(ViewWriter& views, OrgNumber org, const Record& record, const NumberOfPerson& number);

// Something was learnt at a position about a time that was past.
void note_learnt(ViewWriter& views, OrgNumber org, std::int64_t occurred_us, Position position);

// When the holder of these intervals was a member.
std::vector<Interval> memberships(const std::vector<Interval>& intervals);
// Adds each of a member's scoped grants for as long as the member was there with it. `intervals` are sorted and stay
// so.
void add_grants_while_there(const std::vector<Interval>& memberships, std::vector<Interval>& intervals);
// Of the intervals that one entity has now (`after`, sorted) and did not have before: those of powers that ended soon
// after they began, and were not given on in the same moment. `first_of_event` says that they changed by the newest
// event and that nothing was noted of this entity by it yet: then no row of its point is looked for.
Outcome<void> note_short_links(ViewWriter& views, OrgNumber org, const std::vector<Interval>& before,
                               const std::vector<Interval>& after, bool first_of_event);

// Every row of a kind up to a point, in order.
Outcome<std::vector<ToldRow>> told_until(storage::ViewReader& views, OrgNumber org, Told kind, Point at);

}  // namespace tenure::projections
