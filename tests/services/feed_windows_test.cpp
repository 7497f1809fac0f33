// The blocks that are shared by all who follow: nobody who waits is forgotten, nobody gets another position's block,
// and memory is bounded, whatever order subscribers, commits and the reader come in.
#include <algorithm>
#include <iostream>
#include <numeric>
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

Record record_at(Position position, const std::string& org = "acme") {
  Record record;
  record.position = position;
  record.org = OrgId(org);
  record.event.data = event::OrgDeleted{};
  return record;
}

std::shared_ptr<const Block> block_of(Position first, Position last, std::size_t bytes) {
  BlockWriter block(first, Framing::lines, 0, 0);
  for (Position at = first; at <= last && !block.full(); at = at.next()) {
    block.add(record_at(at), std::to_string(at.value) + std::string(bytes, ' '));
  }
  return std::make_shared<const Block>(block.take());
}

// Subscribers, a log that grows, and readers, one step at a time.
class Rehearsal {
 public:
  explicit Rehearsal(std::uint64_t seed) : random_(seed), all_(24) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      all_[i].kind.framing = i % 2 == 0 ? Framing::lines : Framing::websocket;
      all_[i].kind.part = i % 6 == 5 ? Part::single : Part::whole;
      // Each by itself, those who want the same together, or of this organization alone.
      if (i % 6 != 4) continue;
      const bool of_orgs = i > 4, with_others = i > 10;
      all_[i].wants = std::make_shared<const Wants>(
          Wants{wanted_in, of_orgs ? std::vector<std::string>{"acme", "other"} : std::vector<std::string>{},
                with_others ? "the same" : ""});
    }
  }

  void step() {
    switch (random_() % 8) {
      case 0:
        head_ = Position(head_.value + random_() % 40);
        break;
      case 1:
        if (at_work_.size() < 3) take();
        break;
      case 2:
        finish();
        break;
      case 3:
        if (random_() % 50 == 0) jump(random_() % all_.size());
        break;
      default:
        ask(random_() % all_.size());
        break;
    }
  }
  // Once the readers have nothing left to do, whoever waits for what there is has been woken.
  void settle() {
    while (take() || finish()) {
    }
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!all_[i].waits || all_[i].next > head_) continue;
      bool due = !all_[i].wants;
      for (Position at = all_[i].next; at <= head_ && !due; at = at.next()) due = is_wanted(at);
      CHECK((bells_->rung[i] > all_[i].rung) == due);
    }
  }
  std::size_t given() const { return given_; }
  std::size_t most_bytes() const { return most_; }

 private:
  // One position in 300, for those who want few.
  static bool is_wanted(Position position) { return position.value % 300 == 7; }
  static bool wanted_in(const Block& block, Position from) {
    for (Position at = from; at <= block.last(); at = at.next()) {
      if (is_wanted(at)) return true;
    }
    return false;
  }
  struct Subscriber {
    Kind kind;
    std::shared_ptr<const Wants> wants;
    Position next{1};
    bool waits = false;
    int rung = 0;
  };

  // As another client.
  void jump(std::size_t i) {
    Subscriber& one = all_[i];
    windows_.forget(one.kind, i);
    one.next = Position(1 + random_() % (head_.value + 1));
    one.waits = false;
  }
  void ask(std::size_t i) {
    Subscriber& one = all_[i];
    bool wake = false;
    if (random_() % 4 == 0) (void)windows_.ask(one.kind, Position(1 + random_() % (head_.value + 3)));
    Windows::Ask asked{one.kind, one.next, i, http::Waker(bells_, static_cast<std::uint32_t>(i), 1), one.wants};
    const auto block = windows_.find(asked, wake);
    // Nothing that it wants was passed over.
    for (Position at = one.next; at < asked.position; at = at.next()) REQUIRE_FALSE(is_wanted(at));
    REQUIRE((one.wants || asked.position == one.next));
    one.next = asked.position;
    one.waits = !block;
    one.rung = bells_->rung[i];
    if (!block) return;
    REQUIRE(block->first() <= one.next);
    REQUIRE(block->last() >= one.next);
    REQUIRE(block->last() <= head_);
    if (one.kind.part == Part::single) REQUIRE(block->first() == block->last());
    REQUIRE(windows_.held(one.kind, one.next) == block);
    const std::string expected = std::to_string(one.next.value) + " ";
    REQUIRE(block->bytes().substr(block->begin_of(one.next), expected.size()) == expected);
    one.next = Position(one.next.value + 1 + random_() % (block->last().value - one.next.value + 1));
    ++given_;
  }
  // A reader takes up some work, which no other one has.
  bool take() {
    bool more = false;
    const auto work = windows_.next(head_, more);
    if (!work) return false;
    REQUIRE(work->last <= head_);
    REQUIRE(work->first <= work->last);
    for (const Windows::Work& other : at_work_) {
      REQUIRE((other.kind != work->kind || other.last < work->first || work->last < other.first));
    }
    at_work_.push_back(*work);
    return true;
  }
  // One of those at work is done, with as many positions as went into a block.
  bool finish() {
    if (at_work_.empty()) return false;
    const auto done = at_work_.begin() + static_cast<std::ptrdiff_t>(random_() % at_work_.size());
    const Windows::Work work = *done;
    at_work_.erase(done);
    const Position last(work.first.value + random_() % (work.last.value - work.first.value + 1));
    windows_.put(work.kind, block_of(work.first, last, 1 + random_() % 900));
    most_ = std::max(most_, windows_.bytes());
    return true;
  }

  std::mt19937_64 random_;
  std::shared_ptr<Bells> bells_ = std::make_shared<Bells>();
  Windows windows_;
  std::vector<Subscriber> all_;
  std::vector<Windows::Work> at_work_;
  Position head_;
  std::size_t given_ = 0, most_ = 0;
};

}  // namespace

TEST_CASE("whoever waits for a position is woken when it can be had, in any order of asking, committing and reading") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "windows: seed " << seed << "\n";
  INFO("seed " << seed);
  Rehearsal rehearsal(seed);
  for (int step = 0; step < 60'000; ++step) {
    rehearsal.step();
    if (step % 5'000 == 0) rehearsal.settle();
  }
  CHECK(rehearsal.given() > 1'000);
  CHECK(rehearsal.most_bytes() <= Windows::blocks_bytes_max + 256 * 1024);
}

TEST_CASE("a store that shows nothing while it is opened anew takes nothing from who waits, and no block twice") {
  Windows windows;
  bool more = false, wake = false;
  const Kind kind;
  const auto bells = std::make_shared<Bells>();
  REQUIRE_FALSE(windows.next(Position(10), more));
  Windows::Ask ask{kind, Position(3), 1, http::Waker(bells, 0, 0), nullptr};
  REQUIRE_FALSE(windows.find(ask, wake));
  CHECK(wake);
  CHECK_FALSE(windows.next(Position(0), more));
  CHECK_FALSE(more);
  const auto work = windows.next(Position(10), more);
  REQUIRE(work);
  CHECK(work->first == Position(3));
  CHECK(work->last == Position(10));
  // Another reader that comes by meanwhile has nothing of it.
  CHECK_FALSE(windows.next(Position(0), more));
  CHECK_FALSE(windows.next(Position(10), more));
  windows.put(kind, block_of(work->first, work->last, 10));
  const std::size_t bytes = windows.bytes();
  CHECK(bytes > 0);
  windows.put(kind, block_of(work->first, work->last, 10));
  CHECK(windows.bytes() == bytes);
  CHECK(windows.find(ask, wake) != nullptr);
}

TEST_CASE("of a new event only those are asked whom it may concern, and those who want the same once") {
  Windows windows;
  const auto bells = std::make_shared<Bells>();
  bells->rung.resize(1'000);
  std::size_t asked = 0;
  bool wake = false;
  // Of ten organizations each is followed by a hundred, who say it with one key.
  const auto wait = [&](std::uint64_t i, Position from) {
    const std::string org = "org-" + std::to_string(i % 10);
    const auto in = [&asked, org](const Block& block, Position at) {
      ++asked;
      for (; at <= block.last(); at = at.next()) {
        if (block.text(block.traits(at).org) == org) return true;
      }
      return false;
    };
    Windows::Ask ask{traits_kind, from, i, http::Waker(bells, static_cast<std::uint32_t>(i), 1),
                     std::make_shared<const Wants>(Wants{in, {org}, org})};
    CHECK(windows.find(ask, wake) == nullptr);
    return ask.position;
  };
  const auto commit = [&](Position position, const std::string& org) {
    bool more = false;
    const auto work = windows.next(position, more);
    REQUIRE(work);
    BlockWriter block(position, Framing::lines, 0, 0);
    block.add_traits(record_at(position, org));
    windows.put(work->kind, std::make_shared<const Block>(block.take()));
  };
  const auto rung = [&] { return std::accumulate(bells->rung.begin(), bells->rung.end(), 0); };
  for (std::uint64_t i = 0; i < 1'000; ++i) wait(i, Position(1));
  for (std::uint64_t at = 1; at <= 50; ++at) commit(Position(at), "nobody's");
  CHECK(asked == 0);
  CHECK(rung() == 0);
  // Whoever asks again goes on behind what was passed over, and is not forgotten.
  CHECK(wait(3, Position(1)) == Position(51));
  commit(Position(51), "org-3");
  CHECK(asked == 1);
  CHECK(rung() == 100);
  CHECK(bells->rung[3] == 1);
  commit(Position(52), "org-4");
  CHECK(asked == 2);
  CHECK(rung() == 200);
  // One that left is neither asked for nor woken.
  for (std::uint64_t i = 5; i < 1'000; i += 10) windows.forget(traits_kind, i);
  commit(Position(53), "org-5");
  CHECK(asked == 2);
  CHECK(rung() == 200);
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
