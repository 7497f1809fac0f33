// What deserves a look, closing it, and the rules of duties that some of it rests on.
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

struct Look {
  std::string org, id, at, known_at, kind, status, pending_days, within_minutes, reason;
  std::size_t limit = every_row;
};

struct Rule {
  std::string org, id, name, first, first_level, second, second_level, resource, reason, at, known_at;
  std::size_t limit = every_row;
};

// What a finding is about, in its order.
std::string about(const json& item) {
  std::string about;
  for (const char* field : {"member", "group", "everyone", "role", "on", "inviter", "same_as", "rule", "parent",
                            "permission", "level", "area", "feature"}) {
    if (item.contains(field)) about += std::string(about.empty() ? "" : ", ") + field + " " + text_of(item, field);
  }
  return about;
}

int findings(const ClientOptions& options, const Look& asked) {
  if (asked.org.empty()) {
    std::cerr << "tenure: name the organization: tenure findings ORG\n";
    return exit_usage;
  }
  Client client(options);
  const Query query{
      {"at", asked.at},         {"known_at", asked.known_at},         {"kind", asked.kind},
      {"status", asked.status}, {"pending_days", asked.pending_days}, {"within_minutes", asked.within_minutes}};
  json head, items;
  if (!client.list(org_path(asked.org, "/findings"), query, asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  for (const json& item : items) {
    std::cout << text_of(item, "status") << "  " << text_of(item, "kind") << "  " << about(item) << "\n    "
              << text_of(item, "id") << "\n    " << text_of(item, "because") << "\n";
    for (const json& event : item.at("evidence")) std::cout << "    " << event_line(event) << "\n";
    if (item.contains("closed")) std::cout << "    closed: " << event_line(item.at("closed")) << "\n";
  }
  std::cout << "\n" << head.at("total") << " findings, position " << head.at("position") << "\n";
  warn_before_history(head);
  return exit_ok;
}

// Sends a body, and says at which position it was recorded.
int send(const ClientOptions& options, const std::string& method, const std::string& path, json body,
         const std::string& done) {
  Client client(options);
  std::erase_if(body.get_ref<json::object_t&>(), [](const auto& field) { return field.second == ""; });
  json answer;
  if (!client.request(method, path, body.dump(), answer)) return client.exit_code();
  if (options.json) {
    std::cout << answer.dump(2) << "\n";
  } else {
    std::cout << done << " at position " << answer.at("items").at(0).at("position") << "\n";
  }
  return exit_ok;
}

int turn(const ClientOptions& options, const Look& asked, const std::string& how) {
  const std::string path = org_path(asked.org, "/findings/" + percent_encoded(asked.id) + "/" + how);
  return send(options, "POST", path, {{"reason", asked.reason}, {"occurred_at", asked.at}},
              how == "close" ? "Closed" : "Reopened");
}

int add_rule(const ClientOptions& options, const Rule& rule) {
  const auto power = [](const std::string& permission, const std::string& level) {
    json power{{"permission", permission}};
    if (!level.empty()) power["level"] = level;
    return power;
  };
  const json body{{"id", rule.id},
                  {"name", rule.name.empty() ? rule.id : rule.name},
                  {"first", power(rule.first, rule.first_level)},
                  {"second", power(rule.second, rule.second_level)},
                  {"resource", rule.resource},
                  {"reason", rule.reason},
                  {"occurred_at", rule.at}};
  return send(options, "POST", org_path(rule.org, "/sod-rules"), body, "Stated");
}

int remove_rule(const ClientOptions& options, const Rule& rule) {
  return send(options, "DELETE", org_path(rule.org, "/sod-rules/" + percent_encoded(rule.id)),
              {{"reason", rule.reason}, {"occurred_at", rule.at}}, "Removed");
}

int rules(const ClientOptions& options, const Rule& asked) {
  Client client(options);
  json head, items;
  const Query query{{"at", asked.at}, {"known_at", asked.known_at}};
  if (!client.list(org_path(asked.org, "/sod-rules"), query, asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  const auto power = [](const json& duty) { return text_of(duty, "permission") + " (" + text_of(duty, "level") + ")"; };
  for (const json& item : items) {
    rows.push_back({text_of(item, "id"), power(item.at("first")), power(item.at("second")), text_of(item, "resource"),
                    text_of(item, "name"), text_of(item.at("added"), "occurred_at"),
                    text_of(item.at("added"), "reason")});
  }
  print_table({"RULE", "FIRST", "SECOND", "ON ONE", "NAME", "SINCE", "REASON"}, rows);
  warn_before_history(head);
  return exit_ok;
}

void add_look(CLI::App& app, Commands& commands) {
  const auto asked = std::make_shared<Look>();
  auto* look = app.add_subcommand("findings", "What deserves a look, with its evidence");
  look->add_option("org,--org", asked->org, "The organization");
  look->add_option("--kind", asked->kind, "Only this kind of finding");
  look->add_option("--status", asked->status, "Only the open or the closed ones");
  look->add_option("--pending-days", asked->pending_days, "How long an invitation may wait; default 30");
  look->add_option("--within-minutes", asked->within_minutes, "How soon a power must be taken again; default 60");
  look->add_option("--at", asked->at, "An instant (RFC 3339); default now");
  look->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
  look->add_option("--limit", asked->limit, "At most this many rows; default all");
  look->callback([&commands, asked, look] {
    if (!look->get_subcommands().empty()) return;
    commands.run = [&commands, asked] { return findings(commands.client, *asked); };
  });
  for (const std::string how : {"close", "reopen"}) {
    const bool close = how == "close";
    auto* turned = look->add_subcommand(how, close ? "Say why a finding may rest" : "Open a closed finding again");
    turned->add_option("org,--org", asked->org, "The organization")->required();
    turned->add_option("id,--id", asked->id, "The finding's id")->required();
    auto* reason = turned->add_option("--reason", asked->reason, "Why");
    if (close) reason->required();
    turned->add_option("--at", asked->at, "When it was done; default now");
    turned->callback([&commands, asked, how] {
      commands.run = [&commands, asked, how] { return turn(commands.client, *asked, how); };
    });
  }
}

void add_rules(CLI::App& app, Commands& commands) {
  const auto rule = std::make_shared<Rule>();
  auto* all = app.add_subcommand("sod-rules", "Rules of duties that one hand must not hold");
  all->require_subcommand(1);
  auto* added = all->add_subcommand("add", "State a rule");
  added->add_option("org,--org", rule->org, "The organization")->required();
  added->add_option("id,--id", rule->id, "The rule's id, which stands in paths")->required();
  added->add_option("--name", rule->name, "Its name; default the id");
  added->add_option("--first", rule->first, "A permission")->required();
  added->add_option("--first-level", rule->first_level, "Its level or above; default any access");
  added->add_option("--second", rule->second, "The permission that is kept apart from it")->required();
  added->add_option("--second-level", rule->second_level, "Its level or above; default any access");
  added->add_option("--resource", rule->resource, "A kind: only both on one and the same resource of it");
  added->add_option("--reason", rule->reason, "Why they are kept apart")->required();
  added->add_option("--at", rule->at, "Since when; default now");
  added->callback([&commands, rule] { commands.run = [&commands, rule] { return add_rule(commands.client, *rule); }; });
  auto* listed = all->add_subcommand("list", "The rules in force");
  listed->add_option("org,--org", rule->org, "The organization")->required();
  listed->add_option("--at", rule->at, "An instant (RFC 3339); default now");
  listed->add_option("--known-at", rule->known_at, "As known at this instant or position; default now");
  listed->add_option("--limit", rule->limit, "At most this many rows; default all");
  listed->callback([&commands, rule] { commands.run = [&commands, rule] { return rules(commands.client, *rule); }; });
  auto* removed = all->add_subcommand("remove", "Remove a rule");
  removed->add_option("org,--org", rule->org, "The organization")->required();
  removed->add_option("id,--id", rule->id, "The rule's id")->required();
  removed->add_option("--reason", rule->reason, "Why");
  removed->add_option("--at", rule->at, "When; default now");
  removed->callback(
      [&commands, rule] { commands.run = [&commands, rule] { return remove_rule(commands.client, *rule); }; });
}

}  // namespace

void add_findings_commands(CLI::App& app, Commands& commands) {
  add_look(app, commands);
  add_rules(app, commands);
}

}  // namespace tenure
