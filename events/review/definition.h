// What an access review is, as data: its scope, its reviewers in one to three stages, what silence means, what follows
// and how often it comes round.
//
// A client states it as JSON with people by identity (`read_definition`); the log keeps it as a document in which a
// person is a number into a list beside it (`stored_definition`). Both are read by the same strict reader: an unknown
// field, an unknown word or a value beyond its limit is a refusal that names the field and the choices.
//
// Values only; any thread. Whether roles, groups and permissions exist is not looked at here (services/reviews).
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"

namespace tenure::review {

inline constexpr std::size_t stages_max = 3;
inline constexpr std::size_t people_max = 1'000;   // named in one definition
inline constexpr std::size_t entries_max = 1'000;  // of any other list
inline constexpr std::size_t id_bytes_max = 128;
inline constexpr std::size_t reminders_max = 10;  // of a stage
inline constexpr std::uint64_t days_max = 366;    // of a stage, of a task, of a report's period
inline constexpr std::uint64_t revocations_max = 1'000'000;
inline constexpr std::size_t definition_bytes_max = 262'144;

// A person of a definition: a number into its `people`.
using PersonIndex = std::uint32_t;

// How somebody holds a power: what an item of a review is about.
enum class HoldKind : std::uint8_t { role, group, grant, invitation };
std::string_view to_text(HoldKind kind);
std::optional<HoldKind> hold_kind_from(std::string_view text);

// Whose holds are looked at: an active member's, those of a member who is disabled, of somebody who is no member.
enum class Standing : std::uint8_t { active, disabled, outside };
std::string_view to_text(Standing standing);

// A hold is in scope if every list that is not empty takes it in.
struct ReviewScope {
  std::vector<HoldKind> kinds;
  std::vector<RoleId> roles;    // the hold's own role, or one that its group gives
  std::vector<GroupId> groups;  // the hold is that group or a group below it
  struct Power {
    PermissionId permission;
    LevelId level;  // the hold gives it at this level or above
  };
  std::vector<Power> permissions;
  std::vector<ResourceId> resources;  // the hold reaches one of them
  std::vector<Standing> members;
  bool changed_since_last = false;    // only holds not certified in their present state
  std::vector<std::string> findings;  // only holds of members whom an open finding of such a kind is about
};

// Who is asked, in the order stated: the first source that names somebody eligible.
enum class SourceKind : std::uint8_t { named, granted_by, group_owners, holders_of };
std::string_view to_text(SourceKind kind);
struct ReviewerSource {
  SourceKind kind = SourceKind::named;
  std::vector<PersonIndex> people;  // named
  RoleId role;                      // holders_of
};

enum class OutcomeRule : std::uint8_t { one_decides, all_agree, any_revoke };
std::string_view to_text(OutcomeRule rule);

struct Stage {
  std::vector<ReviewerSource> reviewers;
  std::vector<PersonIndex> fallback;
  OutcomeRule outcome = OutcomeRule::one_decides;
  std::uint64_t days = 14;                 // how long it lasts
  std::vector<std::uint64_t> remind_days;  // before its end, the earliest first
  std::optional<PersonIndex> escalate_to;
  std::uint64_t escalate_days = 1;  // before its end
};

// What it means that nobody answered.
enum class NoAnswer : std::uint8_t { keep, revoke, leave_open };
std::string_view to_text(NoAnswer silence);

enum class Justification : std::uint8_t { never, endings, always };  // endings: revoke and change
std::string_view to_text(Justification justification);

// RFC 5545 in a time zone, or one instant (services/reviews/recurrence.h).
struct Schedule {
  std::string rrule, start, tz;  // start: a local date and time
  std::optional<Instant> once;
};

struct GroupOwners {
  GroupId group;
  std::vector<PersonIndex> people;
};

enum class Purpose : std::uint8_t { review, access_report };  // a report opens nothing and asks nobody
std::string_view to_text(Purpose purpose);

struct Definition {
  std::string id;
  std::string name;
  std::string description;
  Purpose purpose = Purpose::review;
  ReviewScope scope;
  std::vector<Stage> stages;  // one to three; none for a report
  NoAnswer no_answer = NoAnswer::leave_open;
  Justification justification = Justification::endings;
  std::optional<std::uint64_t> revocations_at_most;  // without a person at each, in mode enforce
  bool carry_over = false;
  bool ends_early = false;  // a stage ends as soon as all is decided
  std::uint64_t remedy_days = 14;
  std::optional<PersonIndex> remedy_owner;  // of tasks; else whoever granted the power
  std::vector<GroupOwners> group_owners;
  std::optional<Schedule> schedule;
  std::uint64_t period_days = 90;  // of a report without an earlier one

  std::vector<Person> people;  // everyone named, each once, in order of first mention
};

// Whether it can stand in an address: 1 to id_bytes_max letters, digits, dots, dashes and underscores, not "." or "..".
bool is_review_id(std::string_view text);

// From a client's JSON, people by identity. Else every refusal, each with the JSON pointer of its place in `field`.
boost::system::result<Definition, std::vector<Refusal>> read_definition(std::string_view json);
// From the log: the document and the people beside it. A Failure (corruption): it is none.
Outcome<Definition> from_log(std::string_view document, const std::vector<Person>& people);
// The document that the log keeps: canonical JSON, people by number, what was left out by its value.
std::string stored_definition(const Definition& definition);
// By which terms a hold is certified: how many stages, whom each asks by kind and role, by which rule they decide, and
// whether they say why. A review carries over what the one before it certified only on the same terms; that others are
// named for somebody who left is no other term.
std::string terms_of(const Definition& definition);
// The same as a client states it; `identity` names the people.
using IdentityOf = std::function<std::string(const Person&)>;
std::string shown_definition(const Definition& definition, const IdentityOf& identity);
// The JSON Schema (2020-12) of what read_definition takes.
std::string_view definition_schema();

// A shipped one: what a team's regular review is about by the advice of text 001, whatever the model: members no longer
// needed, roles still right, pending invitations to cancel. Its reviewers are the holders of `owner_role`; about a hold
// of the only one of these, who gave it, else the holders of the first of `others` that somebody else has.
inline constexpr std::string_view quarterly_basics = "quarterly-basics";
std::string quarterly_basics_json(std::string_view owner_role, const std::vector<RoleId>& others = {});

}  // namespace tenure::review
