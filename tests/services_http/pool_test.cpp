#include "services/http/pool.h"

#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure::http;

TEST_CASE("the pool's queue has an end, and a place is free again once its work has begun") {
  test::Gate gate;
  Pool pool(1, 1);
  REQUIRE(pool.reserve());
  pool.submit(Task([&] { gate.pass(); }), true);
  REQUIRE(gate.wait_for_arrivals(1));
  REQUIRE(pool.reserve());
  CHECK_FALSE(pool.reserve());
  std::atomic<int> ran = 0;
  pool.submit(Task([&] { ++ran; }), true);
  pool.submit(Task([&] { ++ran; }), false);
  CHECK_FALSE(pool.reserve());
  gate.open();
  pool.stop();
  CHECK(ran == 2);
  CHECK(pool.reserve());
}

TEST_CASE("a stopping pool finishes what it was given and drops what comes later") {
  Pool pool(2, 1000);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 500; ++i) pool.submit(Task([&] { ++ran; }), false);
  pool.stop();
  CHECK(ran == 500);
  pool.submit(Task([&] { ++ran; }), false);
  CHECK(ran == 500);
}

TEST_CASE("a task may own what cannot be copied") {
  Pool pool(1, 1);
  std::atomic<int> got = 0;
  pool.submit(Task([&got, owned = std::make_unique<int>(7)] { got = *owned; }), false);
  pool.stop();
  CHECK(got == 7);
}
