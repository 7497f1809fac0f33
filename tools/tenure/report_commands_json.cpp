// Reports of reviews and on access from a terminal, into a file or to standard output.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

namespace {

using nlohmann::json;

// A report as it is sent; into a file only once it is whole, so that no half of one is taken for a report, nor one of
// an earlier time lost.
int save(const ClientOptions& options, const ReviewOptions& o, const std::string& path) {
  Query query{{"format", o.format}, {"table", o.table}};
  if (o.position != 0) query.emplace_back("position", std::to_string(o.position));
  const auto cannot_write = [&](int code) {
    std::cerr << "tenure: cannot write " << o.out << "\n";
    return code;
  };
  Client client(options);
  if (o.out.empty()) {
    if (!client.download(with_query(path, query), std::cout)) return client.exit_code();
    return std::cout.flush() ? exit_ok : cannot_write(exit_failed);
  }
  std::error_code error;
  const auto there = std::filesystem::status(o.out, error);
  const bool is_device = std::filesystem::exists(there) && !std::filesystem::is_regular_file(there);
  const std::string part = is_device ? o.out : o.out + ".part";
  std::ofstream file(part, std::ios::binary);
  if (!file) return cannot_write(exit_usage);
  error.clear();
  const bool whole = client.download(with_query(path, query), file);
  file.close();
  if (whole && file && !is_device) std::filesystem::rename(part, o.out, error);
  const bool saved = whole && file && !error;
  if (!saved && !is_device) std::filesystem::remove(part, error);
  if (!whole) return client.exit_code();
  return saved ? exit_ok : cannot_write(exit_failed);
}

int access_report(const ClientOptions& options, const ReviewOptions& o) {
  json body{{"definition", o.definition}, {"id", o.id}};
  if (o.period_days != 0) body["period_days"] = o.period_days;
  return send_said(options, o, "POST", org_path(o.org, "/reports"), std::move(body),
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

void add_files(CLI::App& command, const Options& o) {
  command.add_option("--format", o->format, "json, csv, xlsx or pdf")->capture_default_str();
  command.add_option("--table", o->table, "Which table, as CSV; default the first");
  command.add_option("--out", o->out, "The file; default standard output");
}

}  // namespace

void add_review_report_command(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* report = add_of_review(reviews, commands, o, "report", "The report", [](const ClientOptions& c, const auto& r) {
    return save(c, r, review_path(r, "/report"));
  });
  add_files(*report, o);
  report->add_option("--position", o->position, "As known at this position; default now");
}

void add_report_commands(CLI::App& app, Commands& commands) {
  const auto o = std::make_shared<ReviewOptions>();
  auto* all = app.add_subcommand("reports", "Reports on access without a review");
  all->require_subcommand(1);
  auto* made = add_of_org(*all, commands, o, "make", "Make a report now", access_report);
  made->add_option("--definition", o->definition, "By this definition; default everything");
  made->add_option("--period-days", o->period_days, "What changed in so many days; default 90");
  made->add_option("--id", o->id, "Its id; default the definition's and the day");
  add_reason(*made, o);
  add_limit(*add_of_org(*all, commands, o, "list", "The reports", access_reports), o);
  auto* one = add_of_org(*all, commands, o, "show", "A report", [](const ClientOptions& c, const ReviewOptions& r) {
    return save(c, r, org_path(r.org, "/reports/" + percent_encoded(r.id)));
  });
  one->add_option("id,--id", o->id, "Its id")->required();
  add_files(*one, o);
}

}  // namespace tenure
