// `tenure sinks`: what events are pushed to.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"

namespace tenure {

namespace {

using nlohmann::json;

struct SinkOptions {
  std::string name, kind, to, format, start, token_file;
  std::vector<std::string> orgs, types, verdicts;
};

std::string path_of(const std::string& name, const std::string& rest = {}) {
  return "/v1/sinks/" + percent_encoded(name) + rest;
}

void print_sinks(const json& items) {
  std::vector<std::vector<std::string>> rows;
  for (const json& s : items) {
    rows.push_back({text_of(s, "sink"), text_of(s, "kind"), text_of(s, "format"), text_of(s, "url"),
                    text_of(s, "state"), text_of(s, "delivered"), text_of(s, "lag_events"), text_of(s, "lag_seconds")});
  }
  print_table({"SINK", "KIND", "FORMAT", "URL", "STATE", "DELIVERED", "LAG EVENTS", "LAG SECONDS"}, rows);
  for (const json& s : items) {
    if (!s.contains("error")) continue;
    std::cout << text_of(s, "sink") << ": " << text_of(s, "error");
    if (s.contains("next_try")) std::cout << "; tried again at " << text_of(s, "next_try");
    std::cout << "\n";
  }
}

// What came of a request about one sink.
int shown(Client& client, const std::string& method, const std::string& target, const std::string& body) {
  json answer;
  if (!client.request(method, target, body, answer)) return client.exit_code();
  if (client.options().json) return std::cout << answer.dump(2) << "\n", exit_ok;
  print_sinks(json::array({answer}));
  return exit_ok;
}

int list(const ClientOptions& options) {
  Client client(options);
  json answer;
  if (!client.whole_list("/v1/sinks", answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  print_sinks(answer.at("items"));
  return exit_ok;
}

// The first line of the file, or of the standard input for "-": a secret on the command line is seen by others.
bool read_token(const std::string& file, std::string& token) {
  if (file == "-") return static_cast<bool>(std::getline(std::cin, token));
  std::ifstream in(file);
  return static_cast<bool>(std::getline(in, token));
}

int add(const ClientOptions& options, const SinkOptions& wanted) {
  json body{{"sink", wanted.name}, {"kind", wanted.kind}, {"url", wanted.to}};
  if (!wanted.format.empty()) body["format"] = wanted.format;
  for (const auto& [field, values] :
       {std::pair("orgs", &wanted.orgs), std::pair("types", &wanted.types), std::pair("verdicts", &wanted.verdicts)}) {
    if (!values->empty()) body[field] = *values;
  }
  if (!wanted.start.empty()) {
    const bool position = wanted.start.find_first_not_of("0123456789") == std::string::npos && wanted.start.size() < 19;
    body["start"] = position ? json(std::stoull(wanted.start)) : json(wanted.start);
  }
  if (!wanted.token_file.empty()) {
    std::string token;
    if (!read_token(wanted.token_file, token)) {
      return std::cerr << "tenure: cannot read a line from " << wanted.token_file << ".\n", exit_usage;
    }
    body["token"] = token;
  }
  Client client(options);
  return shown(client, "POST", "/v1/sinks", body.dump());
}

int remove(const ClientOptions& options, const SinkOptions& wanted) {
  Client client(options);
  json answer;
  if (!client.request("DELETE", path_of(wanted.name), {}, answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::cout << "Sink " << printable(wanted.name) << " is deleted.\n";
  return exit_ok;
}

}  // namespace

void add_sink_commands(CLI::App& app, Commands& commands) {
  auto* sinks = app.add_subcommand("sinks", "What events are pushed to: syslog, Splunk, anything that takes HTTP");
  sinks->require_subcommand(1);
  const auto options = std::make_shared<SinkOptions>();
  const auto named = [&](const char* name, const char* help) {
    auto* command = sinks->add_subcommand(name, help);
    command->add_option("name", options->name, "The sink")->required();
    return command;
  };
  sinks->add_subcommand("list", "How far each has delivered, how far behind it is, and what is wrong")
      ->callback([&commands] { commands.run = [&commands] { return list(commands.client); }; });
  auto* adding = named("add", "Push to one more place");
  adding->add_option("--kind", options->kind, "syslog, splunk_hec or ndjson")->required();
  adding->add_option("--to", options->to, "tcp:// or tls://HOST:PORT of syslog, http:// or https:// of the others")
      ->required();
  adding->add_option("--format", options->format, "The form of an event [cef for syslog, else native]");
  adding->add_option("--org", options->orgs, "Only these organizations");
  adding->add_option("--type", options->types, "Only these types of events");
  adding->add_option("--verdict", options->verdicts, "Only allowed, violation or unspecified");
  adding->add_option("--start", options->start, "oldest, now, a position or an instant [oldest]");
  adding->add_option("--token-file", options->token_file,
                     "Its first line is what the receiver wants to see; - is stdin");
  adding->callback(
      [options, &commands] { commands.run = [options, &commands] { return add(commands.client, *options); }; });
  named("show", "One of them")->callback([options, &commands] {
    commands.run = [options, &commands] {
      Client client(commands.client);
      return shown(client, "GET", path_of(options->name), {});
    };
  });
  for (const char* verb : {"pause", "resume"}) {
    const bool pauses = std::string_view(verb) == "pause";
    named(verb, pauses ? "Push nothing until it is resumed" : "Go on where it was paused")
        ->callback([options, &commands, verb] {
          commands.run = [options, &commands, verb] {
            Client client(commands.client);
            return shown(client, "POST", path_of(options->name, std::string("/") + verb), {});
          };
        });
  }
  named("delete", "Delete it with its token; its position is forgotten")->callback([options, &commands] {
    commands.run = [options, &commands] { return remove(commands.client, *options); };
  });
}

}  // namespace tenure
