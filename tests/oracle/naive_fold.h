// Start here: a second opinion on who could do what, when. It is what Tenure's own answers are compared with.
//
// A NaiveFold keeps the events of one organization as the JSON documents that a client sent, and answers each question
// by folding all of them again from nothing: no index, no cache, no interval, nothing from Tenure's floors (only the
// JSON library and the standard one). It is meant to be read beside the design and found right by reading; its
// readings of doubtful places stand in README.md.
//
// Owned by the test that makes it. One thread at a time. Costs O(history) and more for each question.
// Failure: std::logic_error for an event type that it does not know or a field that is missing, so that nothing is
// skipped in silence.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenure::oracle {

// How much of a power a member has: its level, and over what (`all`, `assigned` or `listed`).
struct Row {
  std::string level;
  std::string reach;
  bool operator==(const Row&) const = default;
};

struct OracleAnswer {
  bool before_history = false;
  std::map<std::string, Row> rows;  // by identity, as first sent
  bool operator==(const OracleAnswer&) const = default;
};

struct MemberRow {
  std::string status;               // "active" or "disabled"
  std::string role;                 // empty: no direct role that exists
  std::vector<std::string> groups;  // sorted; groups that exist
  std::int64_t since_us = 0;        // when the present membership began
  bool found_so = false;            // or was found to be, by an event of basis baseline
  bool operator==(const MemberRow&) const = default;
};

struct InvitationRow {
  std::string role;                 // as invited, empty if the invitation names none
  std::vector<std::string> groups;  // as invited, sorted
  std::int64_t since_us = 0;
  bool found_so = false;  // the invitation, as above
  bool operator==(const InvitationRow&) const = default;
};

struct GroupRow {
  std::string parent;       // empty: none that exists
  std::string role;         // empty: none that exists
  std::size_t members = 0;  // direct ones
  std::int64_t since_us = 0;
  bool found_so = false;  // the group, as above
  bool operator==(const GroupRow&) const = default;
};

struct GroupMemberRow {
  std::int64_t since_us = 0;  // since when the link, the member and the group have all been there
  bool found_so = false;      // the last of them, as above
  bool operator==(const GroupMemberRow&) const = default;
};

struct RoleRow {
  std::string kind;                           // "system" or "custom"
  std::map<std::string, std::string> grants;  // permission to level; levels that mean no access are left out
  bool operator==(const RoleRow&) const = default;
};

// One way to a power: `ways` are lists of event positions, each of them a right account of how it came about (something
// may lie in what is assigned, whichever it is).
struct NaivePath {
  std::string kind;  // "role", "group", "grant" or "everyone"
  std::string level;
  std::string reach;
  std::vector<std::vector<std::int64_t>> ways;
  std::int64_t defined_by = 0;  // the event that made the role what it is; 0: one of the model's
};

// One thing that a person holds: a role, a group, a role on a scope or an invitation.
struct NaiveHold {
  std::int64_t since = 0;        // position of the event since which it has been there
  std::set<std::string> roles;   // its own and those that its groups give
  std::set<std::string> groups;  // its own and all above them
  std::set<std::string> gives;   // each role with all its cells and each tie between groups, with its event
  bool operator==(const NaiveHold&) const = default;
};
// By what it is: "role|ann|writer", "group|ann|g", "grant|ann|writer|repo:a", "invitation|ann|writer".
using NaiveHolds = std::map<std::string, NaiveHold>;

// An unbroken stretch of instants in which one level was held: [from, to), open to the right where it lasts.
struct NaiveInterval {
  std::int64_t from_us = 0;
  std::optional<std::int64_t> to_us;
  std::string level;
  std::set<std::int64_t> openers;  // positions of the events at that instant that brought this level
  std::set<std::int64_t> closers;  // and of those that took it away; empty while it lasts
};

// Who held a power within a range: the best of it, and every interval that touches the range, whole.
struct RangeRow {
  Row best;
  std::vector<NaiveInterval> intervals;
};

// What somebody held on two sides of a diff, and which events may be named as what brought the second.
struct NaiveChange {
  std::optional<Row> before, after;
  std::set<std::int64_t> causes;  // empty where nothing changed
};
// By member, permission and resource: "" for on at least one, "kind:*" for every one. Everything, changed or not.
using NaiveDiff = std::map<std::string, std::map<std::string, std::map<std::string, NaiveChange>>>;

struct NaiveVerdict {
  std::string result;           // "allowed", "violation" or "unspecified"
  std::string rule;             // empty where unspecified
  bool without_effect = false;  // allowed, and grants a role what hangs below something that the role does not hold
  bool operator==(const NaiveVerdict&) const = default;
};

// Since when something stands: the instant, and the event of that instant that brought it about for good.
struct NaiveSince {
  std::int64_t us = 0;
  std::int64_t position = 0;
  auto operator<=>(const NaiveSince&) const = default;
};

// What deserves a look, each in words: the kind and whom and what it is about,
// "grant_without_effect|group:g|write|repo:a". The value is since when it stands, where that is told.
using NaiveFindings = std::multimap<std::string, std::optional<NaiveSince>>;

struct NaiveFindingsAsked {
  std::int64_t at_us = 0;
  std::int64_t known_position = 0;
  std::int64_t pending_us = 0;      // how long an invitation may wait
  std::int64_t short_lived_us = 0;  // within which a power is given and taken
  std::set<std::string> raising;    // roles of the model in force whose holders can raise themselves alone
};

class NaiveFold {
 public:
  // `model` is what holds until an event names another. `version` is how events may name it beside its id.
  explicit NaiveFold(const nlohmann::json& model, const std::string& version = {});
  ~NaiveFold();
  NaiveFold(NaiveFold&&) noexcept;

  // A further model, or a further version of one. An event without `model_version` means the newest version of that
  // model that was added before the event was appended.
  void add_model(const nlohmann::json& model, const std::string& version = {});

  // An event in the form of a client, in order of position. Its time is `occurred_at` (RFC 3339) or `occurred_us`, else
  // `recorded_at_us`.
  void append(const nlohmann::json& event, std::int64_t position, std::int64_t recorded_at_us);

  // Who holds `permission` at `at_us`, as known at `known_position`. With a level: at least that one. With a resource:
  // on that resource; without: on at least one.
  OracleAnswer who_can(const std::string& permission, const std::optional<std::string>& level,
                       const std::optional<std::string>& resource, std::int64_t at_us,
                       std::int64_t known_position) const;
  // The same for one person; nothing means no.
  std::optional<Row> can(const std::string& member, const std::string& permission,
                         const std::optional<std::string>& level, const std::optional<std::string>& resource,
                         std::int64_t at_us, std::int64_t known_position) const;

  // Who could at any instant of [from, to), with the exact intervals.
  std::map<std::string, RangeRow> who_can_over(const std::string& permission, const std::optional<std::string>& level,
                                               const std::optional<std::string>& resource, std::int64_t from_us,
                                               std::int64_t to_us, std::int64_t known_position) const;
  // Whether the permission has the level in a model that is in force at some instant of [from, to).
  bool has_level(const std::string& permission, const std::string& level, std::int64_t from_us, std::int64_t to_us,
                 std::int64_t known_position) const;
  // What everybody held at two instants as known at a position, or at one instant as known at two.
  NaiveDiff diff(std::int64_t from_us, std::int64_t to_us, std::int64_t known_position) const;
  NaiveDiff diff_known(std::int64_t at_us, std::int64_t known_from, std::int64_t known_to) const;
  // What everybody held just before one event and with it; nothing where the event does not count. Of a retraction: at
  // the instant of the event that it turned or at one that is given, without and with that event; nothing where it
  // turned nothing.
  std::optional<NaiveDiff> diff_of_event(std::int64_t position, std::int64_t known_position,
                                         std::optional<std::int64_t> at_us = {}) const;
  // Each way to what the member holds of the permission.
  std::vector<NaivePath> paths(const std::string& member, const std::string& permission,
                               const std::optional<std::string>& resource, std::int64_t at_us,
                               std::int64_t known_position) const;
  // Every true reason for a no: "unknown time", "other kind", "no member", "nothing given", "disabled", "feature off",
  // "owner only", "parent", "children off", "too low", "found later".
  std::set<std::string> denials(const std::string& member, const std::string& permission,
                                const std::optional<std::string>& level, const std::optional<std::string>& resource,
                                std::int64_t at_us, std::int64_t known_position) const;

  std::map<std::string, MemberRow> members(std::int64_t at_us, std::int64_t known_position) const;
  // "active", "disabled", "invited", "removed" or "not a member".
  std::string status(const std::string& member, std::int64_t at_us, std::int64_t known_position) const;
  // Pending invitations of people who are no members.
  std::map<std::string, InvitationRow> invitations(std::int64_t at_us, std::int64_t known_position) const;
  std::map<std::string, GroupRow> groups(std::int64_t at_us, std::int64_t known_position) const;
  std::map<std::string, GroupMemberRow> group_members(const std::string& group, std::int64_t at_us,
                                                      std::int64_t known_position) const;  // direct ones
  // Everything that members hold, and that others hold once they are members (naive_holds.cpp).
  NaiveHolds holds(std::int64_t at_us, std::int64_t known_position) const;
  std::map<std::string, RoleRow> roles(std::int64_t at_us, std::int64_t known_position) const;

  // A role, a group or a resource.
  struct Thing {
    std::string kind, id;
  };
  // What an event has to do with it: it names it; it is one of the organization's that touches it, or may; or does not.
  enum class Touching : std::uint8_t { names, must, may, never };
  // The events up to an instant that name it, and all that are about the organization as a whole, by position
  // (naive_touching.cpp).
  std::map<std::int64_t, Touching> touching(const Thing& thing, std::int64_t at_us, std::int64_t known_position) const;

  // What deserves a look at an instant as known at a position (naive_findings.cpp, naive_short_lived.h).
  NaiveFindings findings(const NaiveFindingsAsked& asked) const;
  // Records that are judged otherwise by what is known now: "judgement_changed|41|recorded as allowed; …".
  NaiveFindings judged_again(std::int64_t at_us, std::int64_t known_position) const;
  // The ids of findings that somebody closed and nobody reopened.
  std::set<std::string> closed_findings(std::int64_t at_us, std::int64_t known_position) const;
  // The model in force.
  std::string model_at(std::int64_t at_us, std::int64_t known_position) const;

  // The model's judgement of the event at a position, by the state at its instant as known just before it.
  NaiveVerdict verdict(std::int64_t position) const;

  // The earliest time that anything known then speaks of; nothing if nothing was known.
  std::optional<std::int64_t> history_from(std::int64_t known_position) const;
  bool before_history(std::int64_t at_us, std::int64_t known_position) const;

 private:
  std::optional<NaiveDiff> diff_of_retraction(std::int64_t position, std::int64_t turned, std::int64_t known_position,
                                              std::optional<std::int64_t> at_us) const;

  struct Inside;
  class Look;
  std::unique_ptr<Inside> inside_;
};

// Microseconds since 1970 of an RFC 3339 instant; finer than a microsecond is cut. std::logic_error if it is none.
std::int64_t instant_us(const std::string& rfc3339);

}  // namespace tenure::oracle
