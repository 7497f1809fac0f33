#include "tests/properties/told_twice.h"

#include "tests/catch.h"
#include "tests/oracle/story.h"
#include "tests/properties/found_answer.h"
#include "tests/properties/shrink.h"

namespace tenure::test {

using nlohmann::json;
using oracle::Question;

namespace {

oracle::NaiveFold fold_over(const json& models) {
  oracle::NaiveFold fold(models.at(0));
  for (std::size_t i = 1; i < models.size(); ++i) fold.add_model(models.at(i));
  return fold;
}

constexpr std::int64_t recorded_from_us = 1'000'000'000;

}  // namespace

std::string in_words(const Verdict& verdict) {
  static constexpr const char* results[] = {"allowed", "violation", "unspecified"};
  const bool says_more = verdict.result == VerdictResult::allowed && !verdict.because.empty();
  return in_words(oracle::NaiveVerdict{results[static_cast<int>(verdict.result)], verdict.rule, says_more});
}

std::string in_words(const oracle::NaiveVerdict& verdict) {
  return verdict.result + (verdict.rule.empty() ? "" : " ") + verdict.rule +
         (verdict.without_effect ? ", without effect in part" : "");
}

ToldTwice::ToldTwice(const json& models, oracle::Cast cast) : tenure_(models), naive_(fold_over(models)) {
  history_.models = models;
  history_.cast = std::move(cast);
}

void ToldTwice::tell(const std::vector<json>& events, std::int64_t recorded_us) {
  const std::size_t begin = history_.events.size();
  for (const json& event : events) {
    history_.events.push_back(event);
    history_.recorded_us.push_back(recorded_us);
    naive_.append(event, history_.last_position(), recorded_us);
  }
  compare_verdicts(begin, tenure_.record(events, recorded_us));
}

void ToldTwice::compare_verdicts(std::size_t begin, const std::vector<Verdict>& verdicts) {
  REQUIRE(verdicts.size() == history_.events.size() - begin);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const std::string expected = in_words(naive_.verdict(history_.position(begin + i)));
    last_verdict_ = in_words(verdicts[i]);
    INFO("position " << history_.position(begin + i) << " " << history_.events[begin + i].dump());
    const bool says_why = !verdicts[i].because.empty();
    REQUIRE((says_why || verdicts[i].result != VerdictResult::violation));
    if (last_verdict_ == expected) continue;
    oracle::RandomHistory until = history_;
    until.events.resize(begin + i + 1);
    until.recorded_us.resize(begin + i + 1);
    INFO(shrink(until, {"verdict", json::object()}).text());
    REQUIRE(last_verdict_ == expected);
  }
}

json ToldTwice::ask(const Question& question) {
  const json expected = oracle::answer(naive_, question);
  json found = found_answer(tenure_, question);
  const std::string wrong = difference(expected, found, history_);
  if (wrong.empty()) return found;
  INFO(question.kind << " " << question.asked.dump());
  INFO("expected " << expected.dump());
  INFO("found    " << found.dump());
  INFO(shrink(history_, question).text());
  REQUIRE(wrong == "");
  return found;
}

json small_team() {
  json model = oracle::small_model();
  for (json& role : model.at("roles")) {
    if (role.at("id") != model.at("owner_role")) role.at("grants").erase("secret");
  }
  return model;
}

ShortStory::ShortStory(const json& model) : ShortStory(std::vector<json>(1, model)) {}

ShortStory::ShortStory(const std::vector<json>& models) : told_(json(models)) {
  happens(0, "org.created", {{"model", models.front().at("id")}, {"mode", "observe"}});
}

std::int64_t ShortStory::happens(std::int64_t at_us, const std::string& type, const json& data, const json& more) {
  json event{{"type", type},
             {"actor", {{"kind", "system"}, {"id", "sync"}}},
             {"occurred_at", oracle::instant_text(at_us)},
             {"data", data}};
  event.update(more);
  if (type == "event.retracted" && !event.contains("reason")) event["reason"] = "it was wrong";
  told_.tell(std::vector<json>(1, event), recorded_from_us + static_cast<std::int64_t>(told_.history().events.size()));
  return last();
}

json ShortStory::ask(const std::string& kind, json asked) {
  if (!asked.contains("known_position")) asked["known_position"] = last();
  return told_.ask({kind, std::move(asked)});
}

}  // namespace tenure::test
