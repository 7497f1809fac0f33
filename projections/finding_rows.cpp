#include "projections/finding_rows.h"

#include <algorithm>
#include <map>
#include <utility>

#include "projections/directory.h"
#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

std::string kind_key(OrgNumber org, Told kind) {
  std::string key = row_key(org, Row::finding);
  key += static_cast<char>(kind);
  return key;
}

std::string told_key(OrgNumber org, Told kind, Point at, Number entity) {
  std::string key = kind_key(org, kind);
  put_time(key, at.us);
  put_u64(key, at.position);
  put_u32(key, entity);
  return key;
}

std::string told_value(std::uint64_t value) {
  std::string out;
  put_varint(out, value);
  return out;
}

constexpr std::size_t key_tail_bytes = 20;  // time, position, entity

// Who gains by an event: nobody where a group or everyone does.
struct Gains {
  const Person* operator()(const event::OrgCreated& e) const { return e.owner ? &*e.owner : nullptr; }
  const Person* operator()(const event::MemberInvited& e) const { return &e.member; }
  const Person* operator()(const event::InvitationAccepted& e) const { return &e.member; }
  const Person* operator()(const event::MemberAdded& e) const { return &e.member; }
  const Person* operator()(const event::MemberEnabled& e) const { return &e.member; }
  const Person* operator()(const event::MemberRoleChanged& e) const { return &e.member; }
  const Person* operator()(const event::OwnershipTransferred& e) const { return &e.to; }
  const Person* operator()(const event::GroupMemberAdded& e) const { return &e.member; }
  const Person* operator()(const event::AssignmentAdded& e) const { return &e.member; }
  const Person* operator()(const event::RoleGranted& e) const {
    return e.principal.kind == Principal::Kind::member ? &e.principal.member : nullptr;
  }
  template <class Other>
  const Person* operator()(const Other&) const {
    return nullptr;
  }
};

// Of an attempt that was refused nobody approved anything.
std::uint8_t approved_own(const Event& event) {
  if (!event.approved_by || !event.approved_by->is_person()) return 0;
  if (std::holds_alternative<event::ActionDenied>(event.data)) return 0;
  const SubjectId& approver = event.approved_by->who.subject;
  std::uint8_t own = 0;
  if (event.actor.is_person() && event.actor.who.subject == approver) own |= approved_own_act;
  const Person* gains = std::visit(Gains{}, event.data);
  if (gains && gains->subject == approver) own |= approved_own_gain;
  return own;
}

// Whether the same link begins again at the point where an interval ended.
bool given_on(const Interval& ended, const std::vector<Interval>& all) {
  Interval from;
  from.list = ended.list;
  from.principal = ended.principal;
  from.extra = ended.extra;
  from.open = ended.close;
  from.close = from.link = from.since = Point{};
  const auto next = std::lower_bound(all.begin(), all.end(), from);
  return next != all.end() && next->list == ended.list && next->principal == ended.principal &&
         next->extra == ended.extra && next->open == ended.close;
}

// Whether a role is one that events imply without naming it (access_fold.h).
Outcome<bool> is_implied(storage::ViewReader& views, OrgNumber org, Number role) {
  const auto named = name_of(views, org, role);
  if (!named) return named.error();
  return !named->name.empty() && named->name.front() == '\x01';
}

}  // namespace

bool is_power(ListKind list) {
  return list == ListKind::holders || list == ListKind::group_members || list == ListKind::grants_of ||
         list == ListKind::assigned || list == ListKind::children;
}

Outcome<void> note_record(ViewWriter& views, OrgNumber org, const Record& record, const NumberOfPerson& number) {
  const bool violates = record.verdict.result == VerdictResult::violation;
  const std::uint8_t own = approved_own(record.event);
  if (!violates && own == 0) return {};
  const Point at{record.event.occurred_at->us, record.position.value};
  if (violates) {
    const auto actor = record.event.actor.is_person() ? number(record.event.actor.who) : Outcome<Number>(Number{0});
    if (!actor) return actor.error();
    views.put(told_key(org, Told::violation, at, *actor), told_value(0));
  }
  if (own != 0) {
    const auto approver = number(record.event.approved_by->who);
    if (!approver) return approver.error();
    views.put(told_key(org, Told::own_approval, at, *approver), told_value(own));
  }
  return {};
}

void note_learnt(ViewWriter& views, OrgNumber org, std::int64_t occurred_us, Position position) {
  views.put(told_key(org, Told::learnt, Point{occurred_us, position.value}, 0), told_value(0));
}

std::vector<Interval> memberships(const std::vector<Interval>& intervals) {
  std::vector<Interval> there;
  for (const Interval& i : intervals) {
    if (i.list.kind == ListKind::members) there.push_back(i);
  }
  return there;
}

void add_grants_while_there(const std::vector<Interval>& memberships, std::vector<Interval>& intervals) {
  std::vector<Interval> added;
  for (const Interval& grant : intervals) {
    if (grant.list.kind != ListKind::grants_of) continue;
    for (const Interval& membership : memberships) {
      Interval both = grant;
      both.open = std::max(grant.open, membership.open);
      both.close = std::min(grant.close, membership.close);
      if (both.open < both.close && both != grant) added.push_back(both);
    }
  }
  if (added.empty()) return;
  intervals.insert(intervals.end(), added.begin(), added.end());
  std::sort(intervals.begin(), intervals.end());
}

Outcome<void> note_short_links(ViewWriter& views, OrgNumber org, const std::vector<Interval>& before,
                               const std::vector<Interval>& after, bool first_of_event) {
  // One row for all that one holder lost at one point.
  std::map<std::pair<Point, Number>, std::uint64_t> held;
  for (const Interval& i : after) {
    if (i.close == Point::never() || !is_power(i.list.kind) || i.close.us - i.open.us > short_lived_us_max) continue;
    const bool stood = std::binary_search(before.begin(), before.end(), i);
    if (stood && !given_on(i, before)) continue;  // it has its row
    if (given_on(i, after)) {
      // What is implied again may be another role under another model, which may yet be learnt.
      const auto implied = i.list.kind == ListKind::holders ? is_implied(views, org, i.list.of) : Outcome<bool>(false);
      if (!implied) return implied.error();
      if (stood || !*implied) continue;
    }
    const auto held_us = static_cast<std::uint64_t>(i.close.us - i.open.us);
    const auto [row, is_new] = held.try_emplace({i.close, i.principal}, held_us);
    if (!is_new) row->second = std::min(row->second, held_us);
  }
  for (auto& [of, held_us] : held) {
    std::string key = told_key(org, Told::short_lived, of.first, of.second);
    if (!first_of_event) {
      std::string value;
      const auto there = views.get(key, value);
      if (!there) return there.error();
      if (Reader in{value}; *there) held_us = std::min(held_us, in.varint());
    }
    views.put(std::move(key), told_value(held_us));
  }
  return {};
}

Outcome<std::vector<ToldRow>> told_until(storage::ViewReader& views, OrgNumber org, Told kind, Point at) {
  std::vector<ToldRow> rows;
  std::string to = kind_key(org, kind);
  put_time(to, at.us);
  put_u64(to, at.position);
  to.append(sizeof(Number), '\xff');
  bool good = true;
  const auto done = views.scan(kind_key(org, kind), to, [&](std::string_view key, std::string_view value) {
    const std::size_t tail = kind_key(org, kind).size();
    Reader in{value};
    good = key.size() == tail + key_tail_bytes;
    if (!good) return false;
    rows.push_back({{take_time(key, tail), take_u64(key, tail + 8)}, take_u32(key, tail + 16), in.varint()});
    return good = in.good && in.rest.empty();
  });
  if (!done) return done.error();
  if (!good) {
    return fail(FailureCode::corruption, "a row of the findings of organization " + std::to_string(org) +
                                             " cannot be read; run `tenure rebuild`");
  }
  return rows;
}

}  // namespace tenure::projections
