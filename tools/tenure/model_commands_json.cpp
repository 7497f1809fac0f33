#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"

namespace tenure {

namespace {

using nlohmann::json;

struct ModelOptions {
  std::string id, version, file;
  bool document = false;
};

std::string model_path(const ModelOptions& wanted, const std::string& rest = {}) {
  return with_query("/v1/models/" + percent_encoded(wanted.id) + rest, {{"version", wanted.version}});
}

std::string joined(const json& list, const char* between) {
  std::string all;
  for (const json& item : list) all += (all.empty() ? "" : between) + item.get<std::string>();
  return all;
}

int models_list(const ClientOptions& options) {
  Client client(options);
  json answer;
  if (!client.whole_list("/v1/models", answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::vector<std::vector<std::string>> rows;
  for (const json& m : answer.at("items"))
    rows.push_back({m.value("id", ""), m.value("version", "").substr(0, 12), m.value("title", "")});
  print_table({"MODEL", "VERSION", "TITLE"}, rows);
  return exit_ok;
}

// ---- the role by permission matrix ---------------------------------------------------------------

bool contains(const json& object, const char* list, const std::string& text) {
  const json values = object.value(list, json::array());
  return std::find(values.begin(), values.end(), json(text)) != values.end();
}

// What stands behind a level that depends on assignments.
const char* mark_of(const std::string& visibility) {
  if (visibility == "assigned") return " (assigned)";
  if (visibility == "all_unless_assigned") return " (all, or assigned)";
  return visibility == "where_assigned" ? " (where assigned)" : "";
}

std::string cell_of(const json& role, const std::string& permission) {
  if (contains(role, "unspecified", permission)) return "?";
  const json visibility = role.value("visibility", json::object());
  return role.at("grants").value(permission, "-") + mark_of(visibility.value(permission, ""));
}

std::string options_of(const json& permission, const json& model) {
  if (permission.value("owner_only", false)) return "-";
  if (permission.value("options_unspecified", false)) return "?";
  const json& levels = model.at("scales").at(permission.value("scale", ""));
  return joined(permission.contains("options") ? permission.at("options") : levels, "/");
}

// The heading of a module's rows.
std::string module_of(const json& permission) {
  const std::string sub = permission.value("submodule", "");
  return permission.value("module", "") + (sub.empty() ? "" : " > " + sub);
}

void print_matrix(const json& model) {
  const bool custom = model.value("custom_roles", false);
  std::vector<std::string> heading{"MODULE", "PERMISSION"};
  for (const json& role : model.at("roles")) heading.push_back(role.value("name", ""));
  if (custom) heading.emplace_back("CUSTOM ROLES");
  std::vector<std::vector<std::string>> rows;
  for (const json& permission : model.at("permissions")) {
    const std::string id = permission.value("id", "");
    std::vector<std::string> row{module_of(permission), permission.value("name", "")};
    for (const json& role : model.at("roles")) row.push_back(cell_of(role, id));
    if (custom) row.push_back(options_of(permission, model));
    rows.push_back(std::move(row));
  }
  print_table(heading, rows);
}

void print_rules(const json& model) {
  std::vector<std::vector<std::string>> rows;
  for (const json& rule : model.value("rules", json::array())) {
    rows.push_back({rule.value("effect", ""), rule.value("because", ""), joined(rule.at("actions"), " ")});
  }
  std::cout << "\n";
  print_table({"RULE", "", "ACTIONS"}, rows);
}

int models_show(const ClientOptions& options, const ModelOptions& wanted) {
  Client client(options);
  json model;
  if (wanted.document) {
    if (!client.get(
            with_query("/v1/models/" + percent_encoded(wanted.id), {{"version", wanted.version}, {"form", "document"}}),
            model)) {
      return client.exit_code();
    }
    return std::cout << model.dump(2) << "\n", exit_ok;
  }
  if (!client.get(model_path(wanted), model)) return client.exit_code();
  if (options.json) return std::cout << model.dump(2) << "\n", exit_ok;
  std::cout << printable(model.value("title", "")) << " (" << model.value("id", "") << ", version "
            << model.value("version", "").substr(0, 12) << ")\n\n";
  print_matrix(model);
  std::cout << "\n-  no access, not mentioned      ?  the platform's text says nothing\n";
  if (!model.value("rules", json::array()).empty()) print_rules(model);
  return exit_ok;
}

int models_publish(const ClientOptions& options, const ModelOptions& wanted) {
  std::ifstream file(wanted.file);
  if (!file) return std::cerr << "tenure: cannot read " << wanted.file << "\n", exit_failed;
  std::stringstream body;
  body << file.rdbuf();
  Client client(options);
  json answer;
  if (!client.request("POST", "/v1/models", body.str(), answer)) return client.exit_code();
  std::cout << (options.json ? answer.dump(2) : answer.value("id", "") + " " + answer.value("version", "")) << "\n";
  return exit_ok;
}

// ---- what it lets slip ---------------------------------------------------------------------------

std::string role_text(const json& role) { return role.is_null() ? "a custom role" : role.get<std::string>(); }

std::string step_text(const json& step) {
  const bool self = step.at("by") == "self";
  const bool for_self = step.at("for") == "self";
  return std::string(self ? "as " : "somebody as ") + role_text(step.at("as")) + ": " +
         joined(step.at("actions"), ", ") + ", giving " + (for_self ? (self ? "oneself" : "them") : "somebody") + " " +
         role_text(step.at("gives")) + " (rule " + step.value("rule", "") + ")";
}

void print_escalations(const json& escalations) {
  std::cout << "WHO CAN RAISE THEMSELVES\n";
  for (const json& found : escalations.at("items")) {
    std::cout << "  " << printable(role_text(found.at("role")) + " to " + role_text(found.at("to")))
              << (found.value("alone", true) ? "" : ", with another account") << ", gaining "
              << found.value("gains_total", 0)
              << (found.value("gains_total", 0) == 1 ? " permission\n" : " permissions\n");
    for (const json& step : found.at("steps")) std::cout << "    " << printable(step_text(step)) << "\n";
  }
  const auto total = escalations.value("total", std::size_t{0});
  const std::string searched = escalations.value("searched", "");
  if (searched == "nothing") {
    std::cout << "  not searched: the rules tell too many roles apart\n";
  } else if (total == 0) {
    std::cout << "  nobody\n";
  }
  if (searched == "alone") std::cout << "  searched for each account alone: there are too many kinds of roles\n";
  if (total > escalations.at("items").size())
    std::cout << "  and " << total - escalations.at("items").size() << " more\n";
}

void print_findings(const json& analysis) {
  std::cout << "\nPERMISSIONS THAT NO ROLE HOLDS\n";
  for (const json& each : analysis.at("held_by_nobody")) {
    std::cout << "  " << printable(each.value("permission", ""))
              << (each.value("custom_roles_may", false) ? ", which custom roles may have\n" : "\n");
  }
  if (analysis.at("held_by_nobody").empty()) std::cout << "  none\n";
  std::cout << "\nROLES IN ROLES\n";
  for (const json& same : analysis.at("same_power")) {
    std::cout << "  " << printable(joined(same, ", ")) << " grant the same\n";
  }
  const json& includes = analysis.at("includes");
  for (const json& each : includes.at("items")) {
    std::cout << "  " << printable(each.value("role", "") + " includes " + each.value("includes", "")) << "\n";
  }
  const auto total = includes.value("total", std::size_t{0});
  if (total > includes.at("items").size()) std::cout << "  and " << total - includes.at("items").size() << " more\n";
  if (total == 0 && analysis.at("same_power").empty()) std::cout << "  none\n";
  std::cout << "\nRULES THAT DECIDE NOTHING\n";
  for (const json& idle : analysis.at("idle_rules")) {
    std::cout << "  " << printable(idle.value("rule", "") + ": " + idle.value("because", "")) << "\n";
  }
  if (analysis.at("idle_rules").empty()) std::cout << "  none\n";
}

int models_analyse(const ClientOptions& options, const ModelOptions& wanted) {
  Client client(options);
  json analysis;
  if (!client.get(model_path(wanted, "/analysis"), analysis)) return client.exit_code();
  if (options.json) return std::cout << analysis.dump(2) << "\n", exit_ok;
  std::cout << analysis.value("id", "") << ", version " << analysis.value("version", "").substr(0, 12) << "\n\n";
  print_escalations(analysis.at("escalations"));
  print_findings(analysis);
  return exit_ok;
}

}  // namespace

void add_model_commands(CLI::App& app, Commands& commands) {
  const auto wanted = std::make_shared<ModelOptions>();
  auto* models = app.add_subcommand("models", "The access models");
  models->require_subcommand(0, 1);
  models->add_subcommand("list", "The newest version of each");
  auto* show = models->add_subcommand("show", "One model as a table of roles and permissions, and its rules");
  auto* analyse = models->add_subcommand(
      "analyse",
      "What a model lets slip: who can raise themselves and how, what nobody holds, roles in roles, idle rules");
  for (auto* command : {show, analyse}) {
    command->add_option("id", wanted->id, "The model")->required();
    command->add_option("--model-version", wanted->version, "A version of it; default the newest");
  }
  show->add_flag("--document", wanted->document, "The document as it was published, to start one's own from");
  auto* publish = models->add_subcommand("publish", "Publish a model from a JSON file");
  publish->add_option("file", wanted->file, "The document")->required();
  models->callback([&commands, wanted, show, analyse, publish] {
    commands.run = [&commands, wanted, show, analyse, publish] {
      return show->parsed()      ? models_show(commands.client, *wanted)
             : analyse->parsed() ? models_analyse(commands.client, *wanted)
             : publish->parsed() ? models_publish(commands.client, *wanted)
                                 : models_list(commands.client);
    };
  });
}

}  // namespace tenure
