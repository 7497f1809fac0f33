#include "projections/list_history.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <span>

#include "projections/list_rows.h"
#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr std::size_t links_a_block = 128;

using Intervals = std::span<const Interval>;
using Rows = boost::container::small_vector<std::pair<Point, std::optional<Standing>>, 4>;

LinkId link_of(const Interval& interval) { return {interval.principal, interval.extra}; }
Standing standing_of(const Interval& interval) { return {interval.open, interval.link, interval.since}; }

// The change rows of one link's intervals, which are disjoint and in order.
Rows rows_of(Intervals intervals) {
  Rows rows;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    rows.emplace_back(intervals[i].open, standing_of(intervals[i]));
    const bool goes_on = i + 1 < intervals.size() && intervals[i + 1].open == intervals[i].close;
    if (intervals[i].close != Point::never() && !goes_on) rows.emplace_back(intervals[i].close, std::nullopt);
  }
  return rows;
}

// How the link stands just before a point.
std::optional<Standing> standing_before(Intervals intervals, Point at) {
  for (const Interval& i : intervals) {
    if (i.open < at && at <= i.close) return standing_of(i);
  }
  return std::nullopt;
}

bool is_open(Intervals intervals) { return !intervals.empty() && intervals.back().close == Point::never(); }

// Changes one list.
class ListWriter {
 public:
  ListWriter(ViewWriter& views, OrgNumber org, List list) : views_(views), org_(org), list_(list) {}

  Outcome<void> open() {
    if (const Stretch* kept = views_.lists().find(org_, list_)) {
      newest_ = *kept;
      return {};
    }
    const auto found = read_newest(views_, org_, list_, newest_);
    if (!found) return found.error();
    return {};
  }
  Outcome<void> change(LinkId link, Intervals before, Intervals after);
  Outcome<void> close();

 private:
  Outcome<void> write_row(LinkId link, Point at, const std::optional<Standing>& standing, int more);
  Outcome<void> mend_bases(LinkId link, Intervals before, Intervals after, Point from, Point until);
  Outcome<int> mend_base(Point at, LinkId link, const std::optional<Standing>& standing);
  Outcome<void> split(const Stretch& stretch, bool newest);
  void write_base(Point at, const std::vector<Link>& links);
  void write_older(const Stretch& stretch) {
    views_.put(stretch_key(org_, list_, stretch.begin), encode_stretch(stretch, false));
  }

  ViewWriter& views_;
  OrgNumber org_;
  List list_;
  Stretch newest_;
  std::vector<Point> grown_;  // beginnings of older stretches that got rows
};

Outcome<void> ListWriter::write_row(LinkId link, Point at, const std::optional<Standing>& standing, int more) {
  std::string key = link_key(org_, list_, at, RowKind::change, link);
  if (more < 0) {
    views_.erase(std::move(key));
  } else {
    views_.put(std::move(key), standing ? encode_standing(*standing) : std::string());
  }
  if (more == 0) return {};
  if (at >= newest_.begin) {
    newest_.changes += static_cast<std::uint64_t>(static_cast<std::int64_t>(more));
    return {};
  }
  auto stretch = older_stretch(views_, org_, list_, at);
  if (!stretch) return stretch.error();
  stretch->changes += static_cast<std::uint64_t>(static_cast<std::int64_t>(more));
  write_older(*stretch);
  if (more > 0) grown_.push_back(stretch->begin);
  return {};
}

Outcome<void> ListWriter::change(LinkId link, Intervals before, Intervals after) {
  const Rows old_rows = rows_of(before), new_rows = rows_of(after);
  std::optional<Point> first;    // where they differ
  Point until = Point::never();  // and from where on they are the same again
  auto a = old_rows.begin();
  auto b = new_rows.begin();
  while (a != old_rows.end() || b != new_rows.end()) {
    Outcome<void> done;
    if (b == new_rows.end() || (a != old_rows.end() && a->first < b->first)) {
      if (!first) first = a->first;
      until = Point::never();
      done = write_row(link, a->first, std::nullopt, -1);
      ++a;
    } else if (a == old_rows.end() || b->first < a->first) {
      if (!first) first = b->first;
      until = Point::never();
      done = write_row(link, b->first, b->second, 1);
      ++b;
    } else {
      if (a->second != b->second) {
        if (!first) first = b->first;
        until = Point::never();
        done = write_row(link, b->first, b->second, 0);
      } else if (first && until == Point::never()) {
        until = b->first;
      }
      ++a, ++b;
    }
    if (!done) return done;
  }
  newest_.links += static_cast<std::uint64_t>(static_cast<std::int64_t>(is_open(after)) - is_open(before));
  if (!first || *first >= newest_.begin) return {};
  return mend_bases(link, before, after, *first, until);
}

// Every base in (from, until] in which the link stood otherwise.
Outcome<void> ListWriter::mend_bases(LinkId link, Intervals before, Intervals after, Point from, Point until) {
  std::vector<Stretch> bases;
  bool good = true;
  const std::string begin = stretch_key(org_, list_, from) + '\0', end = list_key(org_, list_, 'm' + 1);
  const auto done = views_.scan(begin, end, [&](auto key, auto value) {
    Stretch stretch;
    good = decode_stretch(value, false, stretch);
    stretch.begin = {take_time(key, key.size() - 16), take_u64(key, key.size() - 8)};
    if (!good || stretch.begin > until) return false;
    bases.push_back(stretch);
    return true;
  });
  if (!done) return done.error();
  if (!good) return broken_list(org_, list_);
  for (Stretch& base : bases) {
    const auto standing = standing_before(after, base.begin);
    if (standing == standing_before(before, base.begin)) continue;
    const auto more = mend_base(base.begin, link, standing);
    if (!more) return more.error();
    base.links += static_cast<std::uint64_t>(static_cast<std::int64_t>(*more));
    write_older(base);
  }
  if (newest_.begin > until) return {};
  const auto standing = standing_before(after, newest_.begin);
  if (standing == standing_before(before, newest_.begin)) return {};
  const auto more = mend_base(newest_.begin, link, standing);
  if (!more) return more.error();
  return {};
}

// How many links more the base has.
Outcome<int> ListWriter::mend_base(Point at, LinkId link, const std::optional<Standing>& standing) {
  std::string key, value;
  const auto found = views_.last_at_most(point_key(org_, list_, at, RowKind::base),
                                         link_key(org_, list_, at, RowKind::base, link), key, value);
  if (!found) return found.error();
  std::vector<Link> links;
  if (!*found || !decode_block(value, links)) return broken_list(org_, list_);
  const auto size = static_cast<int>(links.size());
  auto place = std::lower_bound(links.begin(), links.end(), link, [](const Link& l, LinkId id) { return l.id < id; });
  const bool there = place != links.end() && place->id == link;
  if (standing && there) place->standing = *standing;
  if (standing && !there) links.insert(place, {link, *standing});
  if (!standing && there) links.erase(place);
  const auto more = static_cast<int>(links.size()) - size;
  if (links.size() > 2 * links_a_block) {
    const std::vector<Link> second(links.begin() + links_a_block, links.end());
    links.resize(links_a_block);
    views_.put(link_key(org_, list_, at, RowKind::base, second.front().id), encode_block(second));
  }
  views_.put(std::move(key), encode_block(links));
  return more;
}

void ListWriter::write_base(Point at, const std::vector<Link>& links) {
  std::vector<Link> block;
  block.reserve(std::min(links.size(), links_a_block));
  LinkId first;  // the first block is found from any link below its own
  const auto write = [&] {
    views_.put(link_key(org_, list_, at, RowKind::base, first), encode_block(block));
    block.clear();
  };
  for (const Link& link : links) {
    if (block.size() == links_a_block) write();
    if (block.empty() && link.id != links.front().id) first = link.id;
    block.push_back(link);
  }
  write();
}

// The links of a base as they stand after the changes that follow it. Links are in order of their ids, changes of time.
std::vector<Link> with_changes(const std::vector<Link>& links, std::span<const HistoryRow> changes) {
  std::vector<const HistoryRow*> last;
  last.reserve(changes.size());
  for (const HistoryRow& change : changes) last.push_back(&change);
  std::stable_sort(last.begin(), last.end(),
                   [](const HistoryRow* a, const HistoryRow* b) { return a->link < b->link; });
  std::vector<Link> after;
  after.reserve(links.size() + last.size());
  auto link = links.begin();
  for (auto change = last.begin(); change != last.end();) {
    const LinkId id = (*change)->link;
    for (; link != links.end() && link->id < id; ++link) after.push_back(*link);
    if (link != links.end() && link->id == id) ++link;
    while (std::next(change) != last.end() && (*std::next(change))->link == id) ++change;
    if ((*change)->standing) after.push_back({id, *(*change)->standing});
    ++change;
  }
  after.insert(after.end(), link, links.end());
  return after;
}

// A base within a stretch that has grown too long: before the last point of the newest one, in the middle of another.
Outcome<void> ListWriter::split(const Stretch& stretch, bool newest) {
  std::string end = list_key(org_, list_, 'd' + 1);
  if (!newest) {
    Point next = newest_.begin;
    const auto done = views_.scan(stretch_key(org_, list_, stretch.begin) + '\0', list_key(org_, list_, 'm' + 1),
                                  [&](auto key, auto) {
                                    next = {take_time(key, key.size() - 16), take_u64(key, key.size() - 8)};
                                    return false;
                                  });
    if (!done) return done.error();
    end = point_key(org_, list_, next, RowKind::base);
  }
  std::vector<Link> links;
  std::vector<HistoryRow> rows;
  const auto read = read_stretch(
      views_, org_, list_, stretch.begin, end, [&](const Link& link) { links.push_back(link); },
      [&](const HistoryRow& row) {
        rows.push_back(row);
        return true;
      });
  if (!read) return read.error();
  const std::uint64_t links_before = links.size();
  if (rows.empty()) return {};
  const Point middle = newest ? rows.back().at : rows[rows.size() / 2].at;
  auto cut = std::find_if(rows.begin(), rows.end(), [&](const HistoryRow& row) { return row.at == middle; });
  if (cut == rows.begin()) {
    cut = std::find_if(cut, rows.end(), [&](const HistoryRow& row) { return row.at != middle; });
  }
  if (cut == rows.end()) return {};
  links = with_changes(links, {rows.begin(), cut});
  const auto first = static_cast<std::uint64_t>(cut - rows.begin());
  write_base(cut->at, links);
  write_older({stretch.begin, first, links_before});
  const Stretch rest{cut->at, rows.size() - first, newest ? newest_.links : links.size()};
  if (newest) {
    newest_ = rest;
  } else {
    write_older(rest);
  }
  return {};
}

Outcome<void> ListWriter::close() {
  std::sort(grown_.begin(), grown_.end());
  grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  for (const Point begin : grown_) {
    const auto stretch = older_stretch(views_, org_, list_, begin);
    if (!stretch) return stretch.error();
    if (stretch->changes <= 2 * std::max<std::uint64_t>(changes_min, stretch->links)) continue;
    if (const auto done = split(*stretch, false); !done) return done;
  }
  if (newest_.changes > std::max<std::uint64_t>(changes_min, newest_.links)) {
    if (const auto done = split(newest_, true); !done) return done;
  }
  views_.lists().change(org_, list_, newest_);
  return {};
}

// The intervals of the next link in a sorted row of them, and of the next list.
template <class Same>
Intervals take_while_same(Intervals& rest, const Interval& like, const Same& same) {
  std::size_t n = 0;
  while (n < rest.size() && same(rest[n], like)) ++n;
  const Intervals taken = rest.first(n);
  rest = rest.subspan(n);
  return taken;
}

}  // namespace

Outcome<void> change_lists(ViewWriter& views, OrgNumber org, const std::vector<Interval>& before,
                           const std::vector<Interval>& after) {
  const auto same_list = [](const Interval& a, const Interval& b) { return a.list == b.list; };
  const auto same_link = [](const Interval& a, const Interval& b) { return link_of(a) == link_of(b); };
  Intervals old_rest(before), new_rest(after);
  while (!old_rest.empty() || !new_rest.empty()) {
    const bool old_first = new_rest.empty() || (!old_rest.empty() && old_rest.front().list < new_rest.front().list);
    const Interval& at = old_first ? old_rest.front() : new_rest.front();
    Intervals old_of_list = take_while_same(old_rest, at, same_list);
    Intervals new_of_list = take_while_same(new_rest, at, same_list);
    if (std::equal(old_of_list.begin(), old_of_list.end(), new_of_list.begin(), new_of_list.end())) continue;
    ListWriter list(views, org, at.list);
    if (const auto done = list.open(); !done) return done;
    while (!old_of_list.empty() || !new_of_list.empty()) {
      const bool old_link_first =
          new_of_list.empty() || (!old_of_list.empty() && link_of(old_of_list.front()) < link_of(new_of_list.front()));
      const Interval& one = old_link_first ? old_of_list.front() : new_of_list.front();
      const Intervals was = take_while_same(old_of_list, one, same_link);
      const Intervals is = take_while_same(new_of_list, one, same_link);
      if (std::equal(was.begin(), was.end(), is.begin(), is.end())) continue;
      if (const auto done = list.change(link_of(one), was, is); !done) return done;
    }
    if (const auto done = list.close(); !done) return done;
  }
  return {};
}

}  // namespace tenure::projections
