// Access reviews from a terminal: opened, listed, ended; and what all their commands have in common.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

using nlohmann::json;

// ---- in common -----------------------------------------------------------------------------------

CLI::App* add_of_org(CLI::App& under, Commands& commands, const Options& o, const std::string& name,
                     const std::string& what, Does does) {
  auto* command = under.add_subcommand(name, what);
  command->add_option("org,--org", o->org, "The organization")->required();
  command->callback(
      [&commands, o, does] { commands.run = [&commands, o, does] { return does(commands.client, *o); }; });
  return command;
}

CLI::App* add_of_review(CLI::App& under, Commands& commands, const Options& o, const std::string& name,
                        const std::string& what, Does does) {
  auto* command = add_of_org(under, commands, o, name, what, std::move(does));
  command->add_option("review,--review", o->review, "The review's id")->required();
  return command;
}

void add_reason(CLI::App& command, const Options& o) {
  command.add_option("--reason", o->reason, "Why");
  command.add_option("--ticket", o->ticket, "The ticket that it belongs to");
}

void add_limit(CLI::App& command, const Options& o) {
  command.add_option("--limit", o->limit, "At most this many rows; default all");
}

std::string review_path(const ReviewOptions& o, const std::string& rest) {
  return org_path(o.org, "/reviews/" + percent_encoded(o.review) + rest);
}

bool read_text(const std::string& file, std::string& text) {
  std::stringstream whole;
  if (file == "-") {
    whole << std::cin.rdbuf();
  } else {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::cerr << "tenure: cannot read " << file << "\n", false;
    whole << in.rdbuf();
  }
  text = std::move(whole).str();
  return true;
}

bool read_document(const std::string& file, json& document) {
  std::string text;
  if (!read_text(file, text)) return false;
  document = json::parse(text, nullptr, false);
  if (!document.is_object()) return std::cerr << "tenure: " << file << " holds no JSON object\n", false;
  return true;
}

int print_answer(const ClientOptions& options, const json& answer, const std::string& done) {
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::cout << done << "\n";
  return exit_ok;
}

int send_said(const ClientOptions& options, const ReviewOptions& o, const std::string& method, const std::string& path,
              json body, const std::function<std::string(const json&)>& done) {
  Client client(options);
  if (!o.reason.empty()) body["reason"] = o.reason;
  if (!o.ticket.empty()) body["ticket"] = o.ticket;
  std::erase_if(body.get_ref<json::object_t&>(), [](const auto& field) { return field.second == ""; });
  json answer;
  if (!client.request(method, path, body.dump(), answer)) return client.exit_code();
  return print_answer(options, answer, done(answer));
}

std::string at_position(const json& answer, const std::string& deed) {
  return deed + " at position " + answer.at("items").at(0).at("position").dump();
}

std::string warnings_in(const json& answer) {
  std::string text;
  const json warnings = answer.value("warnings", json::array());
  for (const json& warning : warnings) text += "\nNote: " + warning.get<std::string>();
  return text;
}

std::string power_of(const json& item) {
  const std::string kind = text_of(item, "kind");
  if (kind == "group") return "group " + text_of(item, "group");
  if (kind == "grant") return text_of(item, "role") + " on " + text_of(item, "on");
  return kind + " " + text_of(item, "role");
}

namespace {

// ---- opened --------------------------------------------------------------------------------------

// Whom an item would be asked of, stage by stage: "ana; then ben, cy".
std::string asked_of(const json& item) {
  const json stages = item.value("stages", json::array({item.at("reviewers")}));
  std::string text;
  for (const json& reviewers : stages) {
    const std::string people = text_of({{"of", reviewers}}, "of");
    text += (text.empty() ? "" : "; then ") + (people.empty() ? "nobody" : people);
  }
  return text;
}

int print_preview(const ClientOptions& options, json head, const json& items) {
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    rows.push_back({text_of(item, "item"), text_of(item, "member"), power_of(item), since_of(item),
                    text_of(item, "status"), asked_of(item)});
  }
  print_table({"ITEM", "MEMBER", "POWER", "SINCE", "STATUS", "REVIEWERS"}, rows);
  std::cout << "\nWould open " << text_of(head, "review") << " with " << head.at("total") << " items, of which "
            << head.at("without_reviewer") << " have nobody to ask, due " << text_of(head, "due_at")
            << warnings_in(head) << "\n";
  for (const json& each : head.at("reviewers")) {
    std::cout << "  " << text_of(each, "reviewer") << "  " << each.at("open") << " items\n";
  }
  return exit_ok;
}

// All that would be opened, page by page.
int try_opening(const ClientOptions& options, const ReviewOptions& o, json body) {
  Client client(options);
  body["dry_run"] = true;
  std::erase_if(body.get_ref<json::object_t&>(), [](const auto& field) { return field.second == ""; });
  const std::string path = org_path(o.org, "/reviews"), asked = body.dump();
  const auto ask = [&](const Query& page, json& answer) {
    return client.request("POST", with_query(path, page), asked, answer);
  };
  json head, items;
  if (!client.pages(ask, o.limit, head, items)) return client.exit_code();
  return print_preview(options, std::move(head), items);
}

int open_review(const ClientOptions& options, const ReviewOptions& o) {
  json body{{"id", o.id}, {"definition", o.definition}};
  if (!o.file.empty()) {
    json stated;
    if (!read_document(o.file, stated)) return exit_usage;
    body["definition"] = std::move(stated);
  }
  if (o.dry_run) return try_opening(options, o, std::move(body));
  return send_said(options, o, "POST", org_path(o.org, "/reviews"), std::move(body), [](const json& answer) {
    return "Opened " + text_of(answer, "review") + " with " + answer.at("items").dump() + " items, due " +
           text_of(answer, "due_at") + warnings_in(answer);
  });
}

// ---- looked at -----------------------------------------------------------------------------------

int reviews(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, items;
  if (!client.list(org_path(o.org, "/reviews"), {{"status", o.status}}, o.limit, head, items)) {
    return client.exit_code();
  }
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    rows.push_back({text_of(item, "id"), text_of(item, "status"), item.at("items").dump(), text_of(item, "opened_at"),
                    text_of(item, "due_at"), text_of(item, "ended_at")});
  }
  print_table({"REVIEW", "STATUS", "ITEMS", "OPENED", "DUE", "ENDED"}, rows);
  return exit_ok;
}

std::string described(const json& review) {
  const json& progress = review.at("progress");
  const json& outcomes = review.at("outcomes");
  const json& population = review.at("population");
  std::ostringstream text;
  text << text_of(review, "id") << ": " << text_of(review, "name") << "\n  " << text_of(review, "status") << ", opened "
       << text_of(review, "opened_at") << ", due " << text_of(review, "due_at") << "\n  " << population.at("items")
       << " items as of " << text_of(population, "as_of") << " (position " << population.at("position") << ", digest "
       << text_of(population, "digest") << ")\n  open " << progress.at("open") << ", decided " << progress.at("decided")
       << ", carried over " << progress.at("carried_over") << ", ended " << progress.at("ended") << "\n  keep "
       << outcomes.at("keep") << ", revoke " << outcomes.at("revoke") << ", change " << outcomes.at("change") << "\n";
  for (const json& each : review.at("reviewers")) {
    text << "  waits for " << text_of(each, "reviewer") << ": " << each.at("open") << "\n";
  }
  return text.str();
}

int show(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json answer;
  if (!client.get(review_path(o), answer)) return client.exit_code();
  return print_answer(options, answer, described(answer));
}

// ---- ended ---------------------------------------------------------------------------------------

int end(const ClientOptions& options, const ReviewOptions& o, const std::string& deed) {
  return send_said(options, o, "POST", review_path(o, "/" + deed), json::object(), [](const json& answer) {
    return answer.contains("progress") ? described(answer) : at_position(answer, "Recorded");
  });
}

void add_endings(CLI::App& reviews, Commands& commands, const Options& o) {
  for (const auto& [deed, what] :
       {std::pair("close", "Close it: what was decided holds"),
        std::pair("cancel", "Give it up: nothing follows from it"), std::pair("end-stage", "Go on to the next stage"),
        std::pair("remedy", "Record what was held back at the close")}) {
    const std::string name = deed;
    auto* ended = add_of_review(reviews, commands, o, name, what,
                                [name](const ClientOptions& options, const auto& r) { return end(options, r, name); });
    add_reason(*ended, o);
  }
}

void add_reviews(CLI::App& app, Commands& commands) {
  const auto o = std::make_shared<ReviewOptions>();
  auto* all = app.add_subcommand("reviews", "Access reviews");
  all->require_subcommand(1);
  add_review_definition_commands(*all, commands, o);
  auto* opened = add_of_org(*all, commands, o, "open", "Open a review", open_review);
  auto* by = opened->add_option("definition,--definition", o->definition, "By this definition");
  opened->add_option("--file", o->file, "By a definition stated here, as JSON")->excludes(by);
  opened->add_option("--id", o->id, "The review's id; default the definition's and the day");
  add_reason(*opened, o);
  auto* dry_run =
      opened->add_flag("--dry-run", o->dry_run, "Show each item and whom it would be asked of, and open nothing");
  opened->add_option("--limit", o->limit, "Of a dry run, at most this many rows; default all")->needs(dry_run);
  auto* listed = add_of_org(*all, commands, o, "list", "The reviews", reviews);
  listed->add_option("--status", o->status, "open or ended");
  add_limit(*listed, o);
  add_of_review(*all, commands, o, "show", "How a review stands", show);
  add_review_item_commands(*all, commands, o);
  add_review_decision_commands(*all, commands, o);
  add_endings(*all, commands, o);
  add_review_report_command(*all, commands, o);
}

}  // namespace

void add_review_commands(CLI::App& app, Commands& commands) {
  add_reviews(app, commands);
  add_report_commands(app, commands);
}

}  // namespace tenure
