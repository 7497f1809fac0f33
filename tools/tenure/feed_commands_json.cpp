// `tenure feed`, which follows the feed in a terminal and goes on by itself after a disconnect, and `tenure consumers`.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/tenure/commands.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/feed_connection.h"

namespace tenure {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Heartbeats come every few seconds; a connection that brings nothing for that long is dead.
constexpr milliseconds silence_max{30'000};
constexpr milliseconds pause_first{250}, pause_most{15'000};
// A consumer acknowledges what it has printed when there is a pause, or so many events have come.
constexpr std::uint64_t events_an_ack = 1'000;
constexpr milliseconds quiet_before_ack{200};
constexpr std::size_t shown_bytes_max = 200;  // of a value on a terminal's line; --json has all

struct FeedOptions {
  std::string format, since, cursor, consumer, color = "auto";
  std::vector<std::string> orgs, types, actors, members, verdicts;
  std::uint64_t count = 0;  // 0: for ever
};

class Following {
 public:
  Following(const ClientOptions& client, const FeedOptions& wanted)
      : client_(Client(client).options()), wanted_(wanted), cursor_(wanted.cursor) {
    color_ = wanted.color == "always" || (wanted.color == "auto" && ::isatty(STDOUT_FILENO) == 1);
    // Every version of an organization comes, unless events of it were left out on purpose.
    whole_ = wanted.types.empty() && wanted.actors.empty() && wanted.members.empty() && wanted.verdicts.empty();
  }

  int run() {
    const auto server = server_address(client_.url);
    if (!server) return std::cerr << "tenure: " << server.error().because << "\n", exit_usage;
    milliseconds pause = pause_first;
    while (true) {
      FeedConnection connection;
      const auto opened = connection.open(*server, target(), client_.token);
      if (const auto* refused = std::get_if<FeedConnection::Refused>(&opened)) {
        if (refused->status != 503) return say_refusal(*refused);
      } else if (const auto* failure = std::get_if<Failure>(&opened)) {
        if (store_.empty()) return std::cerr << "tenure: " << failure->because << "\n", exit_unreachable;
      } else {
        pause = pause_first;
        if (const auto code = follow(connection)) return *code;
      }
      std::cerr << "tenure: trying again in " << pause.count() << " ms, from "
                << (cursor_.empty() ? "what comes next" : "position " + cursor_) << "\n";
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, pause_most);
    }
  }

 private:
  std::string target() const {
    Query query{{"format", wanted_.format}, {"consumer", wanted_.consumer}, {"cursor", cursor_}, {"store", store_}};
    if (cursor_.empty()) query.emplace_back("since", wanted_.since);
    for (const auto& [name, values] :
         {std::pair("org", &wanted_.orgs), std::pair("type", &wanted_.types), std::pair("actor", &wanted_.actors),
          std::pair("member", &wanted_.members), std::pair("verdict", &wanted_.verdicts)}) {
      for (const std::string& value : *values) query.emplace_back(name, value);
    }
    return with_query("/v1/feed", query);
  }

  static int say_refusal(const FeedConnection::Refused& refused) {
    const json problem = json::parse(refused.body, nullptr, false);
    const std::string detail = problem.is_object() ? problem.value("detail", refused.body) : refused.body;
    std::cerr << "tenure: " << printable(detail) << "\n";
    return refused.status == 401 || refused.status == 403 ? exit_forbidden
           : refused.status >= 500                        ? exit_failed
                                                          : exit_refused;
  }

  // Until the connection ends (nothing: to be tried again) or the command does.
  std::optional<int> follow(FeedConnection& connection) {
    auto heard = std::chrono::steady_clock::now();
    while (true) {
      const bool owes = unacknowledged_ > 0;
      const auto message = connection.read(owes || unflushed_ ? quiet_before_ack : milliseconds(1'000));
      if (!message) return say(message.error().because), std::nullopt;
      if (!*message && std::exchange(unflushed_, false)) std::cout << std::flush;
      const auto now = std::chrono::steady_clock::now();
      if (*message) {
        heard = now;
        if (const auto code = take(**message)) return *code;
      } else if (now - heard > silence_max) {
        return say("nothing came, not even a heartbeat"), std::nullopt;
      }
      const bool enough = wanted_.count > 0 && seen_ >= wanted_.count;
      if (!wanted_.consumer.empty() && owes && (!*message || unacknowledged_ >= events_an_ack || enough)) {
        if (const auto sent = acknowledge(connection); !sent) return say(sent.error().because), std::nullopt;
      }
      if (enough) {
        if (!wanted_.consumer.empty()) wait_for_acknowledged(connection);
        connection.close();
        return exit_ok;
      }
    }
  }

  Outcome<void> acknowledge(FeedConnection& connection) {
    std::cout << std::flush;  // first it is out, then it is acknowledged
    unacknowledged_ = 0;
    owed_to_ = last_;
    return connection.send(json{{"type", "ack"}, {"position", last_}}.dump());
  }

  // The last one is durable before the command ends.
  void wait_for_acknowledged(FeedConnection& connection) {
    if (unacknowledged_ > 0 && !acknowledge(connection)) return;
    const auto until = std::chrono::steady_clock::now() + silence_max;
    while (acknowledged_ < owed_to_ && std::chrono::steady_clock::now() < until) {
      const auto message = connection.read(silence_max);
      if (!message || !*message) return;
      const json read = json::parse(**message, nullptr, false);
      const std::string type = read.is_object() ? read.value("type", "") : "";
      if (type == "acknowledged") acknowledged_ = read.value("position", owed_to_);
      if (type == "error") return say(read.value("detail", **message));
    }
  }

  std::optional<int> take(const std::string& text) {
    const json message = json::parse(text, nullptr, false);
    const std::string type = message.is_object() ? message.value("type", "") : "";
    if (type == "hello") return take_hello(message);
    if (type == "heartbeat") {
      move_to(message.value("through", std::uint64_t{0}));
      // All that passes the filter came, up to there: nothing before it is owed any more.
      if (last_ > owed_to_) unacknowledged_ = std::max<std::uint64_t>(unacknowledged_, 1);
      return std::nullopt;
    }
    if (type == "acknowledged") return acknowledged_ = message.value("position", last_), std::nullopt;
    if (type == "error") {
      if (message.value("retry", false)) move_to(message.value("cursor", std::uint64_t{1}) - 1);
      return say(message.value("detail", text)), std::nullopt;
    }
    if (const auto hole = find_hole(message)) {
      std::cout << std::flush;
      std::cerr << "tenure: " << *hole << "\n";
      return exit_failed;
    }
    print(message, text);
    ++seen_;
    ++unacknowledged_;
    if (const auto position = position_of(message, text)) {
      // Of one position OCSF has several messages: it is over when the next one comes, or a heartbeat.
      move_to(wanted_.format.starts_with("ocsf") ? *position - 1 : *position);
    }
    return std::nullopt;
  }

  // Where each format says it (projections/formats/README.md).
  static std::optional<std::uint64_t> position_of(const json& message, const std::string& text) {
    if (!message.is_object()) {  // CEF
      static constexpr std::string_view name = "externalId=";
      const auto at = text.find(name);
      if (at == std::string::npos) return std::nullopt;
      return std::strtoull(text.c_str() + at + name.size(), nullptr, 10);
    }
    const auto number = [](const json& object, const char* name) -> std::optional<std::uint64_t> {
      if (!object.is_object() || !object.contains(name)) return std::nullopt;
      const json& value = object.at(name);
      if (value.is_string()) return std::strtoull(value.get_ref<const std::string&>().c_str(), nullptr, 10);
      return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
    };
    if (const auto native = number(message, "position")) return native;
    if (message.contains("specversion")) return number(message, "id");
    for (const char* inner : {"metadata", "event"}) {
      if (message.contains(inner)) {
        if (const auto found = number(message.at(inner), "sequence")) return found;
      }
    }
    return std::nullopt;
  }

  std::optional<int> take_hello(const json& hello) {
    const std::string store = hello.value("store", "");
    if (!store_.empty() && store != store_) {
      std::cerr << "tenure: this is another store (" << store << ") than before (" << store_ << "); begin anew.\n";
      return exit_refused;
    }
    store_ = store;
    const auto cursor = hello.value("cursor", std::uint64_t{1});
    cursor_ = std::to_string(cursor);
    // Where a consumer goes on the server says, be it further back after a reset.
    if (!wanted_.consumer.empty()) {
      if (cursor - 1 < last_) versions_.clear();
      last_ = owed_to_ = acknowledged_ = cursor - 1;
      unacknowledged_ = 0;
    }
    return std::nullopt;
  }

  void move_to(std::uint64_t position) {
    if (position < last_) return;
    last_ = position;
    cursor_ = std::to_string(position + 1);
  }

  // What proves that nothing was left out: positions rise, and the versions of an organization have no hole.
  std::optional<std::string> find_hole(const json& event) {
    if (!event.is_object() || !event.contains("version")) return std::nullopt;
    const auto position = event.at("position").get<std::uint64_t>(), version = event.at("version").get<std::uint64_t>();
    if (position <= last_ && wanted_.consumer.empty()) return "position " + std::to_string(position) + " came again";
    const std::string org = event.value("org", "");
    std::uint64_t& known = versions_[org];
    const bool whole = known == 0 || version == known + 1 || (!wanted_.consumer.empty() && version <= known);
    const std::uint64_t expected = known + 1;
    known = std::max(known, version);
    if (!whole_ || whole) return std::nullopt;
    return "version " + std::to_string(expected) + " of " + printable(org) + " is missing before position " +
           std::to_string(position);
  }

  std::string colored(const char* code, const std::string& text) const {
    return color_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }

  void print(const json& event, const std::string& text) {
    if (client_.json || !event.is_object() || !event.contains("version")) {
      std::cout << (client_.json ? text : printable(text)) << "\n";
    } else {
      const std::string verdict = text_of(event.value("verdict", json::object()), "result");
      const char* shade = verdict == "violation" ? "31" : verdict == "allowed" ? "32" : "33";
      std::string line = colored("2", text_of(event, "recorded_at") + " " + event.at("position").dump()) + "  " +
                         text_of(event, "org") + "  " + colored("1", text_of(event, "type"));
      const json data = event.value("data", json::object());
      for (const auto& [name, value] : data.items()) {
        const std::string shown = printable(value.is_string() ? value.get<std::string>() : value.dump());
        line += " " + printable(name) + "=" + (shown.size() <= shown_bytes_max ? shown : "(long)");
      }
      std::cout << line << said_by(event) << "  " << colored(shade, verdict) << "\n";
    }
    if (color_) {
      std::cout << std::flush;
    } else {
      unflushed_ = true;
    }
  }

  void say(const std::string& what) const {
    std::cout << std::flush;
    std::cerr << "tenure: " << printable(what) << "\n";
  }

  const ClientOptions client_;
  const FeedOptions wanted_;
  std::string cursor_, store_;
  // Positions: the last that is over, what was acknowledged to the server, what it has as durable. Messages: seen,
  // owed.
  std::uint64_t last_ = 0, owed_to_ = 0, acknowledged_ = 0, seen_ = 0, unacknowledged_ = 0;
  std::map<std::string, std::uint64_t> versions_;
  bool color_ = false, whole_ = false, unflushed_ = false;
};

// ---- consumers ----

struct ConsumerOptions {
  std::string name, since;
  std::uint64_t position = 0;
};

void print_consumers(const json& items) {
  std::vector<std::vector<std::string>> rows;
  for (const json& c : items) {
    rows.push_back({text_of(c, "consumer"), text_of(c, "principal"), text_of(c, "acknowledged"),
                    text_of(c, "lag_events"), text_of(c, "lag_seconds"), c.value("connected", false) ? "yes" : "no"});
  }
  print_table({"CONSUMER", "PRINCIPAL", "ACKNOWLEDGED", "LAG EVENTS", "LAG SECONDS", "CONNECTED"}, rows);
}

int consumers_list(const ClientOptions& options) {
  Client client(options);
  json answer;
  if (!client.whole_list("/v1/consumers", answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  print_consumers(answer.at("items"));
  return exit_ok;
}

int consumers_reset(const ClientOptions& options, const ConsumerOptions& wanted) {
  if ((wanted.position == 0) == wanted.since.empty()) {
    return std::cerr << "tenure: give one of --position and --since.\n", exit_usage;
  }
  Client client(options);
  json answer;
  const json body = wanted.since.empty() ? json{{"position", wanted.position}} : json{{"since", wanted.since}};
  const std::string target = "/v1/consumers/" + percent_encoded(wanted.name) + "/reset";
  if (!client.request("POST", target, body.dump(), answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  print_consumers(json::array({answer}));
  return exit_ok;
}

int consumers_delete(const ClientOptions& options, const ConsumerOptions& wanted) {
  Client client(options);
  json answer;
  if (!client.request("DELETE", "/v1/consumers/" + percent_encoded(wanted.name), {}, answer)) return client.exit_code();
  if (options.json) return std::cout << answer.dump(2) << "\n", exit_ok;
  std::cout << "Consumer " << printable(wanted.name) << " is deleted.\n";
  return exit_ok;
}

void add_consumers(CLI::App& app, Commands& commands) {
  auto* consumers = app.add_subcommand("consumers", "The feed's named consumers");
  consumers->require_subcommand(1);
  const auto options = std::make_shared<ConsumerOptions>();
  auto* list = consumers->add_subcommand("list", "How far each has acknowledged, and how far behind it is");
  list->callback([&commands] { commands.run = [&commands] { return consumers_list(commands.client); }; });
  auto* reset = consumers->add_subcommand("reset", "Set what it is sent next");
  reset->add_option("name", options->name, "The consumer")->required();
  reset->add_option("--position", options->position, "The next position");
  reset->add_option("--since", options->since, "The first one recorded at that instant or later");
  reset->callback([options, &commands] {
    commands.run = [options, &commands] { return consumers_reset(commands.client, *options); };
  });
  auto* remove = consumers->add_subcommand("delete", "Delete it; its position is forgotten");
  remove->add_option("name", options->name, "The consumer")->required();
  remove->callback([options, &commands] {
    commands.run = [options, &commands] { return consumers_delete(commands.client, *options); };
  });
}

}  // namespace

void add_feed_commands(CLI::App& app, Commands& commands) {
  const auto options = std::make_shared<FeedOptions>();
  auto* feed = app.add_subcommand("feed", "Follow every change; goes on by itself after a disconnect");
  feed->add_option("--cursor", options->cursor, "The first position [what comes next]");
  feed->add_option("--since", options->since, "The first one recorded at that instant or later");
  feed->add_option("--org", options->orgs, "Only these organizations");
  feed->add_option("--type", options->types, "Only these types of events");
  feed->add_option("--actor", options->actors, "Only what these did");
  feed->add_option("--member", options->members, "Only what names these people");
  feed->add_option("--verdict", options->verdicts, "Only allowed, violation or unspecified");
  feed->add_option("--format", options->format, "The form of an event [native]");
  feed->add_option("--consumer", options->consumer, "Follow as this named consumer, and acknowledge what is printed");
  feed->add_option("--count", options->count, "Ends after so many events");
  feed->add_option("--color", options->color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  feed->callback([options, &commands] {
    commands.run = [options, &commands] { return Following(commands.client, *options).run(); };
  });
  add_consumers(app, commands);
}

}  // namespace tenure
