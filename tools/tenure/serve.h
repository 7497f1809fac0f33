// Runs the server in the foreground: opens the store, builds the parts in order, serves until SIGTERM or SIGINT.
//
// Called once, from the main thread; returns when everything is stopped and the store is closed. Answers one of the
// program's exit codes (exit_codes.h); what went wrong has then been said on standard error.
#pragma once

#include "tools/tenure/serve_options.h"

namespace tenure {

int run_serve(const ServeOptions& options);

}  // namespace tenure
