// Random histories: what became of everybody's holds between two instants, against the naive fold's holds at every
// instant between. The seed is printed; TENURE_SEED repeats a run, TENURE_HOLDS changes its length.

#include <iostream>
#include <map>
#include <random>
#include <set>

#include "projections/review/hold_changes.h"
#include "tests/catch.h"
#include "tests/oracle/random_question.h"
#include "tests/properties/hold_words.h"

namespace {

using namespace tenure;
using namespace tenure::projections;
using nlohmann::json;
using oracle::NaiveHolds;
using test::IdentityOfNumber;

constexpr std::size_t no_limit = 1'000'000;

// What the changes say of a hold at one instant, the last last.
struct Told {
  HoldTurn turn = HoldTurn::given;
  std::uint64_t position = 0;
};
using Changes = std::map<std::int64_t, std::map<std::string, std::vector<Told>>>;

class Following {
 public:
  explicit Following(const oracle::RandomHistory& history)
      : history_(history), tenure_(history.models), naive_(oracle::oracle_of(history)) {
    for (std::size_t i = 0; i < history.events.size(); ++i) tenure_.record({history.events[i]}, history.recorded_us[i]);
  }

  void follow(std::mt19937_64& random) {
    const json a = oracle::random_question(random, history_, "members").asked;
    const json b = oracle::random_question(random, history_, "members").asked;
    const auto known = a.at("known_position").get<std::int64_t>();
    const auto from = std::min(a.at("at_us").get<std::int64_t>(), b.at("at_us").get<std::int64_t>());
    const auto to = std::max(a.at("at_us").get<std::int64_t>(), b.at("at_us").get<std::int64_t>());
    if (from == to || naive_.before_history(from, known) || naive_.before_history(to, known)) return;
    INFO("from " << oracle::instant_text(from) << " to " << oracle::instant_text(to) << " known at " << known);
    const Changes changes = told(from, to, known);
    std::set<std::int64_t> instants{to};
    for (std::size_t i = 0; i < history_.events.size(); ++i) instants.insert(instant_of(i));
    for (const auto& [at, holds] : changes) instants.insert(at);
    NaiveHolds before = naive_.holds(from, known);
    for (auto at = instants.upper_bound(from); at != instants.end() && *at <= to; ++at) {
      const NaiveHolds after = naive_.holds(*at, known);
      const auto said = changes.find(*at);
      compare(before, after, said == changes.end() ? std::map<std::string, std::vector<Told>>() : said->second, *at);
      before = after;
    }
  }

  std::map<HoldTurn, std::size_t> found;
  std::size_t went_back = 0;  // holds that came and went

 private:
  std::int64_t instant_of(std::size_t event) const {
    if (!history_.events[event].contains("occurred_at")) return history_.recorded_us[event];
    const auto at = parse_instant(history_.events[event].at("occurred_at").get<std::string>(), "occurred_at");
    REQUIRE(at.has_value());
    return at->us;
  }

  Changes told(std::int64_t from, std::int64_t to, std::int64_t known) {
    Changes changes;
    std::map<std::string, std::set<HoldTurn>> turns;
    tenure_.look(to, known, [&](Holds& after, const IdentityOfNumber& identity) {
      Facts facts = after.access().facts().moved_to(Point::end_of(Instant{from}));
      auto model = facts.model_at(facts.at());
      Access access(std::move(facts), std::move(model));
      Holds before(access, Instant{from});
      const auto all =
          hold_changes(before, after, {}, no_limit, [](Number, const std::vector<std::string>&) { return false; });
      REQUIRE(all.has_value());
      for (const HoldChange& change : *all) {
        const std::string word = test::in_words(after, identity, change.hold);
        changes[change.by.us][word].push_back({change.turn, change.by.position});
        ++found[change.turn];
        turns[word].insert(change.turn);
        if (change.turn != HoldTurn::ended) CHECK((change.by.position == 0 || change.hold.since <= change.by));
      }
    });
    for (const auto& [word, all] : turns) went_back += all.contains(HoldTurn::given) && all.contains(HoldTurn::ended);
    return changes;
  }

  // What the changes of an instant make of the holds before it is what is there after it; and nothing is told of a hold
  // that stayed as it was, unless it went and came back at that very instant.
  void compare(const NaiveHolds& before, const NaiveHolds& after,
               const std::map<std::string, std::vector<Told>>& changes, std::int64_t at) {
    INFO("at " << oracle::instant_text(at));
    std::set<std::string> words;
    for (const NaiveHolds* side : {&before, &after}) {
      for (const auto& [word, hold] : *side) words.insert(word);
    }
    for (const auto& [word, all] : changes) words.insert(word);
    for (const std::string& word : words) {
      INFO(word);
      const auto was = before.find(word), is = after.find(word);
      const auto said = changes.find(word);
      INFO((was == before.end() ? "nothing" : json(was->second.gives).dump())
           << " became " << (is == after.end() ? "nothing" : json(is->second.gives).dump()));
      // What the groups above it are called is no matter where the model hands nothing down.
      const bool same = was == before.end() ? is == after.end()
                                            : is != after.end() && was->second.since == is->second.since &&
                                                  was->second.gives == is->second.gives;
      if (same) {
        if (said != changes.end()) CHECK(said->second.size() > 1);
        continue;
      }
      REQUIRE(said != changes.end());
      const Told& last = said->second.back();
      CHECK((last.turn == HoldTurn::ended) == (is == after.end()));
      // Only what the clock does has no event.
      if (last.position == 0) CHECK(word.starts_with("invitation|"));
      if (was == before.end()) CHECK(last.turn != HoldTurn::ended);
      if (said->second.size() == 1 && was == before.end()) CHECK(last.turn == HoldTurn::given);
    }
  }

  oracle::RandomHistory history_;
  test::TenureInMemory tenure_;
  oracle::NaiveFold naive_;
};

}  // namespace

TEST_CASE("every turn that somebody's hold took in a stretch of a random history is told, and no other", "[property]") {
  const std::uint64_t seed = test::number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t histories = test::number_from("TENURE_HOLDS", 60);
  std::cout << "hold changes property: TENURE_SEED=" << seed << ", " << histories << " histories" << std::endl;
  std::mt19937_64 random(seed);
  std::map<HoldTurn, std::size_t> found;
  std::size_t went_back = 0;
  for (std::uint64_t i = 0; i < histories; ++i) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    const auto& shipped = shipped_models();
    Following following(
        i % 4 == 3 ? oracle::random_history_on(json::parse(shipped[(i / 4) % shipped.size()].document), history_seed)
                   : oracle::random_history(history_seed));
    for (int followed = 0; followed < 3; ++followed) following.follow(random);
    for (const auto& [turn, count] : following.found) found[turn] += count;
    went_back += following.went_back;
  }
  for (const auto& [turn, count] : found) std::cout << "  " << to_text(turn) << " " << count << "\n";
  std::cout << "  came and went " << went_back << "\n";
  if (histories >= 60) CHECK(found.size() >= 3);  // what is given anew is rare
}
