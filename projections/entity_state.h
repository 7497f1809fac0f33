// The fold of one entity: what a member, group, role, resource or the organization itself has at a
// point, from its own events alone.
//
// An entity's history is a list of entries in order of Point. Each entry sets or clears a slot ("has
// role", "is in group 7", "holds role 3 on resource 9"), or ends the entity, which clears every slot.
// A link between two entities stands in the timeline of the one that holds it (a membership with the member, a
// grant with its principal); whether the other end exists, and has not ended since, is asked when the
// question is (access.cpp). So a late event changes one timeline, and creation never has to clear anything.
//
// Plain values; no I/O; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "projections/layout.h"

namespace tenure::projections {

enum class SlotKind : std::uint8_t {
  exists = 1,
  role = 2,            // value: role
  group = 3,           // a: group
  grant = 4,           // a: scope, b: role
  assigned = 5,        // a: scope (a resource)
  disabled = 6,        // a: area, 0 for everywhere
  invited = 7,         // a, b: position of the invitation; value: role or 0
  invited_group = 8,   // a: group, b: low half of the invitation's position
  parent = 9,          // value: group or resource
  setting = 10,        // a: setting, value: value
  feature = 11,        // a: feature, value: 0 off, 1 on
  model = 12,          // value: model
  based_on = 13,       // value: role, 0 for none
  created_grant = 14,  // a: permission, value: level
  edited_grant = 15,   // a: permission, value: level
  ended = 16,          // when it ended last; roles keep every ending (a, b: position), value: reassign_to
  mode = 17,           // value: 0 observe, 1 enforce
  expires = 18,        // a: low half of the invitation's position, b and value: the instant's bits
  invited_by = 19,     // a: low half of the invitation's position; value: the member who invited
  came_by = 20,        // the same as brought_by, until the member is enabled: how that one was disabled is shared
  enabled_in = 21,     // a: area in which the member was enabled since they came
  created = 22,        // a: scope (a resource) that the member added
  duty = 23,           // a: 0 the first, 1 the second; b: permission; value: level
  about_kind = 24,     // value: scope "kind:*", where a separation-of-duties rule is about one resource at a time
  closed = 25,         // a finding that somebody closed
  brought_by = 26,     // value: the member whose invitation made this one a member, at that invitation's point
  named = 27,          // value: the name that people see, of a custom role or a group
  by_invitation = 28,  // a, b: position of an acceptance; stands at the point of the invitation that it took
};

struct Slot {
  SlotKind kind = SlotKind::exists;
  Number a = 0;
  Number b = 0;
  auto operator<=>(const Slot&) const = default;
};

enum class Op : std::uint8_t {
  set = 1,
  clear = 2,
  clear_kind = 3,  // every slot of the kind
  end = 4,         // clears everything but invitations, model and mode; b of the slot: 1 to keep every ending (roles)
  accept = 5,      // an invitation, if there is any (taken_by_acceptance), becomes membership, role and groups
  reset_role = 6,  // edits go, and what was granted beside the base
};

struct Entry {
  Point at;
  Op op = Op::set;
  Slot slot;
  Number value = 0;
  // Positions of the retractions of this event, and of their retractions: it counts as known at k if an even
  // number of them is at or below k.
  std::vector<std::uint64_t> retractions;

  bool counts(std::uint64_t known) const;
};

// A slot that is set.
struct Live {
  Slot slot;
  Number value = 0;
  Point at;     // the latest event that set it
  Point since;  // the first of an unbroken run of events that set it to this value
};

// An invitation that waits for an answer.
struct Invitation {
  Point at;
  Number role = 0;
  std::vector<Number> groups;
  Instant expires_at = Instant::max();
};

struct EntityState {
  std::vector<Live> live;  // sorted by slot

  const Live* find(Slot slot) const;
  bool exists() const { return find({SlotKind::exists}) != nullptr; }
  // The slots of one kind, in order.
  std::pair<const Live*, const Live*> of_kind(SlotKind kind) const;

  // The latest invitation that has not run out at an instant.
  std::optional<Invitation> invitation(Instant at) const;
  // The one that an acceptance at an instant takes: the same, or where all have run out the latest of them. The
  // platform let them in, and to answer that they got nothing by it could understate what they could do.
  std::optional<Invitation> taken_by_acceptance(Instant at) const;
  // The invitation that an acceptance took, which whatever came by it rests on; nothing for any other event.
  std::optional<Point> invitation_behind(Point acceptance) const;

  void apply(const Entry& entry);

 private:
  void set(const Entry& entry, Slot slot, Number value);
  void accept(const Entry& entry);
};

// The state at a point within a chunk's bytes, as known now. False when the bytes are not a chunk.
bool state_in_chunk(std::string_view bytes, Point at, EntityState& state);

// A stretch of entries with the state that was there before it. Each entry's bytes begin with its number, so that what
// was added twice or not at all is damage, and no other history.
struct Chunk {
  std::vector<Live> carry;
  std::vector<Entry> entries;  // sorted by point

  std::string encode() const;
  // False when the bytes are not a chunk.
  static bool decode(std::string_view bytes, Chunk& chunk);
};

// A chunk that grows at its end, as the bytes it has on disk: what is there is not encoded again when an entry comes,
// and nothing of it is kept decoded. What an entry adds goes behind all others' bytes.
class GrowingChunk {
 public:
  GrowingChunk() : GrowingChunk(Chunk{}) {}
  explicit GrowingChunk(const Chunk& chunk);
  // From bytes, with the state at their end, as known now. False when the bytes are not a chunk.
  bool read(std::string_view bytes, EntityState& state);

  // O(1); the entry comes behind all others.
  void add(const Entry& entry);
  // What `Chunk::encode` would answer. Good until the next change.
  const std::string& encoded() const { return bytes_; }
  std::uint64_t carried() const { return carried_; }
  std::uint64_t entries() const { return entries_; }
  // Where the last entry is, if there is one.
  Point last() const { return base_; }

 private:
  std::string bytes_;
  std::uint64_t carried_ = 0, entries_ = 0;
  Point base_;  // what the next entry's point is written relative to
};

}  // namespace tenure::projections
