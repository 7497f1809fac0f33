// What the reports of reviews and on access say in the same words. One thread; errors stick in what is asked.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/population.h"
#include "services/reviews/shown_people.h"

namespace tenure::services {

// What a hold is on, in a few words: "role admin", "write on repo:acme/web".
std::string power_in_words(projections::Facts& names, const projections::Hold& hold);

// id, kind, member, since, because: a finding as a row, as `sight` sees whom it is about.
reports::Row finding_row(Sight& sight, ShownPeople& people, const projections::Finding& finding);

}  // namespace tenure::services
