// Random histories with rules of duties and findings that are closed, late and retracted ones among them: every finding
// of Tenure, at random instants and as known at random positions, against the naive fold. The seed is printed;
// TENURE_SEED repeats a run, TENURE_FINDINGS changes its length.

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "tests/catch.h"
#include "tests/properties/found_findings.h"
#include "tests/properties/told_twice.h"

namespace {

using namespace tenure;
using nlohmann::json;
using oracle::Question;
using oracle::RandomHistory;

constexpr std::int64_t hour_us = 3'600'000'000;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// By what it came to be, where the kind has several ways.
std::string manner(const std::string& kind, const std::string& what) {
  const auto says = [&](const char* text) { return what.find(text) != std::string::npos; };
  if (kind == "can_raise_self" && what.back() == '|') return ", by a permission";
  if (kind != "granted_and_revoked") return {};
  if (says("|role:")) return ", by a definition";
  if (says("|feature:")) return ", by a feature";
  if (says("|parent ")) return ", by a parent";
  return says("|enabled") ? ", by being enabled" : "";
}

class Telling {
 public:
  // All that happens within one `step_us` happens at one instant.
  Telling(const RandomHistory& history, std::mt19937_64& random, std::int64_t step_us)
      : random_(random), told_(history.models, history.cast), raising_(test::raising_roles(history.models)) {
    for (std::size_t i = 0; i < history.events.size(); ++i) {
      json event = history.events[i];
      event["occurred_at"] = oracle::instant_text(history.occurred_us(i) / step_us * step_us);
      // Some approve what they did themselves, or what they gain by.
      const json actor = event.at("actor");
      if (i > 0 && below(10) == 0 && actor.at("kind") == "member") event["approved_by"] = actor;
      if (i > 0 && below(10) == 0 && event.at("data").contains("member")) {
        event["approved_by"] = {{"kind", "member"}, {"id", event.at("data").at("member")}};
      }
      told_.tell({event}, history.recorded_us[i]);
    }
  }

  // Rules, most of them about times long past, some removed and some retracted.
  void state_rules() {
    const json& permissions = told_.history().models.at(0).at("permissions");
    for (std::size_t i = 0; i < 4; ++i) {
      const json &first = permissions.at(below(permissions.size())), second = permissions.at(below(permissions.size()));
      if (first.at("id") == second.at("id")) continue;
      json rule{{"rule", "r" + std::to_string(i % 3)}, {"name", "apart"}};
      name_duty(rule, "first", first);
      name_duty(rule, "second", second);
      const std::string kind = first.value("resource", "");
      if (!kind.empty() && kind == second.value("resource", "") && below(2) == 0) rule["resource_kind"] = kind;
      happens("sod_rule.added", rule);
      if (below(4) == 0) retract(told_.history().last_position());
      if (below(8) == 0) retract(told_.history().last_position());  // that, or its retraction
    }
    if (below(3) == 0) happens("sod_rule.removed", {{"rule", "r0"}});
  }

  // Somebody brings a person and is removed, all in the past, in an order that may be any.
  void bring_and_leave() {
    const std::string host = oracle::person(below(told_.history().cast.people));
    const std::string guest = "guest" + std::to_string(below(2)) + "@x.test";
    json invitation = at_some_time("member.invited", {{"member", guest}});
    invitation["actor"] = {{"kind", "member"}, {"id", host}};
    tell(invitation);
    tell(at_some_time("invitation.accepted", {{"member", guest}}));
    tell(at_some_time("member.removed", {{"member", host}}));
    if (below(4) == 0) retract(told_.history().last_position() - static_cast<std::int64_t>(below(3)));
  }

  // Somebody who was disabled is enabled for some minutes, and a feature that was off is on.
  void let_in_for_a_moment() {
    const std::string person = oracle::person(below(told_.history().cast.people));
    const json& model = told_.history().models.at(0);
    const std::int64_t from = told_.history().occurred_us(below(told_.history().events.size())) - hour_us;
    const std::int64_t minutes = 3 + static_cast<std::int64_t>(below(30));
    const auto say = [&](const char* type, std::int64_t minute, const json& data) {
      tell({{"type", type}, {"occurred_at", oracle::instant_text(from + minute * hour_us / 60)}, {"data", data}});
    };
    say("member.added", 0, {{"member", person}});
    say("member.disabled", 1, {{"member", person}});
    say("member.enabled", 2, {{"member", person}});
    say("member.disabled", minutes, {{"member", person}});
    if (!model.contains("features") || model.at("features").empty()) return;
    const json feature{{"feature", model.at("features").at(0).at("id")}};
    say("feature.disabled", 1, feature);
    say("feature.enabled", 2, feature);
    say("feature.disabled", minutes, feature);
  }

  // Custom roles that grant much of some permissions, and people who have them in one way or another: some rule may ask
  // for such a permission.
  void deputies() {
    for (const char* role : {"deputy", "aide"}) {
      json grants = json::object();
      for (const json& permission : told_.history().models.at(0).at("permissions")) {
        const json& levels = told_.history().models.at(0).at("scales").at(permission.at("scale").get<std::string>());
        if (below(2) == 0) grants[permission.at("id").get<std::string>()] = levels.back();
      }
      happens("role.created", {{"role", role}, {"name", role}, {"grants", grants}});
      const std::string person = oracle::person(below(told_.history().cast.people));
      if (below(2) == 0) {
        happens("member.added", {{"member", person}, {"role", role}});
      } else {
        happens("role.granted", {{"principal", "member:" + person}, {"role", role}, {"on", "org"}});
      }
    }
  }

  // Closes some of what is found now, and reopens one of those.
  void close_some() {
    const json rows = told_.ask(question_at_end()).at("rows");
    std::string last;
    for (const auto& [what, row] : rows.items()) {
      if (!row.contains("id") || below(3) != 0) continue;
      last = row.at("id").get<std::string>();
      happens("finding.closed", {{"finding", last}});
    }
    if (!last.empty() && below(2) == 0) happens("finding.reopened", {{"finding", last}});
    if (!last.empty() && below(2) == 0) retract(told_.history().last_position());
  }

  void ask() {
    Question question = oracle::random_question(random_, told_.history(), "findings");
    question.asked["raising"] = raising_;
    if (below(3) == 0) question.asked["kind"] = "judgement_changed";
    const json rows = told_.ask(question).at("rows");
    for (const auto& [what, row] : rows.items()) {
      const std::string kind = what.substr(0, what.find('|'));
      ++found[kind + manner(kind, what)];
    }
  }

  std::map<std::string, std::size_t> found;  // how often each kind

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  Question question_at_end() {
    Question question = oracle::random_question(random_, told_.history(), "findings");
    question.asked["at_us"] = told_.history().recorded_us.back();
    question.asked["known_position"] = told_.history().last_position();
    question.asked["raising"] = raising_;
    return question;
  }

  void name_duty(json& rule, const std::string& which, const json& permission) {
    const json& levels = told_.history().models.at(0).at("scales").at(permission.at("scale").get<std::string>());
    rule[which] = permission.at("id");
    rule[which + "_level"] = levels.at(1 + below(levels.size() - 1));
  }

  void retract(std::int64_t position) {
    tell({{"type", "event.retracted"}, {"reason", "it was wrong"}, {"data", {{"position", position}}}});
  }
  json at_some_time(const std::string& type, const json& data) {
    auto at = told_.history().occurred_us(below(told_.history().events.size()));
    if (below(8) == 0) at -= 24 * hour_us;  // mostly before everything else
    return {{"type", type}, {"occurred_at", oracle::instant_text(at)}, {"data", data}};
  }
  void happens(const std::string& type, const json& data) { tell(at_some_time(type, data)); }
  void tell(json event) {
    if (!event.contains("actor")) event["actor"] = {{"kind", "system"}, {"id", "sync"}};
    told_.tell(std::vector<json>(1, event), told_.history().recorded_us.back() + 1);
  }

  std::mt19937_64& random_;
  test::ToldTwice told_;
  json raising_;
};

}  // namespace

TEST_CASE("every finding at random instants of random histories is the naive fold's", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t histories = number_from("TENURE_FINDINGS", 60);
  std::cout << "findings property: TENURE_SEED=" << seed << ", " << histories << " histories" << std::endl;
  std::mt19937_64 random(seed);
  std::map<std::string, std::size_t> found;
  for (std::uint64_t i = 0; i < histories; ++i) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    const auto& shipped = shipped_models();
    const bool on_platform = i % 4 == 3;
    const std::int64_t step_us = i % 5 == 0 ? hour_us / 2 : 1;
    Telling telling(
        on_platform ? oracle::random_history_on(json::parse(shipped[(i / 4) % shipped.size()].document), history_seed)
                    : oracle::random_history(history_seed),
        random, step_us);
    for (std::uint64_t guests = i % 3; guests > 0; --guests) telling.bring_and_leave();
    if (i % 2 == 0) telling.deputies();
    if (i % 2 == 1) telling.let_in_for_a_moment();
    telling.state_rules();
    telling.close_some();
    for (int asked = 0; asked < 12; ++asked) telling.ask();
    for (const auto& [kind, count] : telling.found) found[kind] += count;
  }
  for (const auto& [kind, count] : found) std::cout << "  " << kind << " " << count << "\n";
  if (histories >= 60) CHECK(found.size() == 18);
}
