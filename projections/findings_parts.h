// The parts of a search for findings; included by their .cpp files only. Each adds what it finds, without ids and in no
// order.
#pragma once

#include "projections/findings.h"

namespace tenure::projections {

inline Finding& add_finding(std::vector<Finding>& found, FindingKind kind, Number entity, Number other, Point since,
                            std::string because) {
  return found.emplace_back(Finding{kind, entity, other, {}, {}, since, std::move(because), {since.position}, {}});
}

// The event that brought the organization's model in force.
Point model_since(Facts& facts);

// holders_over or holders_under (findings_holders.cpp).
void find_holders(Access& access, FindingKind kind, std::vector<Finding>& found);
// One of the kinds that records tell (findings_told.cpp).
void find_told(Access& access, FindingKind kind, std::int64_t short_lived_us, std::vector<Finding>& found);
// duties_not_separated (duties.cpp).
void find_duties(Access& access, Instant at, std::vector<Finding>& found);

}  // namespace tenure::projections
