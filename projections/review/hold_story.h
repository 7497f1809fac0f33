// What a reviewer is shown of one hold beside its state: what touched it since an earlier look, which findings are
// about it, what its facts suggest; and after a review, what of a revoked hold its member still holds by another path.
//
// Events are told by position alone; who did them is for those to say who may open people (services). A suggestion is a
// word and its reasons, never a decision: nothing acts on it.
//
// One thread. Errors stick in the facts: ask for them after the last answer. Complexity: of what touched a hold, the
// histories of its member and of the roles, groups and scopes behind it; of what is still held, an answer a power.
#pragma once

#include "projections/findings.h"
#include "projections/review/holds.h"

namespace tenure::projections {

// ---- what changed --------------------------------------------------------------------------------

// An event that touched a hold or what it gives.
struct HoldTouch {
  Point at;
  std::uint64_t told_by = 0;  // its own position, or that of a retraction that took it away or gave it back
  bool counts = true;         // false: it was retracted
  auto operator<=>(const HoldTouch&) const = default;
};

// Events that became known or took effect after the earlier look, in order of Point. A hold may have been touched and
// stand as it did: whether it differs its state says.
std::vector<HoldTouch> touches_since(Holds& holds, const Hold& hold, const EarlierLook& earlier);

// What is assigned to somebody, or was added by them, whether or not it counts now.
std::vector<Number> assigned_or_added(Facts& facts, Number member);

// Whether an entry of the member's own history may have a part in how the hold stands. `by_assignment`: what is
// assigned to the member has one.
bool bears_on(const Entry& of_member, const Hold& hold, bool by_assignment);
// Whether an entry of the organization's may; a feature does where something that is given needs it.
bool bears_on_all(const Entry& of_organization);

// ---- what it gave and who has it still -----------------------------------------------------------

// A power by name, since the model may be another one when it is looked for again.
struct HeldPower {
  PermissionId permission;
  LevelId level;
  Number scope = 0;  // 0: the whole organization
};

// What the hold gives, before anything is cut, the best level of each permission and scope.
std::vector<HeldPower> powers_of(Holds& holds, const Hold& hold);

struct StillHeld {
  HeldPower power;  // as it was given
  LevelId level;    // what is held now: that level or a higher one
  Reach reach = Reach::all;
  std::vector<Path> paths;  // those that reach the level, the best first
};

// Those of the powers that the member effectively holds now. Of a power over many resources it is enough to hold it on
// one: the reach says how far it goes. A permission that the model has no more is not held; a level that its scale has
// no more counts as any access.
std::vector<StillHeld> still_held(Access& now, Number member, const std::vector<HeldPower>& powers);

// ---- findings ------------------------------------------------------------------------------------

// Whether a finding is about the hold: about how it came to be, about the very hold, or about the member as such.
bool is_about(const Finding& finding, Holds& holds, const Hold& hold);

// ---- what the facts suggest ----------------------------------------------------------------------

// What is known of a hold. Filled by `facts_of`, but for what only earlier reviews and the search for findings tell.
struct HoldFacts {
  review::HoldKind kind = review::HoldKind::role;
  review::Standing standing = review::Standing::active;
  std::int64_t age_us = 0;       // since the event since which it stands
  bool found_so = false;         // that event tells no more than that it was so by then
  bool inviter_removed = false;  // whoever brought the member is none any more
  bool gives_nothing = false;    // no permission of the model, as things stand
  bool owner_power = false;      // the owner's role, or something that is for the owner alone
  std::size_t peers = 0;         // other members of the member's groups, those of peers_max members at most
  std::size_t peers_with = 0;    // those of them who hold the same
  bool certified = false;        // some earlier review certified the hold
  bool changed = false;          // and it is otherwise now
  std::size_t open_findings = 0;
};
inline constexpr std::size_t peers_max = 200;  // in a larger group not everybody does the same work

HoldFacts facts_of(Holds& holds, const Hold& hold);

enum class Suggestion : std::uint8_t { keep, look, revoke };
std::string_view to_text(Suggestion suggestion);

struct Recommendation {
  Suggestion suggestion = Suggestion::look;
  std::vector<std::string> because;  // sentences, the weightiest first; never empty
};
inline constexpr std::int64_t recent_days = 7;    // given within so many days is worth a look
inline constexpr std::int64_t waiting_days = 30;  // an invitation that waits longer is forgotten
inline constexpr std::size_t peers_min = 3;       // fewer peers say nothing
Recommendation recommend(const HoldFacts& facts);

}  // namespace tenure::projections
