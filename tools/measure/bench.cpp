#include "tools/measure/bench.h"

#include <algorithm>
#include <cmath>

#include "tools/measure/servers.h"

namespace tenure::bench {

std::size_t Settings::scaled(std::size_t size, std::size_t least) const {
  return std::max(least, static_cast<std::size_t>(std::llround(static_cast<double>(size) * scale)));
}

Bench::Bench(const Settings& its_settings, Scratch& its_scratch, Report& its_report)
    : settings(its_settings), scratch(its_scratch), report(its_report) {}

Bench::~Bench() = default;

EchoServer& Bench::echo() {
  if (!echo_) echo_ = std::make_unique<EchoServer>(settings.echo_threads);
  return *echo_;
}

}  // namespace tenure::bench
