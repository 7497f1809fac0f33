#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"

namespace tenure {

namespace {

using nlohmann::json;

struct Asked {
  std::string org, permission, level, resource, member, at, on, tz, from, to, known_at, status;
  bool explain = false;
  std::size_t limit = every_row;

  Query query() const {
    return {{"permission", permission},
            {"level", level},
            {"resource", resource},
            {"member", member},
            {"at", at},
            {"on", on},
            {"tz", tz},
            {"from", from},
            {"to", to},
            {"known_at", known_at},
            {"status", status},
            {"explain", explain ? "true" : ""}};
  }
};

// The role that gives it, and by what it was what it was: its own definition, or a version of the model.
std::string role_of(const json& path) {
  const json& role = path.at("role");
  if (role.contains("defined_by")) {
    return text_of(role, "id") + " (defined at position " + role.at("defined_by").dump() + ")";
  }
  return text_of(role, "id") + " (model " + text_of(path.at("model"), "id") + " " +
         text_of(path.at("model"), "version").substr(0, 12) + ")";
}

std::string edges_of(const json& path) {
  std::string text;
  for (const json& edge : path.at("edges")) {
    text += "\n      " + text_of(edge, "what") + " (position " + edge.at("position").dump() + ", " + when_of(edge);
    text += said_by(edge) + ")";
  }
  return text;
}

void print_paths(const json& item) {
  for (const json& path : item.value("paths", json::array())) {
    std::cout << "    by " << text_of(path, "kind") << ": " << text_of(path, "level") << " through role "
              << role_of(path) << edges_of(path) << "\n";
  }
}

// The event at whose position an interval begins or ends.
std::string by_event(const json& interval, const char* which, const char* basis) {
  return interval.at(which).is_null() ? "" : " [" + interval.at(which).dump() + "]" + found_so(interval, basis);
}

std::string interval_told(const json& i) {
  return text_of(i, "level") + " " + text_of(i, "from") + by_event(i, "opened_by", "opened_basis") + " to " +
         (i.at("to").is_null() ? "now" : text_of(i, "to") + by_event(i, "closed_by", "closed_basis"));
}

std::string intervals_of(const json& item) {
  std::string when;
  for (const json& i : item.value("intervals", json::array())) when += (when.empty() ? "" : "; ") + interval_told(i);
  return when;
}

// With every path; over a range those of each interval under it.
void print_explained(const json& item) {
  std::cout << text_of(item, "member") << "  " << text_of(item, "level") << "  " << text_of(item, "reach") << "\n";
  if (!item.contains("intervals")) return print_paths(item);
  for (const json& interval : item.at("intervals")) {
    std::cout << "  " << interval_told(interval) << "\n";
    print_paths(interval);
  }
}

int who_can(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  json head, items;
  if (!client.list(org_path(asked.org, "/who-can"), asked.query(), asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  if (asked.explain) {
    for (const json& item : items) print_explained(item);
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const json& item : items) {
      rows.push_back({text_of(item, "member"), text_of(item, "level"), text_of(item, "reach"), intervals_of(item)});
    }
    print_table({"MEMBER", "LEVEL", "REACH", ""}, rows);
  }
  print_footer(head, "members");
  return exit_ok;
}

int can(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  json answer;
  if (!client.get(with_query(org_path(asked.org, "/can"), asked.query()), answer)) return client.exit_code();
  const bool allowed = answer.at("allowed").get<bool>();
  const bool known = !answer.value("before_history", false);
  if (options.json) {
    std::cout << answer.dump(2) << "\n";
  } else {
    std::cout << (allowed ? "yes: " + text_of(answer, "level") + ", " + text_of(answer, "reach")
                          : (known ? "no: " : "unknown: ") + text_of(answer, "denied_because"))
              << " (as of " << text_of(answer, "as_of") << ", position " << answer.at("position") << ")\n";
    print_paths(answer);
    for (const json& reason : answer.value("reasons", json::array())) {
      std::cout << "    " << text_of(reason, "because") << ": " << text_of(reason, "change") << "\n";
    }
    warn_before_history(answer);
  }
  return allowed ? exit_ok : known ? exit_no : exit_unknown;
}

int members(const ClientOptions& options, const Asked& asked) {
  Client client(options);
  json head, items;
  if (!client.list(org_path(asked.org, "/members"), asked.query(), asked.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    rows.push_back({text_of(item, "member"), text_of(item, "status"), text_of(item, "role"), since_of(item),
                    text_of(item, "groups")});
  }
  print_table({"MEMBER", "STATUS", "ROLE", "SINCE", "GROUPS"}, rows);
  print_footer(head, "members");
  return exit_ok;
}

}  // namespace

void add_access_commands(CLI::App& app, Commands& commands) {
  const auto asked = std::make_shared<Asked>();
  const auto when = [asked](CLI::App* command, bool range) {
    command->add_option("--at", asked->at, "An instant (RFC 3339); default now");
    command->add_option("--known-at", asked->known_at, "As known at this instant or position; default now");
    if (!range) return;
    command->add_option("--on", asked->on, "A date: everyone who could at any moment of that day");
    command->add_option("--tz", asked->tz, "The time zone of --on, for example Europe/Berlin");
    command->add_option("--from", asked->from, "The beginning of a range");
    command->add_option("--to", asked->to, "The end of a range, not included");
  };
  auto* who = app.add_subcommand("who-can", "Who could do it, on that date, and by whom");
  who->add_option("org,--org", asked->org, "The organization")->required();
  who->add_option("permission", asked->permission, "The permission")->required();
  who->add_option("level,--level", asked->level, "At least this level; default any access");
  who->add_option("--resource", asked->resource, "On this resource (kind:id); default on at least one");
  who->add_option("--limit", asked->limit, "At most this many rows; default all");
  who->add_flag("--explain", asked->explain, "Show every path and who made it");
  when(who, true);
  who->callback([&commands, asked] { commands.run = [&commands, asked] { return who_can(commands.client, *asked); }; });
  auto* one =
      app.add_subcommand("can", "Whether one member could do it (exit code 3 for no, 8 for a time before the history)");
  one->add_option("org,--org", asked->org, "The organization")->required();
  one->add_option("member", asked->member, "The member")->required();
  one->add_option("permission", asked->permission, "The permission")->required();
  one->add_option("level,--level", asked->level, "At least this level");
  one->add_option("--resource", asked->resource, "On this resource (kind:id)");
  one->add_flag("--explain", asked->explain, "Show every path and who made it");
  when(one, false);
  one->callback([&commands, asked] { commands.run = [&commands, asked] { return can(commands.client, *asked); }; });
  auto* list = app.add_subcommand("members", "The members at an instant");
  list->add_option("org,--org", asked->org, "The organization")->required();
  list->add_option("--status", asked->status, "active, disabled or invited");
  list->add_option("--limit", asked->limit, "At most this many rows; default all");
  when(list, false);
  list->callback(
      [&commands, asked] { commands.run = [&commands, asked] { return members(commands.client, *asked); }; });
}

}  // namespace tenure
