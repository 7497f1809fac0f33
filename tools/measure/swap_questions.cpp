#include "tools/measure/swap_questions.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/measured_load.h"

namespace tenure::bench {
namespace {

constexpr std::size_t members_whole = 100'000, changes_whole = 1'000'000, changes_least = 2'000;
constexpr std::size_t batch_events = 2'000;
constexpr std::size_t say_every_events = 500'000;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("who-can: " + what); }

// An answer member by member against the history that was sent.
void compare(const std::vector<std::string>& found, const SwapHistory& history) {
  std::vector<std::string> wanted;
  for (const auto& [member, owner] : history.holders()) {
    wanted.push_back(fmt::format("{} {}", SwapHistory::member(member), owner ? "admin" : "write"));
  }
  if (found == wanted) return;
  const auto [f, w] = std::mismatch(found.begin(), found.end(), wanted.begin(), wanted.end());
  give_up(fmt::format("{} rows for {}; instead of {} came {}", found.size(), wanted.size(),
                      w == wanted.end() ? "nothing" : *w, f == found.end() ? "nothing" : *f));
}

}  // namespace

std::size_t swap_members(const Settings& settings) {
  return settings.scaled(members_whole, SwapHistory::members_least);
}

std::size_t swap_changes(const Settings& settings) { return settings.scaled(changes_whole, changes_least) / 2 * 2; }

void load_swaps(const TenureServer& server, SwapHistory history, std::size_t changes, Row& row, HeldRoles* also) {
  server.make_org("acme", SwapHistory::created_at());
  const std::size_t lines = history.beginning_lines() + changes;
  const double server_before = server.cost().cpu_seconds, client_before = own_cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::string batch;
  for (std::size_t line = 1; line <= lines; ++line) {
    history.next(batch);
    if (line % batch_events != 0 && line != lines) continue;
    server.post("/v1/orgs/acme/events", "application/x-ndjson", batch, 201);
    if (also != nullptr) also->take(batch);
    batch.clear();
    if (line % say_every_events == 0) {
      std::cerr << "  " << number_text(static_cast<double>(line)) << " of " << number_text(static_cast<double>(lines))
                << " events loaded\n";
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  row.rates.push_back(static_cast<double>(lines) / took.count());
  row.done += lines;
  row.server_cpu_seconds += server.cost().cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
  if (server.version_of("acme") != lines + 1) give_up("not every event arrived");
}

std::vector<std::int64_t> instants_within(std::size_t steps, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> instants(count);
  const auto first = SwapHistory::step_ms(0);
  const auto span = static_cast<std::uint64_t>(SwapHistory::step_ms(steps) - first);
  for (std::int64_t& at : instants) at = first + static_cast<std::int64_t>(random() % span);
  std::sort(instants.begin(), instants.end());
  return instants;
}

std::string who_can_target(std::int64_t at_ms) {
  return "/v1/orgs/acme/who-can?permission=repository&level=write&resource=repo:acme/repo-0&limit=1000&at=" +
         instant_text(at_ms);
}

std::string_view rows_of(std::string_view body) {
  const auto at = body.find(R"("items":)");
  if (at == std::string_view::npos) give_up("no items in " + std::string(body.substr(0, 300)));
  return body.substr(at);
}

std::vector<std::string> who_could(const std::string& body) {
  simdjson::dom::parser parser;
  const auto items = parser.parse(body)["items"].get_array();
  std::vector<std::string> found;
  for (const auto row : items) {
    std::string_view member, level;
    if (row["member"].get(member) != simdjson::SUCCESS || row["level"].get(level) != simdjson::SUCCESS) {
      give_up("a row without member and level");
    }
    found.push_back(fmt::format("{} {}", member, level));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void compare_who_could(const std::function<std::vector<std::string>(std::int64_t at_ms)>& ask, SwapHistory history,
                       std::size_t steps, std::size_t count, std::uint64_t seed) {
  std::string line;
  for (std::size_t i = history.beginning_lines(); i > 0; --i) history.next(line), line.clear();
  for (const std::int64_t at : instants_within(steps, count, seed)) {
    while (SwapHistory::step_ms(history.steps()) <= at) history.next(line), line.clear();
    compare(ask(at), history);
  }
}

void check_who_can_count(std::string_view body) {
  static constexpr std::string_view each = R"({"member":)";
  std::size_t count = 0;
  for (auto at = body.find(each); at != std::string_view::npos; at = body.find(each, at + each.size())) ++count;
  if (count != SwapHistory::answers) give_up(fmt::format("{} answers in {}", count, body.substr(0, 300)));
}

}  // namespace tenure::bench
