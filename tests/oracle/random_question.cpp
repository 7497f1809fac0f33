#include "tests/oracle/random_question.h"

#include <array>
#include <optional>
#include <utility>

#include "tests/oracle/model_reading.h"
#include "tests/oracle/random_model.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

constexpr std::int64_t hour_us = 3'600'000'000;

// How often each kind is asked, in percent.
struct Share {
  const char* kind;
  std::size_t percent;
};
constexpr std::array shares{Share{"who_can", 23},    Share{"can", 20},       Share{"who_can_over", 11},
                            Share{"members", 7},     Share{"member", 3},     Share{"groups", 5},
                            Share{"invitations", 5}, Share{"roles", 3},      Share{"group_members", 5},
                            Share{"diff", 8},        Share{"diff_known", 4}, Share{"touch", 6}};

// Zones as they were in the winter of 2023 to 2024, with no change of the clock near.
struct Zone {
  const char* name;
  std::int64_t ahead_minutes;
};
const std::vector<Zone> zones{
    {"UTC", 0}, {"Europe/Berlin", 60}, {"Asia/Kathmandu", 345}, {"America/St_Johns", -210}, {"Pacific/Apia", 780}};

// At an event's instant or one microsecond beside it, anywhere, or before or after everything.
std::int64_t some_instant(Dice& dice, const RandomHistory& history) {
  const std::size_t roll = dice.below(100);
  const std::int64_t last = history.recorded_us.back();
  if (roll < 30) return history.occurred_us(dice.below(history.events.size()));
  if (roll < 50) {
    const std::int64_t event_us = history.occurred_us(dice.below(history.events.size()));
    return event_us + dice.between(-1, 1);
  }
  if (roll < 80) return dice.between(most_begin_us - hour_us / 4, last);
  if (roll < 83) return most_begin_us - 3 * hour_us;
  return last + dice.between(0, 2 * hour_us);
}

std::int64_t some_known_position(Dice& dice, const RandomHistory& history) {
  if (dice.percent(50)) return history.last_position();
  if (dice.percent(3)) return history.first_position - 1;
  return dice.between(history.first_position, history.last_position());
}

void add_range(Dice& dice, const RandomHistory& history, json& asked) {
  if (dice.percent(15)) {
    static const std::vector<std::pair<std::string, std::int64_t>> days{
        {"2023-12-31", -24}, {"2024-01-01", 0}, {"2024-01-02", 24}};
    const auto& [date, hours] = dice.one_of(days);
    const Zone& zone = dice.one_of(zones);
    const std::int64_t from_us = most_begin_us + hours * hour_us - zone.ahead_minutes * (hour_us / 60);
    asked["on"] = date;
    asked["tz"] = zone.name;
    asked["from_us"] = from_us;
    asked["to_us"] = from_us + 24 * hour_us;
    return;
  }
  std::int64_t from_us = some_instant(dice, history), to_us = some_instant(dice, history);
  if (from_us > to_us) std::swap(from_us, to_us);
  if (from_us == to_us || dice.percent(15)) to_us = from_us + 1;
  asked["from_us"] = from_us;
  asked["to_us"] = to_us;
}

void add_power(Dice& dice, const RandomHistory& history, json& asked) {
  const Cast& cast = history.cast;
  const json& model = history.models.at(dice.below(history.models.size()));
  const json& permission = *entry(model, "permissions", dice.one_of(cast.permissions));
  asked["permission"] = permission.at("id");
  const json& levels = model.at("scales").at(permission.at("scale").get<std::string>());
  if (dice.percent(40)) asked["level"] = levels.at(dice.percent(95) ? 1 + dice.below(levels.size() - 1) : 0);
  if (permission.contains("resource") && dice.percent(60)) {
    std::string kind = permission.at("resource").get<std::string>();
    if (dice.percent(3)) kind = kind == cast.kinds.front() ? cast.kinds.back() : cast.kinds.front();
    asked["resource"] = kind + ":" + std::to_string(dice.below(cast.resources(kind)));
  }
}

std::optional<std::string> asked_or_none(const json& asked, const char* name) {
  if (!asked.contains(name)) return std::nullopt;
  return asked.at(name).get<std::string>();
}

// What is asked, taken apart.
struct Asked {
  std::string permission, member;
  std::optional<std::string> level, resource;
  std::int64_t at_us = 0, known = 0;
  bool explain = false;

  explicit Asked(const json& asked)
      : permission(asked.value("permission", "")),
        member(asked.value("member", "")),
        level(asked_or_none(asked, "level")),
        resource(asked_or_none(asked, "resource")),
        at_us(asked.value("at_us", std::int64_t{0})),
        known(asked.at("known_position").get<std::int64_t>()),
        explain(asked.value("explain", false)) {}
};

json row_json(const NaiveFold& oracle, const Asked& a, const std::string& member, const Row& row) {
  json shown{{"level", row.level}, {"reach", row.reach}};
  if (!a.explain) return shown;
  shown["paths"] = json::array();
  for (const NaivePath& path : oracle.paths(member, a.permission, a.resource, a.at_us, a.known)) {
    shown["paths"].push_back({{"kind", path.kind},
                              {"level", path.level},
                              {"reach", path.reach},
                              {"ways", path.ways},
                              {"defined_by", path.defined_by}});
  }
  return shown;
}

json intervals_json(const std::vector<NaiveInterval>& intervals) {
  json shown = json::array();
  for (const NaiveInterval& each : intervals) {
    shown.push_back({{"from_us", each.from_us},
                     {"to_us", each.to_us ? json(*each.to_us) : json()},
                     {"level", each.level},
                     {"openers", each.openers},
                     {"closers", each.closers}});
  }
  return shown;
}

json row_or_null(const std::optional<Row>& row) {
  return row ? json{{"level", row->level}, {"reach", row->reach}} : json();
}

NaiveDiff diff_of(const NaiveFold& oracle, const std::string& kind, const json& asked) {
  const auto number = [&](const char* name) { return asked.at(name).get<std::int64_t>(); };
  const std::int64_t known = number("known_position");
  if (kind == "diff") return oracle.diff(number("from_us"), number("to_us"), known);
  if (kind == "diff_known") return oracle.diff_known(number("at_us"), number("known_from"), known);
  return oracle.diff_of_event(number("event"), known).value_or(NaiveDiff());
}

json cells_of(const NaiveFold& oracle, const std::string& kind, const json& asked) {
  const NaiveDiff diff = diff_of(oracle, kind, asked);
  json cells = json::object();
  for (const auto& [member, permissions] : diff) {
    if (asked.contains("member") && folded(asked.at("member").get<std::string>()) != folded(member)) continue;
    for (const auto& [permission, resources] : permissions) {
      if (asked.contains("permission") && asked.at("permission") != permission) continue;
      for (const auto& [resource, change] : resources) {
        cells[member][permission][resource] = {
            {"before", row_or_null(change.before)}, {"after", row_or_null(change.after)}, {"causes", change.causes}};
      }
    }
  }
  return cells;
}

json rows_of(const NaiveFold& oracle, const std::string& kind, const json& asked, const Asked& a) {
  json rows = json::object();
  if (kind == "members") {
    for (const auto& [identity, row] : oracle.members(a.at_us, a.known)) {
      rows[identity] = {{"status", row.status},
                        {"role", row.role},
                        {"groups", row.groups},
                        {"since_us", row.since_us},
                        {"found_so", row.found_so}};
    }
  } else if (kind == "invitations") {
    for (const auto& [identity, row] : oracle.invitations(a.at_us, a.known)) {
      rows[identity] = {
          {"role", row.role}, {"groups", row.groups}, {"since_us", row.since_us}, {"found_so", row.found_so}};
    }
  } else if (kind == "groups") {
    for (const auto& [group, row] : oracle.groups(a.at_us, a.known)) {
      rows[group] = {{"parent", row.parent},
                     {"role", row.role},
                     {"members", row.members},
                     {"since_us", row.since_us},
                     {"found_so", row.found_so}};
    }
  } else if (kind == "group_members") {
    for (const auto& [identity, row] : oracle.group_members(asked.at("group").get<std::string>(), a.at_us, a.known)) {
      rows[identity] = {{"since_us", row.since_us}, {"found_so", row.found_so}};
    }
  } else {
    for (const auto& [role, row] : oracle.roles(a.at_us, a.known)) {
      rows[role] = {{"kind", row.kind}, {"grants", row.grants}};
    }
  }
  return rows;
}

json findings_answer(const NaiveFold& oracle, const json& asked, const Asked& a) {
  constexpr std::int64_t minute_us = 60'000'000;
  NaiveFindingsAsked look;
  look.at_us = a.at_us;
  look.known_position = a.known;
  look.pending_us = asked.at("pending_days").get<std::int64_t>() * 24 * 60 * minute_us;
  look.short_lived_us = asked.at("within_minutes").get<std::int64_t>() * minute_us;
  look.raising = asked.at("raising").at(oracle.model_at(a.at_us, a.known)).get<std::set<std::string>>();
  json rows = json::object();
  const bool again = asked.value("kind", "") == "judgement_changed";
  for (const auto& [what, since] : again ? oracle.judged_again(a.at_us, a.known) : oracle.findings(look)) {
    rows[what] = since ? json{{"since_us", since->us}, {"opened_by", since->position}} : json::object();
  }
  return {{"before_history", oracle.before_history(a.at_us, a.known)},
          {"rows", rows},
          {"closed", oracle.closed_findings(a.at_us, a.known)}};
}

}  // namespace

Question random_question(std::mt19937_64& random, const RandomHistory& history, const std::string& kind) {
  Dice dice(random);
  Question question;
  question.kind = kind;
  question.asked = {{"known_position", some_known_position(dice, history)}};
  if (kind == "who_can_over" || kind == "diff") {
    add_range(dice, history, question.asked);
  } else {
    question.asked["at_us"] = some_instant(dice, history);
  }
  if (kind == "who_can" || kind == "can" || kind == "who_can_over") add_power(dice, history, question.asked);
  if (kind == "diff_known") {
    question.asked["known_from"] =
        dice.between(history.first_position - 1, question.asked.at("known_position").get<std::int64_t>());
  }
  if (kind == "touch") {
    // All that is known, also of what was said slightly ahead.
    question.asked["at_us"] = history.recorded_us.back() + 2 * hour_us;
    question.asked["member"] = person(dice.below(history.cast.people));
    std::size_t event = dice.below(history.events.size());
    // Retractions are few: one is looked for now and then.
    for (int tries = dice.percent(25) ? 50 : 0; tries > 0; --tries) {
      if (history.events[event].at("type") == "event.retracted") break;
      event = dice.below(history.events.size());
    }
    question.asked["event"] = history.position(event);
  }
  if (kind == "diff" || kind == "diff_known") {
    // No zone's day: a diff compares two instants.
    question.asked.erase("on");
    question.asked.erase("tz");
    if (dice.percent(25)) question.asked["member"] = person(dice.below(history.cast.people));
    if (dice.percent(25)) add_power(dice, history, question.asked);
    question.asked.erase("level");
    question.asked.erase("resource");
  }
  if (kind == "findings") {
    question.asked["pending_days"] = dice.below(2);
    question.asked["within_minutes"] = dice.percent(50) ? 24 * 60 : dice.below(120);
  }
  if (kind == "who_can" || kind == "can") question.asked["explain"] = dice.percent(40);
  if (kind == "can" || kind == "member") question.asked["member"] = person(dice.below(history.cast.people));
  if (kind == "group_members") question.asked["group"] = "g" + std::to_string(dice.below(history.cast.groups));
  return question;
}

Question random_question(std::mt19937_64& random, const RandomHistory& history) {
  std::size_t roll = Dice(random).below(100);
  for (const Share& share : shares) {
    if (roll < share.percent) return random_question(random, history, share.kind);
    roll -= share.percent;
  }
  return random_question(random, history, "who_can");
}

namespace {

// Whether the level that is asked for is one at that time: a level that no model then has is a mistake in the question.
bool has_level(const NaiveFold& oracle, const json& asked, const Asked& a) {
  if (!a.level || !oracle.history_from(a.known)) return true;
  const bool over = asked.contains("from_us");
  const std::int64_t from_us = over ? asked.at("from_us").get<std::int64_t>() : a.at_us;
  const std::int64_t to_us = over ? asked.at("to_us").get<std::int64_t>() : a.at_us + 1;
  return oracle.has_level(a.permission, *a.level, from_us, to_us, a.known);
}

}  // namespace

json answer(const NaiveFold& oracle, const Question& question) {
  const Asked a(question.asked);
  if (!has_level(oracle, question.asked, a)) return {{"refused", "unknown_level"}};
  if (question.kind == "who_can_over") {
    const std::int64_t from_us = question.asked.at("from_us").get<std::int64_t>();
    const std::int64_t to_us = question.asked.at("to_us").get<std::int64_t>();
    json rows = json::object();
    for (const auto& [identity, row] :
         oracle.who_can_over(a.permission, a.level, a.resource, from_us, to_us, a.known)) {
      rows[identity] = {
          {"level", row.best.level}, {"reach", row.best.reach}, {"intervals", intervals_json(row.intervals)}};
    }
    return {{"before_history", oracle.before_history(from_us, a.known)}, {"rows", rows}};
  }
  if (question.kind == "diff" || question.kind == "diff_known" || question.kind == "touch") {
    const bool over = question.kind == "diff";
    const std::int64_t first_us = question.asked.at(over ? "from_us" : "at_us").get<std::int64_t>();
    const bool first_side = question.kind == "diff_known" &&
                            oracle.before_history(first_us, question.asked.at("known_from").get<std::int64_t>());
    return {{"before_history", first_side || oracle.before_history(first_us, a.known)},
            {"cells", cells_of(oracle, question.kind, question.asked)}};
  }
  const bool before = oracle.before_history(a.at_us, a.known);
  if (question.kind == "findings") return findings_answer(oracle, question.asked, a);
  if (question.kind == "can") {
    const std::optional<Row> row = oracle.can(a.member, a.permission, a.level, a.resource, a.at_us, a.known);
    if (row) return {{"before_history", before}, {"row", row_json(oracle, a, a.member, *row)}};
    return {{"before_history", before},
            {"row", json()},
            {"denied", oracle.denials(a.member, a.permission, a.level, a.resource, a.at_us, a.known)}};
  }
  if (question.kind == "member") {
    const std::string status = before ? "not a member" : oracle.status(a.member, a.at_us, a.known);
    return {{"before_history", before}, {"status", status}};
  }
  json rows = json::object();
  if (question.kind == "who_can") {
    const OracleAnswer who = oracle.who_can(a.permission, a.level, a.resource, a.at_us, a.known);
    for (const auto& [identity, row] : who.rows) rows[identity] = row_json(oracle, a, identity, row);
  } else if (!before) {
    rows = rows_of(oracle, question.kind, question.asked, a);
  }
  return {{"before_history", before}, {"rows", rows}};
}

}  // namespace tenure::oracle
