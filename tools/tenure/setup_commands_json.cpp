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

struct SetupOptions {
  std::string id, file, principal, expires_at;
  std::vector<std::string> scopes, orgs, kinds;
};

std::string joined(const json& list) {
  std::string all;
  for (const json& item : list) all += (all.empty() ? "" : " ") + item.get<std::string>();
  return all;
}

int models_list(const ClientOptions& options) {
  Client client(options);
  json answer;
  if (!client.get("/v1/models", answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::vector<std::vector<std::string>> rows;
  for (const json& m : answer.at("items"))
    rows.push_back({m.value("id", ""), m.value("version", "").substr(0, 12), m.value("title", "")});
  print_table({"MODEL", "VERSION", "TITLE"}, rows);
  return exit_ok;
}

// The role by permission matrix.
int models_show(const ClientOptions& options, const SetupOptions& wanted) {
  Client client(options);
  json model;
  if (!client.get("/v1/models/" + percent_encoded(wanted.id), model)) return client.exit_code();
  if (options.json) return std::cout << model.dump(2) << "\n", exit_ok;
  std::cout << model.value("title", "") << " (" << model.value("id", "") << ", version "
            << model.value("version", "").substr(0, 12) << ")\n\n";
  std::vector<std::string> heading{"MODULE", "PERMISSION"};
  for (const json& role : model.at("roles")) heading.push_back(role.value("name", ""));
  std::vector<std::vector<std::string>> rows;
  for (const json& permission : model.at("permissions")) {
    const std::string id = permission.value("id", "");
    std::vector<std::string> row{permission.value("module", ""), permission.value("name", "")};
    for (const json& role : model.at("roles")) {
      const json unspecified = role.value("unspecified", json::array());
      const bool blank = std::find(unspecified.begin(), unspecified.end(), json(id)) != unspecified.end();
      row.push_back(blank ? "?" : role.at("grants").value(id, "-"));
    }
    rows.push_back(std::move(row));
  }
  print_table(heading, rows);
  return exit_ok;
}

int models_publish(const ClientOptions& options, const SetupOptions& wanted) {
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

int token_create(const ClientOptions& options, const SetupOptions& wanted) {
  json body{{"principal", wanted.principal}, {"scopes", wanted.scopes}};
  if (!wanted.orgs.empty()) body["orgs"] = wanted.orgs;
  if (!wanted.kinds.empty()) body["actor_kinds"] = wanted.kinds;
  if (!wanted.expires_at.empty()) body["expires_at"] = wanted.expires_at;
  Client client(options);
  json answer;
  if (!client.request("POST", "/v1/tokens", body.dump(), answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::cout << answer.value("secret", "") << "\n";
  std::cerr << "Token " << answer.value("token", "") << " of " << wanted.principal
            << "; the secret above is shown this once.\n";
  return exit_ok;
}

int token_list(const ClientOptions& options) {
  Client client(options);
  json answer;
  if (!client.get("/v1/tokens", answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::vector<std::vector<std::string>> rows;
  for (const json& t : answer.at("items")) {
    rows.push_back({t.value("token", ""), t.value("principal", ""), joined(t.at("scopes")),
                    t.at("orgs").empty() ? "all" : joined(t.at("orgs")), t.value("created_at", ""),
                    t.value("revoked", false) ? "revoked" : ""});
  }
  print_table({"TOKEN", "PRINCIPAL", "SCOPES", "ORGANIZATIONS", "CREATED", ""}, rows);
  return exit_ok;
}

int token_revoke(const ClientOptions& options, const SetupOptions& wanted) {
  Client client(options);
  json answer;
  if (!client.request("DELETE", "/v1/tokens/" + percent_encoded(wanted.id), {}, answer)) return client.exit_code();
  std::cout << (options.json ? answer.dump(2) : wanted.id + " is revoked") << "\n";
  return exit_ok;
}

}  // namespace

void add_setup_commands(CLI::App& app, Commands& commands) {
  const auto wanted = std::make_shared<SetupOptions>();
  auto* models = app.add_subcommand("models", "The access models");
  models->require_subcommand(0, 1);
  models->add_subcommand("list", "The newest version of each");
  auto* show = models->add_subcommand("show", "One model as a table of roles and permissions");
  show->add_option("id", wanted->id, "The model")->required();
  auto* publish = models->add_subcommand("publish", "Publish a model from a JSON file");
  publish->add_option("file", wanted->file, "The document")->required();
  models->callback([&commands, wanted, show, publish] {
    commands.run = [&commands, wanted, show, publish] {
      return show->parsed()      ? models_show(commands.client, *wanted)
             : publish->parsed() ? models_publish(commands.client, *wanted)
                                 : models_list(commands.client);
    };
  });
  auto* token = app.add_subcommand("token", "Bearer tokens");
  token->require_subcommand(1);
  auto* create = token->add_subcommand("create", "Make a token; its secret is printed once");
  create->add_option("--principal", wanted->principal, "Whose it is")->required();
  create->add_option("--scope", wanted->scopes, "admin, append, read, review or feed; may be repeated")->required();
  create->add_option("--org", wanted->orgs, "Only for this organization; may be repeated");
  create->add_option("--actor-kind", wanted->kinds, "May only speak for such actors; may be repeated");
  create->add_option("--expires-at", wanted->expires_at, "An instant after which it holds no more");
  auto* list = token->add_subcommand("list", "All tokens, without their secrets");
  auto* revoke = token->add_subcommand("revoke", "Revoke a token");
  revoke->add_option("token", wanted->id, "Its id (tok_…)")->required();
  token->callback([&commands, wanted, create, list] {
    commands.run = [&commands, wanted, create, list] {
      return create->parsed() ? token_create(commands.client, *wanted)
             : list->parsed() ? token_list(commands.client)
                              : token_revoke(commands.client, *wanted);
    };
  });
}

}  // namespace tenure
