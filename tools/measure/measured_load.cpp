#include "tools/measure/measured_load.h"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>

#include "tools/measure/child.h"

namespace tenure::bench {

namespace {

constexpr std::chrono::seconds longest{20};  // without an answer something is wrong

}  // namespace

Load load_on(const Bench& bench, std::uint16_t port) {
  Load load;
  load.port = port;
  load.connections = bench.settings.connections;
  load.warm_up = bench.settings.warm_up;
  load.duration = bench.settings.duration;
  return load;
}

LoadResult measure_half_loaded(Row& row, Load load, const LoadResult& closed, pid_t server) {
  load.per_second = std::max(1.0, closed.per_second() / 2);
  return measure_load(row, load, server);
}

double own_cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

LoadResult measure_load(Row& row, const Load& load, pid_t server) {
  return measure_load(row, load, [server] { return cost_of(server).cpu_seconds; });
}

LoadResult measure_load(Row& row, const Load& load, const std::function<double()>& server_cpu_seconds) {
  const double server_before = server_cpu_seconds(), client_before = own_cpu_seconds();
  LoadResult result = run_load(load);
  // On a machine that is busy with other things a short time may hold no answer at all.
  for (Load longer = load; result.answers == 0 && result.unexpected == 0 && longer.duration < longest;) {
    longer.duration *= 4;
    const unsigned before = result.runs;
    result = run_load(longer);
    result.runs += before;
  }
  row.server_cpu_seconds += server_cpu_seconds() - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
  if (result.unexpected > 0) {
    throw std::runtime_error(row.what + ": " + std::to_string(result.unexpected) + " of " +
                             std::to_string(result.answers_all) + " answers were not " +
                             std::to_string(load.expected_status) + "; the first: " + result.first_unexpected);
  }
  if (result.answers == 0) throw std::runtime_error(row.what + ": no answer in the time measured");
  row.done += result.answers_all;
  row.rates.push_back(result.per_second());
  row.latency.add(result.latency);
  return result;
}

}  // namespace tenure::bench
