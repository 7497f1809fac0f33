// What the commands of access reviews have in common: their options, and how a question is sent and its answer shown.
// Used by review_*_commands_json.cpp and report_commands_json.cpp alone; one thread.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/tenure/commands.h"

namespace tenure {

struct ReviewOptions {
  std::string org, review, definition, file, id, item, state, decision, role, to, from, until, reason, ticket, reviewer;
  std::string view, status, kind, member, by, format = "json", table, out;
  std::uint64_t position = 0, period_days = 0;
  std::string shipped;
  std::vector<std::string> asked, fallback;
  bool dry_run = false, detail = false, comes_shipped = false;
  std::size_t limit = every_row;
};

using Options = std::shared_ptr<ReviewOptions>;
using Does = std::function<int(const ClientOptions&, const ReviewOptions&)>;

// A command about an organization, and one about a review of it.
CLI::App* add_of_org(CLI::App& under, Commands& commands, const Options& o, const std::string& name,
                     const std::string& what, Does does);
CLI::App* add_of_review(CLI::App& under, Commands& commands, const Options& o, const std::string& name,
                        const std::string& what, Does does);
// --reason and --ticket, which every event may bear.
void add_reason(CLI::App& command, const Options& o);
void add_limit(CLI::App& command, const Options& o);

// Their parts of `tenure reviews`.
void add_review_definition_commands(CLI::App& reviews, Commands& commands, const Options& o);
void add_review_item_commands(CLI::App& reviews, Commands& commands, const Options& o);
void add_review_decision_commands(CLI::App& reviews, Commands& commands, const Options& o);
void add_review_report_command(CLI::App& reviews, Commands& commands, const Options& o);
// `tenure reports`.
void add_report_commands(CLI::App& app, Commands& commands);

std::string review_path(const ReviewOptions& o, const std::string& rest = {});
// What a file holds; "-" is standard input. False when it cannot be read, which has been said.
bool read_text(const std::string& file, std::string& text);
// The same for a JSON object.
bool read_document(const std::string& file, nlohmann::json& document);

// The answer itself with --json, else `done`. Returns exit_ok.
int print_answer(const ClientOptions& options, const nlohmann::json& answer, const std::string& done);
// Sends those fields of `body` that have a value, and --reason and --ticket with them, and says what came of it.
int send_said(const ClientOptions& options, const ReviewOptions& o, const std::string& method, const std::string& path,
              nlohmann::json body, const std::function<std::string(const nlohmann::json&)>& done);
// "Defined at position 18"
std::string at_position(const nlohmann::json& answer, const std::string& deed);
// A line each: "\nNote: …"
std::string warnings_in(const nlohmann::json& answer);
// What an item is a hold of: "write on repo:acme/web".
std::string power_of(const nlohmann::json& item);

}  // namespace tenure
