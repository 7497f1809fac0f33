// What an access review is about: everybody's holds on powers at one point, as known at one position.
//
// A hold is a direct role, a membership of a group, a role granted on a scope, or a pending invitation; of members and
// of people who are none and hold something all the same. The population of a review is every hold that its
// definition's scope takes in, in order of member, kind and what is held: the same point, knowledge and scope always
// give the same list, from live views and from rebuilt ones alike, and so does its digest.
//
// A hold's id is 20 hex digits made of subject, kind and names, the same in every review. Its state is 16 hex digits
// made of what the hold gives (the role's cells under the model in force, and whether the features they need are on; of
// a group all that it and those above it give), of where its holder is disabled, of what is assigned to them if a cell
// depends on that, and of the events since which all of it stands, so that any change of what a reviewer saw changes
// it. Positions and names go in, never the views' numbers or anybody's identity.
//
// Who is no member holds what will count once they are one: their groups, and grants whether or not the model lets
// those count for outsiders. A role is a member's; an invitation is a hold until whoever was invited is a member, or it
// runs out. What everyone has is nobody's hold, since revoking no hold takes it.
//
// One thread. Errors stick in the facts of `access`: ask for them after the last answer. Complexity: of a population,
// everybody who was ever named and what they hold; of a state, what the member holds, once roles and groups are known.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "events/review/definition.h"
#include "projections/access.h"

namespace tenure::projections {

struct Hold {
  Number member = 0;
  review::HoldKind kind = review::HoldKind::role;
  Number of = 0;    // the role, the group or the scope; of an invitation its role, 0 for none
  Number role = 0;  // of a grant: the role that is granted
  Point since;      // the event since which it stands without a break
  auto operator<=>(const Hold&) const = default;
};

// What was known at an earlier look: up to a position, about times up to an instant.
struct EarlierLook {
  Instant at;
  std::uint64_t known = 0;
  // Whether an event was known and in force.
  bool saw(Point event) const { return event.position <= known && event.us <= at.us; }
};

// A member whom open findings are about, and of which kinds. Asked only where the scope speaks of findings; for a list
// of all that is in scope once of everybody who holds something and is among the scope's members, in order.
using HasFinding = std::function<bool(Number member, const std::vector<std::string>& kinds)>;
// Whether the last review of the definition certified a hold in this state. Asked only where the scope wants changes.
using Certified = std::function<bool(const std::string& id, const std::string& state)>;

class Holds {
 public:
  // `at`: the instant of the question, by which invitations run out; the facts' own point may be an earlier one, where
  // nothing was known of the time between.
  Holds(Access& access, Instant at) : access_(access), at_(at) {}

  Access& access() { return access_; }
  Instant at() const { return at_; }

  // Everything that somebody holds, in order; nothing for somebody who holds nothing.
  std::vector<Hold> of(Number member);
  // The hold as it is now, by what it is a hold of: its state, or empty if it is gone.
  std::string state(const Hold& hold);
  // The same hold, with the event since which it stands now; nothing if it is gone.
  std::optional<Hold> now(const Hold& hold);
  // What has become of a hold since an earlier look: the same, or what came in its place after that: another role of
  // the member, the role of whoever accepted the invitation (without one, the first group of theirs by name), the
  // newest other role on the same scope. Nothing if it is gone.
  std::optional<Hold> become(const Hold& hold, const EarlierLook& earlier);
  // The roles on a scope that were granted to a member since an earlier look, the newest first.
  std::vector<Hold> granted_since(Number member, Number scope, const EarlierLook& earlier);
  // The state of a hold as `of` or `become` answers it.
  std::string state_of(const Hold& hold);
  std::string id(const Hold& hold);

  struct Found {
    Hold hold;
    std::string id, state;
  };
  // All that is in scope, in order. Ends early with a refusal past `most`. A name that the organization does not know
  // matches nothing; where it is open whether a list takes a hold in, it does.
  Decided<std::vector<Found>> in_scope(const review::ReviewScope& scope, std::size_t most,
                                       const HasFinding& has_finding, const Certified& certified);
  // Whether the scope takes a hold in, which stands at this point; findings and certificates are not looked at. The
  // scope outlives this.
  bool takes(const review::ReviewScope& scope, const Hold& hold);
  // The roles that the hold gives, each with the scope it is on: the path that a reviewer is shown.
  struct Gives {
    Number role = 0;
    Number scope = 0;  // 0: the whole organization
    Number by = 0;     // the group that gives it, 0 for the hold itself
    Point since;
  };
  std::vector<Gives> gives(const Hold& hold);
  // The groups that the hold is of or invites into, and those above them that hand down what they have; each once.
  std::vector<Number> groups(const Hold& hold);
  // What decides how far a hold goes, beside what it gives; all of it is part of its state.
  static constexpr std::string_view everywhere = "everywhere";
  struct Limits {
    std::vector<std::string> disabled;   // where the holder is: `everywhere` or areas, in order
    std::set<std::string> features_off;  // of those that what it gives needs
    bool where_assigned = false;         // some of what it gives, it gives only on what is assigned to the holder;
    bool unless_assigned = false;        // some, on everything until something of the kind is assigned,
    bool has_assigned = false;           // as is the case, by others or by having added it
    std::vector<std::string> assigned;   // by others, in order; where any of it goes by that
  };
  Limits limits(const Hold& hold);
  bool asks_assignments(const Hold& hold);
  // The features that must be on for all that it gives to count, those that an event ever spoke of.
  std::set<Number> features(const Hold& hold);
  // What many holds have in common is read once: every entry of an entity's history, whether or not it counts; who is
  // in a group now, empty where it has more members than that.
  const std::vector<Entry>& history(Number entity);
  const std::vector<Number>& members_of_small(Number group, std::size_t most);
  // The level that the hold gives of a permission at most, on anything; 0 for none. Before anything is cut.
  LevelIndex level(const Hold& hold, PermissionIndex permission);

 private:
  // What being in a group gives, and a digest of it and of the events that made it so.
  struct GroupGives {
    std::vector<Gives> gives;
    std::string digest;
  };
  // What a role says now, and what beside it decides how far that goes.
  struct RoleWord {
    std::string digest;
    std::set<Number> features;
    std::set<std::string> features_off;
    bool where_assigned = false;
    std::set<std::string> unless_assigned;  // kinds of resources
    bool asks_assignments() const { return where_assigned || !unless_assigned.empty(); }
  };

  std::optional<Hold> role_of(Number member);
  std::optional<Hold> group_of(Number member, const Live& link);
  std::optional<Hold> grant_of(Number member, const Live& link);
  std::optional<Hold> invitation_of(Number member);
  std::optional<Hold> group_given_since(Number member, const EarlierLook& earlier);
  std::vector<Number> invited_groups(Number member);
  // What a hold of a group gives is kept; of any other it is put into `own`.
  const std::vector<Gives>& gives(const Hold& hold, std::vector<Gives>& own);
  const GroupGives& group_gives(Number group);
  void add_group(Number group, std::vector<Gives>& gives);
  LevelIndex level(const std::vector<Gives>& gives, PermissionIndex permission);
  const RoleWord& word_of(Number role);
  std::vector<std::string> disabled(Number member);
  struct Assigned {
    std::string resource;
    Point since;
    auto operator<=>(const Assigned&) const = default;
  };
  std::vector<Assigned> assigned_to(Number member);
  // Of the kinds that the hold gives all of while nothing is assigned: those of which something is.
  std::set<std::string> narrowed(const Hold& hold);
  const std::string& name(Number number);

  class Scope;  // of one review, looked up once (scope.cpp)

  Access& access_;
  Instant at_;
  std::shared_ptr<Scope> scope_;  // the last that was asked about
  std::unordered_map<Number, RoleWord> words_;
  std::unordered_map<Number, GroupGives> groups_;
  std::unordered_map<Number, std::vector<Entry>> histories_;
  std::map<std::pair<Number, std::size_t>, std::vector<Number>> small_groups_;
};

// The SHA-256 (hex) over ids and states, in order: what review.opened carries of the population.
std::string population_digest(const std::vector<Holds::Found>& found);

}  // namespace tenure::projections
