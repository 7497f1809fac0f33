// A full disk over HTTP: appends of every kind are refused with 507 and the reason, reads go on as before, and appends
// work again by themselves when there is room. The store's own part is in tests/storage/full_disk_test.cpp.
#include <atomic>
#include <iostream>
#include <thread>

#include "tests/catch.h"
#include "tests/services/running_program.h"
#include "tests/small_disk.h"

namespace {

using namespace tenure;
using nlohmann::json;
using tenure::testing::mebibyte;
using tenure::testing::SmallDisk;
using test::HttpAnswer;
using test::RunningProgram;

const std::string events = "/v1/orgs/acme/events";

std::string member_added(const std::string& member) {
  return R"({"id":")" + member + R"(","type":"member.added","actor":{"kind":"member","id":"ana"},"data":{"member":")" +
         member + R"(","role":"member"}})";
}

bool no_room(const HttpAnswer& answer) {
  INFO(answer.status << " " << answer.body);
  CHECK(answer.status == 507);
  CHECK(answer.json().at("code") == "disk_full");
  CHECK_THAT(answer.json().at("detail").get<std::string>(), Catch::Contains("MiB"));
  return answer.status == 507;
}

// What readers see.
std::string shown(RunningProgram& program) {
  std::string all;
  for (const char* rest : {"/events?limit=1000", "/members?limit=1000", "/who-can?permission=repository&limit=1000"}) {
    const auto answer = program.get("/v1/orgs/acme" + std::string(rest));
    REQUIRE(answer.status == 200);
    json list = answer.json();
    list.erase("as_of");
    all += list.dump();
  }
  return all;
}

}  // namespace

TEST_CASE(
    "over HTTP a full disk refuses every kind of append with 507, serves reads, and recovers when there is room") {
  SmallDisk disk(192);
  if (!disk) {
    SUCCEED("mounting is not allowed here; tests/storage/ plays the full disk");
    return;
  }
  RunningProgram program({.folder = disk.path("data")});
  REQUIRE(program.post("/v1/orgs", R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})").status == 201);
  REQUIRE(program.post(events, member_added("bob")).status == 201);
  const std::string before = shown(program);
  CHECK(program.get("/readyz").status == 200);

  // Below the floor, then with nothing left at all.
  for (const std::uint64_t room : {16 * mebibyte, std::uint64_t{0}}) {
    INFO("room " << room);
    disk.fill(room);
    REQUIRE(no_room(program.post(events, member_added("zoe"))));  // somebody new: her key has no room either
    REQUIRE(no_room(program.post(events, R"({"type":"member.removed","actor":{"kind":"member","id":"ana"},)"
                                         R"("data":{"member":"bob"}})")));
    no_room(program.post("/v1/orgs", R"({"id":"new","model":"github","mode":"observe"})"));
    no_room(program.post("/v1/tokens", R"({"principal":"a","scopes":["read"]})"));
    no_room(program.post("/v1/orgs/acme/import?format=github-audit",
                         R"({"_document_id":"1","@timestamp":1,"action":"repo.create","actor":"ana","org":"acme"})"));
    CHECK(shown(program) == before);
    CHECK(program.get("/healthz").status == 200);
    const auto ready = program.get("/readyz");
    CHECK(ready.status == 503);
    CHECK(ready.json().at("code") == "disk_full");
    CHECK_THAT(ready.json().at("detail").get<std::string>(), Catch::Contains("MiB"));
  }

  disk.empty();
  CHECK(program.get("/readyz").status == 200);
  const auto again = program.post(events, member_added("zoe"));
  CHECK(again.status == 201);
  CHECK(again.json().at("items").at(0).at("version") == 3);
  program.restart();
  CHECK(program.get("/v1/orgs/acme").json().at("version") == 3);
  CHECK(program.get("/v1/orgs/acme/members/zoe").json().at("member").at("status") == "active");
}

TEST_CASE("a disk that fills up under load loses nothing acknowledged and takes appends again, over HTTP") {
  SmallDisk disk(192);
  if (!disk) {
    SUCCEED("mounting is not allowed here; tests/storage/ plays the full disk");
    return;
  }
  RunningProgram program({.folder = disk.path("data")});
  REQUIRE(program.post("/v1/orgs", R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})").status == 201);
  std::atomic<int> refused{0};
  std::atomic<bool> over{false};
  std::vector<std::string> kept[4];
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      for (int n = 0; !over; ++n) {
        const std::string id = std::to_string(c) + "-" + std::to_string(n);
        const auto answer = program.post(events, member_added(id));
        if (answer.status == 201) kept[c].push_back(id);
        if (answer.status == 507) ++refused;
        if (answer.status != 201 && answer.status != 507) kept[c].push_back("unexpected: " + answer.body);
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    const int so_far = refused;
    disk.fill(round == 1 ? 0 : 20 * mebibyte);
    while (refused < so_far + 20) std::this_thread::yield();
    disk.empty();
    const auto grown = [&] { return program.get("/v1/orgs/acme").json().at("version").get<int>(); };
    for (const int version = grown(); grown() < version + 20;) std::this_thread::yield();
  }
  over = true;
  for (auto& client : clients) client.join();
  program.restart();
  const auto version = program.get("/v1/orgs/acme").json().at("version");
  std::size_t acknowledged = 0;
  for (const auto& ids : kept) {
    for (const std::string& id : ids) {
      INFO(id);
      // The retry finds it by its id.
      const auto answer = program.post(events, member_added(id));
      REQUIRE(answer.status == 201);
      ++acknowledged;
    }
  }
  // It found all of them: none was recorded only now.
  CHECK(program.get("/v1/orgs/acme").json().at("version") == version);
  CHECK(version > acknowledged);
  std::cout << "full disk under load: " << acknowledged << " acknowledged, " << refused << " refused\n";
}
