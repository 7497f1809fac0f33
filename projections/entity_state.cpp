#include "projections/entity_state.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tenure::projections {

bool Entry::counts(std::uint64_t known) const {
  if (at.position > known) return false;
  std::size_t turns = 0;
  for (const std::uint64_t position : retractions) turns += position <= known;
  return turns % 2 == 0;
}

namespace {

auto lower(std::vector<Live>& live, Slot slot) {
  return std::lower_bound(live.begin(), live.end(), slot, [](const Live& l, Slot s) { return l.slot < s; });
}

}  // namespace

const Live* EntityState::find(Slot slot) const {
  const auto it = std::lower_bound(live.begin(), live.end(), slot, [](const Live& l, Slot s) { return l.slot < s; });
  return it != live.end() && it->slot == slot ? &*it : nullptr;
}

std::pair<const Live*, const Live*> EntityState::of_kind(SlotKind kind) const {
  const auto first =
      std::lower_bound(live.begin(), live.end(), kind, [](const Live& l, SlotKind k) { return l.slot.kind < k; });
  const auto last =
      std::upper_bound(first, live.end(), kind, [](SlotKind k, const Live& l) { return k < l.slot.kind; });
  return {live.data() + (first - live.begin()), live.data() + (last - live.begin())};
}

void EntityState::set(const Entry& entry, Slot slot, Number value) {
  const auto it = lower(live, slot);
  if (it != live.end() && it->slot == slot) {
    const Point since = it->value == value ? it->since : entry.at;
    *it = {slot, value, entry.at, since};
  } else {
    live.insert(it, {slot, value, entry.at, entry.at});
  }
}

std::optional<Invitation> EntityState::invitation(Instant at) const {
  std::optional<Invitation> latest;
  const auto [first, last] = of_kind(SlotKind::invited);
  for (const Live* l = first; l != last; ++l) {
    Invitation found{l->at, l->value, {}, Instant::max()};
    const auto [e, e_last] = of_kind(SlotKind::expires);
    for (const Live* x = e; x != e_last; ++x) {
      if (x->at != l->at) continue;
      found.expires_at.us = static_cast<std::int64_t>(static_cast<std::uint64_t>(x->slot.b) << 32 | x->value);
    }
    if (found.expires_at <= at || (latest && found.at < latest->at)) continue;
    const auto [g, g_last] = of_kind(SlotKind::invited_group);
    for (const Live* x = g; x != g_last; ++x) {
      if (x->at == l->at) found.groups.push_back(x->slot.a);
    }
    latest = std::move(found);
  }
  return latest;
}

std::optional<Invitation> EntityState::taken_by_acceptance(Instant at) const {
  auto pending = invitation(at);
  return pending ? pending : invitation(Instant::min());
}

namespace {

Slot by_invitation(std::uint64_t acceptance) {
  return {SlotKind::by_invitation, static_cast<Number>(acceptance >> 32), static_cast<Number>(acceptance)};
}

}  // namespace

std::optional<Point> EntityState::invitation_behind(Point acceptance) const {
  const Live* taken = find(by_invitation(acceptance.position));
  return taken ? std::optional(taken->at) : std::nullopt;
}

namespace {

bool of_invitation(SlotKind kind) {
  return kind == SlotKind::invited || kind == SlotKind::invited_group || kind == SlotKind::expires ||
         kind == SlotKind::invited_by;
}

}  // namespace

void EntityState::accept(const Entry& entry) {
  // The member exists from here on even if no invitation is known: the acceptance is the fact.
  const auto taken = taken_by_acceptance(Instant{entry.at.us});
  const bool is_new = !exists();
  Number inviter = 0;
  const auto [first, last] = of_kind(SlotKind::invited_by);
  for (const Live* l = first; taken && l != last; ++l) {
    if (l->at == taken->at) inviter = l->value;
  }
  std::erase_if(live, [](const Live& l) { return of_invitation(l.slot.kind); });
  set(entry, {SlotKind::exists}, 0);
  if (!taken) return;
  // What stands at the invitation's own point: who may be asked about it, and how the inviter stood then.
  Entry invited;
  invited.at = taken->at;
  set(invited, by_invitation(entry.at.position), 0);
  if (is_new && inviter != 0) {
    set(invited, {SlotKind::came_by}, inviter);
    set(invited, {SlotKind::brought_by}, inviter);
    std::erase_if(live, [](const Live& l) { return l.slot.kind == SlotKind::enabled_in; });
  }
  if (taken->role != 0) set(entry, {SlotKind::role}, taken->role);
  for (const Number group : taken->groups) set(entry, {SlotKind::group, group}, 0);
}

void EntityState::apply(const Entry& entry) {
  switch (entry.op) {
    case Op::set:
      return set(entry, entry.slot, entry.value);
    case Op::clear: {
      const auto it = lower(live, entry.slot);
      if (it != live.end() && it->slot == entry.slot) live.erase(it);
      return;
    }
    case Op::clear_kind:
      std::erase_if(live, [&](const Live& l) { return l.slot.kind == entry.slot.kind; });
      return;
    case Op::end: {
      const bool keep_endings = entry.slot.b != 0;
      std::erase_if(live, [&](const Live& l) {
        const bool stays =
            of_invitation(l.slot.kind) || l.slot.kind == SlotKind::model || l.slot.kind == SlotKind::mode;
        return !stays && (l.slot.kind != SlotKind::ended || !keep_endings);
      });
      const Slot ended{SlotKind::ended, keep_endings ? static_cast<Number>(entry.at.position >> 32) : 0,
                       keep_endings ? static_cast<Number>(entry.at.position) : 0};
      return set(entry, ended, entry.value);
    }
    case Op::accept:
      return accept(entry);
    case Op::reset_role: {
      const Live* base = find({SlotKind::based_on});
      const bool based = base && base->value != 0;
      std::erase_if(live, [&](const Live& l) {
        return l.slot.kind == SlotKind::edited_grant || (based && l.slot.kind == SlotKind::created_grant);
      });
      return;
    }
  }
}

namespace {

void put_point(std::string& out, Point at, Point base) {
  put_signed(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(at.us) - static_cast<std::uint64_t>(base.us)));
  put_signed(out, static_cast<std::int64_t>(at.position - base.position));
}

Point take_point(Reader& in, Point base) {
  Point at;
  at.us =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(base.us) + static_cast<std::uint64_t>(in.signed_varint()));
  at.position = base.position + static_cast<std::uint64_t>(in.signed_varint());
  return at;
}

void put_slot(std::string& out, Slot slot, Number value) {
  out += static_cast<char>(slot.kind);
  put_varint(out, slot.a);
  put_varint(out, slot.b);
  put_varint(out, value);
}

Slot take_slot(Reader& in, Number& value) {
  Slot slot;
  slot.kind = static_cast<SlotKind>(in.varint());
  slot.a = in.number();
  slot.b = in.number();
  value = in.number();
  return slot;
}

constexpr Point epoch{0, 0};

}  // namespace

GrowingChunk::GrowingChunk(const Chunk& chunk) : carried_(chunk.carry.size()), base_(epoch) {
  put_varint(bytes_, carried_);
  for (const Live& l : chunk.carry) {
    put_slot(bytes_, l.slot, l.value);
    put_point(bytes_, l.at, base_);
    put_point(bytes_, l.since, l.at);
    base_ = l.at;
  }
  for (const Entry& e : chunk.entries) add(e);
}

void GrowingChunk::add(const Entry& entry) {
  put_varint(bytes_, entries_);
  bytes_ += static_cast<char>(entry.op);
  put_slot(bytes_, entry.slot, entry.value);
  put_point(bytes_, entry.at, base_);
  put_varint(bytes_, entry.retractions.size());
  for (const std::uint64_t position : entry.retractions) put_varint(bytes_, position);
  base_ = entry.at;
  ++entries_;
}

std::string Chunk::encode() const { return GrowingChunk(*this).encoded(); }

namespace {

// The carried slots; the point that the first entry is relative to.
Point take_carry(Reader& in, std::vector<Live>& carry) {
  Point base = epoch;
  for (std::uint64_t n = in.varint(); n > 0 && in.good; --n) {
    Live& l = carry.emplace_back();
    l.slot = take_slot(in, l.value);
    l.at = take_point(in, base);
    l.since = take_point(in, l.at);
    base = l.at;
  }
  return base;
}

// The entry of that number: any other means that a part of the row is missing or there twice.
void take_entry(Reader& in, std::uint64_t number, Point base, Entry& e) {
  if (in.varint() != number) in.good = false;
  e.op = static_cast<Op>(in.varint());
  e.slot = take_slot(in, e.value);
  e.at = take_point(in, base);
  e.retractions.clear();
  for (std::uint64_t r = in.varint(); r > 0 && in.good; --r) e.retractions.push_back(in.varint());
}

// Folds the entries as known now, up to a point; where the last of them is, and how many they are.
std::pair<Point, std::uint64_t> fold_entries(Reader& in, Point base, Point at, EntityState& state) {
  Entry entry;
  std::uint64_t count = 0;
  for (; !in.rest.empty() && in.good; ++count) {
    take_entry(in, count, base, entry);
    if (!in.good || entry.at > at) break;
    if (entry.retractions.size() % 2 == 0) state.apply(entry);
    base = entry.at;
  }
  return {base, count};
}

}  // namespace

bool state_in_chunk(std::string_view bytes, Point at, EntityState& state) {
  Reader in{bytes};
  state.live.clear();
  const Point base = take_carry(in, state.live);
  (void)fold_entries(in, base, at, state);
  return in.good;
}

bool GrowingChunk::read(std::string_view bytes, EntityState& state) {
  Reader in{bytes};
  state.live.clear();
  const Point carried = take_carry(in, state.live);
  carried_ = state.live.size();
  bytes_ = bytes;
  std::tie(base_, entries_) = fold_entries(in, carried, Point::never(), state);
  return in.good;
}

bool Chunk::decode(std::string_view bytes, Chunk& chunk) {
  Reader in{bytes};
  chunk.carry.clear();
  chunk.entries.clear();
  Point base = take_carry(in, chunk.carry);
  while (!in.rest.empty() && in.good) {
    Entry& e = chunk.entries.emplace_back();
    take_entry(in, chunk.entries.size() - 1, base, e);
    base = e.at;
  }
  return in.good;
}

}  // namespace tenure::projections
