// The commands that work on a store that no server has open: `tenure rebuild` and `tenure verify`.
//
// Called once, from the main thread. Each opens the store under DATA itself and closes it before it returns one of the
// program's exit codes (exit_codes.h): exit_failed where the store cannot be opened (another program has it, say),
// exit_corrupt where `verify` found a bad record. Results go to standard output, everything else to standard error;
// with `json` a failure is a result, too: {"ok":false,"because":…}, and "position" where a record is bad.
#pragma once

#include <string>

namespace tenure {

struct OfflineOptions {
  std::string data = "./data";
  std::string master_key;  // a file; empty: DATA/master.key
  bool json = false;       // one JSON object for programs instead of text
};

// Makes every view again from the log.
int run_rebuild(const OfflineOptions& options);
// Re-hashes every record, checks each organization's chain, opens the names of people with their keys, names the first
// bad position. Where DATA has no keys (they are kept apart, perhaps) it says so and checks the rest.
int run_verify(const OfflineOptions& options);

}  // namespace tenure
