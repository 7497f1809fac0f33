// The client commands. Each is added to the program's parser with its options, and runs when it was named; `exit_code`
// is what it answers.
#pragma once

#include <CLI/App.hpp>

#include "tools/tenure/client.h"

namespace tenure {

struct Commands {
  ClientOptions client;
  int exit_code = 0;
};

void add_access_commands(CLI::App& app, Commands& commands);  // who-can, can, members
void add_record_commands(CLI::App& app, Commands& commands);  // import, append, events
void add_setup_commands(CLI::App& app, Commands& commands);   // models, token

}  // namespace tenure
