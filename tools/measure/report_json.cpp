#include <nlohmann/json.hpp>

#include "tools/measure/report.h"

namespace tenure::bench {
namespace {

using nlohmann::ordered_json;

// What the shape below is called; it changes when a reader of the old one would be misled.
constexpr int report_schema = 1;

ordered_json pairs(const std::vector<std::pair<std::string, std::string>>& all) {
  ordered_json object = ordered_json::object();
  for (const auto& [name, value] : all) object[name] = value;
  return object;
}

ordered_json json_of(const Row& row) {
  ordered_json json{{"what", row.what}, {"unit", row.unit}, {"median", median(row.rates)}, {"rounds", row.rates}};
  if (row.latency.count() > 0) {
    const auto us = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; };
    json["latency_us"] = {{"p50", us(row.latency.at(0.5))},
                          {"p99", us(row.latency.at(0.99))},
                          {"p99.9", us(row.latency.at(0.999))},
                          {"max", us(row.latency.max())},
                          {"count", row.latency.count()}};
  }
  json["done"] = row.done;
  json["server_cpu_seconds"] = row.server_cpu_seconds;
  json["client_cpu_seconds"] = row.client_cpu_seconds;
  return json;
}

ordered_json json_of(const Verdict& verdict) {
  ordered_json json{{"what", verdict.what}, {"unit", verdict.unit}, {"median", verdict.value()}};
  json["rounds"] = verdict.values;
  if (verdict.limit) {
    json["bound"] = verdict.bound == Bound::at_least ? "at_least" : "below";
    json["limit"] = *verdict.limit;
    json["reached"] = verdict.reached();
  }
  return json;
}

}  // namespace

std::string json_of(const Report& report) {
  ordered_json json{{"schema", report_schema}, {"ran_on", pairs(report.ran_on)}};
  ordered_json& sections = json["sections"] = ordered_json::array();
  for (const Section& section : report.sections) {
    ordered_json one{{"name", section.name}, {"about", section.about}, {"settings", pairs(section.settings)}};
    one["rows"] = ordered_json::array();
    for (const Row& row : section.rows) one["rows"].push_back(json_of(row));
    one["verdicts"] = ordered_json::array();
    for (const Verdict& verdict : section.verdicts) one["verdicts"].push_back(json_of(verdict));
    sections.push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

}  // namespace tenure::bench
