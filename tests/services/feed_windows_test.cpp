// The blocks that are shared by all who follow: nobody who waits is forgotten, nobody gets another position's block,
// and memory is bounded, whatever order subscribers, commits and the reader come in.
#include <algorithm>
#include <iostream>
#include <random>

#include "services/feed/filter.h"
#include "services/feed/windows.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::services;

struct Bells final : http::WakeTarget {
  std::vector<int> rung = std::vector<int>(64);
  void wake(std::uint32_t slot, std::uint64_t) override { ++rung[slot]; }
};

Record record_at(Position position) {
  Record record;
  record.position = position;
  record.org = OrgId("acme");
  record.event.data = event::OrgDeleted{};
  return record;
}

std::shared_ptr<const Block> block_of(Position first, Position last, std::size_t bytes) {
  BlockWriter block(first, Framing::lines, 0);
  for (Position at = first; at <= last && !block.full(); at = at.next()) {
    block.add(record_at(at), std::to_string(at.value) + std::string(bytes, ' '));
  }
  return std::make_shared<const Block>(block.take());
}

}  // namespace

TEST_CASE("whoever waits for a position is woken when it can be had, in any order of asking, committing and reading") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "windows: seed " << seed << "\n";
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto bells = std::make_shared<Bells>();
  Windows windows;
  const Kind kinds[] = {{FeedFormat::native, Framing::lines, false}, {FeedFormat::native, Framing::websocket, false}};
  struct Subscriber {
    Kind kind;
    Position next{1};
    bool waits = false;
    int rung = 0;
  };
  std::vector<Subscriber> all(24);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].kind = kinds[i % 2];
  Position head(0);
  std::size_t given = 0, most = 0;
  const auto ask = [&](std::size_t i) {
    Subscriber& one = all[i];
    bool wake = false;
    const http::Waker waker(bells, static_cast<std::uint32_t>(i), 1);
    const auto block = windows.find(one.kind, one.next, i, waker, wake);
    one.waits = !block;
    one.rung = bells->rung[i];
    if (!block) return;
    REQUIRE(block->first() <= one.next);
    REQUIRE(block->last() >= one.next);
    REQUIRE(block->last() <= head);
    const std::string expected = std::to_string(one.next.value) + " ";
    REQUIRE(block->bytes().substr(block->begin_of(one.next), expected.size()) == expected);
    one.next = Position(one.next.value + 1 + random() % (block->last().value - one.next.value + 1));
    ++given;
  };
  const auto read = [&] {
    const auto work = windows.next(head);
    if (!work) return false;
    REQUIRE(work->last <= head);
    REQUIRE(work->first <= work->last);
    const std::uint64_t span = work->last.value - work->first.value;
    windows.put(work->kind,
                block_of(work->first, Position(work->first.value + random() % (span + 1)), 1 + random() % 900));
    most = std::max(most, windows.bytes());
    return true;
  };
  for (int step = 0; step < 60'000; ++step) {
    switch (random() % 8) {
      case 0:
        head = Position(head.value + random() % 40);
        break;
      case 1:
      case 2:
        read();
        break;
      case 3:
        if (random() % 50 == 0) {
          Subscriber& one = all[random() % all.size()];
          one.next = Position(1 + random() % (head.value + 1));
          one.waits = false;
        }
        break;
      default:
        ask(random() % all.size());
        break;
    }
    if (step % 5'000 != 0) continue;
    while (read()) {
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].waits && all[i].next <= head) CHECK(bells->rung[i] > all[i].rung);
    }
  }
  CHECK(given > 1'000);
  CHECK(most <= Windows::blocks_bytes_max + 256 * 1024);
}

TEST_CASE("two spellings of a person are one to a filter, and another person is not") {
  CHECK(same_person("Ana@acme.test", "ana@ACME.test"));
  CHECK(same_person("Zo\xc3\xab", "zo\xc3\x8b"));
  CHECK(same_person("zoe\xcc\x88", "Zo\xc3\xab"));
  CHECK(
      same_person("stra\xc3\x9f"
                  "e",
                  "STRASSE"));
  CHECK_FALSE(same_person("ana@acme.test", "ana@acme.tes"));
  CHECK_FALSE(same_person("ana", "bob"));
}
