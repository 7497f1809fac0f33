// Who could at any moment of a range: the state after each event, one by one, and the stretches in which a level
// lasted.
#include <algorithm>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

// What one person has had since an event, until the next one that is noted.
struct Turn {
  std::int64_t at_us = 0;
  std::int64_t position = 0;
  std::optional<Row> row;

  std::string level() const { return row ? row->level : std::string(); }
};

// An instant and what was held at it, when all that happened at it had happened.
struct Stand {
  std::int64_t at_us = 0;
  std::optional<Row> row;
  std::vector<Turn> turns;  // of the instant, each a change of level
};

std::vector<Stand> stands_of(const std::vector<Turn>& turns) {
  std::vector<Stand> stands;
  std::string before;
  for (const Turn& turn : turns) {
    if (stands.empty() || stands.back().at_us != turn.at_us) stands.push_back({turn.at_us, {}, {}});
    stands.back().row = turn.row;
    if (turn.level() != before) stands.back().turns.push_back(turn);
    before = turn.level();
  }
  return stands;
}

std::vector<NaiveInterval> intervals_of(const std::vector<Stand>& stands) {
  std::vector<NaiveInterval> intervals;
  std::string before;
  for (const Stand& stand : stands) {
    const std::string now = stand.row ? stand.row->level : std::string();
    if (now == before) continue;
    std::string left = before;
    if (!before.empty()) intervals.back().to_us = stand.at_us;
    if (!now.empty()) intervals.push_back({stand.at_us, {}, now, {}, {}});
    for (const Turn& turn : stand.turns) {
      if (left == before && !before.empty()) {
        intervals.at(intervals.size() - (now.empty() ? 1 : 2)).closers.insert(turn.position);
      }
      if (turn.level() == now && !now.empty()) intervals.back().openers.insert(turn.position);
      left = turn.level();
    }
    before = now;
  }
  return intervals;
}

// How high a level stands: in the newest of the models that has it.
int height_of(const std::vector<const json*>& models, const std::string& permission_id, const std::string& level) {
  for (const json* model : models) {
    const json* permission = entry(*model, "permissions", permission_id);
    const int height = permission ? level_of(*model, *permission, level) : 0;
    if (height > 0) return height;
  }
  return 0;
}

// The best level within [from, to), and the widest reach with which it was held there.
std::optional<Row> best_within(const std::vector<Stand>& stands, const std::vector<const json*>& models,
                               const std::string& permission_id, std::int64_t from_us, std::int64_t to_us) {
  static const std::vector<std::string> reaches{"listed", "assigned", "all"};
  const auto rank = [&](const Row& row) {
    return std::pair(height_of(models, permission_id, row.level),
                     std::find(reaches.begin(), reaches.end(), row.reach) - reaches.begin());
  };
  std::optional<Row> best;
  for (std::size_t i = 0; i < stands.size(); ++i) {
    const bool over = i + 1 < stands.size() && stands[i + 1].at_us <= from_us;
    if (over || stands[i].at_us >= to_us || !stands[i].row) continue;
    if (!best || rank(*stands[i].row) > rank(*best)) best = stands[i].row;
  }
  return best;
}

}  // namespace

std::vector<const json*> NaiveFold::Inside::models_over(std::int64_t from_us, std::int64_t to_us,
                                                        std::int64_t known_position) const {
  const std::vector<const Fact*> known = facts_known(known_position);
  std::vector<const json*> over{state(from_us, known_position).model};
  for (const Fact* fact : known) {
    if (fact->occurred_us <= from_us || fact->occurred_us >= to_us) continue;
    over.insert(over.begin(), state(fact->occurred_us, known_position).model);
  }
  return over;
}

bool NaiveFold::has_level(const std::string& permission_id, const std::string& level, std::int64_t from_us,
                          std::int64_t to_us, std::int64_t known_position) const {
  const std::vector<const json*> models = inside_->models_over(from_us, to_us, known_position);
  return std::any_of(models.begin(), models.end(), [&](const json* model) {
    const json* permission = entry(*model, "permissions", permission_id);
    return permission && stands_in(model->at("scales").at(text(*permission, "scale")), level);
  });
}

std::map<std::string, RangeRow> NaiveFold::who_can_over(const std::string& permission_id,
                                                        const std::optional<std::string>& level,
                                                        const std::optional<std::string>& resource,
                                                        std::int64_t from_us, std::int64_t to_us,
                                                        std::int64_t known_position) const {
  const std::vector<const Fact*> known = inside_->facts_known(known_position);
  std::map<std::string, std::vector<Turn>> turns;
  State state = inside_->beginning(known);
  for (const Fact* fact : known) {
    fold(state, inside_->models, *fact);
    for (const auto& [identity, as_sent] : inside_->shown) {
      turns[identity].push_back(
          {fact->occurred_us, fact->position, oracle::can(state, identity, permission_id, level, resource)});
    }
  }
  std::map<std::string, RangeRow> rows;
  const std::vector<const json*> models = inside_->models_over(from_us, to_us, known_position);
  for (const auto& [identity, of_person] : turns) {
    const std::vector<Stand> stands = stands_of(of_person);
    const std::optional<Row> best = best_within(stands, models, permission_id, from_us, to_us);
    if (!best) continue;
    RangeRow& row = rows[inside_->shown.at(identity)];
    row.best = *best;
    for (const NaiveInterval& interval : intervals_of(stands)) {
      const bool touches = interval.from_us < to_us && (!interval.to_us || *interval.to_us > from_us);
      if (touches) row.intervals.push_back(interval);
    }
  }
  return rows;
}

}  // namespace tenure::oracle
