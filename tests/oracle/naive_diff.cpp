// What changed between two instants, or between two states of knowledge: both states asked about everything, and for
// what differs the state after every event in between.
#include <algorithm>
#include <functional>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

std::set<std::string> resources_in(const std::vector<Fact>& facts) {
  std::set<std::string> resources;
  for (const Fact& fact : facts) {
    if (!fact.event.contains("data")) continue;
    for (const char* name : {"resource", "parent", "on"}) {
      const json& data = fact.event.at("data");
      if (!data.contains(name) || !data.at(name).is_string()) continue;  // null: an edit that clears it
      const std::string resource = text(data, name);
      const auto colon = resource.find(':');
      if (colon != std::string::npos && resource.substr(colon) != ":*") resources.insert(resource);
    }
  }
  return resources;
}

namespace {

// A state in between: events of one moment have the same `moment`.
struct Stage {
  std::int64_t moment = 0;
  std::int64_t position = 0;
  State state;
};

bool same(const std::optional<Row>& a, const std::optional<Row>& b, bool with_reach) {
  if (!a || !b) return !a && !b;
  return a->level == b->level && (!with_reach || a->reach == b->reach);
}

using Asked = std::function<std::optional<Row>(const State&)>;

// The events of the last moment that brought what there is at the end.
std::set<std::int64_t> causes_of(const State& before, const std::vector<Stage>& stages, const std::optional<Row>& after,
                                 const Asked& asked, bool with_reach) {
  std::set<std::int64_t> causes;
  bool held = same(asked(before), after, with_reach);
  for (std::size_t i = 0; i < stages.size();) {
    std::set<std::int64_t> brought;
    bool now = held;
    const std::int64_t moment = stages[i].moment;
    for (; i < stages.size() && stages[i].moment == moment; ++i) {
      const bool then = same(asked(stages[i].state), after, with_reach);
      if (then && !now) brought.insert(stages[i].position);
      now = then;
    }
    if (now && !held) causes = brought;
    held = now;
  }
  return causes;
}

NaiveDiff compared(const State& before, const State& after, const std::vector<Stage>& stages,
                   const std::map<std::string, std::string>& people, const std::set<std::string>& resources) {
  std::map<std::string, std::string> kinds;  // of the permissions of both models
  for (const State* state : {&before, &after}) {
    for (const json& permission : state->model->at("permissions")) {
      kinds[text(permission, "id")] = text_or_none(permission, "resource");
    }
  }
  NaiveDiff diff;
  for (const auto& [identity, as_sent] : people) {
    for (const auto& [permission, kind] : kinds) {
      const auto compare = [&](const std::string& shown, const std::optional<std::string>& resource) {
        const Asked asked = [&](const State& state) { return can(state, identity, permission, {}, resource); };
        NaiveChange& change = diff[as_sent][permission][shown];
        change = {asked(before), asked(after), {}};
        // What is the same on one resource may have been lost and come back.
        if (!resource && same(change.before, change.after, true)) return;
        change.causes = causes_of(before, stages, change.after, asked, !resource);
      };
      compare("", std::nullopt);
      if (kind.empty()) continue;
      compare(kind + ":*", kind + ":never-named");
      for (const std::string& resource : resources) {
        if (kind_of(resource) == kind) compare(resource, resource);
      }
    }
  }
  return diff;
}

}  // namespace

NaiveDiff NaiveFold::diff(std::int64_t from_us, std::int64_t to_us, std::int64_t known_position) const {
  const std::vector<const Fact*> known = inside_->facts_known(known_position);
  State state = inside_->beginning(known);
  State before = state;
  std::vector<Stage> stages;
  for (const Fact* fact : known) {
    if (fact->occurred_us > to_us) break;
    fold(state, inside_->models, *fact);
    if (fact->occurred_us <= from_us) {
      before = state;
    } else {
      stages.push_back({fact->occurred_us, fact->position, state});
    }
  }
  return compared(before, state, stages, inside_->shown, resources_in(inside_->facts));
}

std::optional<NaiveDiff> NaiveFold::diff_of_event(std::int64_t position, std::int64_t known_position,
                                                  std::optional<std::int64_t> at_us) const {
  const auto fact_at = [&](std::int64_t p) {
    return std::find_if(inside_->facts.begin(), inside_->facts.end(), [&](const Fact& f) { return f.position == p; });
  };
  const auto asked = fact_at(position);
  if (asked != inside_->facts.end() && text(asked->event, "type") == "event.retracted") {
    if (position > known_position) return std::nullopt;
    auto turned = asked;
    while (text(turned->event, "type") == "event.retracted") {
      turned = fact_at(turned->event.at("data").at("position").get<std::int64_t>());
    }
    return diff_of_retraction(position, turned->position, known_position, at_us);
  }
  const std::vector<const Fact*> known = inside_->facts_known(known_position);
  State state = inside_->beginning(known);
  for (const Fact* fact : known) {
    const State before = state;
    fold(state, inside_->models, *fact);
    if (fact->position != position) continue;
    return compared(before, state, {{0, position, state}}, inside_->shown, resources_in(inside_->facts));
  }
  return std::nullopt;
}

std::optional<NaiveDiff> NaiveFold::diff_of_retraction(std::int64_t position, std::int64_t turned,
                                                       std::int64_t known_position,
                                                       std::optional<std::int64_t> at_us) const {
  const auto is_it = [&](const Fact* fact) { return fact->position == turned; };
  const auto counts = [&](std::int64_t as_known_at) {
    const std::vector<const Fact*> known = inside_->facts_known(as_known_at);
    return std::any_of(known.begin(), known.end(), is_it);
  };
  const bool counts_now = counts(position);
  if (counts(position - 1) == counts_now) return std::nullopt;
  const Fact* event = nullptr;
  for (const Fact& fact : inside_->facts) {
    if (fact.position == turned) event = &fact;
  }
  // All that is known, with that event put in or left out.
  const auto state_then = [&](bool with_it) {
    std::vector<const Fact*> known = inside_->facts_known(known_position);
    known.erase(std::remove_if(known.begin(), known.end(), is_it), known.end());
    const auto when = [](const Fact* fact) { return std::pair(fact->occurred_us, fact->position); };
    const auto later = [&](const Fact* fact) { return when(fact) > when(event); };
    if (with_it) known.insert(std::find_if(known.begin(), known.end(), later), event);
    State state = inside_->beginning(known);
    for (const Fact* fact : known) {
      if (at_us ? fact->occurred_us > *at_us : later(fact)) break;
      fold(state, inside_->models, *fact);
    }
    return state;
  };
  const State after = state_then(counts_now);
  return compared(state_then(!counts_now), after, {{0, position, after}}, inside_->shown, resources_in(inside_->facts));
}

NaiveDiff NaiveFold::diff_known(std::int64_t at_us, std::int64_t known_from, std::int64_t known_to) const {
  const State before = inside_->state(at_us, known_from);
  std::vector<Stage> stages;
  for (std::int64_t known = known_from + 1; known <= known_to; ++known) {
    stages.push_back({known, known, inside_->state(at_us, known)});
  }
  return compared(before, inside_->state(at_us, known_to), stages, inside_->shown, resources_in(inside_->facts));
}

}  // namespace tenure::oracle
