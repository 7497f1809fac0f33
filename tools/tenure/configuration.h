// Options from a TOML file, weaker than the environment and flags. Every key is an option's long name with _ for -;
// an unknown key is an error that names the file and the line.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

namespace tenure {

// Sets options of `command` that neither a flag nor the environment gave. An error is a sentence.
std::optional<std::string> apply_configuration(CLI::App& command, const std::string& file);

}  // namespace tenure
