// What was given and taken by no link: the state before and after each event, compared.
#include "tests/oracle/naive_short_lived.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

class Turns {
 public:
  Turns(State state, const std::vector<json>& models, std::int64_t within_us)
      : state_(std::move(state)), models_(models), within_us_(within_us) {}

  void take(const Fact& fact) {
    const std::string type = text(fact.event, "type");
    const json data = fact.event.contains("data") ? fact.event.at("data") : json::object();
    fact_ = &fact;
    const std::string family = type.substr(0, type.find('.'));
    if (family == "role" && type != "role.granted" && type != "role.revoked") {
      definition(text(data, "role"));
    } else if (family == "feature") {
      feature(text(data, "feature"));
    } else {
      const std::map<std::string, std::set<std::string>> before = disabled();
      fold(state_, models_, fact);
      // Nobody gave or took what another model does.
      if (type == "org.created" || type == "org.deleted" || type == "org.model_changed") given_.clear();
      people(type, before, disabled());
    }
  }

  std::vector<ShortLived> found;

 private:
  std::map<std::string, int> levels(const std::string& role) const {
    std::map<std::string, int> levels;
    for (const json& permission : state_.model->at("permissions")) {
      const auto cell = state_.cell(role, permission);
      levels[text(permission, "id")] = cell ? level_of(*state_.model, permission, cell->level) : 0;
    }
    return levels;
  }

  void definition(const std::string& role) {
    const auto before = levels(role);
    const bool held = is_held(state_, role);
    fold(state_, models_, *fact_);
    for (const auto& [permission, now] : levels(role)) {
      const int had = before.at(permission);
      const json* rule = entry(*state_.model, "permissions", permission);
      const auto what = [&](int level) { return permission + " at " + level_text(*state_.model, *rule, level); };
      for (int level = had + 1; level <= now; ++level) give("role:" + role, what(level));
      for (int level = had; level > now; --level) {
        const auto given = take_back("role:" + role, what(level));
        if (given && level == had && held) add("role:" + role, what(level), *given);
      }
    }
  }

  void feature(const std::string& id) {
    const bool before = state_.feature_is_on(id);
    fold(state_, models_, *fact_);
    const bool now = state_.feature_is_on(id);
    if (entry(*state_.model, "features", id) == nullptr) return;
    if (!before && now) give("feature:" + id, "on");
    if (!before || now) return;
    if (const auto given = take_back("feature:" + id, "on")) add("feature:" + id, "on", *given);
  }

  // The areas in which each member is disabled, "" for everywhere.
  std::map<std::string, std::set<std::string>> disabled() const {
    std::map<std::string, std::set<std::string>> all;
    for (const auto& [member, since] : state_.members) {
      const Disablement how = state_.disablement(member);
      all[member] = how.areas;
      if (how.whole) all[member].insert("");
    }
    return all;
  }

  using Disabled = std::map<std::string, std::set<std::string>>;
  void people(const std::string& type, const Disabled& before, const Disabled& after) {
    for (const auto& [member, had] : before) {
      const std::string holder = "member:" + member;
      const auto there = after.find(member);
      if (there == after.end()) {
        std::erase_if(given_, [&, &who = holder](const auto& given) { return given.first.first == who; });
        continue;
      }
      const std::set<std::string>& has = there->second;
      for (const std::string& area : had) {
        if (type == "member.enabled" && has.count(area) == 0) give(holder, enabled(area));
      }
      for (const std::string& area : has) {
        if (had.count(area) > 0) continue;
        const auto everywhere = given_.find({holder, enabled("")});
        const Given whole = everywhere == given_.end() ? Given{INT64_MIN, false} : everywhere->second;
        const auto given = take_back(holder, enabled(area));
        if (given && type == "member.disabled" && had.count("") == 0) {
          add(holder, enabled(area), std::max(*given, whole));
        }
      }
    }
  }
  static std::string enabled(const std::string& area) { return area.empty() ? "enabled" : "enabled in " + area; }

  // When it was given, and whether that was only found so: then it was there since nobody knows when.
  using Given = std::pair<std::int64_t, bool>;
  void give(const std::string& holder, const std::string& what) {
    given_[{holder, what}] = {fact_->occurred_us, text_or_none(fact_->event, "basis") == "baseline"};
  }
  std::optional<Given> take_back(const std::string& holder, const std::string& what) {
    const auto given = given_.find({holder, what});
    if (given == given_.end()) return std::nullopt;
    const Given since = given->second;
    given_.erase(given);
    return since;
  }
  void add(const std::string& holder, const std::string& what, const Given& given) {
    if (given.second || fact_->occurred_us - given.first > within_us_) return;
    found.push_back({fact_->position, fact_->occurred_us, holder, what, given.first});
  }

  State state_;
  const std::vector<json>& models_;
  std::int64_t within_us_;
  const Fact* fact_ = nullptr;
  std::map<std::pair<std::string, std::string>, Given> given_;
};

}  // namespace

std::vector<ShortLived> turned(const std::vector<const Fact*>& facts, const std::vector<json>& models, State state,
                               std::int64_t at_us, std::int64_t within_us) {
  Turns turns(std::move(state), models, within_us);
  for (const Fact* fact : facts) {
    if (fact->occurred_us <= at_us) turns.take(*fact);
  }
  return std::move(turns.found);
}

}  // namespace tenure::oracle
