// What the reports of reviews and on access say in the same words. One thread; errors stick in what is asked.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/population.h"
#include "services/reviews/shown_people.h"

namespace tenure::services {

// What a hold is on, in a few words: "role admin", "write on repo:acme/web".
std::string power_in_words(projections::Facts& names, const projections::Hold& hold);

// What it gives, a text each: "admin", "write on repo:acme/web through group sre".
reports::Texts gives_in_words(projections::Holds& holds, const projections::Hold& hold);

inline reports::Cell text_or_nothing(std::string text) {
  return text.empty() ? reports::Cell() : reports::Cell(std::move(text));
}

// Behind what tells since when something is so and by whom: "found so" where the event at that position says no more
// than that (basis baseline). `found_so_note` says on paper what it means.
reports::Column basis_column();
reports::Cell basis_cell(projections::Facts& facts, std::uint64_t position);
inline constexpr const char* found_so_note =
    "Basis \"found so\": somebody told that it was so by then. Since when it was so, and who gave it, is unknown.";
// How many holds that is so of, as a line of the cover; none where it is so of none.
void add_found_so(std::vector<reports::Fact>& facts, std::ptrdiff_t holds);

// What limits it, a text each: "disabled", "disabled in billing", "off: the feature exports", "some only on what is
// assigned", "assigned: repo:acme/web".
reports::Texts limits_in_words(projections::Holds& holds, const projections::Hold& hold);

// A scope as an auditor reads it.
std::string scope_in_words(const review::ReviewScope& scope);

// Two facts that tie a report to the log: the organization's version at a position, and the hash of the record there,
// which chains all before it. What cannot be read is noted.
struct PlaceNames {
  std::string prefix;  // of the facts' names: "pinned_"
  std::string when;    // behind their labels: "when pinned"
};
void add_place(std::vector<reports::Fact>& facts, ShownPeople& people, const OpenOrg& org, const PlaceNames& names,
               Position position);

// A finding as a row of these columns, as `sight` sees whom it is about.
std::vector<reports::Column> finding_columns();
reports::Row finding_row(Sight& sight, ShownPeople& people, const projections::Finding& finding);

}  // namespace tenure::services
