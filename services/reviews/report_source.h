// What the tables of a review's report are read from. Kept alive by the document's rows; one thread at a time.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/reviews.h"
#include "services/reviews/shown_people.h"
#include "services/reviews/tasks.h"

namespace tenure::services {

struct ReportSource {
  static Outcome<std::shared_ptr<ReportSource>> make(Parts& parts, std::shared_ptr<OpenOrg> org,
                                                     std::shared_ptr<Review> review, Position known);

  ReportSource(Parts& parts, std::shared_ptr<OpenOrg> the_org) : org(std::move(the_org)), people(parts, *org) {}

  // Version and chain hash of the organization at a position, as two facts.
  void add_place(std::vector<reports::Fact>& facts, const std::string& prefix, const std::string& of,
                 Position position);
  // What an item is a hold of, in a few words: "role admin", "write on repo:acme/web".
  std::string power_of(review::ItemIndex item);
  const Record* record(std::uint64_t position);  // null where it cannot be read, which is noted; valid until the next

  std::shared_ptr<OpenOrg> org;
  std::shared_ptr<Review> review;
  Position known;
  Instant known_at;
  std::unique_ptr<Sight> under_review;  // as the review's holds stand
  std::unique_ptr<Sight> when_opened;   // at the position that the population is pinned to
  std::unique_ptr<Sight> now;           // at the report's position
  std::vector<Task> tasks;
  std::shared_ptr<const OpenFindings> findings;  // when it was opened
  ShownPeople people;

 private:
  std::optional<Record> record_;
};

// items, decisions, reviewers, findings, remediation, events.
std::vector<reports::Table> tables_of(const std::shared_ptr<ReportSource>& source);

}  // namespace tenure::services
