#include "projections/directory.h"

#include "projections/view_writer.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::projections;

constexpr OrgNumber acme = 1;

void commit(storage::MemoryStore& store, ViewWriter& views) {
  storage::Commit commit;
  commit.first = store.head().next();
  commit.views = views.take();
  REQUIRE(store.commit(std::move(commit)).has_value());
  views.stand_on(store.snapshot());
}

}  // namespace

TEST_CASE("a name that was looked for in vain is found as soon as it is there, and not before") {
  storage::MemoryStore store;
  ViewWriter views;
  views.stand_on(store.snapshot());
  OrgHead head;
  REQUIRE(number_for(views, acme, head, EntityKind::group, "first").has_value());
  commit(store, views);
  const auto before = store.snapshot();
  const Number next_before = head.next_number;

  DirectoryCache names;
  const auto number = [&](storage::Snapshot& snapshot, std::string_view name, Number next) {
    const auto found = names.number(snapshot, acme, EntityKind::group, name, next);
    REQUIRE(found.has_value());
    return *found;
  };
  CHECK(number(*before, "web", next_before) == 0);
  CHECK(number(*before, "web", next_before) == 0);
  CHECK(number(*before, "web", 0) == 0);

  const auto made = number_for(views, acme, head, EntityKind::group, "web");
  REQUIRE(made.has_value());
  commit(store, views);
  const auto after = store.snapshot();
  CHECK(number(*before, "web", next_before) == 0);
  CHECK(number(*after, "web", head.next_number) == *made);
  CHECK(number(*after, "web", 0) == *made);
  // Never named at all: asked again for every newer state of the organization, and no other kind is meant.
  CHECK(number(*after, "ops", head.next_number) == 0);
  CHECK(names.number(*after, acme, EntityKind::role, "web", head.next_number).value() == 0);
}
