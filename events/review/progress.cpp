#include "events/review/progress.h"

#include <algorithm>
#include <utility>

namespace tenure::review {

void Progress::count(std::uint8_t in, bool more) {
  for (std::size_t place = 0; place < count_places.size(); ++place) {
    std::uint64_t& counted = counts_.*count_places[place];
    const unsigned one = in >> place & 1U;
    counted = more ? counted + one : counted - one;
  }
}

std::uint32_t Progress::number_of(People people) {
  const auto [at, made] = numbers_.try_emplace(std::move(people), static_cast<std::uint32_t>(asked_.size()));
  if (made) asked_.emplace_back(at->first, 0);
  return at->second;
}

void Progress::put(const Campaign& campaign, ItemIndex item) {
  Part& part = parts_[item];
  count(part.counted_in, false);
  --asked_[part.asked].second;
  part.counted_in = campaign.counted_in(item);
  auto people = campaign.waits_for(item, at_);
  if (people != asked_[part.asked].first) part.asked = number_of(std::move(people));
  count(part.counted_in, true);
  ++asked_[part.asked].second;
}

void Progress::follow(const Campaign& campaign, Instant at) {
  const bool first = parts_.empty();
  if (first) {
    parts_.resize(campaign.items().size());
    asked_.emplace_back(People(), parts_.size());
    numbers_.emplace(People(), 0);
  }
  const Instant before = std::exchange(at_, at);
  if (first || campaign.moves() != moves_) {
    for (ItemIndex item = 0; item < parts_.size(); ++item) {
      if (first || campaign.moved(item) > moves_) put(campaign, item);
    }
    moves_ = campaign.moves();
  }
  if (first || before == at) return;
  for (const ItemIndex item : campaign.returned(std::min(before, at), std::max(before, at))) put(campaign, item);
}

std::vector<ItemIndex> Progress::waiting_for(const SubjectId& reviewer) const {
  std::vector<bool> theirs(asked_.size());
  for (std::size_t n = 0; n < asked_.size(); ++n) {
    const People& people = asked_[n].first;
    theirs[n] = std::find(people.begin(), people.end(), reviewer) != people.end();
  }
  std::vector<ItemIndex> waiting;
  for (ItemIndex item = 0; item < parts_.size(); ++item) {
    if (theirs[parts_[item].asked]) waiting.push_back(item);
  }
  return waiting;
}

std::map<SubjectId, std::uint64_t> Progress::loads() const {
  std::map<SubjectId, std::uint64_t> loads;
  for (const auto& [people, items] : asked_) {
    if (items == 0) continue;
    for (const SubjectId& person : people) loads[person] += items;
  }
  return loads;
}

}  // namespace tenure::review
