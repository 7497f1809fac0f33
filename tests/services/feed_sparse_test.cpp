// Filters that match little: whoever asks for few events gets those and no others, as with any filter, and the server
// encodes no others for it.
#include <iostream>
#include <random>

#include "tests/services/feed_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using Positions = std::vector<std::uint64_t>;

// "rare" acts in one of `one_in` events, "often" in one of three, "ana" in the rest.
void append_mixed(RunningProgram& program, std::size_t events, std::size_t one_in, std::mt19937_64& random) {
  json batch = json::array();
  for (std::size_t i = 0; i < events; ++i) {
    const char* actor = random() % one_in == 0 ? "rare" : random() % 3 == 0 ? "often" : "ana";
    batch.push_back({{"type", random() % 2 == 0 ? "member.added" : "member.removed"},
                     {"actor", {{"kind", "member"}, {"id", actor}}},
                     {"data", {{"member", "m" + std::to_string(random() % 50)}}}});
  }
  const auto sent = program.post("/v1/orgs/acme/events", batch.dump());
  INFO(sent.body);
  REQUIRE(sent.status == 201);
}

std::vector<json> everything(RunningProgram& program) {
  std::vector<json> events;
  for (const json& line : poll(program, "?cursor=1&wait=0&limit=100000")) {
    if (line.contains("version")) events.push_back(line);
  }
  return events;
}

template <class F>
Positions positions_of(const std::vector<json>& events, std::uint64_t from, const F& wanted) {
  Positions positions;
  for (const json& event : events) {
    const auto position = event.at("position").get<std::uint64_t>();
    if (position >= from && wanted(event)) positions.push_back(position);
  }
  return positions;
}

Positions polled(RunningProgram& program, const std::string& query) {
  Positions positions;
  for (const json& line : poll(program, query + "&wait=0&limit=100000")) {
    if (line.contains("version")) positions.push_back(line.at("position").get<std::uint64_t>());
  }
  return positions;
}

std::uint64_t metric(RunningProgram& program, const std::string& name) {
  const std::string text = program.get("/metrics").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : static_cast<std::uint64_t>(std::stod(text.substr(at + name.size() + 2)));
}

}  // namespace

TEST_CASE(
    "a filter that matches little gives what it matches, wherever it begins, and nothing else is encoded for it") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "sparse filters: seed " << seed << "\n";
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  RunningProgram program({.feed_heartbeat = std::chrono::milliseconds(50)});
  make_org(program, "acme");
  append_mixed(program, 3'000, 200, random);
  const std::uint64_t last = newest(program);
  const auto encoded = [&] { return metric(program, "tenure_feed_events_encoded_total"); };
  REQUIRE(encoded() == 0);

  // Followed to its end: the heartbeat says that all was looked at.
  Follower follower(program, "?cursor=1&actor=rare");
  json heartbeat;
  do {
    heartbeat = follower.next("heartbeat");
  } while (heartbeat.at("through") < last);
  Positions rare;
  for (const json& event : follower.events()) rare.push_back(event.at("position").get<std::uint64_t>());
  CHECK(encoded() == rare.size());
  CHECK(metric(program, "tenure_feed_events_looked_at_total") == last);

  const std::vector<json> all = everything(program);
  REQUIRE(all.size() == last);
  const auto by = [](const std::string& actor) {
    return [actor](const json& event) { return event.at("actor").at("id") == actor; };
  };
  CHECK(rare == positions_of(all, 1, by("rare")));
  // What follows live is found too.
  append_mixed(program, 400, 50, random);
  const std::vector<json> more = everything(program);
  const Positions new_rare = positions_of(more, last + 1, by("rare"));
  CHECK(follower.positions(new_rare.size()) == new_rare);
}

TEST_CASE("filters of every density give what the whole feed gives without the rest, over each carrier") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "filters of every density: seed " << seed << "\n";
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  RunningProgram program;
  make_org(program, "acme");
  // Long stretches of each density, so that a client changes how it is served on its way.
  for (const std::size_t one_in : {1'000, 2, 500, 3, 40}) append_mixed(program, 700, one_in, random);
  const std::uint64_t last = newest(program);
  const std::vector<json> all = everything(program);
  const auto actor = [](const json& event) { return event.at("actor").at("id").get<std::string>(); };
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t from = round == 0 ? 1 : 1 + random() % last;
    const std::string cursor = "?cursor=" + std::to_string(from);
    CHECK(polled(program, cursor + "&actor=rare") ==
          positions_of(all, from, [&](const json& e) { return actor(e) == "rare"; }));
    CHECK(polled(program, cursor + "&actor=often&actor=rare&type=member.removed") ==
          positions_of(all, from, [&](const json& e) {
            return (actor(e) == "rare" || actor(e) == "often") && e.at("type") == "member.removed";
          }));
    const Positions expected = positions_of(all, from, [&](const json& e) {
      return e.at("data").value("member", "") == "m7" || e.at("data").value("member", "") == "m8";
    });
    CHECK(polled(program, cursor + "&member=m7&member=m8") == expected);
    Follower follower(program, cursor + "&member=m7&member=m8&include=record");
    CHECK(follower.positions(expected.size()) == expected);
  }
  // As many as were asked for, and the place to go on from.
  const auto lines = poll(program, "?cursor=1&actor=rare&limit=3&wait=0");
  const Positions rare = positions_of(all, 1, [&](const json& e) { return actor(e) == "rare"; });
  REQUIRE(lines.size() == 5);
  CHECK(lines.at(3).at("position") == rare.at(2));
  // It may have looked further, but not past the next one.
  const auto through = lines.back().at("through").get<std::uint64_t>();
  CHECK(through >= rare.at(2));
  CHECK((rare.size() == 3 || through < rare.at(3)));
}
