// The `tenure` program: the server, and the commands that talk to it.

#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/tenure/commands.h"
#include "tools/tenure/configuration.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/offline.h"
#include "tools/tenure/serve.h"

// What jemalloc is told, where the program has it (its manual, TUNING): two arenas, since what threads a server has
// share few cores, and what was freed goes back to the system within a second. With its own choice (four arenas a core,
// ten seconds) the same work held a quarter more memory. MALLOC_CONF in the environment is stronger.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

namespace {

using namespace tenure;

constexpr const char* config_text =
    "A TOML file with what TENURE_… variables may say (listen, data, url, token, …); they and flags are stronger "
    "[none]";

// "127.0.0.1:7400": loopback only, since there is no TLS yet and a token would cross the network bare.
std::string take_listen(const std::string& text, ServeOptions& options) {
  const auto colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  if (colon == std::string::npos || (host != "127.0.0.1" && host != "[::1]" && host != "localhost")) {
    return "--listen must be 127.0.0.1:PORT or [::1]:PORT: there is no TLS yet, so Tenure answers this machine alone.";
  }
  const std::string digits = text.substr(colon + 1);
  const bool number =
      !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  const int port = number ? std::stoi(digits) : -1;
  if (port < 0 || port > 65535) return "--listen needs a port from 0 (any free one) to 65535.";
  options.address = host == "[::1]" ? "::1" : "127.0.0.1";
  options.port = static_cast<std::uint16_t>(port);
  return {};
}

void add_serve(CLI::App& app, Commands& commands) {
  const auto options = std::make_shared<ServeOptions>();
  const auto listen = std::make_shared<std::string>("127.0.0.1:7400");
  auto* serve = app.add_subcommand("serve", "Run the server");
  serve->add_option("--listen", *listen, "Address and port, loopback only")
      ->envname("TENURE_LISTEN")
      ->capture_default_str();
  serve->add_option("--data", options->data, "The folder of the store")->envname("TENURE_DATA")->capture_default_str();
  serve->add_option("--master-key", options->master_key, "The file of the master key [DATA/master.key]")
      ->envname("TENURE_MASTER_KEY");
  serve->add_flag("--demo", options->demo, "Make the demo organization [off]")->envname("TENURE_DEMO");
  serve->add_option("--io-threads", options->io_threads, "Event loops")
      ->envname("TENURE_IO_THREADS")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  serve->add_option("--pool-threads", options->pool_threads, "Threads for reads")
      ->envname("TENURE_POOL_THREADS")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  serve->add_option("--cache-mb", options->cache_mb, "Block cache in MiB")
      ->envname("TENURE_CACHE_MB")
      ->check(CLI::Range(8, 65536))
      ->capture_default_str();
  serve->add_option("--log-level", options->log_level, "trace, debug, info, warn or error")
      ->envname("TENURE_LOG_LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  serve->add_option("--drain-seconds", options->drain_seconds, "How long a stop waits for requests in flight")
      ->envname("TENURE_DRAIN_SECONDS")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  serve->callback([options, listen, &commands] {
    commands.run = [options, listen] {
      const std::string wrong = take_listen(*listen, *options);
      if (wrong.empty()) return run_serve(*options);
      std::cerr << "tenure: " << wrong << "\n";
      return static_cast<int>(exit_usage);
    };
  });
}

void add_offline(CLI::App& app, Commands& commands) {
  const auto options = std::make_shared<OfflineOptions>();
  auto* rebuild = app.add_subcommand("rebuild", "Make the views anew from the log (the server must be stopped)");
  auto* verify = app.add_subcommand("verify", "Check every record and chain (the server must be stopped)");
  const auto run = [options, &commands](int (*command)(const OfflineOptions&)) {
    return [options, &commands, command] {
      commands.run = [options, &commands, command] {
        options->json = commands.client.json;
        return command(*options);
      };
    };
  };
  for (auto* command : {rebuild, verify}) {
    command->add_option("--data", options->data, "The folder of the store")
        ->envname("TENURE_DATA")
        ->capture_default_str();
  }
  verify->add_option("--master-key", options->master_key, "The file of the master key [DATA/master.key]")
      ->envname("TENURE_MASTER_KEY");
  rebuild->callback(run(run_rebuild));
  verify->callback(run(run_verify));
}

// A token or a folder may come from the file, so a command runs only when the whole line has been read.
int run_with_configuration(CLI::App& app, Commands& commands) {
  if (!commands.config.empty()) {
    if (const auto wrong = apply_configuration(app, commands.config)) {
      std::cerr << "tenure: " << *wrong << "\n";
      return exit_usage;
    }
  }
  return commands.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Who could do X on date Y, and who authorised it.", "tenure");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", TENURE_VERSION);
  app.footer(exit_code_table);
  Commands commands;
  app.add_option("--url", commands.client.url, "The server")->envname("TENURE_URL")->capture_default_str();
  app.add_option("--token", commands.client.token, "A token; on the server's machine DATA/admin.token is found")
      ->envname("TENURE_TOKEN");
  auto* json = app.add_flag("--json", commands.client.json, "JSON for programs");
  const auto rows = [&app, &commands, json](const char* flag, const char* type, const char* what) {
    const auto take = [&commands, type] { commands.client.rows = type; };
    return app.add_flag_callback(flag, take, what)->excludes(json);
  };
  auto* csv = rows("--csv", "text/csv", "A whole list as CSV, row by row as it comes");
  rows("--ndjson", "application/x-ndjson", "A whole list as JSON lines, row by row as it comes")->excludes(csv);
  add_serve(app, commands);
  add_access_commands(app, commands);
  add_directory_commands(app, commands);
  add_time_commands(app, commands);
  add_findings_commands(app, commands);
  add_record_commands(app, commands);
  add_model_commands(app, commands);
  add_feed_commands(app, commands);
  add_review_commands(app, commands);
  add_sink_commands(app, commands);
  add_setup_commands(app, commands);
  for (CLI::App* command : app.get_subcommands([](CLI::App* added) { return added->get_name() != "serve"; })) {
    command->add_option("--data", commands.client.data, "The server's folder, for its admin.token")
        ->envname("TENURE_DATA")
        ->capture_default_str();
  }
  add_offline(app, commands);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->add_option("--config", commands.config, config_text)->envname("TENURE_CONFIG");
  }
  try {
    app.parse(argc, argv);
    return run_with_configuration(app, commands);
  } catch (const CLI::RequiredError& error) {
    // Of a word that is no command CLI11 says only that a command is missing.
    const auto words = app.remaining();
    if (words.empty() || !app.get_subcommands().empty()) return app.exit(error), exit_usage;
    std::cerr << "tenure: there is no command \"" << words.front() << "\"; `tenure --help` lists them.\n";
    return exit_usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  } catch (const std::exception& error) {
    // An answer without a field that this program counts on, most likely: another version's server.
    std::cerr << "tenure: cannot go on: " << error.what() << "\n";
    return exit_failed;
  }
}
