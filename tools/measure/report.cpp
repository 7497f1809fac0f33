#include "tools/measure/report.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <rocksdb/version.h>
#include <sys/utsname.h>

#include <algorithm>
#include <boost/version.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

namespace tenure::bench {
namespace {

constexpr double mb = 1e6;

// The value behind "name<tab>: " in a file of /proc.
std::string proc_field(const std::string& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string::npos) continue;
    const auto from = line.find_first_not_of(" \t", colon + 1);
    return from == std::string::npos ? "" : line.substr(from);
  }
  return "unknown";
}

std::string time_text(std::chrono::nanoseconds time) {
  const double us = static_cast<double>(time.count()) / 1e3;
  if (us < 1'000) return fmt::format("{:.0f} µs", us);
  if (us < 100'000) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.0f} ms", us / 1e3);
}

// Padded by what is seen: "µ" is one column and two bytes.
std::string right(const std::string& text, std::size_t columns) {
  const auto seen = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  return std::string(columns > seen ? columns - seen : 0, ' ') + text;
}

std::string each(double seconds, std::uint64_t done) {
  if (done == 0) return "";
  const double us = seconds * 1e6 / static_cast<double>(done);
  return us < 1'000 ? fmt::format("{:.1f} µs", us) : fmt::format("{:.2f} ms", us / 1e3);
}

std::string row_text(const Row& row, std::size_t first_column) {
  std::string text = fmt::format("  {:<{}}", row.what, first_column);
  text += right(number_text(median(row.rates)) + " " + row.unit, 18);
  for (const double share : {0.5, 0.99, 0.999}) {
    text += right(row.latency.count() == 0 ? "" : time_text(row.latency.at(share)), 11);
  }
  text += right(row.latency.count() == 0 ? "" : time_text(row.latency.max()), 11);
  if (row.server_cpu_seconds > 0 || row.client_cpu_seconds > 0) {
    text += right(fmt::format("{:.2f} s", row.server_cpu_seconds), 11);
    text += right(each(row.server_cpu_seconds, row.done), 11) + right(each(row.client_cpu_seconds, row.done), 14);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string verdict_text(const Verdict& verdict, std::size_t first_column) {
  std::string text = fmt::format("  {:<{}}", verdict.what, first_column);
  text += right(number_text(verdict.value()) + " " + verdict.unit, 18);
  if (verdict.values.size() > 1) {
    const auto [low, high] = std::minmax_element(verdict.values.begin(), verdict.values.end());
    text += right("(" + number_text(*low) + " to " + number_text(*high) + ")", 24);
  } else {
    text += right("", 24);
  }
  if (verdict.limit) {
    const std::string wanted = verdict.bound == Bound::at_least ? "at least " : "below ";
    text += "  " + fmt::format("{:<18}", wanted + number_text(*verdict.limit));
    text += verdict.reached() ? "reached" : "NOT REACHED";
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

double Verdict::value() const { return median(values); }

bool Verdict::reached() const {
  if (!limit) return true;
  return bound == Bound::at_least ? value() >= *limit : value() < *limit;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& by) {
  std::vector<double> all;
  for (std::size_t i = 0; i < std::min(values.size(), by.size()); ++i) all.push_back(values[i] / by[i]);
  return all;
}

Verdict memory_verdict(const std::string& whose, std::uint64_t peak_bytes, double mb_max) {
  return {"peak memory, " + whose, "MB", {static_cast<double>(peak_bytes) / mb}, Bound::below, mb_max};
}

std::string number_text(double value) {
  if (std::abs(value) < 999.5) return fmt::format("{:.3g}", value);
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

Surroundings surroundings() {
  utsname kernel{};
  ::uname(&kernel);
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return {{"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now)},
          {"tenure", TENURE_VERSION},
          {"cores", std::to_string(std::thread::hardware_concurrency())},
          {"processor", proc_field("/proc/cpuinfo", "model name")},
          {"memory", proc_field("/proc/meminfo", "MemTotal")},
          {"kernel", kernel.release},
          {"compiler", "g++ " __VERSION__},
          {"boost", fmt::format("{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000)},
          {"rocksdb", fmt::format("{}.{}.{}", ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH)}};
}

std::string text_of(const Surroundings& ran_on) {
  std::string text;
  for (const auto& [name, value] : ran_on) text += (text.empty() ? "" : ", ") + name + " " + value;
  return text + "\n";
}

std::string text_of(const Section& section) {
  std::size_t width = 30;
  for (const Row& row : section.rows) width = std::max(width, row.what.size() + 1);
  for (const Verdict& verdict : section.verdicts) width = std::max(width, verdict.what.size() + 1);
  std::string text = "\n" + section.name + ": " + section.about + "\n";
  for (const auto& [name, value] : section.settings) text += "  " + name + ": " + value + "\n";
  text += fmt::format("\n  {:<{}}{:>18}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}{:>14}\n", "", width, "median", "p50", "p99",
                      "p99.9", "max", "server CPU", "each", "client: each");
  for (const Row& row : section.rows) text += row_text(row, width);
  text += "\n";
  for (const Verdict& verdict : section.verdicts) text += verdict_text(verdict, width);
  return text;
}

}  // namespace tenure::bench
