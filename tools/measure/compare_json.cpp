#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "tools/measure/compare.h"
#include "tools/measure/report.h"

namespace tenure::bench {
namespace {

using nlohmann::json;

constexpr int report_schema = 1;
constexpr double least_change = 0.03;
constexpr std::size_t columns_max = 64;

// A row or a verdict, told by its name.
struct Figure {
  std::string what, unit;
  double median = 0;
  std::vector<double> rounds;
  std::optional<double> p99_us;
  std::optional<bool> reached;
};

struct Figures {
  std::string section;
  std::vector<Figure> all;
};

struct Run {
  std::vector<std::pair<std::string, std::string>> ran_on;
  std::vector<Figures> sections;
};

Figure figure_of(const json& from) {
  Figure figure{from.at("what").get<std::string>(),
                from.at("unit").get<std::string>(),
                from.at("median").get<double>(),
                from.at("rounds").get<std::vector<double>>(),
                {},
                {}};
  if (from.contains("latency_us")) figure.p99_us = from.at("latency_us").at("p99").get<double>();
  if (from.contains("reached")) figure.reached = from.at("reached").get<bool>();
  return figure;
}

Run run_of(const std::string& text, const char* which) {
  try {
    const json report = json::parse(text);
    if (report.at("schema") != report_schema) throw std::runtime_error("another schema");
    Run run;
    for (const auto& [name, value] : report.at("ran_on").items())
      run.ran_on.emplace_back(name, value.get<std::string>());
    for (const json& section : report.at("sections")) {
      Figures& figures = run.sections.emplace_back(Figures{section.at("name").get<std::string>(), {}});
      for (const char* kind : {"rows", "verdicts"}) {
        for (const json& one : section.at(kind)) figures.all.push_back(figure_of(one));
      }
    }
    return run;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("the {} file is no report of this program: {}", which, error.what()));
  }
}

template <typename All, typename Is>
auto found(const All& all, const Is& is) -> decltype(&*all.begin()) {
  const auto at = std::find_if(all.begin(), all.end(), is);
  return at == all.end() ? nullptr : &*at;
}

const Figure* same_figure(const Figures& among, const Figure& figure) {
  return found(among.all, [&](const Figure& other) { return other.what == figure.what && other.unit == figure.unit; });
}

bool changed(const Figure& before, const Figure& after) {
  if (before.rounds.empty() || after.rounds.empty()) return false;
  const auto [low, high] = std::minmax_element(before.rounds.begin(), before.rounds.end());
  const auto [lower, higher] = std::minmax_element(after.rounds.begin(), after.rounds.end());
  const double apart = std::abs(after.median - before.median);
  return (*lower > *high || *higher < *low) && apart >= least_change * std::abs(before.median);
}

std::string change_text(double before, double after) {
  return before == 0 ? "" : fmt::format("{:+.1f} %", (after / before - 1) * 100);
}

std::string line_of(const Figure& before, const Figure& after, std::size_t columns) {
  std::string line = fmt::format("{} {:<{}} {:>14} {:>14} {:>10}  {}", changed(before, after) ? '*' : ' ', before.what,
                                 columns, number_text(before.median), number_text(after.median),
                                 change_text(before.median, after.median), before.unit);
  if (before.p99_us && after.p99_us) {
    line += fmt::format("; p99 {} µs, {} µs", number_text(*before.p99_us), number_text(*after.p99_us));
  }
  if (before.reached && after.reached && *before.reached != *after.reached) {
    line += *after.reached ? "; NOW REACHED" : "; NO LONGER REACHED";
  }
  return line + "\n";
}

std::string section_text(const Figures& before, const Figures& after) {
  std::size_t columns = 1;
  for (const Figure& figure : before.all) columns = std::clamp(figure.what.size(), columns, columns_max);
  std::string text =
      fmt::format("\n{:<{}} {:>14} {:>14} {:>10}\n", before.section, columns + 2, "before", "after", "change");
  for (const Figure& figure : before.all) {
    const Figure* other = same_figure(after, figure);
    text += other == nullptr ? fmt::format("  {}: only before\n", figure.what) : line_of(figure, *other, columns);
  }
  for (const Figure& figure : after.all) {
    if (same_figure(before, figure) == nullptr) text += fmt::format("  {}: only after\n", figure.what);
  }
  return text;
}

// What both ran on, where that is not the same: but for the date, a reason not to compare.
std::string surroundings_text(const Run& before, const Run& after) {
  std::string text;
  for (const auto& [name, value] : before.ran_on) {
    const auto* other = found(after.ran_on, [&, &its = name](const auto& one) { return one.first == its; });
    if (other != nullptr && other->second != value)
      text += fmt::format("{}: {}, then {}\n", name, value, other->second);
  }
  return text;
}

}  // namespace

std::string compared(const std::string& before_text, const std::string& after_text) {
  const Run before = run_of(before_text, "first"), after = run_of(after_text, "second");
  std::string text = surroundings_text(before, after);
  const auto named = [](const std::string& name) {
    return [&name](const Figures& figures) { return figures.section == name; };
  };
  for (const Figures& section : before.sections) {
    const Figures* other = found(after.sections, named(section.section));
    text += other == nullptr ? fmt::format("\n{}: only before\n", section.section) : section_text(section, *other);
  }
  for (const Figures& section : after.sections) {
    if (found(before.sections, named(section.section)) == nullptr) {
      text += fmt::format("\n{}: only after\n", section.section);
    }
  }
  return text + "\n* changed: the rounds of one lie outside those of the other\n";
}

}  // namespace tenure::bench
