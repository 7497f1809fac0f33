// The writer's overlay against a writer that remembers nothing: one undoes some of what it did, hands changes over and
// goes on before the store shows them; the other is only told what was kept and reads everything from the store each
// time. Both stores must have the same rows. The seed is printed; TENURE_SEED repeats a run.

#include "projections/view_writer.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "projections/access_fold.h"
#include "projections/timeline.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::projections;

constexpr OrgNumber org = 7;
constexpr Number members = 12, first_role = 300;

// What one event does: entries of a member, or a retraction of some that the member has; and its id.
struct Step {
  Number member = 0;
  std::vector<Entry> entries;
  std::optional<Point> turned;
  std::uint64_t position = 0;
};

void apply(ViewWriter& views, const Step& step) {
  const auto done = step.turned ? turn_entries(views, org, EntityKind::member, step.member, *step.turned, step.position)
                                : add_entries(views, org, EntityKind::member, step.member, step.entries);
  INFO((done ? "" : done.error().because) << " at position " << step.position << (step.turned ? ", a retraction" : ""));
  REQUIRE(done.has_value());
  std::string value;
  put_varint(value, step.position);
  views.put(id_key(org, EventId("event-" + std::to_string(step.position))), value);
}

class Events {
 public:
  explicit Events(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  Step next() {
    Step step;
    step.member = static_cast<Number>(1 + below(members));
    step.position = ++position_;
    const auto& had = points_[step.member];
    if (!had.empty() && below(12) == 0) {
      step.turned = had[below(had.size())];
      return step;
    }
    now_ += static_cast<std::int64_t>(below(1000));
    const bool late = below(8) == 0;
    const Point at{late ? static_cast<std::int64_t>(below(static_cast<std::uint64_t>(now_) + 1)) : now_, position_};
    for (std::uint64_t n = 1 + below(2); n > 0; --n) step.entries.push_back(entry(at));
    return step;
  }
  // Only what was kept can be retracted.
  void keep(const Step& step) {
    if (!step.turned) points_[step.member].push_back(step.entries.front().at);
  }

 private:
  Entry entry(Point at) {
    Entry e;
    e.at = at;
    switch (below(8)) {
      case 0:
        e.op = Op::end;
        break;
      case 1:
        e.op = Op::clear;
        e.slot = {SlotKind::group, 100 + static_cast<Number>(below(4))};
        break;
      case 2:
      case 3:
        e.slot = {SlotKind::group, 100 + static_cast<Number>(below(4))};
        break;
      case 4:
        e.slot = {SlotKind::grant, 200 + static_cast<Number>(below(3)), first_role + static_cast<Number>(below(2))};
        break;
      case 5:
        e.slot = {SlotKind::role};
        e.value = first_role + static_cast<Number>(below(3));
        break;
      default:
        e.slot = {SlotKind::exists};
    }
    return e;
  }

  std::mt19937_64 random_;
  std::uint64_t position_ = 0;
  std::int64_t now_ = 0;
  std::map<Number, std::vector<Point>> points_;
};

void commit(storage::MemoryStore& store, storage::ViewWrites rows) {
  storage::Commit commit;
  commit.first = store.head().next();
  commit.views = std::move(rows);
  REQUIRE(store.commit(std::move(commit)).has_value());
}

std::map<std::string, std::string> rows_of(storage::MemoryStore& store) {
  std::map<std::string, std::string> rows;
  const auto done =
      store.snapshot()->scan("", "\xff\xff\xff\xff\xff", [&](std::string_view key, std::string_view value) {
        rows.emplace(key, value);
        return true;
      });
  REQUIRE(done.has_value());
  return rows;
}

// The roles have names: whether a role is implied is asked of them.
void name_roles(storage::MemoryStore& store, ViewWriter& views) {
  views.stand_on(store.snapshot());
  OrgHead head;
  head.next_number = first_role;
  for (const char* role : {"admin", "member", "guest"}) {
    REQUIRE(number_for(views, org, head, EntityKind::role, role).has_value());
  }
  commit(store, views.take());
  views.stand_on(store.snapshot());
}

// The writer under test, with a commit that may be under way. It is sorted as late as on another thread it can be.
struct Busy {
  storage::MemoryStore store;
  ViewWriter views;
  std::optional<ViewWriter::Taken> under_way;

  explicit Busy(ViewWriter::Use use) : views(use) { name_roles(store, views); }

  void take() {
    if (!under_way) under_way = views.take_unsorted();
  }
  void stand() {
    if (!under_way) return;
    commit(store, under_way->sorted());
    views.stand_on(store.snapshot());
    under_way.reset();
  }
};

struct Forgetful {
  storage::MemoryStore store;
  ViewWriter views;

  Forgetful() { name_roles(store, views); }
  void apply_all(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      views.forget();
      views.stand_on(store.snapshot());
      apply(views, step);
      commit(store, views.take());
    }
  }
};

void compare(std::uint64_t seed, ViewWriter::Use use) {
  Events events(seed);
  Busy busy(use);
  Forgetful forgetful;
  for (int round = 0; round < 400; ++round) {
    std::vector<Step> steps;
    for (std::uint64_t n = 1 + events.below(4); n > 0; --n) steps.push_back(events.next());
    busy.views.mark();
    for (const Step& step : steps) {
      apply(busy.views, step);
      // As whoever judges the next event looks.
      const auto seen = newest_state(busy.views, org, events.below(2) == 0 ? step.member : 1, Point::never());
      REQUIRE(seen.has_value());
    }
    if (use == ViewWriter::Use::live && events.below(3) == 0) {
      busy.views.roll_back();
    } else {
      for (const Step& step : steps) events.keep(step);
      forgetful.apply_all(steps);
    }
    if (events.below(3) == 0) busy.take();
    if (events.below(3) == 0) busy.stand();
    if (round % 50 != 49) continue;
    busy.stand();
    busy.take();
    busy.stand();
    INFO("round " << round);
    REQUIRE(rows_of(busy.store) == rows_of(forgetful.store));
  }
}

std::uint64_t seed_of_run() {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "view writer: TENURE_SEED=" << seed << "\n";
  return seed;
}

}  // namespace

TEST_CASE("rows are the same whether a writer undid, remembered and went on before the store had them, or did not") {
  const std::uint64_t seed = seed_of_run();
  for (std::uint64_t n = 0; n < 6; ++n) compare(seed + n, ViewWriter::Use::live);
}

TEST_CASE("a writer in bulk leaves the rows that one leaves which remembers nothing") {
  const std::uint64_t seed = seed_of_run();
  for (std::uint64_t n = 0; n < 6; ++n) compare(seed + n, ViewWriter::Use::bulk);
}

TEST_CASE("of a timeline whose row is there an event writes what it adds, and no more") {
  Busy busy(ViewWriter::Use::live);
  std::string before;
  for (std::uint64_t position = 1; position <= 12; ++position) {
    Entry entry;
    entry.at = {static_cast<std::int64_t>(position), position};
    entry.slot = {SlotKind::role};
    entry.value = first_role + static_cast<Number>(position % 2);
    apply(busy.views, {1, {entry}, std::nullopt, position});
    const auto rows = busy.views.take();
    std::size_t added = 0;
    for (const auto row : rows) {
      if (row.key != head_chunk_key(org, 1)) continue;
      CHECK(row.appends == (position > 1));
      added = row.value->size();
    }
    CHECK((added > 0 && added < 40));
    commit(busy.store, rows);
    busy.views.stand_on(busy.store.snapshot());
    std::string now;
    REQUIRE(busy.store.snapshot()->get(head_chunk_key(org, 1), now).has_value());
    CHECK(now.starts_with(before));
    CHECK(now.size() == before.size() + added);
    before = now;
  }
}

TEST_CASE("a timeline that a late event wrote anew is added to again by those that come after it") {
  Busy busy(ViewWriter::Use::live);
  const auto happens = [&](std::int64_t us, std::uint64_t position) {
    Entry entry;
    entry.at = {us, position};
    entry.slot = {SlotKind::role};
    entry.value = first_role + static_cast<Number>(position % 2);
    apply(busy.views, {1, {entry}, std::nullopt, position});
    const auto rows = busy.views.take();
    bool appends = false;
    for (const auto row : rows) appends |= row.appends && row.key == head_chunk_key(org, 1);
    commit(busy.store, rows);
    busy.views.stand_on(busy.store.snapshot());
    return appends;
  };
  CHECK_FALSE(happens(10, 1));
  CHECK(happens(20, 2));
  CHECK_FALSE(happens(15, 3));
  CHECK(happens(30, 4));
  CHECK(happens(40, 5));
  std::vector<std::uint64_t> positions;
  const auto entries = entries_of(*busy.store.snapshot(), org, 1);
  REQUIRE(entries.has_value());
  for (const Entry& entry : *entries) positions.push_back(entry.at.position);
  CHECK(positions == std::vector<std::uint64_t>{1, 3, 2, 4, 5});
}

TEST_CASE("of a timeline's row a part that is missing or there twice is damage, not another history") {
  Chunk chunk;
  GrowingChunk growing(chunk);
  std::vector<std::size_t> ends{growing.encoded().size()};
  for (std::uint64_t position = 1; position <= 3; ++position) {
    Entry entry;
    entry.at = {static_cast<std::int64_t>(position), position};
    growing.add(entry);
    ends.push_back(growing.encoded().size());
  }
  const std::string& whole = growing.encoded();
  const auto part = [&](std::size_t n) { return whole.substr(ends[n - 1], ends[n] - ends[n - 1]); };
  EntityState state;
  CHECK(Chunk::decode(whole, chunk));
  const std::string begin = whole.substr(0, ends[0]);
  for (const std::string& wrong : {begin + part(1) + part(3), begin + part(1) + part(2) + part(2) + part(3),
                                   begin + part(2) + part(3), begin + part(2) + part(1) + part(3)}) {
    CHECK_FALSE(Chunk::decode(wrong, chunk));
    CHECK_FALSE(GrowingChunk().read(wrong, state));
    CHECK_FALSE(state_in_chunk(wrong, Point::never(), state));
  }
}

TEST_CASE("a timeline whose row has nothing in it is damaged, and is not taken for one that nobody has") {
  storage::MemoryStore store;
  CHECK(stored_timeline(*store.snapshot(), org, 1, 1000).value());
  storage::Commit commit;
  commit.views.add(storage::ViewWrite{head_chunk_key(org, 1), ""});
  REQUIRE(store.commit(std::move(commit)).has_value());
  const auto read = stored_timeline(*store.snapshot(), org, 1, 1000);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == FailureCode::corruption);
}

TEST_CASE("the id of an event that was undone is not there, one that is on its way to the store is") {
  storage::MemoryStore store;
  ViewWriter views;
  views.stand_on(store.snapshot());
  const std::string kept = id_key(org, EventId("kept")), undone = id_key(org, EventId("undone"));
  const auto there = [&](const std::string& key) {
    std::string value;
    const auto found = views.get(key, value);
    REQUIRE(found.has_value());
    return *found;
  };
  views.mark();
  views.put(kept, "1");
  CHECK(there(kept));
  views.mark();
  views.put(undone, "2");
  views.roll_back();
  CHECK_FALSE(there(undone));
  commit(store, views.take());
  CHECK(there(kept));
  views.stand_on(store.snapshot());
  CHECK(there(kept));
  CHECK_FALSE(there(undone));
  views.mark();
  views.put(undone, "3");
  views.roll_back();
  CHECK(views.take().empty());
}

TEST_CASE("of an id that is told twice before it is taken, the last row stands") {
  for (const auto use : {ViewWriter::Use::live, ViewWriter::Use::bulk}) {
    storage::MemoryStore store;
    ViewWriter views(use);
    views.stand_on(store.snapshot());
    std::map<std::string, std::string> expected;
    for (const char* value : {"first", "second", "third"}) {
      for (int i = 0; i < 50; ++i) {
        const std::string key = id_key(org, EventId("event-" + std::to_string(i)));
        views.put(key, value);
        expected[key] = value;
      }
    }
    std::string now;
    CHECK((views.get(id_key(org, EventId("event-7")), now).value() && now == "third"));
    commit(store, views.take());
    CHECK((views.get(id_key(org, EventId("event-8")), now).value() && now == "third"));
    CHECK(rows_of(store) == expected);
  }
}
