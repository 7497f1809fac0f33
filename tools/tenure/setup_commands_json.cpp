#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"

namespace tenure {

namespace {

using nlohmann::json;

struct SetupOptions {
  std::string id, principal, expires_at;
  std::vector<std::string> scopes, orgs, kinds;
};

std::string joined(const json& list) {
  std::string all;
  for (const json& item : list) all += (all.empty() ? "" : " ") + item.get<std::string>();
  return all;
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
  if (!client.whole_list("/v1/tokens", answer)) return client.exit_code();
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
  auto* token = app.add_subcommand("token", "Bearer tokens");
  token->require_subcommand(1);
  auto* create = token->add_subcommand("create", "Make a token; its secret is printed once");
  create->add_option("--principal", wanted->principal, "Whose it is")->required();
  create->add_option("--scope", wanted->scopes, "admin, append, read, review, review:any or feed; may be repeated")
      ->required();
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
