// Options from a TOML file, weaker than the environment and flags. Whatever has a TENURE_… variable may stand in it,
// under the option's long name with _ for -; so one file serves the server and the commands of one machine, and each
// takes from it what it knows. A key that no command knows is an error that names the file and the line.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

namespace tenure {

// After parsing: sets the options of the commands that were named, and of the program, that neither a flag nor the
// environment gave. An error is a sentence.
std::optional<std::string> apply_configuration(CLI::App& program, const std::string& file);

}  // namespace tenure
