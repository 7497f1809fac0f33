// Somebody is asked in another's place, or beside all: said only where it changes who is asked.
#include <algorithm>

#include "services/reviews/desk.h"

namespace tenure::services {

using review::Campaign;
using review::ItemIndex;

namespace {

std::string quoted(const std::string& text) { return '"' + text + '"'; }

// Who goes for whom, by subject; somebody whom nobody knows has none.
struct Handover {
  const std::string& from_name;
  SubjectId from;  // empty: everybody stays
  const std::string& to_name;
  SubjectId to;
};

// In this stage or in a later one.
bool is_asked(const Campaign& campaign, ItemIndex item, const SubjectId& person, Instant at) {
  for (std::size_t stage = campaign.stage(); stage < campaign.definition().stages.size(); ++stage) {
    const auto people = campaign.reviewers(item, stage, at);
    if (std::find(people.begin(), people.end(), person) != people.end()) return true;
  }
  return false;
}

std::optional<Refusal> is_vain(const Campaign& campaign, ItemIndex item, const Handover& over, Instant at) {
  if (!over.from.empty() && !is_asked(campaign, item, over.from, at)) {
    return refuse(RefusalCode::invalid_field,
                  quoted(over.from_name) +
                      " is not asked about this item; its \"reviewers\" says who is. Name one of them, or leave "
                      "\"from\" out to ask somebody beside them.",
                  "/from");
  }
  if (campaign.items()[item].member != over.to) return std::nullopt;
  return refuse(
      RefusalCode::forbidden,
      "the item is about " + quoted(over.to_name) + ", and nobody decides about themselves; name somebody else.",
      "/to");
}

// Of all items, those that are about whoever is to be asked stay with whoever has them.
std::optional<Refusal> is_vain(const Campaign& campaign, const Handover& over, Instant at) {
  bool asked = over.from.empty();
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const bool about_them = campaign.items()[i].member == over.to;
    if (about_them && asked) continue;
    if (!over.from.empty() && !is_asked(campaign, i, over.from, at)) continue;
    if (!about_them) return std::nullopt;
    asked = true;
  }
  if (asked) {
    return refuse(RefusalCode::forbidden,
                  "all of these items are about " + quoted(over.to_name) +
                      ", and nobody decides about themselves; name somebody else.",
                  "/to");
  }
  return refuse(RefusalCode::invalid_field,
                quoted(over.from_name) +
                    " is asked about no item of this review, now or in a later stage; GET …/reviews/{review} says who "
                    "is. Name one of them, or leave \"from\" out to ask somebody beside them.",
                "/from");
}

}  // namespace

AppendResult Reviewing::reassign(const OpenOrg& org, HeldReview& review, const std::optional<std::string>& from,
                                 const std::string& to, const std::optional<std::string>& item, const Acting& acting) {
  const Campaign& campaign = *review->campaign;
  if (const auto open = campaign.may_change(); !open) return Refusals{open.error()};
  const auto about = item ? campaign.find(*item) : std::nullopt;
  if (item && !about) {
    return Refusals{refuse(RefusalCode::not_found, "the review has no item \"" + *item + "\".", "/item")};
  }
  event::ReviewReassigned event;
  if (from) {
    const auto known = parts_.people.find(org.id, *from);
    if (!known) return known.error();
    if (!*known) {
      return Refusals{refuse(RefusalCode::unknown_member, "nobody is known as \"" + *from + "\" here.", "/from")};
    }
    event.from = Person{*from, **known};
  }
  const auto known = parts_.people.find(org.id, to);
  if (!known) return known.error();
  const Handover over{from ? *from : to, event.from ? event.from->subject : SubjectId{}, to,
                      known->value_or(SubjectId{})};
  if (from && over.from == over.to) {
    return Refusals{refuse(RefusalCode::invalid_field,
                           quoted(to) + " is asked in nobody's place but their own; name somebody else.", "/to")};
  }
  const auto sight = Sight::at(parts_, org, parts_.now(), org.head.position);
  if (!sight) return sight.error();
  if (!(*sight)->may_review(over.to)) {
    return Refusals{refuse(RefusalCode::forbidden,
                           quoted(to) +
                               " was removed from the organization or is disabled, and does not review; name somebody "
                               "else.",
                           "/to")};
  }
  if ((*sight)->facts().failure()) return *(*sight)->facts().failure();
  auto vain = about ? is_vain(campaign, *about, over, parts_.now()) : is_vain(campaign, over, parts_.now());
  if (vain) return Refusals{std::move(*vain)};
  event.item = item;
  event.review = campaign.opening().review;
  event.to = Person{to, {}};
  return append(org.id, {std::move(event)}, acting);
}

}  // namespace tenure::services
