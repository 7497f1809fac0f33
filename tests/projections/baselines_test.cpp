// Which events were found so, by their positions: across blocks, by any writer, and with what was rolled back left out.
#include "projections/baselines.h"

#include <map>
#include <set>

#include "projections/view_writer.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::projections;

constexpr OrgNumber org = 7;
const std::set<std::uint64_t> found_so{1, 7, 8, 1'000, 1'023, 1'024, 1'025, 5'000, 5'120};

// A store whose views are written by one writer.
struct Written {
  storage::MemoryStore store;
  ViewWriter views;
  OrgHead head;

  explicit Written(ViewWriter::Use use = ViewWriter::Use::live) : views(use) { views.stand_on(store.snapshot()); }

  void note(std::uint64_t position) { REQUIRE(note_baseline(views, org, head, Position(position)).has_value()); }
  void commit() {
    storage::Commit commit;
    commit.first = store.head().next();
    commit.views = views.take();
    REQUIRE(store.commit(std::move(commit)).has_value());
    views.stand_on(store.snapshot());
  }
  std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> rows;
    const auto done = store.snapshot()->scan("", "\xff\xff\xff\xff\xff", [&](auto key, auto value) {
      rows.emplace(key, value);
      return true;
    });
    REQUIRE(done.has_value());
    return rows;
  }
};

std::set<std::uint64_t> read_all(storage::ViewReader& views, OrgNumber of) {
  std::set<std::uint64_t> found;
  Baselines baselines;
  for (std::uint64_t position = 0; position < 7'000; ++position) {
    const auto is = baselines.has(views, of, Position(position));
    REQUIRE(is.has_value());
    if (*is) found.insert(position);
  }
  return found;
}

}  // namespace

TEST_CASE("exactly the events that were noted as found so are told so, of their organization alone") {
  Written written;
  for (const std::uint64_t position : found_so) written.note(position);
  CHECK(read_all(written.views, org) == found_so);
  written.commit();
  const auto snapshot = written.store.snapshot();
  CHECK(read_all(*snapshot, org) == found_so);
  CHECK(read_all(*snapshot, org + 1).empty());
  CHECK(written.head.newest_baseline == Position(5'120));
}

TEST_CASE("what was found so gives the same rows in one batch, in many, and in bulk") {
  Written at_once, one_by_one, in_bulk(ViewWriter::Use::bulk);
  for (const std::uint64_t position : found_so) {
    for (Written* each : {&at_once, &one_by_one, &in_bulk}) each->note(position);
    one_by_one.commit();
  }
  at_once.commit();
  in_bulk.commit();
  CHECK(at_once.rows().size() == 4);
  CHECK(one_by_one.rows() == at_once.rows());
  CHECK(in_bulk.rows() == at_once.rows());
}

TEST_CASE("an event that was rolled back was not found so") {
  Written written;
  written.note(3);
  written.views.mark();
  const OrgHead before = written.head;
  written.note(4);
  written.note(2'000);
  written.views.roll_back();
  written.head = before;
  written.note(5);
  written.commit();
  CHECK(read_all(*written.store.snapshot(), org) == std::set<std::uint64_t>{3, 5});
}

TEST_CASE("a head keeps the newest event that was found so") {
  OrgHead head, again;
  head.name = "acme";
  head.newest_baseline = Position(300);
  REQUIRE(OrgHead::decode(head.encode(), again));
  CHECK(again.newest_baseline == Position(300));
  CHECK(again.name == "acme");
}

TEST_CASE("a row of what was found so that cannot be is told as damage") {
  Written written;
  written.note(3);
  written.commit();
  written.views.put(written.rows().begin()->first, std::string(129, '\1'));
  written.commit();
  const auto is = Baselines().has(*written.store.snapshot(), org, Position(3));
  REQUIRE_FALSE(is.has_value());
  CHECK(is.error().code == FailureCode::corruption);
}
