#include <algorithm>
#include <array>
#include <cmath>

#include "services/reports/pdf_parts.h"

namespace tenure::reports {

namespace {

constexpr std::int64_t us_per_hour = 3'600'000'000, us_per_day = 24 * us_per_hour;
constexpr double title_height = 24;

// "128 (64.2 %)", from whole numbers so that it is the same on every machine.
std::string with_share(std::int64_t value, std::int64_t all) {
  std::string text = std::to_string(value);
  if (all <= 0) return text;
  const auto permille =
      static_cast<std::int64_t>((static_cast<__int128>(value) * 2000 + all) / (2 * static_cast<__int128>(all)));
  return text + "  (" + std::to_string(permille / 10) + "." + std::to_string(permille % 10) + " %)";
}

void print_bars(Paper& paper, const Chart& chart) {
  static constexpr double row = 21, bar_height = 11, label_width = 128, value_width = 92;
  std::int64_t most = 1, all = 0;
  for (const Bar& bar : chart.bars) {
    most = std::max(most, bar.value);
    all += bar.value;
  }
  const double zero = Paper::margin + label_width;
  const double longest = paper.width() - label_width - value_width;
  for (const Bar& bar : chart.bars) {
    if (!paper.fits(row)) paper.turn(false);
    paper.text(Paper::margin, paper.y + 4, label_width - 8, bar.label, Face::label, ink, Side::left, true);
    const double length = longest * static_cast<double>(bar.value) / static_cast<double>(most);
    if (bar.value > 0) paper.box(zero, paper.y + 5, std::max(length, 0.8), bar_height, colour_of(bar.tone));
    paper.line(zero, paper.y, zero, paper.y + row, quiet, 0.6);
    paper.text(zero + length + 6, paper.y + 4, value_width, with_share(bar.value, all), Face::label, quiet);
    paper.y += row;
  }
}

// 1, 2 or 5 times a power of ten, of which at most five cover the highest value.
std::int64_t value_step(std::int64_t highest) {
  std::int64_t ten = 1;
  while (ten * 50 < highest) ten *= 10;
  for (const std::int64_t times : {1, 2, 5}) {
    if (ten * times * 5 >= highest) return ten * times;
  }
  return ten * 10;
}

std::int64_t time_step(std::int64_t span) {
  static constexpr std::array<std::int64_t, 13> hours{1,      2,       3,       6,       12,       24,      48,
                                                      7 * 24, 14 * 24, 28 * 24, 91 * 24, 182 * 24, 365 * 24};
  for (const std::int64_t each : hours) {
    if (span / (each * us_per_hour) <= 6) return each * us_per_hour;
  }
  return std::max(us_per_day, (span / 6 / us_per_day + 1) * us_per_day);
}

struct Plot {
  double left, top, width, height;
  std::int64_t from, until, highest;

  double x(std::int64_t us) const {
    return left + width * (static_cast<double>(us - from) / static_cast<double>(until - from));
  }
  double y(std::int64_t value) const {
    return top + height * (1 - static_cast<double>(value) / static_cast<double>(highest));
  }
};

Plot plot_of(const Paper& paper, const Chart& chart) {
  static constexpr double axis_width = 40, height = 150, end_label = 46;
  Plot plot{Paper::margin + axis_width, paper.y, paper.width() - axis_width - end_label, height, 0, 0, 0};
  std::int64_t highest = std::max<std::int64_t>(chart.whole, 1);
  bool any = false;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      plot.from = any ? std::min(plot.from, point.at.us) : point.at.us;
      plot.until = any ? std::max(plot.until, point.at.us) : point.at.us;
      any = true;
      highest = std::max(highest, point.value);
    }
  }
  if (plot.until == plot.from) plot.until = plot.from + us_per_hour;
  const std::int64_t step = value_step(highest);
  plot.highest = (highest + step - 1) / step * step;
  return plot;
}

void print_axes(Paper& paper, const Plot& plot, std::int64_t whole) {
  const std::int64_t step = value_step(plot.highest);
  for (std::int64_t value = 0; value <= plot.highest; value += step) {
    const double y = plot.y(value);
    paper.line(plot.left, y, plot.left + plot.width, y, value == 0 ? quiet : hairline, 0.6);
    paper.text(Paper::margin, y - 5.2, plot.left - Paper::margin - 6, std::to_string(value), Face::small, quiet,
               Side::right);
  }
  if (whole > 0) paper.line(plot.left, plot.y(whole), plot.left + plot.width, plot.y(whole), quiet, 0.9, true);
  const std::int64_t ticks = time_step(plot.until - plot.from);
  const std::int64_t before = plot.from >= 0 ? plot.from : plot.from - ticks + 1;
  for (std::int64_t at = before / ticks * ticks; at <= plot.until; at += ticks) {
    if (at < plot.from) continue;
    const double x = plot.x(at);
    paper.line(x, plot.top + plot.height, x, plot.top + plot.height + 3, quiet, 0.6);
    const std::string whole_text = format_instant({at});
    const std::string label =
        ticks % us_per_day == 0 ? whole_text.substr(0, 10) : whole_text.substr(5, 5) + " " + whole_text.substr(11, 5);
    static constexpr double label_width = 70;
    paper.text(x - label_width / 2, plot.top + plot.height + 5, label_width, label, Face::small, quiet, Side::centre);
  }
}

void print_line(Paper& paper, const Plot& plot, const Series& series) {
  std::vector<std::pair<double, double>> steps;
  for (const Point& point : series.points) {
    const double x = plot.x(point.at.us), y = plot.y(point.value);
    if (!steps.empty()) steps.emplace_back(x, steps.back().second);
    steps.emplace_back(x, y);
  }
  if (steps.empty()) return;
  const double end = plot.left + plot.width;
  if (steps.back().first < end) steps.emplace_back(end, steps.back().second);
  paper.path(steps, colour_of(series.tone), 1.5);
  paper.text(end + 5, steps.back().second - 5.2, 42, std::to_string(series.points.back().value), Face::small,
             colour_of(series.tone));
}

void print_series(Paper& paper, const Chart& chart) {
  double x = Paper::margin;
  for (const Series& series : chart.series) {
    Laid name(paper, Face::small, 200, Side::left, true);
    name.set(series.label);
    if (x + 30 + name.text_width() > Paper::margin + paper.width()) {
      x = Paper::margin;
      paper.y += 14;
    }
    paper.box(x, paper.y + 4, 12, 3, colour_of(series.tone));
    name.draw(x + 17, paper.y, quiet);
    x += 17 + name.text_width() + 18;
  }
  paper.y += 20;
  const Plot plot = plot_of(paper, chart);
  print_axes(paper, plot, chart.whole);
  for (const Series& series : chart.series) print_line(paper, plot, series);
  paper.y = plot.top + plot.height + 24;
}

}  // namespace

void print_chart(Paper& paper, const Chart& chart) {
  static constexpr double lines_need = 240, bars_begin = 80;
  if (!paper.fits(chart.series.empty() ? bars_begin : lines_need) || paper.across()) paper.turn(false);
  paper.text(Paper::margin, paper.y, paper.width(), chart.title, Face::chart, ink, Side::left, true);
  paper.y += title_height;
  if (chart.bars.empty() && chart.series.empty()) {
    paper.y += paper.text(Paper::margin, paper.y, paper.width(), "There is nothing to show.", Face::label, quiet);
  }
  if (!chart.bars.empty()) print_bars(paper, chart);
  if (!chart.series.empty()) print_series(paper, chart);
  paper.y += 26;
}

}  // namespace tenure::reports
