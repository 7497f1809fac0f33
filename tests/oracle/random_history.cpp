#include "tests/oracle/random_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "tests/oracle/model_reading.h"
#include "tests/oracle/random_model.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t hour_us = 3'600 * second_us;
constexpr std::int64_t ahead_us_max = 4 * 60 * second_us;  // inside the five minutes that Tenure takes
constexpr std::int64_t start_us = most_begin_us;
// What may happen and how often; about three beginnings to one ending, so that much is alive at any time.
struct Chance {
  const char* type;
  std::size_t weight;
};
constexpr std::array chances{Chance{"member.added", 130},        Chance{"member.removed", 15},
                             Chance{"member.role_changed", 90},  Chance{"member.disabled", 20},
                             Chance{"member.enabled", 20},       Chance{"member.invited", 25},
                             Chance{"invitation.accepted", 25},  Chance{"invitation.cancelled", 6},
                             Chance{"invitation.expired", 6},    Chance{"ownership.transferred", 12},
                             Chance{"role.created", 50},         Chance{"role.edited", 25},
                             Chance{"role.reset", 10},           Chance{"role.deleted", 9},
                             Chance{"group.created", 70},        Chance{"group.edited", 35},
                             Chance{"group.deleted", 7},         Chance{"group.member_added", 130},
                             Chance{"group.member_removed", 18}, Chance{"role.granted", 120},
                             Chance{"role.revoked", 16},         Chance{"resource.added", 55},
                             Chance{"resource.removed", 10},     Chance{"assignment.added", 95},
                             Chance{"assignment.removed", 12},   Chance{"feature.enabled", 14},
                             Chance{"feature.disabled", 10},     Chance{"org.setting_changed", 16},
                             Chance{"org.model_changed", 10},    Chance{"org.deleted", 1},
                             Chance{"event.retracted", 45},      Chance{"source.recorded", 8}};

class HistoryMaker {
 public:
  // On a platform's document, or where it is null on random ones.
  HistoryMaker(std::uint64_t seed, std::int64_t first_position, const json& document) : random_(seed), dice_(random_) {
    history_.seed = seed;
    history_.first_position = first_position;
    history_.models = document.is_null() ? random_models(dice_) : platform_and_variation(dice_, document);
    history_.cast = random_cast(dice_, history_.models);
  }

  RandomHistory make() {
    const bool long_lives = dice_.percent(12);
    if (long_lives) few_of_each();
    const std::size_t length = long_lives ? 150 + dice_.below(250) : 30 + dice_.below(91);
    clock_us_ = start_us;
    json created{{"model", history_.models.at(0).at("id")}, {"mode", "observe"}};
    if (dice_.percent(70)) created["owner"] = some_person();
    keep("org.created", created, start_us - dice_.between(0, hour_us / 2));
    opening();
    while (history_.events.size() < length) {
      clock_us_ += dice_.percent(10) ? 1 : dice_.between(1, 90 * second_us);
      const std::string type = some_type();
      if (type == "event.retracted" && history_.events.size() < 2) continue;
      json data = some_data(type);  // drawn one after the other: the order of arguments is the compiler's own
      keep(type, std::move(data), some_time());
    }
    return history_;
  }

 private:
  void few_of_each() {
    Cast& cast = history_.cast;
    cast.people = 3, cast.groups = 2, cast.custom_roles = 2, cast.things = 2, cast.places = 1;
  }

  // Something to begin with, so that the first questions are not all about an empty house.
  void opening() {
    for (const char* type :
         {"member.added", "member.added", "member.added", "member.added", "member.added", "member.added",
          "group.created", "group.created", "group.created", "resource.added", "resource.added", "group.member_added",
          "group.member_added", "group.member_added", "group.member_added", "assignment.added", "assignment.added",
          "role.granted", "role.granted"}) {
      if (!dice_.percent(70)) continue;
      clock_us_ += dice_.between(1, 5 * second_us);
      keep(type, some_data(type), start_us);
    }
  }

  void keep(const std::string& type, json data, std::optional<std::int64_t> occurred_us) {
    json event{{"type", type}, {"actor", some_actor()}, {"data", std::move(data)}};
    // People often act for themselves: accept, leave.
    if (event.at("data").contains("member") && dice_.percent(15)) {
      event["actor"] = {{"kind", "member"}, {"id", event.at("data").at("member")}};
    }
    if (dice_.percent(10)) event["approved_by"] = some_actor();
    if (occurred_us) event["occurred_at"] = written_some_way(*occurred_us);
    if (dice_.percent(10)) event["basis"] = "baseline";
    if (type == "event.retracted" || dice_.percent(5)) event["reason"] = "as it was found";
    if (dice_.percent(3)) spell_in_capitals(event);
    history_.events.push_back(std::move(event));
    history_.recorded_us.push_back(clock_us_);
  }

  // The same person in another spelling: identities are compared without regard to case.
  static void spell_in_capitals(json& event) {
    json& data = event.at("data");
    for (const char* name : {"member", "owner", "from", "to"}) {
      if (!data.contains(name)) continue;
      std::string identity = data.at(name).get<std::string>();
      identity[0] = 'M';
      data[name] = identity;
    }
  }

  std::string written_some_way(std::int64_t us) {
    if (!dice_.percent(5)) return instant_text(us);
    std::string shifted = instant_text(us + 2 * hour_us);
    shifted.pop_back();
    return shifted + "+02:00";
  }

  // Nothing means now. Late, at once with an earlier event, a microsecond beside it, or slightly ahead.
  std::optional<std::int64_t> some_time() {
    const std::size_t roll = dice_.below(100);
    if (roll < 25) return std::nullopt;
    if (roll < 45) return clock_us_;
    const std::int64_t earlier = history_.occurred_us(dice_.below(history_.events.size()));
    if (roll < 65) return std::min(earlier, clock_us_ + ahead_us_max);
    if (roll < 73) return std::min(earlier + dice_.between(-1, 1), clock_us_ + ahead_us_max);
    if (roll < 95) return dice_.between(start_us - hour_us / 2, clock_us_);
    return clock_us_ + dice_.between(0, ahead_us_max);
  }

  std::string some_type() {
    std::size_t total = 0;
    for (const Chance& each : chances) total += each.weight;
    std::size_t roll = dice_.below(total);
    for (const Chance& each : chances) {
      if (roll < each.weight) return each.type;
      roll -= each.weight;
    }
    return "member.added";
  }

  json some_actor() {
    const std::size_t roll = dice_.below(100);
    if (roll < 30) return {{"kind", "system"}, {"id", "sync"}};
    if (roll < 38) return {{"kind", "integration"}, {"id", "bridge"}};
    if (roll < 46) return {{"kind", "support"}, {"id", "sue@y.test"}};
    return {{"kind", "member"}, {"id", some_person()}};
  }

  const Cast& cast() const { return history_.cast; }
  std::string some_person() { return person(dice_.below(cast().people)); }
  std::string some_group() { return "g" + std::to_string(dice_.below(cast().groups)); }
  std::string some_custom_role() { return "c" + std::to_string(dice_.below(cast().custom_roles)); }
  std::string some_system_role() {
    const json& roles = history_.models.at(dice_.below(2)).at("roles");
    return roles.at(dice_.below(roles.size())).at("id").get<std::string>();
  }
  std::string some_role() { return dice_.percent(35) ? some_custom_role() : some_system_role(); }
  std::string some_kind() {
    if (dice_.percent(1)) return "car";
    return dice_.percent(65) ? cast().kinds.front() : cast().kinds.back();
  }
  std::string some_resource() {
    const std::string kind = some_kind();
    return kind + ":" + std::to_string(dice_.below(cast().resources(kind)));
  }
  std::string some_principal() {
    const std::size_t roll = dice_.below(100);
    if (roll < 55) return "member:" + some_person();
    return roll < 94 ? "group:" + some_group() : "everyone";
  }
  std::string some_scope() {
    const std::size_t roll = dice_.below(100);
    if (roll < 76) return some_resource();
    if (roll < 91) return some_kind() + ":*";
    return "org";
  }
  json some_levels() {
    json grants = json::object();
    for (const std::string& id : cast().permissions) {
      if (!dice_.percent(30)) continue;
      const json& permission = *entry(history_.models.at(0), "permissions", id);
      const json& levels = history_.models.at(0).at("scales").at(permission.at("scale").get<std::string>());
      grants[id] = dice_.percent(2) ? json("vast") : levels.at(dice_.below(levels.size()));
    }
    if (dice_.percent(4)) grants["p99"] = "view";
    return grants;
  }

  json some_data(const std::string& type) {
    if (type == "event.retracted") return retraction();
    if (type == "source.recorded") return {{"source", "some-log"}, {"action", "looked.around"}, {"raw", "{}"}};
    const std::string family = type.substr(0, type.find('.'));
    if (family == "org" || family == "feature") return of_organization(type);
    if (family == "member" || family == "invitation" || family == "ownership") return of_member(type);
    if (family == "role") return of_role(type);
    if (family == "group") return of_group(type);
    return of_resource(type);
  }

  // Any earlier event but the organization's creation; retractions too, so that some are taken back.
  json retraction() {
    const std::size_t events = history_.events.size();
    std::size_t which = 1 + dice_.below(events - 1);
    if (dice_.percent(30)) {
      for (std::size_t i = events; i-- > 1;) {
        if (history_.events[i].at("type") == "event.retracted") {
          which = i;
          break;
        }
      }
    }
    return {{"position", history_.position(which)}};
  }

  json of_organization(const std::string& type) {
    if (type == "org.setting_changed") return setting();
    if (type == "org.model_changed") return {{"model", history_.models.at(dice_.percent(60) ? 1 : 0).at("id")}};
    if (type == "org.deleted") return json::object();
    return {{"feature", dice_.percent(5) ? "f9" : dice_.one_of(cast().features)}};
  }

  json setting() {
    const std::string id = dice_.one_of(cast().settings);
    std::vector<std::string> values{"odd"};
    for (const json& model : history_.models) {
      const json* rule = entry(model, "settings", id);
      if (rule == nullptr) continue;
      for (const auto& [value, role] : rule->at("values").items()) values.insert(values.begin(), 3, value);
    }
    return {{"setting", id}, {"value", dice_.one_of(values)}};
  }

  json of_member(const std::string& type) {
    if (type == "ownership.transferred") {
      const std::size_t from = dice_.below(cast().people);
      json data{{"from", person(from)}, {"to", person((from + 1 + dice_.below(cast().people - 1)) % cast().people)}};
      if (dice_.percent(40)) data["previous_owner_role"] = some_role();
      return data;
    }
    json data{{"member", some_person()}};
    if (type == "member.role_changed" || (type == "member.added" && dice_.percent(60))) data["role"] = some_role();
    if ((type == "member.disabled" || type == "member.enabled") && dice_.percent(40)) {
      data["area"] = dice_.one_of(cast().areas);
    }
    if (type == "member.invited") {
      if (dice_.percent(70)) data["role"] = some_role();
      if (dice_.percent(50)) {
        data["groups"] = json::array({some_group()});
        const std::string other = some_group();
        if (data.at("groups").at(0) != other) data["groups"].push_back(other);
      }
      if (dice_.percent(40)) data["expires_at"] = instant_text(clock_us_ + dice_.between(-hour_us, hour_us));
    }
    return data;
  }

  json of_role(const std::string& type) {
    if (type == "role.granted" || type == "role.revoked") return scoped_grant(type);
    // Now and then somebody tries to make, edit or delete a system role.
    json data{{"role", dice_.percent(90) ? some_custom_role() : some_system_role()}};
    if (type == "role.created") {
      data["name"] = "Custom";
      data["grants"] = some_levels();
      if (dice_.percent(60)) data["based_on"] = some_role();
    } else if (type == "role.edited") {
      data["grants"] = some_levels();
    } else if (type == "role.deleted" && dice_.percent(50)) {
      data["reassign_to"] = some_role();
    }
    return data;
  }

  // Half of the revocations take back something that was granted; random ones would seldom meet.
  json scoped_grant(const std::string& type) {
    if (type == "role.revoked" && dice_.percent(60)) {
      for (std::size_t tries = 0; tries < 20; ++tries) {
        const json& event = history_.events[dice_.below(history_.events.size())];
        if (event.at("type") == "role.granted") return event.at("data");
      }
    }
    return {{"principal", some_principal()}, {"role", some_role()}, {"on", some_scope()}};
  }

  json of_group(const std::string& type) {
    json data{{"group", some_group()}};
    if (type == "group.member_added" || type == "group.member_removed") data["member"] = some_person();
    if (type == "group.created") {
      if (dice_.percent(40)) data["parent"] = some_group();
      if (dice_.percent(50)) data["role"] = some_role();
    } else if (type == "group.edited") {
      if (dice_.percent(50)) data["parent"] = dice_.percent(25) ? json() : json(some_group());
      if (dice_.percent(50)) data["role"] = dice_.percent(25) ? json() : json(some_role());
      if (!data.contains("parent") && !data.contains("role")) data["name"] = "Renamed";
    }
    return data;
  }

  json of_resource(const std::string& type) {
    json data{{"resource", some_resource()}};
    if (type == "assignment.added" || type == "assignment.removed") data["member"] = some_person();
    if (type == "resource.added" && dice_.percent(50)) data["parent"] = some_resource();
    if (data.contains("parent") && data.at("parent") == data.at("resource")) data.erase("parent");
    return data;
  }

  std::mt19937_64 random_;
  Dice dice_;
  RandomHistory history_;
  std::int64_t clock_us_ = 0;
};

}  // namespace

std::int64_t RandomHistory::occurred_us(std::size_t event) const {
  const json& each = events.at(event);
  return each.contains("occurred_at") ? instant_us(each.at("occurred_at").get<std::string>()) : recorded_us.at(event);
}

RandomHistory random_history(std::uint64_t seed, std::int64_t first_position) {
  return HistoryMaker(seed, first_position, json()).make();
}

RandomHistory random_history_on(const json& document, std::uint64_t seed, std::int64_t first_position) {
  return HistoryMaker(seed, first_position, document).make();
}

NaiveFold oracle_of(const RandomHistory& history) {
  NaiveFold oracle(history.models.at(0));
  for (std::size_t i = 1; i < history.models.size(); ++i) oracle.add_model(history.models.at(i));
  for (std::size_t i = 0; i < history.events.size(); ++i) {
    oracle.append(history.events[i], history.position(i), history.recorded_us[i]);
  }
  return oracle;
}

std::string instant_text(std::int64_t us) {
  const std::chrono::sys_time<std::chrono::microseconds> instant{std::chrono::microseconds(us)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::int64_t within = (instant - day).count();
  std::array<char, 64> written{};
  std::snprintf(written.data(), written.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(within / hour_us), static_cast<int>(within / (60 * second_us) % 60),
                static_cast<int>(within / second_us % 60));
  std::string text = written.data();
  if (within % second_us != 0) {
    std::snprintf(written.data(), written.size(), ".%06d", static_cast<int>(within % second_us));
    std::string fraction = written.data();
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  return text + "Z";
}

}  // namespace tenure::oracle
