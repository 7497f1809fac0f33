// What a run found: sections of rows (what was done, how fast, at what cost) and verdicts (a figure against its
// target), as a table for people and as JSON for programs.
//
// Plain values; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/measure/histogram.h"

namespace tenure::bench {

// What was done, once a round.
struct Row {
  std::string what;
  std::string unit = "answers/s";
  std::vector<double> rates;  // one a round
  Histogram latency;          // of all rounds; empty where single answers were not timed
  // Over all rounds, warm-up included, and nothing where it was not watched.
  std::uint64_t done = 0;
  double server_cpu_seconds = 0;
  double client_cpu_seconds = 0;
};

enum class Bound { at_least, below };

// A figure, one a round, and what it has to reach; the median counts.
struct Verdict {
  std::string what;
  std::string unit;  // "x" for a ratio
  std::vector<double> values;
  Bound bound = Bound::at_least;
  std::optional<double> limit;  // none: for information

  double value() const;
  bool reached() const;
};

struct Section {
  std::string name;
  std::string about;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Row> rows;
  std::vector<Verdict> verdicts;
};

// Of what it ran on: cores, versions, disk.
using Surroundings = std::vector<std::pair<std::string, std::string>>;
Surroundings surroundings();

struct Report {
  Surroundings ran_on;
  std::vector<Section> sections;
};

// Zero of none.
double median(std::vector<double> values);
// One value by the other, round by round: what a noisy machine does to both of a pair cancels out.
std::vector<double> ratios(const std::vector<double>& values, const std::vector<double>& by);

// The most that a server ever used, as a verdict.
inline constexpr double peak_mb_max = 400, long_history_peak_mb_max = 512;  // with 10,000,000 events the second
Verdict memory_verdict(const std::string& whose, std::uint64_t peak_bytes, double mb_max = peak_mb_max);

std::string text_of(const Surroundings& ran_on);
std::string text_of(const Section& section);
// "1,234,567"; three digits that count below a thousand.
std::string number_text(double value);
std::string json_of(const Report& report);

}  // namespace tenure::bench
