#include "services/http/accept.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <tuple>
#include <vector>

namespace tenure::http {

namespace {

using boost::beast::iequals;

constexpr int whole = 1000;  // thousandths

struct Range {
  std::string_view type;
  int weight = whole;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The text up to a separator that does not stand in quotes; both are taken away.
std::string_view take_until(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || text[at] != separator); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
  }
  at = std::min(at, text.size());
  const auto part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return trimmed(part);
}

// 0 to 1 with at most three digits behind the point, in thousandths.
std::optional<int> weight_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = text[0] - '0';
  for (std::size_t i = 2; i < 5; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    weight = weight * 10 + (digit - '0');
  }
  return weight <= whole ? std::optional(weight) : std::nullopt;
}

// Ranges that cannot be read say nothing.
std::vector<Range> ranges_of(std::string_view accept) {
  std::vector<Range> ranges;
  while (!accept.empty()) {
    std::string_view rest = take_until(accept, ',');
    Range range{take_until(rest, ';'), whole};
    bool good = range.type.find('/') != std::string_view::npos;
    while (!rest.empty()) {
      std::string_view value = take_until(rest, ';');
      const auto name = take_until(value, '=');
      if (!iequals(name, "q")) continue;
      const auto weight = weight_of(trimmed(value));
      good = good && weight;
      range.weight = weight.value_or(0);
    }
    if (good) ranges.push_back(range);
  }
  return ranges;
}

// How closely a range names a type: 0 for not at all, 1 with every other, 2 with all of its kind, 3 by name.
int closeness(std::string_view range, std::string_view type) {
  if (range == "*/*") return 1;
  if (iequals(range, type)) return 3;
  const std::string_view kind = type.substr(0, type.find('/') + 1);
  return range.ends_with("/*") && iequals(range.substr(0, range.size() - 1), kind) ? 2 : 0;
}

}  // namespace

std::optional<Preferred> preferred(std::string_view accept, std::span<const std::string_view> offers) {
  const std::vector<Range> ranges = ranges_of(accept);
  if (ranges.empty()) return offers.empty() ? std::nullopt : std::optional(Preferred{});
  std::optional<Preferred> best;
  std::tuple<int, int, int> best_rank;
  for (std::size_t offer = 0; offer < offers.size(); ++offer) {
    // The range that names it most closely decides.
    int closest = 0, place = 0, weight = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const int close = closeness(ranges[i].type, offers[offer]);
      if (close > closest) std::tie(closest, place, weight) = std::tuple(close, -static_cast<int>(i), ranges[i].weight);
    }
    if (weight == 0) continue;
    const std::tuple rank(weight, closest, place);
    if (best && rank <= best_rank) continue;
    best = Preferred{offer, closest > 1};
    best_rank = rank;
  }
  return best;
}

}  // namespace tenure::http
