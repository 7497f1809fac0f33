// Where the events of each access review stand in the log: rows written in the fold, one an event.
//
// A row is found by the review (or the definition, or the report) and the position, so that the events of one are read
// in order without walking the organization's history. Threads: the writer's to write; as the ViewReader to read.
// Failures: the store's; corruption names the organization. Complexity: a row an event, a scan of one's own rows.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "events/record.h"
#include "projections/directory.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// What an event of a review is about, by name: one of EntityKind::review, review_definition and access_report.
struct ReviewEntity {
  EntityKind kind = EntityKind::review;
  std::string name;
};
std::optional<ReviewEntity> review_entity(const EventPayload& data);

// Writes the record's row, if it is of a review; `number` is its entity's.
void note_review(ViewWriter& views, OrgNumber org, Number number, Position position);

// The positions of the entity's events above `after` and at or below `known`, in order.
Outcome<std::vector<std::uint64_t>> review_positions(storage::ViewReader& views, OrgNumber org, Number number,
                                                     std::uint64_t after, std::uint64_t known);
// The first of them, and the last so many, the newest first: without reading those in between.
Outcome<std::optional<std::uint64_t>> first_review_position(storage::ViewReader& views, OrgNumber org, Number number,
                                                            std::uint64_t known);
Outcome<std::vector<std::uint64_t>> newest_review_positions(storage::ViewReader& views, OrgNumber org, Number number,
                                                            std::uint64_t known, std::size_t most);

}  // namespace tenure::projections
