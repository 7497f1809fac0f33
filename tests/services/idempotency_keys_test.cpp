// How long an Idempotency-Key is known, and what is left of it afterwards.
#include "events/wire/event_wire.h"
#include "services/record/batch.h"
#include "services/record/rebuild.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::services;

constexpr std::int64_t day_us = 24LL * 3600 * 1'000'000;

struct Tenure {
  Tenure() {
    for (const ShippedModel& shipped : shipped_models()) {
      if (shipped.id != "github") continue;
      auto model = AccessModel::parse(shipped.document);
      REQUIRE(model.has_value());
      models.add(*model);
    }
    Event made;
    event::OrgCreated created;
    created.model = ModelId("github");
    made.data = created;
    made.actor = {ActorKind::system, {"setup", {}}};
    send(std::move(made), {});
  }

  AppendAnswer send(const std::string& text, const std::string& key) {
    auto event = wire::read_event(text);
    REQUIRE(event.has_value());
    return send(std::move(*event), key);
  }
  AppendAnswer send(Event event, const std::string& key) {
    AppendRequest wanted;
    wanted.org = OrgId("acme");
    wanted.by = {"tok_1", "tester", Channel::api, {}};
    wanted.events.push_back(std::move(event));
    if (!key.empty()) wanted.idempotency = IdempotencyKey{"tok_1", key, "body"};
    std::vector<AppendRequest> requests;
    requests.push_back(std::move(wanted));
    const auto results = recorder.record(std::move(requests));
    const auto* answer = std::get_if<AppendAnswer>(&results.front());
    REQUIRE(answer != nullptr);
    return *answer;
  }
  AppendAnswer add(const std::string& key) {
    return send(R"({"type":"member.added","actor":{"kind":"system","id":"hr"},"data":{"member":")" + key + "\"}}", key);
  }
  bool answered_before(const std::string& key) { return add(key).items.front().duplicate; }

  std::size_t kept() {
    const auto [from, to] = idempotency_rows();
    std::size_t rows = 0;
    const auto read =
        store.snapshot()->scan(from, to, [&](std::string_view, std::string_view) { return ++rows, true; });
    REQUIRE(read.has_value());
    return rows;
  }

  Instant now{1'700'000'000'000'000};
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  Recorder recorder{store, people, models, [this] { return now; }};
};

std::string key(int number) { return "key-" + std::to_string(number); }

}  // namespace

TEST_CASE("an Idempotency-Key is known for seven days, and its row goes as others come") {
  Tenure tenure;
  for (int i = 0; i < 40; ++i) (void)tenure.add(key(i));
  CHECK(tenure.kept() == 40);
  tenure.now.us += 6 * day_us;
  for (int i = 40; i < 60; ++i) (void)tenure.add(key(i));
  CHECK(tenure.kept() == 60);
  CHECK(tenure.answered_before(key(7)));
  tenure.now.us += 2 * day_us;
  CHECK(tenure.answered_before(key(50)));
  for (int i = 60; i < 100; ++i) (void)tenure.add(key(i));
  CHECK(tenure.kept() == 60);
  CHECK_FALSE(tenure.answered_before(key(7)));
  CHECK(tenure.answered_before(key(59)));
  CHECK(tenure.answered_before(key(99)));
}

TEST_CASE("a rebuild keeps the Idempotency-Keys that are still known, and no others") {
  Tenure tenure;
  for (int i = 0; i < 10; ++i) (void)tenure.add(key(i));
  tenure.now.us += 5 * day_us;
  for (int i = 10; i < 14; ++i) (void)tenure.add(key(i));
  tenure.now.us += 3 * day_us;
  (void)tenure.send(R"({"type":"org.deleted","actor":{"kind":"system","id":"hr"},"data":{}})", {});
  CHECK(tenure.kept() == 14);
  REQUIRE(rebuild_views(tenure.store, tenure.models, {}).has_value());
  CHECK(tenure.kept() == 4);
}
