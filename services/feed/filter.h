// Which events a subscriber is sent: what its token may see, and what it asked for.
//
// Of one kind of filter any value will do, of different kinds all must fit. People are compared as everywhere: in any
// spelling that folds to the same (storage/fold.h). A plain value; one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/feed/block.h"

namespace tenure::services {

struct FeedFilter {
  std::vector<std::string> seen_orgs;  // of the token; empty: all
  std::vector<std::string> orgs, types, actors, members, verdicts;

  bool passes_all() const {
    return seen_orgs.empty() && orgs.empty() && types.empty() && actors.empty() && members.empty() && verdicts.empty();
  }
  bool passes(const Block& block, Position position) const;
  // The same text for filters that are written the same, another for others.
  std::string key() const;
};

// Whether two identities are one person.
bool same_person(std::string_view a, std::string_view b);

std::string_view verdict_name(VerdictResult result);

}  // namespace tenure::services
