// What is done to a consumer is done to the one that was looked at: not to one that was deleted since, nor to another
// of its name.
#include <memory>

#include "services/feed/consumers.h"
#include "services/publish.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::services;

struct Registry {
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  projections::DirectoryCache names;
  Recorder recorder{store, people, models, system_clock_now};
  AppendQueue appends{recorder, store, Instant{0}};
  Consumers consumers{store, appends};

  Consumer made(const std::string& name, const std::string& principal) {
    const auto attached = consumers.attach(name, Position(1), {}, by(principal));
    REQUIRE(std::holds_alternative<std::shared_ptr<Attachment>>(attached));
    return *consumers.find(name);
  }
  static Recording by(const std::string& principal) { return {"tok_1", principal, Channel::api, {}}; }
  // What a start finds in the log.
  std::vector<Consumer> loaded() {
    Consumers again(store, appends);
    Identities identities(people, names);
    const auto done = again.load(identities);
    INFO((done ? std::string() : done.error().because));
    REQUIRE(done.has_value());
    return again.all();
  }
};

RefusalCode refused(const AppendResult& result) {
  const auto* refusals = std::get_if<Refusals>(&result);
  REQUIRE(refusals != nullptr);
  return refusals->front().code;
}

}  // namespace

TEST_CASE(
    "a consumer that was deleted is not there to be reset, deleted again or acknowledged, and nothing is recorded") {
  Registry registry;
  const Consumer seen = registry.made("g", "ana");
  REQUIRE(std::holds_alternative<AppendAnswer>(registry.consumers.remove(seen, Registry::by("ana"))));
  const Position head = registry.store.head();
  CHECK(refused(registry.consumers.reset(seen, Position(1), Registry::by("ana"))) == RefusalCode::not_found);
  CHECK(refused(registry.consumers.remove(seen, Registry::by("ana"))) == RefusalCode::not_found);
  CHECK(std::holds_alternative<Refusal>(registry.consumers.acknowledge(seen, Position(0))));
  CHECK(registry.store.head() == head);
  CHECK(registry.consumers.all().empty());
  CHECK(registry.loaded().empty());
}

TEST_CASE("another consumer of the same name is not moved by whoever looked at the one before") {
  Registry registry;
  const Consumer seen = registry.made("g", "ana");
  REQUIRE(std::holds_alternative<AppendAnswer>(registry.consumers.remove(seen, Registry::by("ana"))));
  const Consumer other = registry.made("g", "bob");
  CHECK(refused(registry.consumers.reset(seen, Position(1), Registry::by("ana"))) == RefusalCode::not_found);
  CHECK(refused(registry.consumers.remove(seen, Registry::by("ana"))) == RefusalCode::not_found);
  CHECK(std::holds_alternative<Refusal>(registry.consumers.acknowledge(seen, Position(0))));
  // A reset in between is no other consumer.
  REQUIRE(std::holds_alternative<AppendAnswer>(registry.consumers.reset(other, Position(2), Registry::by("bob"))));
  CHECK(std::holds_alternative<AppendAnswer>(registry.consumers.reset(other, Position(1), Registry::by("bob"))));
  CHECK(registry.consumers.find("g")->principal == "bob");
}

TEST_CASE("a log in which a consumer is reset behind its end has no consumer of that name") {
  Registry registry;
  const Consumer seen = registry.made("g", "ana");
  REQUIRE(std::holds_alternative<AppendAnswer>(registry.consumers.remove(seen, Registry::by("ana"))));
  const auto result = append_own(registry.appends, event::ConsumerReset{"g", Position(1)}, Registry::by("ana"));
  REQUIRE(std::holds_alternative<AppendAnswer>(result));
  CHECK(registry.loaded().empty());
}

TEST_CASE("one principal's consumers do not use up those of all others") {
  Registry registry;
  for (std::size_t i = 0; i < consumers_a_principal_max; ++i) registry.made("g" + std::to_string(i), "ana");
  const auto one_more = registry.consumers.attach("more", Position(1), {}, Registry::by("ana"));
  REQUIRE(std::holds_alternative<Refusal>(one_more));
  CHECK(std::get<Refusal>(one_more).code == RefusalCode::too_large);
  CHECK(std::get<Refusal>(one_more).because.find("there are 100 consumers of \"ana\"") != std::string::npos);
  registry.made("more", "bob");
  // Whoever comes back as one that is there is let in.
  registry.made("g0", "ana");
}

TEST_CASE("when a consumer was made is told the same before and after a restart") {
  Registry registry;
  const Consumer made = registry.made("g", "ana");
  REQUIRE(registry.loaded().size() == 1);
  CHECK(registry.loaded().front().created_at == made.created_at);
}
