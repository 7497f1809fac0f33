#include "services/feed/filter.h"

#include <algorithm>

#include "services/http/request.h"
#include "storage/fold.h"

namespace tenure::services {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool listed(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool names(const std::vector<std::string>& list, std::string_view person) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& one) { return same_person(one, person); });
}

}  // namespace

bool same_person(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (is_ascii(a) && is_ascii(b)) return http::same_name(a, b);  // folds to lower case and nothing else
  std::string folded_a, folded_b;
  storage::append_folded(folded_a, a);
  storage::append_folded(folded_b, b);
  return folded_a == folded_b;
}

std::string_view verdict_name(VerdictResult result) {
  static constexpr std::string_view names[] = {"allowed", "violation", "unspecified"};
  return names[static_cast<std::size_t>(result)];
}

bool FeedFilter::passes(const Block& block, Position position) const {
  const Traits& traits = block.traits(position);
  const std::string_view org = block.text(traits.org);
  if (!seen_orgs.empty() && !listed(seen_orgs, org)) return false;
  if (!orgs.empty() && !listed(orgs, org)) return false;
  if (!types.empty() && !listed(types, traits.type)) return false;
  if (!verdicts.empty() && !listed(verdicts, verdict_name(traits.verdict))) return false;
  if (!actors.empty() && !names(actors, block.text(traits.actor))) return false;
  if (members.empty()) return true;
  for (std::uint32_t i = 0; i < traits.people_count; ++i) {
    if (names(members, block.text(traits.people_from + i))) return true;
  }
  return false;
}

std::string FeedFilter::key() const {
  std::string key;
  for (const auto* list : {&seen_orgs, &orgs, &types, &actors, &members, &verdicts}) {
    key += std::to_string(list->size());
    for (const std::string& item : *list) key += ' ' + std::to_string(item.size()) + ' ' + item;
    key += '\n';
  }
  return key;
}

}  // namespace tenure::services
