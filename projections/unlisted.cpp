#include "projections/unlisted.h"

#include <algorithm>
#include <limits>

#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr char unlisted_tag = 'n';  // among the rows of what only the records tell (finding_rows.h)

std::string thing_key(OrgNumber org, Number thing) {
  std::string key = row_key(org, Row::finding);
  key += unlisted_tag;
  put_u32(key, thing);
  return key;
}

bool is_listed(const std::vector<Interval>& listed, List list) {
  const auto first = std::lower_bound(listed.begin(), listed.end(), list,
                                      [](const Interval& i, List sought) { return i.list < sought; });
  return first != listed.end() && first->list == list;
}

bool is_of_thing(ListKind kind) {
  switch (kind) {
    case ListKind::holders:
    case ListKind::children:
    case ListKind::group_members:
    case ListKind::assigned:
    case ListKind::grants_on:
    case ListKind::grants_of:
      return true;
    default:
      return false;
  }
}

// The lists that have the holder where a slot of theirs is a link. Of invitations one list has them all.
template <class EachList>
void lists_of(const Entry& entry, const EachList& each) {
  if (entry.op != Op::set && entry.op != Op::clear) return;
  switch (entry.slot.kind) {
    case SlotKind::role:
      return each(List{ListKind::holders, entry.value});
    case SlotKind::parent:
      return each(List{ListKind::children, entry.value});
    case SlotKind::group:
      return each(List{ListKind::group_members, entry.slot.a});
    case SlotKind::assigned:
      return each(List{ListKind::assigned, entry.slot.a});
    case SlotKind::grant:
      each(List{ListKind::grants_on, entry.slot.a});
      return each(List{ListKind::grants_of, entry.slot.b});
    default:
      return;
  }
}

}  // namespace

void note_unlisted(ViewWriter& views, OrgNumber org, Number holder, const std::vector<Entry>& entries,
                   const std::vector<Interval>& before, const std::vector<Interval>& listed) {
  std::vector<Number> things;
  for (const Interval& interval : before) {
    if (is_of_thing(interval.list.kind) && !is_listed(listed, interval.list)) things.push_back(interval.list.of);
  }
  for (const Entry& entry : entries) {
    lists_of(entry, [&](List list) {
      if (list.of == 0 || is_listed(listed, list)) return;
      if (entry.counts(std::numeric_limits<std::uint64_t>::max())) things.push_back(list.of);
    });
  }
  if (things.empty()) return;
  std::sort(things.begin(), things.end());
  things.erase(std::unique(things.begin(), things.end()), things.end());
  for (const Number thing : things) {
    std::string key = thing_key(org, thing);
    put_u32(key, holder);
    views.put(std::move(key), {});
  }
}

Outcome<std::vector<Number>> unlisted_holders(storage::ViewReader& views, OrgNumber org, Number thing) {
  std::vector<Number> holders;
  const std::string from = thing_key(org, thing);
  bool good = true;
  const auto done =
      views.scan(from, from + std::string(sizeof(Number) + 1, '\xff'), [&](std::string_view key, std::string_view) {
        good = key.size() == from.size() + sizeof(Number);
        if (good) holders.push_back(take_u32(key, from.size()));
        return good;
      });
  if (!done) return done.error();
  if (!good) {
    return fail(FailureCode::corruption, "a row of what no list tells in organization " + std::to_string(org) +
                                             " cannot be read; run `tenure rebuild`");
  }
  return holders;
}

}  // namespace tenure::projections
