#include "tests/tools/sender.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace tenure::test {

using nlohmann::json;

namespace {

HttpQuestion question_of(const std::string& token, const Sent& sent) {
  return {"POST", "/v1/orgs/" + sent.org + "/events", token, sent.body, {{"Content-Type", "application/json"}}};
}

KeptById places(const std::string& body, const Sent& sent) {
  KeptById places;
  const json answer = json::parse(body);
  for (const json& item : answer.at("items")) {
    places[item.at("id").get<std::string>()] = {sent.org, item.at("position").get<std::uint64_t>(),
                                                item.at("version").get<std::uint64_t>()};
  }
  return places;
}

}  // namespace

Sender::Sender(ServerAddress server, std::string token, std::string name, std::vector<std::string> orgs,
               std::chrono::milliseconds pause)
    : server_(std::move(server)),
      token_(std::move(token)),
      name_(std::move(name)),
      orgs_(std::move(orgs)),
      pause_(pause) {}

Sent Sender::next() {
  Sent sent{orgs_[count_ % orgs_.size()], "[", {}};
  const std::uint64_t events = 1 + count_ % 3;
  for (std::uint64_t i = 0; i < events; ++i) {
    const std::string id = name_ + "-" + std::to_string(count_) + "-" + std::to_string(i);
    sent.body += (i == 0 ? "" : ",") + json{{"id", id},
                                            {"type", "group.created"},
                                            {"actor", {{"kind", "system"}, {"id", "load"}}},
                                            {"data", {{"group", id}}}}
                                           .dump();
    sent.ids.push_back(id);
  }
  ++count_;
  sent.body += "]";
  return sent;
}

void Sender::tell_that_it_was_heard() {
  heard_ = true;
  heard_.notify_all();
}

void Sender::run() {
  send_until_no_answer();
  tell_that_it_was_heard();
}

void Sender::send_until_no_answer() {
  while (!stopping_) {
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
    Sent sent = next();
    const auto answer = http_request(server_, question_of(token_, sent));
    if (!answer) {
      in_doubt_.push_back(std::move(sent));
      return;
    }
    if (answer->status != 201) {
      ++others_[answer->status];
      continue;
    }
    kept_.merge(places(answer->body, sent));
    acknowledged_.push_back(std::move(sent));
    tell_that_it_was_heard();
  }
}

KeptById send(const ServerAddress& server, const std::string& token, const Sent& sent) {
  const auto answer = http_request(server, question_of(token, sent));
  if (!answer) throw std::runtime_error(answer.error().because);
  if (answer->status != 201) throw std::runtime_error(sent.body + " was answered " + answer->body);
  return places(answer->body, sent);
}

KeptById listed(const ServerAddress& server, const std::string& token, const std::string& org) {
  KeptById all;
  std::string cursor;
  do {
    const std::string page = "/v1/orgs/" + org + "/events?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor);
    const auto answer = http_request(server, {"GET", page, token, {}, {}});
    if (!answer || answer->status != 200) throw std::runtime_error(answer ? answer->body : answer.error().because);
    const json list = json::parse(answer->body);
    for (const json& item : list.at("items")) {
      if (!item.contains("id")) continue;
      all[item.at("id").get<std::string>()] = {org, item.at("position").get<std::uint64_t>(),
                                               item.at("version").get<std::uint64_t>()};
    }
    cursor = list.value("next", "");
  } while (!cursor.empty());
  return all;
}

}  // namespace tenure::test
