#include "tools/tenure/configuration.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <vector>

namespace tenure {

namespace {

constexpr const char* own_variable = "TENURE_CONFIG";  // the file does not say where it is

// The option of that long name which a file may give, among a command's own.
CLI::Option* option_of(CLI::App& command, const std::string& name) {
  CLI::Option* option = command.get_option_no_throw("--" + name);
  const bool may = option && !option->get_envname().empty() && option->get_envname() != own_variable;
  return may ? option : nullptr;
}

bool known_anywhere(CLI::App& command, const std::string& name) {
  if (option_of(command, name)) return true;
  for (CLI::App* below : command.get_subcommands([](CLI::App*) { return true; })) {
    if (known_anywhere(*below, name)) return true;
  }
  return false;
}

// The value as a command line would give it; nothing if it is of a kind that no option takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (node.is_string()) return node.value<std::string>();
  if (node.is_integer()) return std::to_string(*node.value<std::int64_t>());
  if (node.is_boolean()) return *node.value<bool>() ? "true" : "false";
  return std::nullopt;
}

// The program and the commands that were named, outermost first.
std::vector<CLI::App*> named_commands(CLI::App& program) {
  std::vector<CLI::App*> named{&program};
  while (!named.back()->get_subcommands().empty()) named.push_back(named.back()->get_subcommands().front());
  return named;
}

std::optional<std::string> apply(CLI::Option& option, const std::string& text) {
  try {
    option.add_result(text);
    option.run_callback();
    return std::nullopt;
  } catch (const CLI::Error& error) {
    return error.what();
  }
}

}  // namespace

std::optional<std::string> apply_configuration(CLI::App& program, const std::string& file) {
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << file << ":" << error.source().begin.line << ": " << error.description();
    return where.str();
  }
  const auto commands = named_commands(program);
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string place = file + ":" + std::to_string(node.source().begin.line) + ": ";
    const std::string quoted = "\"" + std::string(key.str()) + "\"";
    if (!known_anywhere(program, name)) {
      return place + quoted + " is no option; `tenure serve --help` and `tenure --help` list them.";
    }
    const auto text = text_of(node);
    if (!text) return place + quoted + " must be a text, a whole number or a truth value.";
    for (CLI::App* command : commands) {
      CLI::Option* option = option_of(*command, name);
      if (!option || option->count() > 0) continue;
      if (const auto wrong = apply(*option, *text)) return place + *wrong;
    }
  }
  return std::nullopt;
}

}  // namespace tenure
