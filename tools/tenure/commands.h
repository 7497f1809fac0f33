// The client commands. Each is added to the program's parser with its options, and when it is named becomes what `run`
// does; main runs it once every option has its value.
#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "tools/tenure/client.h"

namespace tenure {

struct Commands {
  ClientOptions client;
  std::string config;
  std::function<int()> run;  // answers an exit code
};

void add_directory_commands(CLI::App& app, Commands& commands);  // orgs, groups, roles
void add_access_commands(CLI::App& app, Commands& commands);     // who-can, can, members
void add_time_commands(CLI::App& app, Commands& commands);       // diff, timeline, member
void add_findings_commands(CLI::App& app, Commands& commands);   // findings, sod-rules
void add_record_commands(CLI::App& app, Commands& commands);     // import, append, events
void add_model_commands(CLI::App& app, Commands& commands);      // models
void add_feed_commands(CLI::App& app, Commands& commands);       // feed, consumers
void add_review_commands(CLI::App& app, Commands& commands);     // reviews, reports
void add_sink_commands(CLI::App& app, Commands& commands);       // sinks
void add_setup_commands(CLI::App& app, Commands& commands);      // token

}  // namespace tenure
