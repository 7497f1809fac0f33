// Decisions from a terminal: about one item, about many by a file, and who is asked instead.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/tenure/decision_file.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"
#include "tools/tenure/progress_bar.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

namespace {

using nlohmann::json;

constexpr std::size_t faults_shown_max = 20;  // of a file that is wrong in every line

constexpr const char* file_help =
    "A file has a decision a line, or is a JSON array of them:\n"
    "  {\"item\":\"…\",\"state\":\"…\",\"decision\":\"revoke\",\"reason\":\"never came\"}\n"
    "decision is keep, revoke, change (with role) or delegate (with to, and until); reason and ticket may stand "
    "beside.\n"
    "All of it is checked before anything is sent. What is refused leaves the rest as it is, and the exit code is 4.\n"
    "From what is open to such a file, with jq:\n"
    "  tenure reviews items ORG REVIEW --status open --json | jq -c '.items[] | select(.kind == \"invitation\")\n"
    "    | {item, state, decision: \"revoke\", reason: \"never came\"}' > decisions.ndjson\n";

std::string decisions_path(const ReviewOptions& o) {
  return with_query(review_path(o, "/decisions"), {{"reviewer", o.reviewer}});
}

// ---- by a file -----------------------------------------------------------------------------------

// What came of a file's decisions.
struct Sent {
  json results = json::array();  // the server's, in the order of the file
  std::vector<std::string> refused;
  std::size_t recorded = 0;
  bool stopped = false;      // a call was not answered, or refused whole …
  std::size_t call_end = 0;  // … and the rest from behind it was not sent
  json problem;
};

// Why a decision was not recorded, for people.
std::string refusal_of(const json& result, const std::string& place) {
  const json& problem = result.at("problem");
  return place + ": item " + text_of(result, "item") + ": " + text_of(problem, "detail") + " (" +
         text_of(problem, "code") + ")";
}

Sent send_all(Client& client, const std::string& path, const std::vector<FiledDecision>& decisions) {
  Sent sent;
  ProgressBar bar(decisions.size());
  for (std::size_t begin = 0; begin < decisions.size();) {
    const std::size_t end = call_end(decisions, begin);
    std::string body = "[";
    for (std::size_t i = begin; i < end; ++i) body += (i == begin ? "" : ",") + decisions[i].text;
    json answer;
    if (!client.request_quietly("POST", path, body + "]", answer)) {
      sent.stopped = true;
      sent.call_end = end;
      sent.problem = std::move(answer);
      return sent;
    }
    for (std::size_t i = begin; i < end; ++i) {
      json& result = answer.at("items").at(i - begin);
      if (result.contains("problem")) {
        sent.refused.push_back(refusal_of(result, decisions[i].place));
      } else {
        ++sent.recorded;
      }
      sent.results.push_back(std::move(result));
    }
    begin = end;
    bar.at(begin);
  }
  return sent;
}

// Why it stopped, and what that means for the decisions of the call and for those behind it.
void tell_stop(const Client& client, const ReviewOptions& o, const Sent& sent,
               const std::vector<FiledDecision>& decisions) {
  const std::size_t begin = sent.results.size();
  std::cerr << "tenure: " << client.because() << "\n";
  if (sent.problem.is_object()) {
    const json errors = sent.problem.value("errors", json::array());
    for (std::size_t i = 0; i < errors.size() && i < faults_shown_max; ++i) {
      const std::size_t at = begin + errors[i].value("index", std::size_t{0});
      std::cerr << "  " << (at < decisions.size() ? decisions[at].place : "") << " "
                << printable(errors[i].value("field", "")) << ": " << printable(errors[i].value("detail", "")) << "\n";
    }
  }
  const bool known = client.exit_code() == exit_refused || client.exit_code() == exit_forbidden;
  std::cerr << "tenure: from " << decisions[begin].place << " to " << decisions[sent.call_end - 1].place
            << (known ? " nothing is recorded" : " decisions may be recorded or not");
  if (sent.call_end < decisions.size()) std::cerr << ", and what comes behind was not sent";
  std::cerr << "; `tenure reviews items " << o.org << " " << o.review << " --status open` tells what is open still.\n";
}

int decide_by_file(const ClientOptions& options, const ReviewOptions& o) {
  std::string text;
  if (!read_text(o.file, text)) return exit_usage;
  const DecisionFile file = read_decision_file(text);
  const std::size_t faults = file.faults.size();
  if (faults > 0) {
    const std::string name = o.file == "-" ? "standard input" : o.file;
    for (std::size_t i = 0; i < faults && i < faults_shown_max; ++i) {
      std::cerr << "tenure: " << name << ": " << printable(file.faults[i]) << "\n";
    }
    if (faults > faults_shown_max) std::cerr << "tenure: and " << faults - faults_shown_max << " more.\n";
    std::cerr << "tenure: nothing was sent.\n";
    return exit_usage;
  }
  Client client(options);
  const Sent sent = send_all(client, decisions_path(o), file.decisions);
  const std::size_t all = file.decisions.size(), unanswered = all - sent.results.size();
  if (options.json) {
    json whole{{"items", sent.results}, {"total", all}, {"recorded", sent.recorded}, {"refused", sent.refused.size()}};
    if (sent.stopped) whole["problem"] = sent.problem;
    std::cout << whole.dump(2) << "\n";
  } else {
    for (const std::string& refusal : sent.refused) std::cerr << "tenure: " << refusal << "\n";
    std::cout << all << (all == 1 ? " decision: " : " decisions: ") << sent.recorded << " recorded, "
              << sent.refused.size() << " refused";
    if (unanswered > 0) std::cout << ", " << unanswered << " without an answer";
    std::cout << "\n" << std::flush;
  }
  if (sent.stopped) {
    tell_stop(client, o, sent, file.decisions);
    return client.exit_code();
  }
  return sent.refused.empty() ? exit_ok : exit_refused;
}

// ---- about one item ------------------------------------------------------------------------------

int decide(const ClientOptions& options, const ReviewOptions& o) {
  if (!o.file.empty()) return decide_by_file(options, o);
  if (o.item.empty() || o.decision.empty() || o.state.empty()) {
    std::cerr << "tenure: `reviews decide` needs an item, a decision and --state, or --file for many.\n";
    return exit_usage;
  }
  const json body{{"item", o.item}, {"state", o.state}, {"decision", o.decision},
                  {"role", o.role}, {"to", o.to},       {"until", o.until}};
  return send_said(options, o, "POST", decisions_path(o), body,
                   [](const json& answer) { return "Decided at position " + answer.at("position").dump(); });
}

int reassign(const ClientOptions& options, const ReviewOptions& o) {
  return send_said(options, o, "POST", review_path(o, "/reassign"), {{"from", o.from}, {"to", o.to}, {"item", o.item}},
                   [](const json& answer) { return at_position(answer, "Reassigned"); });
}

}  // namespace

void add_review_decision_commands(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* decided =
      add_of_review(reviews, commands, o, "decide", "Decide about one item, or by a file about many", decide);
  decided->footer(std::string(file_help) + "\n" + exit_code_table);
  const std::vector<CLI::Option*> of_one{
      decided->add_option("item,--item", o->item, "The item's id"),
      decided->add_option("decision,--decision", o->decision, "keep, revoke, change or delegate"),
      decided->add_option("--state", o->state, "The state that you saw, as `items` shows it"),
      decided->add_option("--role", o->role, "change: to this role"),
      decided->add_option("--to", o->to, "delegate: to them"),
      decided->add_option("--until", o->until, "delegate: until this instant"),
      decided->add_option("--reason", o->reason, "Why"),
      decided->add_option("--ticket", o->ticket, "The ticket that it belongs to")};
  auto* file = decided->add_option("--file", o->file, "Many decisions, each with its state; - for standard input");
  for (CLI::Option* option : of_one) file->excludes(option);
  decided->add_option("--reviewer", o->reviewer, "Whose decision it is; default the token's principal");
  auto* moved = add_of_review(reviews, commands, o, "reassign", "Ask somebody else", reassign);
  moved->add_option("--from", o->from, "Instead of them; default beside all");
  moved->add_option("--to", o->to, "Whom")->required();
  moved->add_option("--item", o->item, "About this item; default all");
  add_reason(*moved, o);
}

}  // namespace tenure
