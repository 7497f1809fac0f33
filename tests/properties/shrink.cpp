#include "tests/properties/shrink.h"

#include <optional>
#include <set>

#include "tests/properties/found_answer.h"
#include "tests/properties/told_twice.h"

namespace tenure::test {

using nlohmann::json;
using oracle::Question;
using oracle::RandomHistory;

namespace {

// Without the events at some indices and without the retractions of those; positions close up. Nothing if the creation
// would go.
std::optional<Shrunk> without(const Shrunk& from, std::size_t begin, std::size_t count) {
  if (begin == 0) return std::nullopt;
  std::set<std::int64_t> gone;
  Shrunk left{from.history, from.question};
  left.history.events.clear();
  left.history.recorded_us.clear();
  std::map<std::int64_t, std::int64_t> moved;  // old position to new
  for (std::size_t i = 0; i < from.history.events.size(); ++i) {
    json event = from.history.events[i];
    const std::int64_t position = from.history.position(i);
    const bool retraction = event.at("type") == "event.retracted";
    const std::int64_t target = retraction ? event.at("data").at("position").get<std::int64_t>() : 0;
    if ((i >= begin && i < begin + count) || (retraction && gone.count(target) > 0)) {
      gone.insert(position);
      continue;
    }
    if (retraction) event["data"]["position"] = moved.at(target);
    left.history.events.push_back(event);
    left.history.recorded_us.push_back(from.history.recorded_us[i]);
    moved[position] = left.history.last_position();
  }
  if (left.question.asked.contains("event")) {
    const auto event = moved.find(left.question.asked.at("event").get<std::int64_t>());
    if (event == moved.end()) return std::nullopt;
    left.question.asked["event"] = event->second;
  }
  if (left.question.asked.contains("known_position")) {
    std::int64_t known = from.history.first_position - 1;
    for (const auto& [old_position, position] : moved) {
      if (old_position <= from.question.asked.at("known_position").get<std::int64_t>()) known = position;
    }
    left.question.asked["known_position"] = known;
    if (left.question.asked.contains("known_from")) {
      std::int64_t known_from = from.history.first_position - 1;
      for (const auto& [old_position, position] : moved) {
        if (old_position <= from.question.asked.at("known_from").get<std::int64_t>()) known_from = position;
      }
      left.question.asked["known_from"] = known_from;
    }
    left.question.asked.erase("known_us");
  }
  return left;
}

}  // namespace

std::string difference_on(const RandomHistory& history, const Question& question) {
  oracle::NaiveFold naive = oracle::oracle_of(history);
  TenureInMemory tenure(history.models);
  std::string verdict;
  for (std::size_t i = 0; i < history.events.size(); ++i) {
    verdict = in_words(tenure.record({history.events[i]}, history.recorded_us[i]).front());
  }
  if (question.kind == "verdict") {
    const std::string expected = in_words(naive.verdict(history.last_position()));
    return verdict == expected ? "" : verdict + ", not " + expected;
  }
  return difference(oracle::answer(naive, question), found_answer(tenure, question), history);
}

Shrunk shrink(RandomHistory history, Question question) {
  Shrunk shortest{std::move(history), std::move(question)};
  const bool last_stays = shortest.question.kind == "verdict";
  for (std::size_t chunk = shortest.history.events.size() / 2; chunk > 0;) {
    bool shorter = false;
    for (std::size_t begin = shortest.history.events.size(); begin > 1;) {
      begin -= std::min(begin - 1, chunk);
      const std::size_t end = std::min(begin + chunk, shortest.history.events.size() - (last_stays ? 1 : 0));
      if (end <= begin) continue;
      const auto tried = without(shortest, begin, end - begin);
      if (!tried || difference_on(tried->history, tried->question).empty()) continue;
      shortest = *tried;
      shorter = true;
    }
    if (!shorter || chunk > 1) chunk /= 2;
  }
  return shortest;
}

std::string Shrunk::text() const {
  std::string text = question.kind + " " + question.asked.dump() + "\n" + difference_on(history, question) + "\n";
  for (std::size_t e = 0; e < history.events.size(); ++e) {
    text += std::to_string(history.position(e)) + " @" + std::to_string(history.occurred_us(e)) + " " +
            history.events[e].dump() + "\n";
  }
  return text + "models " + history.models.dump() + "\n";
}

}  // namespace tenure::test
