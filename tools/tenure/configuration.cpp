#include "tools/tenure/configuration.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace tenure {

std::optional<std::string> apply_configuration(CLI::App& command, const std::string& file) {
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << file << ":" << error.source().begin.line << ": " << error.description();
    return where.str();
  }
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    const std::string place = file + ":" + std::to_string(node.source().begin.line) + ": ";
    CLI::Option* option = name == "config" ? nullptr : command.get_option_no_throw("--" + name);
    if (!option) return place + "\"" + std::string(key.str()) + "\" is no option; `tenure serve --help` lists them.";
    if (option->count() > 0) continue;
    std::string text;
    if (const auto value = node.value<std::string>(); value && node.is_string()) {
      text = *value;
    } else if (const auto number = node.value<std::int64_t>(); number && node.is_integer()) {
      text = std::to_string(*number);
    } else if (const auto flag = node.value<bool>(); flag && node.is_boolean()) {
      text = *flag ? "true" : "false";
    } else {
      return place + "\"" + std::string(key.str()) + "\" must be a text, a whole number or a truth value.";
    }
    try {
      option->add_result(text);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return place + error.what();
    }
  }
  return std::nullopt;
}

}  // namespace tenure
