// The reading of list_history.h.
#include <unordered_map>

#include "projections/list_history.h"
#include "projections/list_rows.h"

namespace tenure::projections {

namespace {

using Standings = std::unordered_map<std::uint64_t, Standing>;

std::uint64_t packed(LinkId link) { return std::uint64_t{link.principal} << 32 | link.extra; }

// The beginning of the stretch that covers a point; nothing where the list has no history at all.
Outcome<std::optional<Stretch>> stretch_at(storage::ViewReader& views, OrgNumber org, List list, Point at) {
  Stretch stretch;
  const auto found = read_newest(views, org, list, stretch);
  if (!found) return found.error();
  if (!*found) return std::optional<Stretch>();
  if (at >= stretch.begin) return std::optional(stretch);
  const auto older = older_stretch(views, org, list, at);
  if (!older) return older.error();
  return std::optional(*older);
}

Interval interval_of(List list, std::uint64_t link, const Standing& standing) {
  Interval interval;
  interval.list = list;
  interval.principal = static_cast<Number>(link >> 32);
  interval.extra = static_cast<Number>(link);
  interval.open = standing.open;
  interval.link = standing.link;
  interval.since = standing.since;
  return interval;
}

// The links at a point that its stretch covers.
Outcome<Standings> standings_at(storage::ViewReader& views, OrgNumber org, List list, const Stretch& stretch,
                                Point at) {
  Standings standings;
  standings.reserve(stretch.links + 16);
  const auto done = read_stretch(
      views, org, list, stretch.begin, past_point(org, list, at),
      [&](const Link& link) { standings.emplace(packed(link.id), link.standing); },
      [&](const HistoryRow& change) {
        if (change.standing) {
          standings.insert_or_assign(packed(change.link), *change.standing);
        } else {
          standings.erase(packed(change.link));
        }
        return true;
      });
  if (!done) return done.error();
  return standings;
}

}  // namespace

Outcome<void> list_at(storage::ViewReader& views, OrgNumber org, List list, Point at, const IntervalRow& row) {
  const auto stretch = stretch_at(views, org, list, at);
  if (!stretch) return stretch.error();
  if (!*stretch) return {};
  const auto standings = standings_at(views, org, list, **stretch, at);
  if (!standings) return standings.error();
  for (const auto& [link, standing] : *standings) {
    if (!row(interval_of(list, link, standing))) break;
  }
  return {};
}

Outcome<void> list_over(storage::ViewReader& views, OrgNumber org, List list, Point from, Instant to,
                        const IntervalRow& row) {
  bool go_on = true;
  const auto at_first = list_at(views, org, list, from, [&](const Interval& i) { return go_on = row(i); });
  if (!at_first || !go_on) return at_first;
  const auto stretch = stretch_at(views, org, list, from);
  if (!stretch) return stretch.error();
  if (!*stretch) return {};
  const std::string end = point_key(org, list, Point{to.us, 0}, RowKind::base);
  return read_stretch(
      views, org, list, (*stretch)->begin, end, [](const Link&) {},
      [&](const HistoryRow& change) {
        if (change.at <= from || !change.standing) return true;
        return row(interval_of(list, packed(change.link), *change.standing));
      });
}

Outcome<void> list_changes(storage::ViewReader& views, OrgNumber org, List list, Point from, Point to,
                           const LinkChanged& changed) {
  if (from >= to) return {};
  bool good = true;
  HistoryRow row;
  const auto done = views.scan(past_point(org, list, from), past_point(org, list, to), [&](auto key, auto value) {
    good = read_row(key, value, row);
    if (good && row.kind == RowKind::change) changed(row.link.principal, row.at);
    return good;
  });
  if (!done) return done;
  if (!good) return broken_list(org, list);
  return {};
}

Outcome<void> list_differences(storage::ViewReader& views, OrgNumber org, List list, Point from, Point to,
                               const std::function<void(Number)>& differs) {
  if (from >= to) return {};
  const auto stretch = stretch_at(views, org, list, from), last = stretch_at(views, org, list, to);
  if (!stretch || !last) return stretch ? last.error() : stretch.error();
  if (!*stretch || !*last) return {};
  if ((*stretch)->begin == (*last)->begin) {
    return list_changes(views, org, list, from, to, [&](Number principal, Point) { differs(principal); });
  }
  auto before = standings_at(views, org, list, **stretch, from);
  if (!before) return before.error();
  const auto after = standings_at(views, org, list, **last, to);
  if (!after) return after.error();
  for (const auto& [link, standing] : *after) {
    const auto was = before->find(link);
    if (was == before->end()) {
      differs(interval_of(list, link, standing).principal);
      continue;
    }
    if (was->second != standing) differs(interval_of(list, link, standing).principal);
    before->erase(was);
  }
  for (const auto& [link, standing] : *before) differs(interval_of(list, link, standing).principal);
  return {};
}

}  // namespace tenure::projections
