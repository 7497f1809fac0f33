// What is reviewed, by whom and how often: definitions made, shown, listed and withdrawn from a terminal.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

namespace {

using nlohmann::json;

std::string shipped_path(const ReviewOptions& o, const std::string& rest = {}) {
  return org_path(o.org, "/shipped-review-definitions" + rest);
}

// Whom the command line names is asked first, or where nobody else may be.
void ask_these(json& definition, const ReviewOptions& o) {
  for (json& stage : definition["stages"]) {
    if (!o.fallback.empty()) stage["fallback"] = o.fallback;
    if (o.asked.empty()) continue;
    json sources = json::array({{{"kind", "named"}, {"people", o.asked}}});
    for (const json& source : stage["reviewers"]) sources.push_back(source);
    stage["reviewers"] = std::move(sources);
  }
}

int define(const ClientOptions& options, const ReviewOptions& o) {
  json body;
  if (!o.shipped.empty()) {
    Client client(options);
    if (!client.get(shipped_path(o, "/" + percent_encoded(o.shipped)), body)) return client.exit_code();
  } else if (!read_document(o.file, body)) {
    return exit_usage;
  }
  ask_these(body, o);
  return send_said(options, o, "POST", org_path(o.org, "/review-definitions"), std::move(body), [](const json& answer) {
    std::string runs;
    const json next = answer.value("next_runs", json::array());
    for (const json& run : next) runs += (runs.empty() ? ", runs next at " : ", ") + run.get<std::string>();
    return at_position(answer, "Defined") + runs + warnings_in(answer);
  });
}

int withdraw(const ClientOptions& options, const ReviewOptions& o) {
  return send_said(options, o, "DELETE", org_path(o.org, "/review-definitions/" + percent_encoded(o.definition)),
                   json::object(), [](const json& answer) { return at_position(answer, "Withdrawn"); });
}

int shipped(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, items;
  if (!client.list(shipped_path(o), {}, o.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    rows.push_back({text_of(item, "id"), text_of(item, "name"), text_of(item, "description")});
  }
  print_table({"DEFINITION", "NAME", "WHAT IT IS FOR"}, rows);
  return exit_ok;
}

int definitions(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, items;
  if (!client.list(org_path(o.org, "/review-definitions"), {}, o.limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    const json none = json::object();
    const json& schedule = item.contains("schedule") ? item.at("schedule") : none;
    rows.push_back({text_of(item, "id"), text_of(item, "name"), text_of(item, "purpose"),
                    schedule.contains("once") ? text_of(schedule, "once") : text_of(schedule, "rrule"),
                    text_of(item.at("defined"), "at")});
  }
  print_table({"DEFINITION", "NAME", "PURPOSE", "SCHEDULE", "DEFINED"}, rows);
  return exit_ok;
}

// As `define --file` takes it; with --json as the server says it, which tells who defined it, and when it runs next.
int definition(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json answer;
  const std::string rest = "/" + percent_encoded(o.definition);
  const std::string path = o.comes_shipped ? shipped_path(o, rest) : org_path(o.org, "/review-definitions" + rest);
  if (!client.get(path, answer)) return client.exit_code();
  if (!options.json) {
    for (const char* name : {"defined", "next_runs", "warnings"}) answer.erase(name);
  }
  std::cout << answer.dump(2) << "\n";
  return exit_ok;
}

}  // namespace

void add_review_definition_commands(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* defined = add_of_org(reviews, commands, o, "define", "Make or replace a definition", define);
  auto* from = defined->add_option_group("What is defined");
  from->add_option("--file", o->file, "The definition as JSON; - for standard input");
  from->add_option("--shipped", o->shipped, "One that comes with Tenure, such as quarterly-basics");
  from->require_option(1);
  defined->add_option("--reviewer", o->asked, "Ask them first, before whom it says; may be given several times")
      ->allow_extra_args(false);
  defined->add_option("--fallback", o->fallback, "Ask them where nobody else may be; may be given several times")
      ->allow_extra_args(false);
  add_reason(*defined, o);
  add_limit(*add_of_org(reviews, commands, o, "definitions", "The definitions", definitions), o);
  auto* one =
      add_of_org(reviews, commands, o, "definition", "A definition as JSON, as define --file takes it", definition);
  one->add_option("definition,--definition", o->definition, "Its id")->required();
  one->add_flag("--shipped", o->comes_shipped, "One that comes with Tenure");
  add_limit(
      *add_of_org(reviews, commands, o, "shipped", "Definitions that come with Tenure, for define --shipped", shipped),
      o);
  auto* withdrawn = add_of_org(reviews, commands, o, "withdraw", "Withdraw a definition", withdraw);
  withdrawn->add_option("definition,--definition", o->definition, "Its id")->required();
  add_reason(*withdrawn, o);
}

}  // namespace tenure
