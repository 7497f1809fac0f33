// The views made again from the log are, byte for byte, those that were kept while the log was written: random
// histories of several organizations at once, with late events, retractions, invitations, access reviews and attempts
// that were refused.

#include "services/record/rebuild.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "events/wire/event_wire.h"
#include "services/record/recorder.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"
#include "tests/oracle/random_history.h"
#include "tests/oracle/random_model.h"

namespace {

using namespace tenure;
using nlohmann::json;
using services::AppendRequest;

using Views = std::map<std::string, std::string>;

Views views_of(storage::Store& store) {
  Views views;
  const auto done =
      store.snapshot()->scan("", std::string(16, '\xff'), [&](std::string_view key, std::string_view value) {
        views.emplace(key, value);
        return true;
      });
  REQUIRE(done.has_value());
  return views;
}

std::string readable(std::string_view bytes) {
  std::string text;
  for (const unsigned char c : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    if (c >= 0x20 && c < 0x7f) {
      text += static_cast<char>(c);
    } else {
      text += {'<', digits[c >> 4], digits[c & 15], '>'};
    }
  }
  return text;
}

// The first key at which two states of the views differ; empty when they do not.
std::string first_difference(const Views& live, const Views& again) {
  for (const auto& [key, value] : live) {
    const auto other = again.find(key);
    if (other == again.end()) return "only live: " + readable(key) + " = " + readable(value);
    if (other->second != value) {
      return readable(key) + "\n  live  " + readable(value) + "\n  again " + readable(other->second);
    }
  }
  for (const auto& [key, value] : again) {
    if (!live.contains(key)) return "only again: " + readable(key) + " = " + readable(value);
  }
  return {};
}

// A store that takes only so many commits more, if that is said.
class BreakingStore : public storage::MemoryStore {
 public:
  std::optional<int> commits_left;

  Outcome<void> commit(storage::Commit&& commit) override {
    if (commits_left && (*commits_left)-- <= 0) return fail(FailureCode::io, "the machine went down");
    return MemoryStore::commit(std::move(commit));
  }
};

// One organization's history on its way into the log.
struct Telling {
  OrgId org;
  oracle::RandomHistory history;
  std::size_t next = 0;
  std::vector<std::uint64_t> positions;  // where each event came to stand

  bool done() const { return next == history.events.size(); }
  bool gate() const { return history.events.at(0).at("data").at("mode") == "enforce"; }
};

// Tenure over memory, told several histories at once, a few events of some organizations a batch.
class Live {
 public:
  explicit Live(std::uint64_t seed) : random_(seed), dice_(random_) {
    constexpr int observed = 3;
    for (int i = 0; i < observed + 1; ++i) {
      const std::string own = std::to_string(i);
      Telling telling{OrgId("org" + own), oracle::random_history(random_()), 0, {}};
      // Every history has models of the same ids: each gets its own.
      const auto renamed = [&](const json& document) {
        std::string text = document.dump();
        for (std::size_t at = 0; (at = text.find("\"plan-", at)) != std::string::npos; at += 6)
          text.insert(at + 5, own);
        return json::parse(text);
      };
      for (const json& model : telling.history.models) publish(renamed(model));
      for (json& event : telling.history.events) event = renamed(event);
      // The last one is a gate: most of what is tried there is refused, and much of it recorded as denied.
      if (i == observed) telling.history.events.at(0)["data"]["mode"] = "enforce";
      tellings_.push_back(std::move(telling));
    }
  }

  void tell_all() {
    const auto done = [](const Telling& telling) { return telling.done(); };
    while (!std::all_of(tellings_.begin(), tellings_.end(), done)) {
      Batch batch;
      std::uint64_t position = head_ + 1;
      for (Telling& telling : tellings_) {
        if (telling.done() || dice_.percent(40)) continue;
        // Retractions name positions, so what a batch will hold must be foreseen; a gate's share cannot, and comes
        // last.
        batch.add(request(telling, position), !telling.gate());
        if (!telling.gate() && dice_.percent(10)) batch.add(refused(telling), false);
        if (!telling.gate() && dice_.percent(10)) batch.add(about_the_record(telling, position), true);
      }
      record(std::move(batch));
    }
    end_commit();
  }

  BreakingStore store;

 private:
  struct Batch {
    std::vector<AppendRequest> requests;
    std::vector<bool> taken;  // whether each must be

    void add(AppendRequest request, bool must_be_taken) {
      requests.push_back(std::move(request));
      taken.push_back(must_be_taken);
    }
  };

  void publish(const json& document) {
    auto model = AccessModel::parse(document.dump());
    REQUIRE(model.has_value());
    AppendRequest request;
    request.org = tenure_org;
    request.own = true;
    Event& event = request.events.emplace_back();
    event.actor = {ActorKind::system, {"tenure", {}}};
    event.data = event::ModelPublished{{(*model)->document()}, (*model)->id(), (*model)->version()};
    Batch batch;
    batch.add(std::move(request), true);
    record(std::move(batch));
    end_commit();
    models_.add(*model);
  }

  Event read(Telling& telling, std::size_t i) {
    json document = telling.history.events[i];
    if (i == 0) {
      Event event;
      const json& data = document.at("data");
      event::OrgCreated created;
      created.model = ModelId(data.at("model").get<std::string>());
      created.mode = data.at("mode") == "enforce" ? Mode::enforce : Mode::observe;
      if (data.contains("owner")) created.owner = Person{data.at("owner").get<std::string>(), {}};
      event.data = created;
      event.actor = {ActorKind::system, {"setup", {}}};
      event.occurred_at = Instant{telling.history.occurred_us(i)};
      return event;
    }
    if (document.at("type") == "event.retracted") {
      const auto named = document.at("data").at("position").get<std::size_t>();
      document["data"]["position"] = telling.positions.at(named - 1);
    }
    auto event = wire::read_event(document.dump());
    INFO(document.dump());
    if (!event) FAIL(event.error().because);
    if (dice_.percent(20)) event->id = EventId("event " + std::to_string(i));
    return std::move(*event);
  }

  // The next few events of one organization, which will stand from `position` on.
  AppendRequest request(Telling& telling, std::uint64_t& position) {
    AppendRequest request;
    request.org = telling.org;
    request.by = {"tok_1", "importer", Channel::api, {}};
    const std::size_t first = telling.next;
    do {
      now_ = std::max(now_, Instant{telling.history.recorded_us[telling.next]});
      request.events.push_back(read(telling, telling.next));
      telling.positions.push_back(position++);
      ++telling.next;
      // The creation alone: nothing can be said of an organization before it is there.
    } while (first > 0 && !telling.done() && dice_.percent(60));
    if (dice_.percent(15))
      request.idempotency = services::IdempotencyKey{"tok_1", "key " + std::to_string(position), "body"};
    return request;
  }

  // What an access review says, of one of a few reviews and people.
  EventPayload about_a_review() {
    const std::string any = std::to_string(dice_.below(3)), review = "review " + any;
    const Person reviewer{"reviewer" + any + "@x.test", {}};
    switch (dice_.below(4)) {
      case 0:
        return event::ReviewDefined{"definition " + any, Document{R"({"id":"d"})"}, {reviewer}};
      case 1:
        return event::ReviewWithdrawn{"definition " + any};
      case 2:
        return event::ReviewReminded{dice_.below(9), review, reviewer, 0};
      default:
        break;
    }
    event::ReviewDecided decided;
    decided.review = review;
    decided.item = "item " + any;
    decided.member = Person{oracle::person(dice_.below(8)), {}};
    decided.state = "as it was";
    return decided;
  }

  // A rule of duties, a finding closed or a word of a review, of a time that has passed; they stand between the
  // history's own events.
  AppendRequest about_the_record(const Telling& telling, std::uint64_t& position) {
    AppendRequest request;
    request.org = telling.org;
    Event& event = request.events.emplace_back();
    event.actor = {ActorKind::support, {"auditor@x.test", {}}};
    event.occurred_at = Instant{telling.history.occurred_us(dice_.below(telling.next))};
    const std::string any = std::to_string(dice_.below(4));
    switch (dice_.below(7)) {
      case 0:
        event.data = event::SodRuleRemoved{SodRuleId("r" + any)};
        break;
      case 1:
        event.data = event::FindingClosed{"rule_violation." + any};
        break;
      case 2:
        event.data = event::FindingReopened{"rule_violation." + any};
        break;
      case 3:
      case 4:
      case 5:
        event.data = about_a_review();
        break;
      default:
        event.data = event::SodRuleAdded{PermissionId("p" + any), LevelId("full"),    "apart",        {},
                                         SodRuleId("r" + any),    PermissionId("p9"), LevelId("full")};
        break;
    }
    ++position;
    return request;
  }

  // A batch whose last event is refused: what its first ones named must leave nothing.
  AppendRequest refused(const Telling& telling) {
    AppendRequest request;
    request.org = telling.org;
    for (const std::int64_t ahead : {std::int64_t{0}, std::int64_t{3600}}) {
      Event& event = request.events.emplace_back();
      event.actor = {ActorKind::system, {"setup", {}}};
      event.occurred_at = Instant{now_.us + ahead * 1'000'000};
      event.data = event::GroupCreated{GroupId("never " + std::to_string(dice_.below(1000))), {}, {}, {}};
    }
    return request;
  }

  // Now and then a batch is still on its way to the store while the next one is decided.
  void record(Batch batch) {
    const auto results = recorder_.decide(std::move(batch.requests));
    if (!results) FAIL(results.error().because);
    for (std::size_t i = 0; i < results->size(); ++i) {
      if (const auto* failure = std::get_if<Failure>(&(*results)[i])) FAIL(failure->because);
      const auto* refusals = std::get_if<services::Refusals>(&(*results)[i]);
      if (refusals && batch.taken[i]) FAIL(refusals->front().because);
    }
    end_commit();
    under_way_ = recorder_.take();
    head_ += under_way_.records.size();
    if (dice_.percent(50)) end_commit();
  }

  void end_commit() {
    if (under_way_.empty()) return;
    const auto done = store.commit(std::exchange(under_way_, {}));
    if (!done) FAIL(done.error().because);
    recorder_.committed();
  }

  std::mt19937_64 random_;
  oracle::Dice dice_;
  storage::People people_{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models_;
  Instant now_;
  services::Recorder recorder_{store, people_, models_, [this] { return now_; }};
  storage::Commit under_way_;
  std::uint64_t head_ = 0;  // with what is under way
  std::vector<Telling> tellings_;
};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("views rebuilt from the log are byte for byte the views that were kept live", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t rounds = number_from("TENURE_ROUNDS", 25);
  std::cout << "rebuild property: TENURE_SEED=" << seed << ", " << rounds << " rounds\n";
  std::mt19937_64 seeds(seed);
  std::size_t records = 0, rows = 0;
  std::map<char, std::size_t> told;  // rows of what only the records tell, by kind
  std::size_t of_reviews = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    INFO("run seed " << seed << ", round " << round);
    Live live(seeds());
    live.tell_all();
    const Views before = views_of(live.store);
    projections::Models models;
    REQUIRE(services::load_models(live.store, models).has_value());
    std::uint64_t said = 0;
    // Small batches, each folded while the one before is made durable; or all in one.
    const std::size_t batch = seeds() % 3 == 0 ? services::records_a_commit : 1 + seeds() % 40;
    INFO("batches of " << batch);
    const auto say = [&](Position reached, Position head) {
      said = reached.value;
      CHECK(reached <= head);
    };
    const auto rebuilt = services::rebuild_views(live.store, models, say, batch);
    if (!rebuilt) FAIL(rebuilt.error().because);
    CHECK(said == live.store.head().value);
    const std::string difference = first_difference(before, views_of(live.store));
    INFO(difference);
    REQUIRE(difference.empty());
    records += live.store.head().value;
    rows += before.size();
    for (const auto& [key, value] : before) {
      if (key.size() > 5 && key[4] == static_cast<char>(projections::Row::finding)) ++told[key[5]];
      if (key.size() > 5 && key[4] == static_cast<char>(projections::Row::review)) ++of_reviews;
    }
  }
  std::cout << records << " records, " << rows << " rows compared\n";
  if (rounds >= 5) CHECK(told.size() == 5);
  if (rounds >= 5) CHECK(of_reviews > 0);
  CHECK(rows > records);
}

TEST_CASE("a rebuild that broke off is gone on with, and gives the same views") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  INFO("TENURE_SEED=" << seed);
  Live live(seed);
  live.tell_all();
  const Views before = views_of(live.store);
  projections::Models models;
  REQUIRE(services::load_models(live.store, models).has_value());
  constexpr std::size_t batch = 20;
  live.store.commits_left = 5;
  REQUIRE(services::rebuild_views(live.store, models, {}, batch).has_error());
  live.store.commits_left.reset();
  SECTION("by another rebuild") {
    std::uint64_t first = 0;
    const auto note_first = [&](Position reached, Position) { first = first == 0 ? reached.value : first; };
    const auto rebuilt = services::rebuild_views(live.store, models, note_first, batch);
    REQUIRE(rebuilt.has_value());
    CHECK(rebuilt->resumed_at >= Position(3 * batch));
    CHECK(rebuilt->resumed_at < live.store.head());
    CHECK(first > rebuilt->resumed_at.value);
  }
  SECTION("by the next start") { REQUIRE(services::catch_up_views(live.store, models, {}, batch).has_value()); }
  const std::string difference = first_difference(before, views_of(live.store));
  INFO(difference);
  CHECK(difference.empty());
  // Once it is over, the next one begins anew.
  const auto anew = services::rebuild_views(live.store, models, {}, batch);
  REQUIRE(anew.has_value());
  CHECK(anew->resumed_at == Position(0));
}

TEST_CASE("views of another layout are folded anew when the store is opened") {
  Live live(1);
  live.tell_all();
  const Views before = views_of(live.store);
  storage::Commit old;
  old.first = live.store.head().next();
  std::string checkpoint;
  projections::put_varint(checkpoint, live.store.head().value);  // as it was before there were layouts
  old.views.put(projections::checkpoint_key(), checkpoint);
  for (const auto& [key, value] : before) {
    if (key.size() > 10 && key[4] == static_cast<char>(projections::Row::list)) old.views.erase(key);
  }
  REQUIRE(live.store.commit(std::move(old)).has_value());
  projections::Models models;
  REQUIRE(services::load_models(live.store, models).has_value());
  REQUIRE(services::catch_up_views(live.store, models, {}).has_value());
  REQUIRE(first_difference(before, views_of(live.store)).empty());
}
