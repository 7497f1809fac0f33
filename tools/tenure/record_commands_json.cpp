#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "services/import/github_audit.h"
#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/progress_bar.h"

namespace tenure {

namespace {

using nlohmann::json;

struct RecordOptions {
  std::string org, file, format = "github-audit", if_match, key, type, action, actor, member, from, to;
  std::optional<std::size_t> limit;
};

constexpr std::size_t events_shown = 100;
constexpr std::size_t piece_bytes = 256 * 1024;

void print_import(const std::string& org, const json& answer) {
  std::cout << org << ": " << answer.at("lines") << " lines, " << answer.at("events") << " events recorded, "
            << answer.at("recorded_only") << " kept without effect on access, " << answer.at("duplicates")
            << " there already";
  if (answer.at("to_position").get<std::uint64_t>() > 0)
    std::cout << "; positions " << answer.at("from_position") << " to " << answer.at("to_position");
  std::cout << "\n";
  if (const auto lost = answer.at("not_followed").get<std::uint64_t>(); lost > 0) {
    std::cerr
        << "tenure: " << lost
        << " of the lines rename, move or delete something, lack a field, give a repository role of the "
        << "organization's own whose base they do not say, or something that the organization's access model does "
        << "not know: what they change is not known, and access may be understated from there on. `tenure events "
        << org << " --type source.recorded` lists what was kept.\n";
  }
  for (const json& refused : answer.at("refused")) {
    std::cerr << "tenure: line " << refused.at("line") << ": " << printable(refused.at("because").get<std::string>())
              << "\n";
  }
  const auto all = answer.at("refused_lines").get<std::uint64_t>();
  const std::uint64_t shown = answer.at("refused").size();
  if (all > shown) std::cerr << "tenure: and " << all - shown << " more lines were refused.\n";
}

int import(const ClientOptions& options, const RecordOptions& wanted) {
  std::ifstream file;
  std::uint64_t size = 0;
  if (wanted.file != "-") {
    file.open(wanted.file, std::ios::binary);
    if (!file) {
      std::cerr << "tenure: cannot read " << wanted.file << "\n";
      return exit_failed;
    }
    std::error_code ignored;
    size = std::filesystem::file_size(wanted.file, ignored);
  }
  std::istream& in = wanted.file == "-" ? std::cin : file;
  std::string first, org = wanted.org;
  if (org.empty()) {
    // The lines say of which organization they are; the first ones are sent with the rest.
    for (std::string line; org.empty() && std::getline(in, line);) {
      first += line + '\n';
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const auto read = read_github_audit_line(line);
      if (!read) {
        std::cerr << "tenure: the first line of " << wanted.file << " cannot be read: " << read.error().because
                  << " A log has one JSON object a line (`jq -c '.[]'` makes such lines of an array); with --org the "
                     "lines that can be read are imported.\n";
        return exit_usage;
      }
      org = read->org;
      break;
    }
    if (org.empty()) {
      std::cerr << "tenure: the first line of " << wanted.file << " names no organization; give it with --org.\n";
      return exit_usage;
    }
  }
  ProgressBar bar(size);
  std::uint64_t sent = 0;
  const auto source = [&]() -> std::string {
    std::string piece = std::move(first);
    first.clear();
    const std::size_t had = piece.size();
    piece.resize(had + piece_bytes);
    in.read(piece.data() + had, static_cast<std::streamsize>(piece_bytes));
    piece.resize(had + static_cast<std::size_t>(in.gcount()));
    sent += piece.size();
    bar.at(std::min(sent, size));
    return piece;
  };
  Client client(options);
  json answer;
  if (!client.upload(with_query(org_path(org, "/import"), {{"format", wanted.format}}), source, answer))
    return client.exit_code();
  if (in.bad()) {
    std::cerr << "tenure: " << wanted.file << " could not be read to its end; what came before is recorded. Import it "
              << "again once it can be read.\n";
    return exit_failed;
  }
  if (options.json) {
    std::cout << answer.dump(2) << "\n";
  } else {
    print_import(org, answer);
  }
  return answer.at("refused_lines").get<std::uint64_t>() > 0 ? exit_refused : exit_ok;
}

// Several objects, one a line, are no JSON text.
bool is_one_json_text(const std::string& text) { return text.find('\n') == std::string::npos || json::accept(text); }

int append(const ClientOptions& options, const RecordOptions& wanted) {
  std::stringstream body;
  if (wanted.file == "-") {
    body << std::cin.rdbuf();
  } else {
    std::ifstream file(wanted.file, std::ios::binary);
    if (!file) {
      std::cerr << "tenure: cannot read " << wanted.file << "\n";
      return exit_failed;
    }
    body << file.rdbuf();
  }
  Client client(options);
  json answer;
  Headers headers{{"Content-Type", is_one_json_text(body.str()) ? "application/json" : "application/x-ndjson"}};
  if (!wanted.if_match.empty()) headers.emplace_back("If-Match", '"' + wanted.if_match + '"');
  if (!wanted.key.empty()) headers.emplace_back("Idempotency-Key", wanted.key);
  if (!client.request("POST", org_path(wanted.org, "/events"), body.str(), answer, headers)) return client.exit_code();
  if (options.json) {
    std::cout << answer.dump(2) << "\n";
    return exit_ok;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& item : answer.at("items")) {
    const json& verdict = item.at("verdict");
    rows.push_back({item.at("position").dump(), item.at("version").dump(), verdict.value("result", ""),
                    verdict.value("because", "")});
  }
  print_table({"POSITION", "VERSION", "VERDICT", ""}, rows);
  return exit_ok;
}

int events(const ClientOptions& options, const RecordOptions& wanted) {
  Client client(options);
  json head, items;
  const Query query{{"type", wanted.type},     {"action", wanted.action}, {"actor", wanted.actor},
                    {"member", wanted.member}, {"from", wanted.from},     {"to", wanted.to}};
  const std::size_t limit = wanted.limit.value_or(options.rows.empty() ? events_shown : every_row);
  if (!client.list(org_path(wanted.org, "/events"), query, limit, head, items)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), items);
  std::vector<std::vector<std::string>> rows;
  for (const json& item : items) {
    rows.push_back({item.at("version").dump(), when_of(item), item.value("type", ""), item.at("actor").value("id", ""),
                    item.at("verdict").value("result", ""), item.at("data").dump().substr(0, 100)});
  }
  print_table({"VERSION", "OCCURRED AT", "TYPE", "ACTOR", "VERDICT", "WHAT"}, rows);
  warn_before_history(head);
  return exit_ok;
}

}  // namespace

void add_record_commands(CLI::App& app, Commands& commands) {
  const auto wanted = std::make_shared<RecordOptions>();
  auto* imported = app.add_subcommand("import", "Import an audit log; again is safe, and goes on where it broke off");
  imported->add_option("file", wanted->file, "A file of JSON lines, or - for standard input")->required();
  imported->add_option("--org", wanted->org, "The organization; default as the first line says");
  imported->add_option("--format", wanted->format, "github-audit")->capture_default_str();
  imported->callback(
      [&commands, wanted] { commands.run = [&commands, wanted] { return import(commands.client, *wanted); }; });
  auto* appended = app.add_subcommand("append", "Append events from a file: an object, an array, or one object a line");
  appended->add_option("org,--org", wanted->org, "The organization")->required();
  appended->add_option("file", wanted->file, "A JSON file, or - for standard input")->required();
  appended->add_option("--if-match", wanted->if_match, "Only if the organization is at this version");
  appended->add_option("--idempotency-key", wanted->key, "Makes a retry safe for 7 days");
  appended->callback(
      [&commands, wanted] { commands.run = [&commands, wanted] { return append(commands.client, *wanted); }; });
  auto* listed = app.add_subcommand("events", "The events of an organization, oldest first");
  listed->add_option("org,--org", wanted->org, "The organization")->required();
  listed->add_option("--type", wanted->type, "Only this type");
  listed->add_option("--action", wanted->action, "Only imported lines with this action");
  listed->add_option("--actor", wanted->actor, "Only by this actor");
  listed->add_option("--member", wanted->member, "Only about this person");
  listed->add_option("--from", wanted->from, "From this instant on");
  listed->add_option("--to", wanted->to, "Until this instant, not included");
  listed->add_option("--limit", wanted->limit, "At most this many (default 100); whether there are more is said");
  listed->callback(
      [&commands, wanted] { commands.run = [&commands, wanted] { return events(commands.client, *wanted); }; });
}

}  // namespace tenure
