// How far a campaign is: what its items come to in numbers, and for whom how many of them wait. Kept beside a campaign
// and brought up to it, which costs the items that have moved since.
//
// Answers what Campaign::counts, loads and waiting_for do. One thread; a copy is its own. Complexity: `follow` is a
// look at each item's number, and the work of an answer for each item that moved.
#pragma once

#include <map>
#include <vector>

#include "events/review/campaign.h"

namespace tenure::review {

class Progress {
 public:
  // Always the same campaign, or a copy of it that went on; the instant may go either way.
  void follow(const Campaign& campaign, Instant at);

  const Counts& counts() const { return counts_; }
  // Who has open items in this stage, and how many.
  std::map<SubjectId, std::uint64_t> loads() const;
  // Items that wait for the reviewer, in order.
  std::vector<ItemIndex> waiting_for(const SubjectId& reviewer) const;

 private:
  using People = std::vector<SubjectId>;

  struct Part {  // what an item adds
    std::uint8_t counted_in = 0;
    std::uint32_t asked = 0;  // a number into `asked_`
  };

  void put(const Campaign& campaign, ItemIndex item);
  std::uint32_t number_of(People people);
  void count(std::uint8_t in, bool more);

  std::vector<Part> parts_;
  Counts counts_;
  // Who is asked together: of most items the same few. The first is nobody.
  std::vector<std::pair<People, std::uint64_t>> asked_;  // and for how many items
  std::map<People, std::uint32_t> numbers_;
  std::uint64_t moves_ = 0;
  Instant at_;
};

}  // namespace tenure::review
