// Access reviews from a terminal: defined, opened, decided, closed, and their reports.
#include <CLI/CLI.hpp>
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

struct ReviewOptions {
  std::string org, review, definition, file, id, item, state, decision, role, to, from, until, reason, reviewer;
  std::string view, status, kind, member, by, format = "json", table, out;
  std::uint64_t position = 0, period_days = 0;
  std::string shipped;
  std::vector<std::string> asked, fallback;
  bool dry_run = false;
  std::size_t limit = 1'000'000'000;
};

std::string review_path(const ReviewOptions& o, const std::string& rest = {}) {
  return org_path(o.org, "/reviews/" + percent_encoded(o.review) + rest);
}

// A JSON document of a file; "-" is standard input.
bool read_document(const std::string& file, json& document) {
  std::stringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(file);
    if (!in) return std::cerr << "tenure: cannot read " << file << "\n", false;
    text << in.rdbuf();
  }
  document = json::parse(text.str(), nullptr, false);
  if (!document.is_object()) return std::cerr << "tenure: " << file << " holds no JSON object\n", false;
  return true;
}

int print(const ClientOptions& options, const json& answer, const std::string& done) {
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::cout << done << "\n";
  return exit_ok;
}

// Sends what has a value, and says what came of it.
int send(const ClientOptions& options, const std::string& method, const std::string& path, json body,
         const std::function<std::string(const json&)>& done) {
  Client client(options);
  std::erase_if(body.get_ref<json::object_t&>(), [](const auto& field) { return field.second == ""; });
  json answer;
  if (!client.request(method, path, body.dump(), answer)) return client.exit_code();
  return print(options, answer, done(answer));
}

std::string at_position(const json& answer, const std::string& deed) {
  return deed + " at position " + answer.at("items").at(0).at("position").dump();
}

// ---- definitions ---------------------------------------------------------------------------------

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
  if (!o.reason.empty()) body["reason"] = o.reason;
  return send(options, "POST", org_path(o.org, "/review-definitions"), body,
              [](const json& answer) { return at_position(answer, "Defined"); });
}

int withdraw(const ClientOptions& options, const ReviewOptions& o) {
  return send(options, "DELETE", org_path(o.org, "/review-definitions/" + percent_encoded(o.definition)),
              {{"reason", o.reason}}, [](const json& answer) { return at_position(answer, "Withdrawn"); });
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

// ---- reviews -------------------------------------------------------------------------------------

int open_review(const ClientOptions& options, const ReviewOptions& o) {
  json body{{"id", o.id}, {"reason", o.reason}};
  if (!o.file.empty()) {
    json stated;
    if (!read_document(o.file, stated)) return exit_usage;
    body["definition"] = std::move(stated);
  } else {
    body["definition"] = o.definition;
  }
  if (o.dry_run) body["dry_run"] = true;
  return send(options, "POST", org_path(o.org, "/reviews"), body, [&](const json& answer) {
    if (!o.dry_run) {
      return "Opened " + text_of(answer, "review") + " with " + answer.at("items").dump() + " items, due " +
             text_of(answer, "due_at");
    }
    std::string text = "Would open " + text_of(answer, "review") + " with " + answer.at("total").dump() +
                       " items, of which " + answer.at("without_reviewer").dump() + " have nobody to ask\n";
    for (const json& each : answer.at("reviewers")) {
      text += "  " + text_of(each, "reviewer") + "  " + each.at("open").dump() + " items\n";
    }
    return text;
  });
}

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
  return print(options, answer, described(answer));
}

std::string power(const json& item) {
  const std::string kind = text_of(item, "kind");
  if (kind == "group") return "group " + text_of(item, "group");
  if (kind == "grant") return text_of(item, "role") + " on " + text_of(item, "on");
  return kind + " " + text_of(item, "role");
}

int items(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, rows_found;
  const Query query{{"view", o.view}, {"reviewer", o.reviewer}, {"status", o.status},
                    {"kind", o.kind}, {"member", o.member},     {"by", o.by}};
  if (!client.list(review_path(o, "/items"), query, o.limit, head, rows_found)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), rows_found);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : rows_found) {
    rows.push_back({text_of(item, "item"), text_of(item, "member"), power(item), text_of(item, "since"),
                    text_of(item, "status"), text_of(item.at("result"), "outcome"), text_of(item, "state"),
                    text_of(item, "reviewers")});
  }
  print_table({"ITEM", "MEMBER", "POWER", "SINCE", "STATUS", "OUTCOME", "STATE", "REVIEWERS"}, rows);
  std::cout << "\n" << head.at("total") << " items\n";
  return exit_ok;
}

int decide(const ClientOptions& options, const ReviewOptions& o) {
  const json body{{"item", o.item}, {"state", o.state}, {"decision", o.decision}, {"role", o.role},
                  {"to", o.to},     {"until", o.until}, {"reason", o.reason}};
  return send(options, "POST", with_query(review_path(o, "/decisions"), {{"reviewer", o.reviewer}}), body,
              [](const json& answer) { return "Decided at position " + answer.at("position").dump(); });
}

int reassign(const ClientOptions& options, const ReviewOptions& o) {
  return send(options, "POST", review_path(o, "/reassign"),
              {{"from", o.from}, {"to", o.to}, {"item", o.item}, {"reason", o.reason}},
              [](const json& answer) { return at_position(answer, "Reassigned"); });
}

int end(const ClientOptions& options, const ReviewOptions& o, const std::string& deed) {
  return send(options, "POST", review_path(o, "/" + deed), {{"reason", o.reason}}, [&](const json& answer) {
    return answer.contains("progress") ? described(answer) : at_position(answer, "Recorded");
  });
}

int tasks(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, found;
  if (!client.list(review_path(o, "/tasks"), {{"status", o.status}}, o.limit, head, found)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), found);
  std::vector<std::vector<std::string>> rows;
  for (const json& task : found) {
    std::string still;
    for (const json& held : task.at("still_held")) {
      still += (still.empty() ? "" : ", ") + text_of(held, "permission") + " " + text_of(held, "level");
    }
    rows.push_back({text_of(task, "member"), power(task), text_of(task.at("result"), "outcome"),
                    text_of(task, "status"), text_of(task, "owner"), text_of(task, "due_at"), still});
  }
  print_table({"MEMBER", "POWER", "OUTCOME", "STATUS", "OWNER", "DUE", "STILL HELD"}, rows);
  return exit_ok;
}

// ---- reports -------------------------------------------------------------------------------------

// A report as it is sent, into a file or to standard output.
int save(const ClientOptions& options, const ReviewOptions& o, const std::string& path) {
  Query query{{"format", o.format}, {"table", o.table}};
  if (o.position != 0) query.emplace_back("position", std::to_string(o.position));
  std::ofstream file;
  if (!o.out.empty()) {
    file.open(o.out, std::ios::binary);
    if (!file) return std::cerr << "tenure: cannot write " << o.out << "\n", exit_usage;
  }
  Client client(options);
  std::ostream& out = o.out.empty() ? std::cout : file;
  if (!client.download(with_query(path, query), out)) return client.exit_code();
  out.flush();
  if (!out) return std::cerr << "tenure: cannot write " << o.out << "\n", exit_failed;
  return exit_ok;
}

int access_report(const ClientOptions& options, const ReviewOptions& o) {
  json body{{"definition", o.definition}, {"id", o.id}};
  if (o.period_days != 0) body["period_days"] = o.period_days;
  return send(options, "POST", org_path(o.org, "/reports"), body,
              [](const json& answer) { return at_position(answer, "Made"); });
}

int access_reports(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, found;
  if (!client.list(org_path(o.org, "/reports"), {}, o.limit, head, found)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), found);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : found) {
    rows.push_back({text_of(item, "id"), text_of(item, "from"), text_of(item, "as_of"), item.at("pinned").dump()});
  }
  print_table({"REPORT", "FROM", "AS OF", "POSITION"}, rows);
  return exit_ok;
}

// ---- the parser ----------------------------------------------------------------------------------

using Options = std::shared_ptr<ReviewOptions>;
using Does = std::function<int(const ClientOptions&, const ReviewOptions&)>;

CLI::App* add(CLI::App& under, Commands& commands, const Options& o, const std::string& name, const std::string& what,
              Does does) {
  auto* command = under.add_subcommand(name, what);
  command->add_option("org,--org", o->org, "The organization")->required();
  command->callback(
      [&commands, o, does] { commands.run = [&commands, o, does] { return does(commands.client, *o); }; });
  return command;
}

CLI::App* add_of_review(CLI::App& under, Commands& commands, const Options& o, const std::string& name,
                        const std::string& what, Does does) {
  auto* command = add(under, commands, o, name, what, std::move(does));
  command->add_option("review,--review", o->review, "The review's id")->required();
  return command;
}

void add_files(CLI::App& command, const Options& o) {
  command.add_option("--format", o->format, "json, csv, xlsx or pdf")->capture_default_str();
  command.add_option("--table", o->table, "Which table, as CSV; default the first");
  command.add_option("--out", o->out, "The file; default standard output");
}

void add_definitions(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* defined = add(reviews, commands, o, "define", "Make or replace a definition", define);
  auto* from = defined->add_option_group("What is defined");
  from->add_option("--file", o->file, "The definition as JSON; - for standard input");
  from->add_option("--shipped", o->shipped, "One that comes with Tenure, such as quarterly-basics");
  from->require_option(1);
  defined->add_option("--reviewer", o->asked, "Ask them first, before whom it says; may be given several times")
      ->allow_extra_args(false);
  defined->add_option("--fallback", o->fallback, "Ask them where nobody else may be; may be given several times")
      ->allow_extra_args(false);
  defined->add_option("--reason", o->reason, "Why");
  add(reviews, commands, o, "definitions", "The definitions", definitions);
  add(reviews, commands, o, "shipped", "Definitions that come with Tenure, for define --shipped", shipped);
  auto* withdrawn = add(reviews, commands, o, "withdraw", "Withdraw a definition", withdraw);
  withdrawn->add_option("definition,--definition", o->definition, "Its id")->required();
  withdrawn->add_option("--reason", o->reason, "Why");
}

void add_decisions(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* decided = add_of_review(reviews, commands, o, "decide", "Decide about one item", decide);
  decided->add_option("item,--item", o->item, "The item's id")->required();
  decided->add_option("decision,--decision", o->decision, "keep, revoke, change or delegate")->required();
  decided->add_option("--state", o->state, "The state that you saw, as `items` shows it")->required();
  decided->add_option("--role", o->role, "change: to this role");
  decided->add_option("--to", o->to, "delegate: to them");
  decided->add_option("--until", o->until, "delegate: until this instant");
  decided->add_option("--reason", o->reason, "Why");
  decided->add_option("--reviewer", o->reviewer, "Whose decision it is; default the token's principal");
  auto* moved = add_of_review(reviews, commands, o, "reassign", "Ask somebody else", reassign);
  moved->add_option("--from", o->from, "Instead of them; default beside all");
  moved->add_option("--to", o->to, "Whom")->required();
  moved->add_option("--item", o->item, "About this item; default all");
  moved->add_option("--reason", o->reason, "Why");
  for (const auto& [deed, what] :
       {std::pair("close", "Close it: what was decided holds"),
        std::pair("cancel", "Give it up: nothing follows from it"), std::pair("end-stage", "Go on to the next stage"),
        std::pair("remedy", "Record what was held back at the close")}) {
    const std::string name = deed;
    auto* ended = add_of_review(reviews, commands, o, name, what,
                                [name](const ClientOptions& options, const auto& r) { return end(options, r, name); });
    ended->add_option("--reason", o->reason, "Why");
  }
}

void add_reviews(CLI::App& app, Commands& commands) {
  const auto o = std::make_shared<ReviewOptions>();
  auto* all = app.add_subcommand("reviews", "Access reviews");
  all->require_subcommand(1);
  add_definitions(*all, commands, o);
  auto* opened = add(*all, commands, o, "open", "Open a review", open_review);
  auto* by = opened->add_option("definition,--definition", o->definition, "By this definition");
  opened->add_option("--file", o->file, "By a definition stated here, as JSON")->excludes(by);
  opened->add_option("--id", o->id, "The review's id; default the definition's and the day");
  opened->add_option("--reason", o->reason, "Why");
  opened->add_flag("--dry-run", o->dry_run, "Show what would be asked of whom, and open nothing");
  auto* listed = add(*all, commands, o, "list", "The reviews", reviews);
  listed->add_option("--status", o->status, "open or ended");
  add_of_review(*all, commands, o, "show", "How a review stands", show);
  auto* looked = add_of_review(*all, commands, o, "items", "What is under review", items);
  looked->add_option("--view", o->view, "mine, overdue, changed or all");
  looked->add_option("--reviewer", o->reviewer, "What waits for them");
  looked->add_option("--status", o->status, "open, decided, carried, ended or settled");
  looked->add_option("--kind", o->kind, "role, group, grant or invitation");
  looked->add_option("--member", o->member, "Only of this member");
  looked->add_option("--by", o->by, "In order of member or power");
  looked->add_option("--limit", o->limit, "At most this many rows; default all");
  add_decisions(*all, commands, o);
  auto* left = add_of_review(*all, commands, o, "tasks", "What a closed review leaves to do", tasks);
  left->add_option("--status", o->status, "open, overdue or done");
  auto* report = add_of_review(*all, commands, o, "report", "The report", [](const ClientOptions& c, const auto& r) {
    return save(c, r, review_path(r, "/report"));
  });
  add_files(*report, o);
  report->add_option("--position", o->position, "As known at this position; default now");
}

void add_reports(CLI::App& app, Commands& commands) {
  const auto o = std::make_shared<ReviewOptions>();
  auto* all = app.add_subcommand("reports", "Reports on access without a review");
  all->require_subcommand(1);
  auto* made = add(*all, commands, o, "make", "Make a report now", access_report);
  made->add_option("--definition", o->definition, "By this definition; default everything");
  made->add_option("--period-days", o->period_days, "What changed in so many days; default 90");
  made->add_option("--id", o->id, "Its id; default the definition's and the day");
  add(*all, commands, o, "list", "The reports", access_reports);
  auto* one = add(*all, commands, o, "show", "A report", [](const ClientOptions& c, const ReviewOptions& r) {
    return save(c, r, org_path(r.org, "/reports/" + percent_encoded(r.id)));
  });
  one->add_option("id,--id", o->id, "Its id")->required();
  add_files(*one, o);
}

}  // namespace

void add_review_commands(CLI::App& app, Commands& commands) {
  add_reviews(app, commands);
  add_reports(app, commands);
}

}  // namespace tenure
