// The parts of a search for findings; included by their .cpp files only. Each adds what it finds, without ids and in no
// order.
#pragma once

#include <functional>

#include "projections/findings.h"

namespace tenure::projections {

inline Finding& add_finding(std::vector<Finding>& found, FindingKind kind, Number entity, Number other, Point since,
                            std::string because) {
  return found.emplace_back(Finding{kind, entity, other, {}, {}, since, std::move(because), {since.position}, {}});
}

// The event that brought the organization's model in force.
Point model_since(Facts& facts);

// The event since which something that stands now has stood without a break; `points` has all at which it may have
// turned, in any order. What happens within an instant counts by its result.
Point stood_since(Access& access, std::vector<Point> points, const std::function<bool(Access&)>& stands);
// Adds when the organization began, ended or came under another model.
void add_turns_of_org(Facts& facts, std::vector<Point>& points);
// Adds when anything was said of an entity.
void add_entries(Facts& facts, Number entity, std::vector<Point>& points);

// can_raise_self (findings_raising.cpp).
void find_raising(Access& access, Instant at, const Raises& raises, std::vector<Finding>& found);
// custom_role_unheld or custom_role_duplicate (findings_roles.cpp).
void find_unheld_roles(Access& access, std::vector<Finding>& found);
void find_same_roles(Access& access, std::vector<Finding>& found);
// grant_without_effect (findings_grants.cpp).
void find_idle_grants(Access& access, std::vector<Finding>& found);
// holders_over or holders_under (findings_holders.cpp).
void find_holders(Access& access, FindingKind kind, std::vector<Finding>& found);
// One of the kinds that records tell (findings_told.cpp).
void find_told(Access& access, FindingKind kind, std::int64_t short_lived_us, std::vector<Finding>& found);
// duties_not_separated (duties.cpp).
void find_duties(Access& access, Instant at, std::vector<Finding>& found);

}  // namespace tenure::projections
