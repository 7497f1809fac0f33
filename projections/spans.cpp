#include "projections/spans.h"

#include <algorithm>

namespace tenure::projections {

namespace {

struct Held {
  std::string level;  // empty: no access, or less than asked
  Reach reach = Reach::listed;
  bool operator==(const Held& other) const { return level == other.level; }
};

Held held_at(Facts& facts, Number member, const SpanQuestion& question, Point at) {
  Facts then = facts.moved_to(at);
  const auto model = then.model_at(then.at());
  if (!model) return {};
  const auto permission = model->permission(question.permission.text);
  if (!permission) return {};
  const auto least = question.level ? model->level(*permission, question.level->text) : LevelIndex{1};
  if (!least) return {};
  Access access(std::move(then), model);
  const Effective effective = access.effective(member, {*permission, *least, question.resource}, false);
  if (effective.level == 0 || effective.level < *least) return {};
  return {model->level_name(*permission, effective.level).text, effective.reach};
}

// Whether a model that was ever in force lets invitees share their inviter's disabling.
bool some_model_shares_disabling(Facts& facts) {
  for (const Entry& entry : facts.entries(facts.org_entity())) {
    if (entry.slot.kind != SlotKind::model) continue;
    const auto model = facts.model_at(entry.at);
    if (model && model->invitees_share_disabling()) return true;
  }
  return false;
}

// Every entity whose events may bear on the member's power: those that its entries name, and theirs.
std::vector<Point> points_of(Facts& facts, Number member) {
  std::vector<Number> queue{member, facts.org_entity()};
  std::unordered_set<Number> seen(queue.begin(), queue.end());
  std::vector<Point> points;
  const auto add = [&](Number entity) {
    if (entity != 0 && seen.insert(entity).second) queue.push_back(entity);
  };
  for (const SettingRule& rule : facts.model_at(facts.at())->settings()) {
    for (const SettingValue& value : rule.values) {
      if (value.everyone_role) {
        add(facts.number(EntityKind::role, facts.model_at(facts.at())->roles()[*value.everyone_role].id.text));
      }
    }
  }
  const bool shares_disabling = some_model_shares_disabling(facts);
  for (std::size_t next = 0; next < queue.size(); ++next) {
    for (const Entry& entry : facts.entries(queue[next])) {
      points.push_back(entry.at);
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
        case SlotKind::invited_by:
          // What became of the inviter before the invitation bears on whom they invited.
          if (shares_disabling) add(entry.value);
          break;
        case SlotKind::role:
          // What an implied role stands for is the model's to say: any system role may be it.
          if (entry.value != 0 && facts.name(entry.value).name.front() == '\x01') {
            for (const Number role : facts.numbers_of(EntityKind::role)) add(role);
          }
          [[fallthrough]];
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
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace

std::vector<Span> spans_of(Facts& facts, Number member, const SpanQuestion& question, Instant from, Instant to) {
  std::vector<Span> spans;
  if (!facts.model_at(facts.at())) return spans;
  const std::vector<Point> points = points_of(facts, member);
  // The first event after the first instant, and the state until then.
  auto next = std::upper_bound(points.begin(), points.end(), Point::end_of(from));
  Held held = next == points.begin() ? Held{} : held_at(facts, member, question, *std::prev(next));
  Point open = next == points.begin() ? Point{} : *std::prev(next);
  if (!held.level.empty()) {
    // Back to where this level was reached.
    for (auto back = std::prev(next); back != points.begin(); --back) {
      if (!(held_at(facts, member, question, *std::prev(back)) == held)) break;
      open = *std::prev(back);
    }
  }
  const auto close = [&](Point at) {
    if (!held.level.empty() && at.us > open.us) spans.push_back({open, at, held.level, held.reach});
  };
  for (; next != points.end(); ++next) {
    if (next->us >= to.us && held.level.empty()) return spans;
    const Held then = held_at(facts, member, question, *next);
    if (then == held) continue;
    close(*next);
    held = then;
    open = *next;
    if (next->us >= to.us) return spans;
  }
  close(Point::never());
  return spans;
}

}  // namespace tenure::projections
