#include "tests/properties/found_diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/catch.h"
#include "tests/oracle/model_reading.h"

namespace tenure::test {

using nlohmann::json;

namespace {

// What a row says was held before or after; nothing where it was gained or lost. What a model calls the level that
// means no access is its own affair.
json held(const json& row, const char* side, const char* nothing_when) {
  const json& power = row.at(side);
  if (power.contains("reach")) return power;
  return !row.contains("resource") || power.at("level").is_null() || row.at("change") == nothing_when ? json() : power;
}

bool same(const json& expected, const json& found, bool with_reach) {
  if (expected.is_null() || found.is_null()) return expected.is_null() == found.is_null();
  if (expected.at("level") != found.at("level")) return false;
  return !with_reach || expected.at("reach") == found.at("reach");
}

bool unchanged(const json& cell) { return same(cell.at("before"), cell.at("after"), false); }
bool same_step(const json& a, const json& b) {
  return same(a.at("before"), b.at("before"), false) && same(a.at("after"), b.at("after"), false);
}

std::string wrong_row(const json& cell, const json& row, const json* every) {
  const bool with_reach = !row.contains("resource");
  if (!same(cell.at("before"), held(row, "before", "gained"), with_reach)) return "what was held before";
  if (!same(cell.at("after"), held(row, "after", "lost"), with_reach)) return "what is held after";
  const std::string change = row.at("change").get<std::string>();
  const bool kept = change == "kept";
  if (kept && (!every || unchanged(*every))) return "a row where nothing changed";
  if (!kept && same(cell.at("before"), cell.at("after"), with_reach)) return "a row where nothing changed";
  if ((change == "gained") != (cell.at("before").is_null() && !cell.at("after").is_null())) return "what was gained";
  if ((change == "lost") != (cell.at("after").is_null() && !cell.at("before").is_null())) return "what was lost";
  // What was kept all the time has the cause of what every other resource lost or gained.
  const json& causes = kept && cell.at("causes").empty() ? every->at("causes") : cell.at("causes");
  const json& cause = row.at("cause").at("position");
  return std::find(causes.begin(), causes.end(), cause) != causes.end() ? "" : "the cause";
}

using Rows = std::map<std::tuple<std::string, std::string, std::string>, json>;

std::string wrong_permission(const json& resources, const std::string& member, const std::string& permission,
                             const Rows& rows, std::size_t& matched) {
  const json* every = nullptr;
  for (const auto& [resource, cell] : resources.items()) {
    if (resource.ends_with(":*")) every = &cell;
  }
  for (const auto& [resource, cell] : resources.items()) {
    const auto row = rows.find({member, permission, resource});
    const bool single = !resource.empty() && !resource.ends_with(":*");
    if (row == rows.end()) {
      // It went as every resource did, or stayed where those did.
      const bool right = single ? same_step(cell, *every) || (unchanged(cell) && unchanged(*every))
                                : same(cell.at("before"), cell.at("after"), resource.empty());
      if (!right) return "a row is missing: " + resource;
      continue;
    }
    ++matched;
    const std::string wrong = wrong_row(cell, row->second, single ? every : nullptr);
    if (!wrong.empty()) return wrong + ": " + row->second.dump();
  }
  return {};
}

// The rows again from the list by cause: how often each effect of each cause was told.
void require_same_by_cause(const json& rows, const json& causes) {
  std::map<std::int64_t, std::map<std::string, std::set<std::string>>> told;
  std::map<std::int64_t, std::set<std::string>> members;
  std::map<std::int64_t, std::size_t> changes;
  for (json row : rows) {
    const std::int64_t cause = row.at("cause").at("position").get<std::int64_t>();
    const std::string member = row.at("member").get<std::string>();
    const std::string key = row.at("permission").dump() + row.value("resource", "") + row.at("change").dump() +
                            row.at("before").dump() + row.at("after").dump();
    told[cause][key].insert(member);
    members[cause].insert(member);
    ++changes[cause];
  }
  REQUIRE(causes.size() == told.size());
  for (const json& item : causes) {
    const std::int64_t cause = item.at("cause").at("position").get<std::int64_t>();
    REQUIRE(item.at("members") == members.at(cause).size());
    REQUIRE(item.at("changes") == changes.at(cause));
    REQUIRE(item.at("effects").size() == told.at(cause).size());
    for (const json& effect : item.at("effects")) {
      const std::string key = effect.at("permission").dump() + effect.value("resource", "") +
                              effect.at("change").dump() + effect.at("before").dump() + effect.at("after").dump();
      REQUIRE(effect.at("members") == told.at(cause).at(key).size());
    }
  }
}

}  // namespace

json found_diff(TenureInMemory& tenure, const Query& query) {
  Query flat = query;
  flat.emplace_back("by", "change");
  const RouteAnswer first = tenure.get({"diff"}, flat);
  if (first.status == 404) return {{"rows", json::array()}};
  const json list = tenure.whole_list({"diff"}, flat, 7);
  const json causes = tenure.whole_list({"diff"}, query, 3);
  require_same_by_cause(list.at("items"), causes.at("items"));
  return {{"before_history", list.at("before_history")}, {"rows", list.at("items")}};
}

json found_touch(TenureInMemory& tenure, const Query& query, std::int64_t event) {
  const RouteAnswer first = tenure.get({"timeline"}, query);
  if (first.status == 404) return {{"rows", json::array()}};
  const json list = tenure.whole_list({"timeline"}, query, 5);
  json rows = json::array();
  std::int64_t told = 0;
  for (const json& item : list.at("items")) {
    if (item.at("event").at("position") != event) continue;
    ++told;
    for (json effect : item.at("effects")) {
      REQUIRE(effect.at("members") == 1);
      for (const auto& [name, value] : query) {
        if (name == "member") effect["member"] = value;
      }
      effect["cause"] = item.at("event");
      rows.push_back(effect);
    }
  }
  REQUIRE(told <= 1);
  return {{"before_history", list.at("before_history")}, {"rows", rows}};
}

std::string wrong_diff(const json& cells, const json& found) {
  Rows rows;
  for (const json& row : found) {
    const auto added = rows.emplace(std::tuple(oracle::folded(row.at("member").get<std::string>()),
                                               row.at("permission").get<std::string>(), row.value("resource", "")),
                                    row);
    if (!added.second) return "a row stands twice: " + row.dump();
  }
  std::size_t matched = 0;
  for (const auto& [member, permissions] : cells.items()) {
    for (const auto& [permission, resources] : permissions.items()) {
      const std::string wrong = wrong_permission(resources, oracle::folded(member), permission, rows, matched);
      if (!wrong.empty()) return member + " " + permission + ": " + wrong;
    }
  }
  return matched == rows.size() ? "" : "there are rows about nothing";
}

}  // namespace tenure::test
