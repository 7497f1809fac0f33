// What the tables of a review's report are read from. Kept alive by the document's rows; one thread at a time.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/reviews.h"
#include "services/reviews/shown_people.h"
#include "services/reviews/tasks.h"

namespace tenure::services {

// A decision with how long its reviewer took for it, by what they said before it.
struct Spoken {
  review::ItemIndex item = 0;
  const review::Said* said = nullptr;
  std::optional<std::int64_t> seconds;
};

struct ReportSource {
  static Outcome<std::shared_ptr<ReportSource>> make(Parts& parts, std::shared_ptr<OpenOrg> org,
                                                     std::shared_ptr<const Review> review, Position known);

  ReportSource(Parts& parts, std::shared_ptr<OpenOrg> the_org) : org(std::move(the_org)), people(parts, *org) {}

  // What went wrong while rows were read.
  const std::optional<Failure>& failure();
  // What an item is a hold of, in a few words: "role admin", "write on repo:acme/web".
  std::string power_of(review::ItemIndex item);
  const Record* record(std::uint64_t position);  // null where it cannot be read, which is noted; valid until the next
  // Who did what stands at a position; null where that cannot be read, which is noted. Valid until the next.
  const Actor* actor_at(std::uint64_t position);

  // What was said, in order. Worked out when a table first asks for it, as are the two below.
  const std::vector<Spoken>& spoken();
  const std::vector<Task>& tasks();
  const std::vector<projections::Finding>& findings();  // when it was opened

  std::shared_ptr<OpenOrg> org;
  std::shared_ptr<const Review> review;
  Position known;
  Instant known_at;
  std::unique_ptr<Sight> under_review;  // as the review's holds stand
  std::unique_ptr<Sight> when_opened;   // at the position that the population is pinned to
  std::unique_ptr<Sight> now;           // at the report's position
  ShownPeople people;

 private:
  // Many holds come from one event, such as an import's; bounded, emptied when full.
  static constexpr std::size_t actors_max = 10'000;

  std::optional<Record> record_;
  std::unordered_map<std::uint64_t, Actor> actors_;
  std::optional<std::vector<Spoken>> spoken_;
  std::optional<std::vector<Task>> tasks_;
  std::shared_ptr<const OpenFindings> findings_;
};

// Two of them (report_outcome_tables.cpp).
reports::Table remediation_of(const std::shared_ptr<ReportSource>& source);
reports::Table events_of(const std::shared_ptr<ReportSource>& source);
// items, everyone, decisions, reviewers, findings, remediation, events.
std::vector<reports::Table> tables_of(const std::shared_ptr<ReportSource>& source);

}  // namespace tenure::services
