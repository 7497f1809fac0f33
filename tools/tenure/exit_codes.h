// The program's exit codes, in one place. Scripts rely on them: a number never changes its meaning.
#pragma once

namespace tenure {

enum ExitCode : int {
  exit_ok = 0,
  exit_failed = 1,       // something broke: a file, the disk, the server itself (5xx)
  exit_usage = 2,        // the command line, the environment or the configuration file is wrong
  exit_no = 3,           // `can`: the answer is no
  exit_refused = 4,      // the server refused what was asked, or some of an import or of a file of decisions
  exit_forbidden = 5,    // no token, or one that may not do this (401, 403)
  exit_unreachable = 6,  // no server answers, or the connection broke
  exit_corrupt = 7,      // `verify` found a record that is not what was written
  exit_unknown = 8,      // `can`: asked of a time before the history, of which nothing is known; never a no
};

// The same as a table, for `tenure --help`.
inline constexpr const char* exit_code_table =
    "Exit codes:\n"
    "  0  done\n"
    "  1  something broke: a file, the disk, the server itself\n"
    "  2  the command line, the environment or the configuration file is wrong\n"
    "  3  the answer is no (`can`)\n"
    "  4  the server refused what was asked, or some lines of an import or of a file of decisions\n"
    "  5  no token, or one that may not do this\n"
    "  6  no server answers, or the connection broke\n"
    "  7  the store is corrupt (`verify`)\n"
    "  8  nothing is known of that time: it is before the history (`can`)\n";

}  // namespace tenure
