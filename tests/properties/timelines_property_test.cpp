// Timelines over random histories, and what the naive fold says of them: a permission's has the events that changed
// somebody's access to it and no others; a role's, a group's or a resource's leaves out no event that names it, and
// none of the organization's that touches it. The seed is printed; TENURE_SEED repeats a run, TENURE_HISTORIES changes
// its length.
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "tests/catch.h"
#include "tests/oracle/random_history.h"
#include "tests/properties/tenure_in_memory.h"

namespace {

using nlohmann::json;
using tenure::oracle::NaiveDiff;
using tenure::oracle::NaiveFold;
using tenure::oracle::RandomHistory;
using Thing = NaiveFold::Thing;
using Touching = NaiveFold::Touching;
using tenure::test::TenureInMemory;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

constexpr std::int64_t hour_us = 3'600'000'000;

// One history, told to Tenure and to the naive fold.
class Telling {
 public:
  explicit Telling(const RandomHistory& history)
      : history_(history), tenure_(history.models), naive_(tenure::oracle::oracle_of(history)) {
    for (std::size_t i = 0; i < history.events.size(); ++i) {
      tenure_.record(std::vector<json>(1, history.events[i]), history.recorded_us[i]);
    }
    // All that is known, also of what was said slightly ahead.
    at_us_ = history.recorded_us.back() + 2 * hour_us;
  }

  // How many of the events that were found are retractions.
  std::size_t compare(const std::string& permission, std::int64_t known, std::size_t limit) {
    INFO(permission << " as known at " << known << ", " << limit << " a page");
    const json list = tenure_.whole_list(
        {"timeline"},
        {{"permission", permission}, {"at", tenure::oracle::instant_text(at_us_)}, {"known_at", std::to_string(known)}},
        limit);
    std::map<std::int64_t, const json*> found;
    std::vector<std::pair<std::int64_t, std::int64_t>> order;
    std::size_t retractions = 0;
    for (const json& item : list.at("items")) {
      const auto position = item.at("event").at("position").get<std::int64_t>();
      REQUIRE(found.emplace(position, &item).second);
      order.emplace_back(history_.occurred_us(static_cast<std::size_t>(position - history_.first_position)), position);
      retractions += item.contains("retracts");
    }
    REQUIRE(std::is_sorted(order.begin(), order.end()));
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      const std::int64_t position = history_.position(i);
      INFO("position " << position << ": " << history_.events[i].dump());
      const bool retraction = history_.events[i].at("type") == "event.retracted";
      const bool then = changed(naive_.diff_of_event(position, known), permission);
      const bool by_now = retraction && changed(naive_.diff_of_event(position, known, at_us_), permission);
      const bool between = retraction && !then && !by_now && changed_between(position, known, [&](const auto& diff) {
                             return changed(diff, permission);
                           });
      REQUIRE(found.contains(position) == (then || by_now || between));
      if (!found.contains(position)) continue;
      const json& item = *found.at(position);
      between_ += between;
      if (retraction) REQUIRE(item.at("retracts").contains("in_between") == between);
      REQUIRE(item.at("effects").empty() == !then);
      REQUIRE(item.contains("retracts") == retraction);
      if (retraction) REQUIRE(item.at("by_now").at("effects").empty() == !by_now);
    }
    return retractions;
  }

  // How many of the events that were found name the thing, and how many do not.
  std::pair<std::size_t, std::size_t> compare(const Thing& thing, std::int64_t known, std::size_t limit) {
    INFO(thing.kind << " " << thing.id << " as known at " << known << ", " << limit << " a page");
    if (thing.kind == "group" && !heard_of(thing.id, known)) return {};  // 404, says tests/services/never_heard_test
    const json list = tenure_.whole_list(
        {"timeline"},
        {{thing.kind, thing.id}, {"at", tenure::oracle::instant_text(at_us_)}, {"known_at", std::to_string(known)}},
        limit);
    std::map<std::int64_t, const json*> found;
    for (const json& item : list.at("items")) {
      REQUIRE(found.emplace(item.at("event").at("position").get<std::int64_t>(), &item).second);
    }
    const auto expected = naive_.touching(thing, at_us_, known);
    std::size_t names = 0, others = 0;
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      const std::int64_t position = history_.position(i);
      INFO("position " << position << ": " << history_.events[i].dump());
      const auto is = expected.find(position);
      const bool told = found.contains(position);
      if (thing.kind == "resource" && known == history_.last_position()) {
        const bool changes = changed_on(position, known, thing.id);
        if (changes) REQUIRE(told);
        on_resources_ += changes;
      }
      if (is == expected.end()) continue;
      if (is->second == Touching::names) REQUIRE((told && found.at(position)->at("about") == true));
      if (is->second == Touching::must) REQUIRE(told);
      if (is->second == Touching::never && told) {
        const bool reaches = thing.kind == "resource" && changed_on(position, known, thing.id);
        INFO(found.at(position)->dump());
        REQUIRE((reaches || brings_somebody(history_.events[i])));
      }
      ++(is->second == Touching::names ? names : others);
    }
    return {names, others};
  }

  // How many retractions changed only what came after and went again; how many events changed what somebody holds on a
  // resource.
  std::size_t between() const { return between_; }
  std::size_t on_resources() const { return on_resources_; }

  // Of a kind, everything that some event names.
  std::vector<Thing> things(const std::string& kind) const {
    std::set<std::string> ids;
    for (const json& event : history_.events) {
      const json& data = event.at("data");
      const auto note = [&](const char* name, const std::string& prefix = {}) {
        if (!data.contains(name) || !data.at(name).is_string()) return;
        const std::string text = data.at(name).get<std::string>();
        if (text.rfind(prefix, 0) == 0) ids.insert(text.substr(prefix.size()));
      };
      note(kind.c_str());
      if (kind == "group") note("principal", "group:");
      if (kind == "resource") note("on");
    }
    std::vector<Thing> all;
    for (const std::string& id : ids) all.push_back({kind, id});
    return all;
  }

 private:
  // Whether an event that is known names the group.
  bool heard_of(const std::string& group, std::int64_t known) const {
    const std::set<json> names{group, "group:" + group};
    for (std::size_t i = 0; i < history_.events.size() && history_.position(i) <= known; ++i) {
      for (const auto& [field, said] : history_.events[i].at("data").items()) {
        const json all = said.is_array() ? said : json::array({said});
        if (std::any_of(all.begin(), all.end(), [&](const json& each) { return names.count(each) > 0; })) return true;
      }
    }
    return false;
  }

  // The creation brings its owner, to whom links may have waited, and gives them a role without naming it.
  static bool brings_somebody(const json& event) {
    return event.at("type") == "org.created" && event.at("data").contains("owner");
  }

  // At some instant from the turned event on.
  template <class Changed>
  bool changed_between(std::int64_t position, std::int64_t known, const Changed& changed) {
    std::int64_t turned = position;
    for (;;) {
      const json& event = history_.events[static_cast<std::size_t>(turned - history_.first_position)];
      if (event.at("type") != "event.retracted") break;
      turned = event.at("data").at("position").get<std::int64_t>();
      if (turned < history_.first_position || turned > history_.last_position()) return false;
    }
    const std::int64_t from = history_.occurred_us(static_cast<std::size_t>(turned - history_.first_position));
    std::set<std::int64_t> instants;
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      if (history_.occurred_us(i) >= from) instants.insert(history_.occurred_us(i));
    }
    return std::any_of(instants.begin(), instants.end(),
                       [&](std::int64_t us) { return changed(naive_.diff_of_event(position, known, us)); });
  }

  // What somebody holds on one resource, or on every one.
  bool changed_on(std::int64_t position, std::int64_t known, const std::string& resource) {
    const auto changed = [&](const std::optional<NaiveDiff>& diff) {
      if (!diff) return false;
      for (const auto& [member, permissions] : *diff) {
        for (const auto& [permission, cells] : permissions) {
          const auto cell = cells.find(resource);
          if (cell != cells.end() && !cell->second.causes.empty()) return true;
        }
      }
      return false;
    };
    if (changed(naive_.diff_of_event(position, known))) return true;
    const json& event = history_.events[static_cast<std::size_t>(position - history_.first_position)];
    if (event.at("type") != "event.retracted") return false;
    return changed(naive_.diff_of_event(position, known, at_us_)) || changed_between(position, known, changed);
  }

  static bool changed(const std::optional<NaiveDiff>& diff, const std::string& permission) {
    if (!diff) return false;
    for (const auto& [member, permissions] : *diff) {
      const auto cells = permissions.find(permission);
      if (cells == permissions.end()) continue;
      for (const auto& [resource, change] : cells->second) {
        if (!change.causes.empty()) return true;
      }
    }
    return false;
  }

  const RandomHistory& history_;
  TenureInMemory tenure_;
  NaiveFold naive_;
  std::int64_t at_us_ = 0;
  std::size_t between_ = 0, on_resources_ = 0;
};

}  // namespace

TEST_CASE("a permission's timeline has the events that changed somebody's access, and no others", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t histories = number_from("TENURE_HISTORIES", 40);
  std::cout << "timelines property: TENURE_SEED=" << seed << ", " << histories << " histories" << std::endl;
  std::mt19937_64 random(seed);
  std::size_t retractions = 0, between = 0;
  for (std::uint64_t i = 0; i < histories; ++i) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    const RandomHistory history = tenure::oracle::random_history(history_seed);
    Telling telling(history);
    const auto& permissions = history.cast.permissions;
    const std::string permission = permissions[random() % permissions.size()];
    const auto some = static_cast<std::int64_t>(random() % history.events.size());
    const std::int64_t known = random() % 2 == 0 ? history.last_position() : history.first_position + some;
    retractions += telling.compare(permission, known, 1 + random() % 20);
    between += telling.between();
  }
  std::cout << "timelines property: " << retractions << " retractions, " << between << " of what came and went\n";
  if (histories >= 40) CHECK(retractions > 0);
}

TEST_CASE("the timeline of a role, group or resource leaves out nothing that names or touches it", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t histories = number_from("TENURE_HISTORIES", 40);
  std::cout << "whole timelines property: TENURE_SEED=" << seed << ", " << histories << " histories" << std::endl;
  std::mt19937_64 random(seed);
  std::size_t names = 0, others = 0, on_resources = 0;
  for (std::uint64_t i = 0; i < histories; ++i) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    const RandomHistory history = tenure::oracle::random_history(history_seed);
    Telling telling(history);
    for (const char* kind : {"role", "group", "resource"}) {
      const std::vector<Thing> things = telling.things(kind);
      for (int n = 0; n < 3 && !things.empty(); ++n) {
        const auto some = static_cast<std::int64_t>(random() % history.events.size());
        const std::int64_t known = n == 0 ? history.last_position() : history.first_position + some;
        const auto [named, touched] = telling.compare(things[random() % things.size()], known, 1 + random() % 20);
        names += named;
        others += touched;
      }
    }
    on_resources += telling.on_resources();
  }
  if (histories >= 40) CHECK(on_resources > 0);
  if (histories >= 40) CHECK(names > 0);
  if (histories >= 40) CHECK(others > 0);
}
