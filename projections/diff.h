// What changed in who can do what, between two instants or between two states of knowledge, and which event made each
// change.
//
// A diff compares two sides: the same organization at two points as known at one position, or at one point as known
// at two. Its rows are net: who gained a power and lost it again in between has none. A row names the event that
// brought what the second side has: the member's own, or one that reached them through a group, a role's definition, a
// setting, a feature, a resource or the model.
//
// For each permission the rows are of three grains. `overall` compares what the member holds on at least one resource,
// as every answer without a resource does, with its reach. Where the permission is about a kind of resource, `every`
// compares the level held on every resource of the kind, and `one` the level on a single one. A resource that has no
// row went as `every` did; one that did not is told, also if its level was kept.
//
// Only members whose answer may differ are asked: those with a link that changed in between, and those whom a changed
// group, role, resource or organization reaches. tests/properties proves that nobody is left out.
//
// One thread. Errors stick in the facts of both sides: ask for both after the last answer. Complexity: the links there
// are on both sides, however much lies between, and the groups, roles and resources; then, for each member asked,
// permissions times an evaluation, and for each member with a row the events that bear on them in between.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "projections/access.h"

namespace tenure::projections {

// Both sides of a comparison.
struct Sides {
  Access before, after;
  // Set where the sides are one point as known at two positions: the facts at that point as known at a position
  // between. Not set: the sides are two points at one knowledge.
  std::function<Outcome<Facts>(std::uint64_t known)> as_known_at;

  std::optional<Failure> failure() {
    return before.facts().failure() ? before.facts().failure() : after.facts().failure();
  }
};

struct DiffQuestion {
  std::optional<Number> member;
  std::optional<PermissionId> permission;
  std::optional<ResourceId> resource;  // what is held on this one, and nothing else
  bool only_overall = false;           // without what is held on single resources
  // Where the sides are just before one event and just with it: its position, and the entities that it changed.
  struct OneEvent {
    std::uint64_t position = 0;
    std::vector<Number> entities;
    bool turned = false;  // it was retracted, or counts again: the sides may differ at earlier instants, too
  };
  std::optional<OneEvent> event;
  std::optional<std::uint64_t> cause;               // only what this event brought
  std::optional<std::unordered_set<Number>> among;  // only these members
  bool only_whether = false;                        // whether there is any row: of the first member with one
  // Called before each thousand members; what it throws ends the diff.
  std::function<void()> meanwhile;
};

enum class Difference : std::uint8_t { gained, lost, raised, lowered, kept };
std::string_view to_text(Difference difference);

enum class Grain : std::uint8_t { overall, asked, every, one };

// What is held: a level of the model in force on that side.
struct Power {
  std::string_view level;  // of the model, which lives as long as the program
  LevelIndex index = 0;
  Reach reach = Reach::listed;
};

// A permission that either side's model has.
struct ComparedPermission {
  PermissionId id;
  std::string kind;  // of resource that it is about, on the second side if it is there
  std::optional<PermissionIndex> before, after;
};

struct DiffRow {
  Number member = 0;
  std::uint16_t permission = 0;  // into Diff::permissions
  Grain grain = Grain::overall;
  Number resource = 0;  // of grain `one`
  Difference difference = Difference::kept;
  Power before, after;
  // The position of the event that brought `after`; where it was kept all the time, of the one that changed what is
  // held on every other resource.
  std::uint64_t cause = 0;
};

struct Diff {
  std::vector<ComparedPermission> permissions;
  std::vector<DiffRow> rows;  // by member, permission, grain, resource
  bool too_many = false;      // there are more than diff_rows_max of those that are asked for
  std::size_t compared = 0;   // members: what it cost
  // What went wrong between the sides; what went wrong on them is their own to say.
  std::optional<Failure> failure;
};

// So that no question takes all memory: some 100 MB of rows.
inline constexpr std::size_t diff_rows_max = 1'000'000;

Diff diff_of(Sides& sides, const DiffQuestion& question);

// ---- the parts, for other projections and for tests ----------------------------------------------

// Members who may stand otherwise on the two sides: all of whom anything differs and some more.
struct MembersToCompare {
  std::vector<Number> fully;  // in order of number
  // Whom only a feature or a setting may have touched: everybody else, for these permissions alone.
  std::vector<Number> partly;
  std::vector<PermissionId> permissions;
};
// `event`: which one the sides differ by, where it is one.
MembersToCompare members_to_compare(Sides& sides, const std::optional<DiffQuestion::OneEvent>& event = {});
// The same diff of some of them, so that several threads may each compare a part, on sides of its own; and all parts
// together, the first with more of them behind it.
Diff diff_of(Sides& sides, const DiffQuestion& question, const MembersToCompare& members);
Diff together(std::vector<Diff> parts);

// Adds to some permissions, by their index, those that need one of them or count for less without.
void add_what_hangs_on(const AccessModel& model, std::vector<bool>& turned);

// One thing that is compared of one member.
struct Compared {
  const ComparedPermission* permission = nullptr;
  Grain grain = Grain::overall;
  std::optional<ResourceId> resource;
};
Power power_of(Access& access, Number member, const Compared& compared);
// Whether two powers are the same thing held; `overall` tells reaches apart, the others do not.
bool same_power(const Power& a, const Power& b, Grain grain);

// Finds the events between the sides that brought what the second side has.
class Causes {
 public:
  explicit Causes(Sides& sides) : sides_(sides) {}

  struct Sought {
    Compared compared;
    Power after;
    std::uint64_t* cause = nullptr;  // where the position is put
    // The first side has it, too: it is told only what brought it again after it was lost, and nothing else.
    bool kept = false;
  };
  // All that is sought of one member; `resource` is one asked about, 0 for none.
  void find(Number member, Number resource, std::vector<Sought> sought);
  const std::optional<Failure>& failure() const { return failure_; }

  // A moment between the sides: an instant, or a position that became known; events of one instant stand apart by
  // position.
  struct Step {
    std::int64_t moment = 0;
    std::uint64_t position = 0;
    bool shared = false;  // bears on many members
    auto operator<=>(const Step&) const = default;
  };
  // Every event between the sides that may bear on a member, in order, and on a resource asked about (0 for none).
  std::vector<Step> steps_of(Number member, Number resource);

 private:
  // What one entity's history says of others.
  struct Bearing {
    std::vector<Step> steps;
    std::vector<Number> links;
  };

  Bearing bearing_of(Number entity);
  void add_steps(Number entity, bool shared, Bearing& bearing);
  void add_links(Number entity, Bearing& bearing);
  void follow(Slot slot, Number value, Point at, std::vector<Number>& links);
  // As it was just before a moment, or with one event of it.
  Access before_moment(std::int64_t moment);
  Access with_event(const Step& step);
  Access& kept_before(const Step& step);
  Access access_over(Outcome<Facts> facts);
  bool holds(Access& access, Number member, const Sought& sought);
  void resolve(Number member, const Sought& sought, const Step* first, const Step* last);

  Sides& sides_;
  std::unordered_map<Number, Bearing> shared_;
  std::map<std::int64_t, std::unique_ptr<Access>> kept_;
  std::unique_ptr<Access> last_;  // the newest of those not kept
  std::optional<Failure> failure_;
};

}  // namespace tenure::projections
