// A clock that was set back between two runs: what was recorded under the later time is seen nonetheless.
#include <memory>
#include <nlohmann/json.hpp>

#include "events/wire/event_wire.h"
#include "services/record/rebuild.h"
#include "services/record/recorder.h"
#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"
#include "tests/catch.h"
#include "tests/services/feed_client.h"

namespace {

using namespace tenure;

constexpr std::int64_t hour_us = 3'600'000'000;

// Records one event into a stopped server's folder, an hour from now.
Instant record_ahead(const std::string& folder, const std::string& org, const std::string& json) {
  const auto key = storage::load_or_make_master_key(folder + "/master.key");
  auto store = storage::RocksStore::open(folder + "/store");
  auto vault = storage::open_key_vault(folder + "/keys");
  REQUIRE((key.has_value() && store.has_value() && vault.has_value()));
  storage::People people(std::move(*vault), *key);
  projections::Models models;
  REQUIRE(services::load_models(**store, models).has_value());
  const Instant ahead{services::system_clock_now().us + hour_us};
  services::Recorder recorder(**store, people, models, [&] { return ahead; });
  services::AppendRequest request;
  request.org = OrgId(org);
  auto event = wire::read_event(json);
  REQUIRE(event.has_value());
  request.events.push_back(std::move(*event));
  std::vector<services::AppendRequest> requests;
  requests.push_back(std::move(request));
  const auto results = recorder.record(std::move(requests));
  REQUIRE(std::holds_alternative<services::AppendAnswer>(results.front()));
  REQUIRE((*store)->close().has_value());
  return ahead;
}

}  // namespace

TEST_CASE("what was recorded before a restart is seen after it, though the clock was set back in between") {
  test::RunningProgram program;
  test::make_org(program, "acme");
  test::append(program, "acme", "bob");
  program.stop();
  const Instant ahead = record_ahead(program.folder(), "acme",
                                     R"({"type":"member.removed","actor":{"kind":"system","id":"hr"},)"
                                     R"("data":{"member":"bob"}})");
  program.restart();
  const auto members = program.get("/v1/orgs/acme/members").json();
  INFO(members.dump(2));
  CHECK(members.at("as_of").get<std::string>() >= format_instant(ahead));
  for (const auto& member : members.at("items")) CHECK(member.at("member") != "bob");
}
