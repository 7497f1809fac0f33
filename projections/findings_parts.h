// The parts of a search for findings; included by their .cpp files only. Each adds what it finds, without ids and in no
// order.
#pragma once

#include <functional>

#include "projections/findings.h"

namespace tenure::projections {

inline Finding& add_finding(std::vector<Finding>& found, FindingKind kind, Number entity, Number other, Point since,
                            std::string because) {
  Finding& finding = found.emplace_back();
  finding.kind = kind;
  finding.entity = entity;
  finding.other = other;
  finding.since = since;
  finding.because = std::move(because);
  finding.evidence = {since.position};
  return finding;
}

// What is asked of and when, and where what is found goes.
struct Looking {
  Access& access;
  Instant at;
  const FindingSearch& search;
  std::vector<Finding>& found;

  Facts& facts() const { return access.facts(); }
  void meanwhile() const {
    if (search.meanwhile) search.meanwhile();
  }
  Finding& add(FindingKind kind, Number entity, Number other, Point since, std::string because) const {
    meanwhile();
    return add_finding(found, kind, entity, other, since, std::move(because));
  }
};

// The event since which something that stands now has stood without a break; `points` has all at which it may have
// turned, in any order. What happens within an instant counts by its result.
Point stood_since(const Looking& looking, std::vector<Point> points, const std::function<bool(Access&)>& stands);
// The organization at a point; nothing where no model is known. What it could not read is to be passed on.
std::optional<Access> access_at(Facts& facts, Point at);
// How long something was so: "5 min".
std::string in_words(std::int64_t us);
// Adds when the organization began, ended or came under another model.
void add_turns_of_org(Facts& facts, std::vector<Point>& points);
// Adds when anything was said of an entity.
void add_entries(Facts& facts, Number entity, std::vector<Point>& points);

// can_raise_self (findings_raising.cpp).
void find_raising(const Looking& looking, const Raises& raises);
// custom_role_unheld or custom_role_duplicate (findings_roles.cpp).
void find_unheld_roles(const Looking& looking);
void find_same_roles(const Looking& looking);
// grant_without_effect (findings_grants.cpp).
void find_idle_grants(const Looking& looking);
// holders_over or holders_under (findings_holders.cpp).
void find_holders(const Looking& looking, FindingKind kind);
// One of the kinds that records tell (findings_told.cpp).
void find_told(const Looking& looking, FindingKind kind);
// granted_and_revoked by what is not a link (findings_turned.cpp).
void find_turned(const Looking& looking);
// duties_not_separated (duties.cpp).
void find_duties(const Looking& looking);

}  // namespace tenure::projections
