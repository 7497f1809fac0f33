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
  std::string org, member, permission, resource, role, group, from, to, at, known_at, known_from, known_to, by, cause;
  bool overall = false, explain = false;
  std::size_t limit = every_row;
};

std::string level_of(const json& change, const char* side) {
  const json& power = change.at(side);
  const std::string level = text_of(power, "level");
  return (level.empty() ? "-" : level) + (power.contains("reach") ? " (" + text_of(power, "reach") + ")" : "");
}

int diff(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  const bool by_change = asked.by == "change" || (asked.by.empty() && !asked.cause.empty());
  const Query query{{"from", asked.from},
                    {"to", asked.to},
                    {"at", asked.at},
                    {"known_at", asked.known_at},
                    {"known_from", asked.known_from},
                    {"known_to", asked.known_to},
                    {"member", asked.member},
                    {"permission", asked.permission},
                    {"resource", asked.resource},
                    {"overall", asked.overall ? "true" : ""},
                    {"by", asked.by},
                    {"cause", asked.cause}};
  json head, items;
  if (!client.list(org_path(asked.org, "/diff"), query, asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  if (by_change) {
    std::vector<std::vector<std::string>> rows;
    for (const json& item : items) {
      rows.push_back({text_of(item, "member"), text_of(item, "change"), text_of(item, "permission"),
                      text_of(item, "resource"), level_of(item, "before"), level_of(item, "after"),
                      event_line(item.at("cause"))});
    }
    print_table({"MEMBER", "CHANGE", "PERMISSION", "RESOURCE", "BEFORE", "AFTER", "CAUSE"}, rows);
  }
  for (std::size_t i = 0; i < items.size() && !by_change; ++i) {
    std::cout << event_line(items[i].at("cause")) << "\n";
    for (const json& effect : items[i].at("effects")) std::cout << "    " << text_of(effect, "text") << "\n";
  }
  std::cout << "\n"
            << head.at("total") << (by_change ? " changes" : " causes") << ", position " << head.at("position") << "\n";
  warn_before_history(head);
  return exit_ok;
}

int timeline(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  const Query query{
      {"member", asked.member},         {"role", asked.role}, {"group", asked.group}, {"resource", asked.resource},
      {"permission", asked.permission}, {"at", asked.at},     {"from", asked.from},   {"to", asked.to},
      {"known_at", asked.known_at}};
  json head, items;
  if (!client.list(org_path(asked.org, "/timeline"), query, asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  const auto effects = [](const json& list, const char* indent) {
    for (const json& effect : list.at("effects")) std::cout << indent << text_of(effect, "text") << "\n";
  };
  for (const json& item : items) {
    std::cout << event_line(item.at("event")) << (item.at("about").get<bool>() ? "" : "  (by another thing's event)")
              << "\n";
    if (item.contains("retracts")) {
      const json& retracts = item.at("retracts");
      std::cout << "    " << (retracts.at("counts").get<bool>() ? "counts again: " : "counts no more: ")
                << event_line(retracts.at("event")) << "\n";
      if (retracts.contains("in_between")) {
        std::cout << "    in between, from " << text_of(retracts.at("in_between"), "at") << " on:\n";
        effects(retracts.at("in_between"), "        ");
      }
      if (retracts.contains("in_between_not_searched")) {
        std::cout << "    what it changed in between was too much to look for\n";
      }
    }
    effects(item, "    ");
    if (item.contains("by_now") && item.at("by_now").at("effects") != item.at("effects")) {
      std::cout << "    by now:\n";
      effects(item.at("by_now"), "        ");
    }
  }
  std::cout << "\n" << items.size() << " events, position " << head.at("position") << "\n";
  if (!head.value("named", true)) {
    std::cout << "!! No event names " << printable(asked.resource) << ": this reached every resource of its kind.\n";
  }
  warn_before_history(head);
  return exit_ok;
}

void print_card(const json& answer) {
  const json& member = answer.at("member");
  std::cout << text_of(member, "member") << ": " << text_of(member, "status");
  if (!text_of(member, "role").empty()) std::cout << ", role " << text_of(member, "role");
  if (!text_of(member, "since").empty()) std::cout << ", since " << since_of(member);
  std::cout << " (as of " << text_of(answer, "as_of") << ", position " << answer.at("position") << ")\n";
  for (const json& group : member.value("groups", json::array())) {
    std::cout << "    in group " << printable(group.get<std::string>()) << "\n";
  }
  for (const json& grant : answer.value("grants", json::array())) {
    std::cout << "    role " << text_of(grant, "role") << " on " << text_of(grant, "on") << " by "
              << event_line(grant.at("event")) << "\n";
  }
  for (const json& resource : answer.value("assignments", json::array())) {
    std::cout << "    assigned " << printable(resource.get<std::string>()) << "\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& power : answer.value("permissions", json::array())) {
    std::string why = text_of(power, "denied_because");
    for (const json& path : power.value("paths", json::array())) {
      why += (why.empty() ? "" : "; ") + text_of(path, "kind") + " " + text_of(path.at("role"), "id");
      for (const json& edge : path.at("edges")) why += " [" + edge.at("position").dump() + "]";
    }
    rows.push_back(
        {text_of(power, "module"), text_of(power, "name"), text_of(power, "level"), text_of(power, "reach"), why});
  }
  std::cout << "\n";
  print_table({"MODULE", "PERMISSION", "LEVEL", "REACH", "BY"}, rows);
}

int member(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  json answer;
  const std::string path = org_path(asked.org, "/members/" + percent_encoded(asked.member));
  const Query query{{"at", asked.at}, {"known_at", asked.known_at}, {"explain", "true"}};
  if (!client.get(with_query(path, query), answer)) return client.exit_code();
  if (options.json) {
    std::cout << answer.dump(2) << "\n";
    return exit_ok;
  }
  print_card(answer);
  warn_before_history(answer);
  return exit_ok;
}

}  // namespace

void add_time_commands(CLI::App& app, Commands& commands) {
  const auto asked = std::make_shared<Asked>();
  auto* changes = app.add_subcommand("diff", "What changed in who can do what, and which event did it");
  changes->add_option("org,--org", asked->org, "The organization")->required();
  changes->add_option("--from", asked->from, "The first instant (RFC 3339)");
  changes->add_option("--to", asked->to, "The second instant");
  changes->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
  changes->add_option("--known-from", asked->known_from,
                      "Instead of --from and --to: what was known of --at at this instant or position");
  changes->add_option("--known-to", asked->known_to, "compared with what was known then; default now");
  changes->add_option("--at", asked->at, "The instant that --known-from is about; default now");
  changes->add_option("--member", asked->member, "Of this member only");
  changes->add_option("--permission", asked->permission, "Of this permission only");
  changes->add_option("--resource", asked->resource, "On this resource (kind:id) only");
  changes->add_flag("--overall", asked->overall, "Leave out what is held on single resources");
  changes->add_option("--by", asked->by, "cause (default): one row an event; change: one row a member's change");
  changes->add_option("--cause", asked->cause, "Only what the event at this position caused, member by member");
  changes->add_option("--limit", asked->limit, "At most this many rows; default all");
  changes->callback(
      [&commands, asked] { commands.run = [&commands, asked] { return diff(commands.client, *asked); }; });
  auto* story = app.add_subcommand("timeline", "The events that touched one thing, and what each did");
  story->add_option("org,--org", asked->org, "The organization")->required();
  story->add_option("--member", asked->member, "Of a member");
  story->add_option("--role", asked->role, "Of a role");
  story->add_option("--group", asked->group, "Of a group");
  story->add_option("--resource", asked->resource, "Of a resource (kind:id)");
  story->add_option("--permission", asked->permission, "Of a permission: every event that changed who has it");
  story->add_option("--at", asked->at, "Up to this instant; default now");
  story->add_option("--from", asked->from, "The beginning of a range");
  story->add_option("--to", asked->to, "The end of a range, not included");
  story->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
  story->add_option("--limit", asked->limit, "At most this many rows; default all");
  story->callback(
      [&commands, asked] { commands.run = [&commands, asked] { return timeline(commands.client, *asked); }; });
  auto* card = app.add_subcommand("member", "A member's card: what they have, what it gives and by which events");
  card->add_option("org,--org", asked->org, "The organization")->required();
  card->add_option("member,--member", asked->member, "The member")->required();
  card->add_option("--at", asked->at, "An instant (RFC 3339); default now");
  card->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
  card->callback([&commands, asked] { commands.run = [&commands, asked] { return member(commands.client, *asked); }; });
}

}  // namespace tenure
