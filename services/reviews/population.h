// What a review is about and who is asked: its items, worked out from its definition at the position that its scope is
// pinned to. The same definition, position and earlier certificates always give the same items, and so does whom
// findings were about, where the scope names some.
//
// One thread. Failures: the store's. Complexity: everybody who was ever named and what they hold; where the members'
// granting actors are asked, one record an item more.
#pragma once

#include <map>
#include <unordered_map>
#include <variant>

#include "events/review/campaign.h"
#include "projections/findings.h"
#include "services/reviews/sight.h"

namespace tenure::services {

// A campaign holds its items in memory while it is worked on: some 400 bytes each.
inline constexpr std::size_t review_items_max = 250'000;

// Findings that were open in the state under review, by the members whom they are about.
struct OpenFindings {
  std::vector<projections::Finding> all;
  std::unordered_multimap<projections::Number, std::size_t> by_member;
  bool not_judged_again = false;  // that was asked for, and bears on too many records (projections/rejudged.h)
};
// What is judged otherwise by what was learnt later is looked for only where `kinds` name it.
Outcome<std::shared_ptr<const OpenFindings>> open_findings(Sight& sight, const std::vector<std::string>& kinds);
// Where not_judged_again.
Refusal too_much_learnt_late();

// That a hold was certified: kept in a closed review, in that state.
struct Certificate {
  std::string state;
  std::string review;
  std::uint64_t decision = 0;                // its position
  std::shared_ptr<const std::string> terms;  // of the review
  // No review that was closed later asked about the hold and did not certify it.
  bool stands = true;
};
// By item; all that the reviews of one definition certified up to a position, the newest of each by when they closed.
using Certificates = std::unordered_map<std::string, Certificate>;

struct Population {
  std::vector<projections::Hold> holds;  // by item
  std::vector<review::Item> items;
  std::vector<std::vector<SubjectId>> reviewer_sets;
  std::string digest;
  std::optional<std::string> found;  // of whom findings were searched for and there are some (found_people.h)
  // Items for which some stage has nobody to ask.
  std::vector<review::ItemIndex> without_reviewer;
};

// `last`: the review whose certificates may be carried over; empty where there is none. What was certified on the same
// terms, and stands as it did, is left out where the scope wants changes only. `found`: of whom there were findings
// when it was worked out first; null where that is now, and findings are searched for. A Refusal: more items than
// review_items_max.
using Populated = std::variant<Population, Refusal, Failure>;
Populated populate(const OpenOrg& org, Sight& sight, const review::Definition& definition,
                   const Certificates& certificates, const std::string& last, const std::string* found = nullptr);

}  // namespace tenure::services
