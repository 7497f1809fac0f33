// Start here: what a measurement is given, and the list of them.
//
// A measurement is one function in one file: it starts the servers it needs, loads them, checks their answers, and adds
// one section to the report. A new one is a file, a line here and a line in main.cpp. Everything runs on one thread.
//
// What goes wrong (a server that does not start, an answer that is not the right one) throws std::runtime_error and
// ends the whole run: a benchmark with a hole in it has no result.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/measure/report.h"
#include "tools/measure/scratch.h"

namespace tenure::bench {

class EchoServer;

struct Settings {
  std::string form = "whole";                 // or "short"
  unsigned rounds = 5;                        // of each comparison; what is compared takes turns within a round
  std::chrono::milliseconds duration{5'000};  // of one run
  std::chrono::milliseconds warm_up{500};     // before each, not measured
  double scale = 1;                           // of organizations and histories
  std::size_t connections = 64;
  double who_can_per_second = 50;  // open loop
  std::size_t history_times = 10;  // the longer history of who-can
  std::size_t past_times = 1;      // the history of past, in its usual lengths
  unsigned echo_threads = 1;
  bool peers = false;                // other programs too, where there are some to compare with
  std::string spicedb;               // its library; where there is none, that comparison is left out
  std::vector<std::string> hostile;  // kinds of clients beside the feed's, by name; none: every kind
  double hostile_per_second = 500;   // events, beside them
  std::uint64_t seed = 1;
  std::string tenure;                      // the program measured
  std::vector<std::string> serve_options;  // for `tenure serve`, behind those that the bench sets
  std::string folder;                      // where the stores go

  // A size of the whole form in this one; at least `least`.
  std::size_t scaled(std::size_t size, std::size_t least = 1) const;
};

struct Bench {
  const Settings& settings;
  Scratch& scratch;
  Report& report;
  // The yardstick, started when first asked for; one serves all measurements.
  EchoServer& echo();
  ~Bench();
  Bench(const Settings& settings, Scratch& scratch, Report& report);

 private:
  std::unique_ptr<EchoServer> echo_;
};

void measure_append(Bench& bench);
void measure_import(Bench& bench);
void measure_rebuild(Bench& bench);
void measure_can(Bench& bench);
void measure_who_can(Bench& bench);
void measure_past(Bench& bench);
void measure_organizations(Bench& bench);
void measure_judge(Bench& bench);
void measure_memory(Bench& bench);
void measure_feed(Bench& bench);
void measure_hostile(Bench& bench);
void measure_reports(Bench& bench);
void measure_review(Bench& bench);

}  // namespace tenure::bench
