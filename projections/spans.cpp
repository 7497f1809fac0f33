#include "projections/spans.h"

#include <algorithm>

namespace tenure::projections {

namespace {

struct Held {
  std::string level;  // empty: no access, or less than asked
  Reach reach = Reach::listed;
};

// Every entity whose events may bear on the member's power: those that its entries name, and theirs.
class Reached {
 public:
  Reached(Facts& facts, Number member, const std::optional<ResourceId>& resource) : facts_(facts), member_(member) {
    add(member);
    add(facts.org_entity());
    // Assignments reach what lies in the assigned resource.
    if (resource) add(facts.number(EntityKind::scope, to_text(*resource)));
  }

  std::vector<BearingEvent> all() {
    std::vector<BearingEvent> all;
    for (std::size_t next = 0; next < queue_.size(); ++next) {
      const Number entity = queue_[next];
      for (const Entry& entry : facts_.entries(entity)) {
        const bool model = entry.slot.kind == SlotKind::model;
        all.push_back({entry.at, entity == member_ || entry.op == Op::end || model});
        follow(entry);
      }
      if (facts_.name(entity).kind == EntityKind::scope) follow_children(entity);
    }
    std::sort(all.begin(), all.end(), [](const BearingEvent& a, const BearingEvent& b) { return a.at < b.at; });
    return all;
  }

  std::vector<Point> points() {
    std::vector<Point> points;
    for (const BearingEvent& each : all()) {
      if (points.empty() || points.back() != each.at) points.push_back(each.at);
    }
    return points;
  }

 private:
  void add(Number entity) {
    if (entity != 0 && seen_.insert(entity).second) queue_.push_back(entity);
  }

  void follow(const Entry& entry) {
    switch (entry.slot.kind) {
      case SlotKind::grant:
        add(entry.slot.b);
        [[fallthrough]];
      case SlotKind::group:
      case SlotKind::invited_group:
      case SlotKind::assigned:
      case SlotKind::created:
        add(entry.slot.a);
        break;
      case SlotKind::role:
        // What an implied role stands for is the model's to say: any system role may be it.
        if (entry.value != 0 && facts_.name(entry.value).name.front() == '\x01') {
          for (const Number role : facts_.numbers_of(EntityKind::role)) add(role);
        }
        [[fallthrough]];
      case SlotKind::invited_by:  // what became of the inviter before may bear on whom they invited
      case SlotKind::invited:
      case SlotKind::parent:
      case SlotKind::based_on:
        add(entry.value);
        break;
      default:
        if (entry.op == Op::end && entry.slot.b != 0) add(entry.value);
        break;
    }
  }

  // "On at least one" may come from any resource that lies in an assigned one.
  void follow_children(Number resource) {
    for (const Interval& child : facts_.list_over({ListKind::children, resource}, Instant::min(), Instant::max())) {
      add(child.principal);
    }
  }

  Facts& facts_;
  Number member_;
  std::vector<Number> queue_;
  std::unordered_set<Number> seen_;
};

using Points = std::vector<Point>;

// Goes along the points, instant by instant. What happens within an instant counts by its result, as in every answer
// about an instant; only to name the event that turned the answer are its events told apart.
class Walk {
 public:
  using Place = Points::const_iterator;

  Walk(Facts& facts, Number member, const SpanQuestion& question)
      : facts_(facts),
        member_(member),
        question_(question),
        points_(Reached(facts, member, question.resource).points()) {}

  std::vector<Span> spans(Instant from, Instant to) {
    // The first event after the first instant, and what is held until then.
    Place next = std::upper_bound(points_.begin(), points_.end(), Point::end_of(from));
    Held held = held_before(next);
    if (!held.level.empty()) open(opening(next, held.level), held);
    // A span that is open at the end of the range is followed to its own end.
    while (next != points_.end() && (next->us < to.us || !held.level.empty())) {
      const Place instant = next;
      next = end_of_instant(instant);
      const Held then = held_before(next);
      if (then.level == held.level) {
        if (!held.level.empty() && instant->us < to.us) spans_.back().reach = std::max(spans_.back().reach, then.reach);
        continue;
      }
      const auto [left, reached] = turn(instant, next, held.level, then.level);
      if (!held.level.empty()) spans_.back().close = left;
      held = instant->us < to.us ? then : Held{};
      if (!held.level.empty()) open(reached, held);
    }
    return std::move(spans_);
  }

  std::optional<Point> since(Instant at) const {
    Place end = std::upper_bound(points_.begin(), points_.end(), Point::end_of(at));
    if (held_before(end).level.empty()) return std::nullopt;
    while (true) {
      const Place begin = start_of_instant(std::prev(end));
      if (held_before(begin).level.empty()) return reached(begin, end);
      end = begin;
    }
  }

 private:
  // The last event of an instant that brought any level at all, where none was held before it.
  Point reached(Place begin, Place end) const {
    Point reached = *begin;
    bool held = false;
    for (Place place = begin; place != end; ++place) {
      const bool then = !held_at(*place).level.empty();
      if (then && !held) reached = *place;
      held = then;
    }
    return reached;
  }
  void open(Point at, const Held& held) { spans_.push_back({at, Point::never(), held.level, held.reach}); }

  Held held_before(Place place) const { return place == points_.begin() ? Held{} : held_at(*std::prev(place)); }

  Held held_at(Point at) const {
    Facts then = facts_.moved_to(at);
    const auto model = then.model_at(then.at());
    if (!model) return {};
    const auto permission = model->permission(question_.permission.text);
    if (!permission) return {};
    auto least = question_.level ? model->level(*permission, question_.level->text) : LevelIndex{1};
    if (!least) return {};
    least = std::max<LevelIndex>(*least, 1);
    Access access(std::move(then), model);
    const Effective effective = access.effective(member_, {*permission, *least, question_.resource}, false);
    if (effective.level < *least) return {};
    return {model->level_name(*permission, effective.level).text, effective.reach};
  }

  Place end_of_instant(Place first) const {
    return std::find_if(first, points_.end(), [&](Point p) { return p.us != first->us; });
  }
  Place start_of_instant(Place last) const { return std::lower_bound(points_.begin(), last, Point{last->us, 0}); }

  // The event that brought the level that is held before a place.
  Point opening(Place end, const std::string& level) const {
    while (true) {
      const Place begin = start_of_instant(std::prev(end));
      const std::string before = held_before(begin).level;
      if (before != level) return turn(begin, end, before, level).second;
      end = begin;
    }
  }

  // The events of an instant that ended the level held before it and brought the one held after it; where it went to
  // and fro, the last of each.
  std::pair<Point, Point> turn(Place begin, Place end, const std::string& before, const std::string& after) const {
    if (std::next(begin) == end) return {*begin, *begin};
    Point left = *begin, reached = *begin;
    std::string now = before;
    for (Place place = begin; place != end; ++place) {
      const std::string then = held_at(*place).level;
      if (now == before && then != before) left = *place;
      if (now != after && then == after) reached = *place;
      now = then;
    }
    return {left, reached};
  }

  Facts& facts_;
  Number member_;
  const SpanQuestion& question_;
  Points points_;
  std::vector<Span> spans_;
};

}  // namespace

std::vector<Span> spans_of(Facts& facts, Number member, const SpanQuestion& question, Instant from, Instant to) {
  if (!facts.model_at(facts.at())) return {};
  return Walk(facts, member, question).spans(from, to);
}

std::optional<Point> held_since(Facts& facts, Number member, const SpanQuestion& question, Instant at) {
  if (!facts.model_at(facts.at())) return std::nullopt;
  return Walk(facts, member, question).since(at);
}

std::vector<BearingEvent> events_bearing_on(Facts& facts, Number member) {
  return Reached(facts, member, std::nullopt).all();
}

}  // namespace tenure::projections
