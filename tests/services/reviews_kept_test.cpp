// How much of the reviews that were looked at is kept in memory.
#include "services/reviews/reviews.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::services;

struct Bare {
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  projections::DirectoryCache names;
  projections::TimelineCache timelines;
  Tokens tokens;
  Recorder recorder{store, people, models, system_clock_now};
  AppendQueue appends{recorder, store};
  Parts parts{store, people, models, names, timelines, appends, tokens, Identities(people, names), system_clock_now};
  Reviews reviews{parts};
};

// Without an item, with so many people asked.
std::shared_ptr<Review> asking(std::size_t people) {
  review::Definition definition;
  definition.id = "q";
  definition.name = "Q";
  definition.stages.emplace_back();
  for (std::size_t i = 0; i < people; ++i) definition.people.push_back({std::string(300, 'p'), {}});
  review::Campaign campaign({}, std::move(definition), {}, {});
  return std::make_shared<Review>(Record{}, std::move(campaign), std::vector<projections::Hold>());
}

}  // namespace

TEST_CASE("of dry runs the last few are kept, and which one is in use counts") {
  Bare bare;
  const OrgId acme("acme");
  const auto name = [](std::size_t number) { return "dry run " + std::to_string(number); };
  for (std::size_t i = 0; i < dry_runs_kept; ++i) bare.reviews.keep_tried(acme, name(i), asking(1));
  REQUIRE(bare.reviews.tried(acme, name(0)));
  bare.reviews.keep_tried(acme, name(dry_runs_kept), asking(1));
  CHECK(bare.reviews.tried(acme, name(0)));
  CHECK_FALSE(bare.reviews.tried(acme, name(1)));
  CHECK(bare.reviews.tried(acme, name(dry_runs_kept)));
}

TEST_CASE("a review without items counts for what its definition takes") {
  CHECK(items_counted(*asking(0)) >= review_counts_for_items);
  CHECK(items_counted(*asking(800)) > items_counted(*asking(0)) + 800);
  // So that as many as there may be take no more than as many items.
  CHECK(review_items_kept / items_counted(*asking(0)) <= 4'000);
}
