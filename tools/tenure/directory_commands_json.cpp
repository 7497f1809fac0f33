// What there is: organizations, an organization's groups and roles.
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

struct Asked {
  std::string org, group, at, known_at;
  std::size_t limit = every_row;

  Query when() const { return {{"at", at}, {"known_at", known_at}}; }
};

// What a column shows of a row.
using Cell = std::string (*)(const json& row);

int print_list(const ClientOptions& options, const std::string& path, const Query& query, std::size_t limit,
               const std::vector<std::string>& heading, const std::vector<Cell>& cells, const char* what) {
  Client client(options);
  json head, items;
  if (!client.list(path, query, limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const Cell cell : cells) row.push_back(cell(item));
  }
  print_table(heading, rows);
  print_footer(head, what);
  return exit_ok;
}

template <char const* Field>
std::string cell(const json& row) {
  return text_of(row, Field);
}
constexpr char id[] = "id", mode[] = "mode", history_from[] = "history_from", group[] = "group", name[] = "name",
               parent[] = "parent", role[] = "role", member[] = "member", kind[] = "kind";

int orgs(const ClientOptions& options, const Asked& asked) {
  const Cell model = [](const json& row) {
    return text_of(row, "model") + " " + text_of(row, "model_version").substr(0, 12);
  };
  const Cell version = [](const json& row) { return row.at("version").dump(); };
  return print_list(options, "/v1/orgs", {}, asked.limit, {"ORGANIZATION", "MODEL", "MODE", "VERSION", "HISTORY FROM"},
                    {cell<id>, model, cell<mode>, version, cell<history_from>}, "organizations");
}

int groups(const ClientOptions& options, const Asked& asked) {
  if (!asked.group.empty()) {
    return print_list(options, org_path(asked.org, "/groups/" + percent_encoded(asked.group) + "/members"),
                      asked.when(), asked.limit, {"MEMBER", "SINCE"}, {cell<member>, since_of}, "members");
  }
  const Cell members = [](const json& row) { return row.at("members").dump(); };
  return print_list(options, org_path(asked.org, "/groups"), asked.when(), asked.limit,
                    {"GROUP", "NAME", "PARENT", "ROLE", "MEMBERS", "SINCE"},
                    {cell<group>, cell<name>, cell<parent>, cell<role>, members, since_of}, "groups");
}

int roles(const ClientOptions& options, const Asked& asked) {
  const Cell grants = [](const json& row) {
    std::string all;
    for (const auto& [permission, level] : row.at("grants").items()) {
      all += (all.empty() ? "" : ", ") + permission + "=" + level.get<std::string>();
    }
    return all;
  };
  return print_list(options, org_path(asked.org, "/roles"), asked.when(), asked.limit,
                    {"ROLE", "NAME", "KIND", "GRANTS"}, {cell<role>, cell<name>, cell<kind>, grants}, "roles");
}

}  // namespace

void add_directory_commands(CLI::App& app, Commands& commands) {
  const auto asked = std::make_shared<Asked>();
  const auto add = [&](const char* called, const char* help, int (*run)(const ClientOptions&, const Asked&)) {
    auto* command = app.add_subcommand(called, help);
    command->add_option("--limit", asked->limit, "At most this many rows; default all");
    command->callback(
        [&commands, asked, run] { commands.run = [&commands, asked, run] { return run(commands.client, *asked); }; });
    return command;
  };
  const auto of_org = [&](CLI::App* command) {
    command->add_option("org,--org", asked->org, "The organization")->required();
    command->add_option("--at", asked->at, "An instant (RFC 3339); default now");
    command->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
    return command;
  };
  add("orgs", "The organizations that the token sees", orgs);
  of_org(add("groups", "The groups at an instant, or who was in one of them", groups))
      ->add_option("group,--group", asked->group, "The members of this group");
  of_org(add("roles", "The roles at an instant, the model's and custom ones, and what they grant", roles));
}

}  // namespace tenure
