// One review: loaded, brought up to what the log says, kept in memory, and as it was known at a position.
#include <algorithm>
#include <set>

#include "events/limits.h"
#include "events/people.h"
#include "projections/review/hold_story.h"
#include "services/reviews/changed.h"
#include "services/reviews/review_records.h"
#include "services/reviews/reviews.h"

namespace tenure::services {

using projections::EntityKind;
using review::Campaign;
using review::ItemIndex;

Review::Review(Record opening, Campaign the_campaign, std::vector<projections::Hold> the_holds)
    : opened(std::move(opening)),
      campaign(std::make_shared<Campaign>(std::move(the_campaign))),
      holds(std::make_shared<const std::vector<projections::Hold>>(std::move(the_holds))),
      progress(std::make_shared<review::Progress>()),
      certificates(std::make_shared<const Certificates>()) {
  auto ranges = std::make_shared<std::unordered_map<SubjectId, Range>>();
  const auto& items = campaign->items();
  for (ItemIndex i = 0; i < items.size(); ++i) {
    const auto [range, first] = ranges->emplace(items[i].member, Range(i, i + 1));
    if (!first) range->second.second = i + 1;
  }
  items_of = std::move(ranges);
  auto waiting = std::make_shared<std::vector<ItemIndex>>();
  for (ItemIndex i = 0; i < items.size(); ++i) {
    if (items[i].kind == review::HoldKind::invitation) waiting->push_back(i);
  }
  invitations = std::move(waiting);
}

Campaign& Review::to_move() {
  if (std::exchange(looked_at, false)) campaign = std::make_shared<Campaign>(*campaign);
  return *campaign;
}

// Of the grants on one scope that are gone, each follows another one: the first of the list the newest that came in
// their place, the second the one before that. Two of them never become one hold.
std::optional<projections::Hold> Review::become(projections::Holds& seen, ItemIndex item) const {
  const projections::Hold& was = hold(item);
  if (was.kind != review::HoldKind::grant) return seen.become(was, first_look());
  if (auto same = seen.now(was)) return same;
  auto came = seen.granted_since(was.member, was.of, first_look());
  std::size_t gone_before = 0;
  const auto [first, end] = items_of->at(campaign->items()[item].member);
  for (ItemIndex i = first; i < end; ++i) {
    const projections::Hold& other = hold(i);
    if (other.kind != review::HoldKind::grant || other.of != was.of) continue;
    std::erase_if(came, [&](const projections::Hold& each) { return each.role == other.role; });
    if (i < item && !seen.now(other)) ++gone_before;
  }
  return gone_before < came.size() ? std::optional(came[gone_before]) : std::nullopt;
}

namespace {

// Where the holds stand as known at a position: at the organization's newest record by then, at its own instant.
Outcome<std::pair<Position, Instant>> place_of(const OpenOrg& org, Position known) {
  const auto version = org.snapshot->version_at(org.id, known);
  if (!version) return version.error();
  const auto newest = org.snapshot->position_of(org.id, *version);
  if (!newest) return newest.error();
  const auto record = record_at(*org.snapshot, newest->value);
  if (!record) return record.error();
  return std::pair(*newest, record->recorded_at);
}

}  // namespace

// ---- loaded --------------------------------------------------------------------------------------

Outcome<std::shared_ptr<Review>> Reviews::made(const OpenOrg& org, Record record, Population population,
                                               const Before& before) {
  auto definition = definition_of(record);
  if (!definition) return definition.error();
  const auto& opened = std::get<event::ReviewOpened>(record.event.data);
  if (population.digest != opened.items_digest) {
    return fail(FailureCode::corruption,
                "the items of the review \"" + opened.review +
                    "\" cannot be derived again as they were when it was opened: run "
                    "`tenure verify`, and if that finds the log whole, it was opened by a version "
                    "of Tenure that derives them otherwise");
  }
  Campaign campaign({opened.review, record.position, record.recorded_at, opened.due_at}, std::move(*definition),
                    std::move(population.items), std::move(population.reviewer_sets));
  auto review = std::make_shared<Review>(std::move(record), std::move(campaign), std::move(population.holds));
  review->last = before.last;
  review->certificates = before.certificates;
  review->applied = review->opened.position;
  review->seen = review->opening().pinned;
  review->at = review->same_since = review->opening().as_of;
  auto ahead = ahead_of(org, review->seen, review->at);
  if (!ahead) return ahead.error();
  review->ahead = std::move(ahead->events);
  review->unread_until = ahead->unread_until;
  return review;
}

Outcome<std::shared_ptr<Review>> Reviews::load(const OpenOrg& org, const std::string& id) {
  auto record = review_opening(parts_, org, id, org.head.position);
  if (!record) return record.error();
  if (!*record) return std::shared_ptr<Review>();
  const auto& opened = std::get<event::ReviewOpened>((*record)->event.data);
  const auto definition = definition_of(**record);
  if (!definition) return definition.error();
  const auto before = this->before(org, opened.definition.value_or(""), opened.pinned);
  if (!before) return before.error();
  const auto sight = Sight::at(parts_, org, opened.as_of, opened.pinned);
  if (!sight) return sight.error();
  auto populated = populate(org, **sight, *definition, *before->certificates, before->carried_from(*definition),
                            opened.found ? &opened.found->text : nullptr);
  if (const auto* failure = std::get_if<Failure>(&populated)) return *failure;
  auto* population = std::get_if<Population>(&populated);
  return made(org, std::move(**record), population ? std::move(*population) : Population(), *before);
}

// ---- brought up ----------------------------------------------------------------------------------

namespace {

bool is_about(const OpenOrg& org, std::uint64_t position, const SubjectId& member) {
  const auto record = record_at(*org.snapshot, position);
  bool about = false;
  if (record) each_person_in_data(record->event, [&](const Person& who) { about = about || who.subject == member; });
  return about;
}

// The event by which a hold is no longer as it was when the review was opened: the newest one that touched it; of one
// that is gone, the newest that names its member, where there is one. It follows from what is known alone, not from how
// often somebody looked before. 0: it ran out by itself.
std::uint64_t changed_by(Sight& sight, const OpenOrg& org, const Review& review, ItemIndex item, bool gone) {
  std::uint64_t newest = 0, own = 0;
  const projections::EarlierLook opening = review.first_look();
  const projections::Hold& was = review.hold(item);
  const projections::Hold is = review.hold_in(sight.holds(), item);
  auto touches = touches_since(sight.holds(), was, opening);
  if (is != was) {  // what came in its place has a history as well
    const auto more = touches_since(sight.holds(), is, opening);
    touches.insert(touches.end(), more.begin(), more.end());
  }
  for (const projections::HoldTouch& touch : touches) {
    const std::uint64_t position = std::max(touch.at.position, touch.told_by);
    newest = std::max(newest, position);
    if (gone && position > own && is_about(org, position, review.campaign->items()[item].member)) own = position;
  }
  return own != 0 ? own : newest;
}

}  // namespace

// Reads anew what the holds are that the log may have changed, and by which event. Answers whether any is another.
Outcome<bool> Reviews::look_again(Review& review, const OpenOrg& org, Position known, Instant at,
                                  const Stretch& stretch) {
  const auto sight = Sight::at(parts_, org, at, known);
  if (!sight) return sight.error();
  // Then what is learnt late of a membership may be about those whom that member invited.
  const bool shares = (*sight)->model()->invitees_share_disabling();
  bool all = stretch.unread;
  std::set<SubjectId> people;
  std::vector<std::pair<Instant, std::uint64_t>> ahead;
  for (const auto& [when, position] : review.ahead) {
    if (when > at) {
      ahead.emplace_back(when, position);
    } else {
      all = true;
    }
  }
  for (const Touching& touching : stretch.touching) {
    if (touching.position > known.value) continue;
    if (touching.occurred_at > at) ahead.emplace_back(touching.occurred_at, touching.position);
    all = all || touching.all || (shares && touching.membership && touching.occurred_at <= review.at);
    people.insert(touching.people.begin(), touching.people.end());
  }
  const auto& items = review.campaign->items();
  bool another = false;
  const auto again = [&](ItemIndex item) {
    auto& holds = (*sight)->holds();
    const auto found = review.become(holds, item);
    std::string state = found ? holds.state_of(*found) : std::string();
    const bool changed = state != items[item].state;
    const bool as_before = state == review.campaign->state_now(item);
    if (as_before && !changed) return;
    const std::uint64_t by = changed ? changed_by(**sight, org, review, item, state.empty()) : 0;
    if (as_before && by == review.campaign->changed_by(item)) return;
    another = true;
    review.to_move().stands(item, std::move(state), by, found && found->since > review.hold(item).since);
  };
  if (stretch.unread) review.unread_until = {at.us + limits::future_us_max};
  if (all || review.at < review.unread_until) {
    for (ItemIndex i = 0; i < items.size(); ++i) again(i);
  } else {
    for (const SubjectId& member : people) {
      const auto range = review.items_of->find(member);
      if (range == review.items_of->end()) continue;
      for (ItemIndex i = range->second.first; i < range->second.second; ++i) again(i);
    }
    for (const ItemIndex i : *review.invitations) {
      if (!review.campaign->state_now(i).empty()) again(i);
    }
  }
  if ((*sight)->facts().failure()) return *(*sight)->facts().failure();
  review.seen = known;
  review.at = at;
  review.ahead = std::move(ahead);
  return another;
}

Outcome<void> Reviews::bring(Review& review, const OpenOrg& org, Position known, Instant at) {
  if (review.campaign->status() != review::CampaignStatus::open) return {};
  Stretch stretch;
  if (known > review.seen) {
    auto read = stretch_between(parts_, org, review.campaign->opening().review, review.seen, known);
    if (!read) return read.error();
    stretch = std::move(*read);
    std::erase_if(stretch.own, [&](const Record& record) { return record.position <= review.applied; });
  }
  const auto end = std::find_if(stretch.own.begin(), stretch.own.end(), ends_review);
  if (end != stretch.own.end()) {
    // The holds stay as they were when it ended.
    known = Position(end->position.value - 1);
    const auto* closed = std::get_if<event::ReviewClosed>(&end->event.data);
    at = closed ? closed->as_of : end->recorded_at;
    stretch.own.erase(end + 1, stretch.own.end());
  }
  if (known > review.seen) {
    // First as the newest record left it, then on to the instant: in between only time passes.
    const auto place = place_of(org, known);
    if (!place) return place.error();
    const Instant then = place->second >= review.at ? std::min(place->second, at) : at;
    if (const auto done = look_again(review, org, known, then, stretch); !done) return done.error();
    review.same_since = then;
  }
  if (at != review.at) {
    const bool back = at < review.at;
    const auto another = look_again(review, org, review.seen, at, Stretch());
    if (!another) return another.error();
    if (*another || back) review.same_since = at;
  }
  for (const Record& record : stretch.own) {
    review.to_move().apply(record);
    review.applied = record.position;
  }
  return {};
}

// ---- kept ----------------------------------------------------------------------------------------

std::shared_ptr<Reviews::Kept> Reviews::find(const Key& key) {
  const std::lock_guard lock(guard_);
  const auto it = std::find_if(kept_.begin(), kept_.end(), [&](const auto& each) { return each->key == key; });
  if (it == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, it);
  return kept_.front();
}

std::size_t items_counted(const Review& review) {
  const review::Definition& definition = review.campaign->definition();
  std::size_t bytes = stored_definition(definition).size();
  for (const Person& person : definition.people) bytes += sizeof person + person.identity.size();
  return review.holds->size() + review_counts_for_items + bytes * definition_counts_times / 1024;
}

std::shared_ptr<Reviews::Kept> Reviews::keep(const Key& key, std::shared_ptr<Review> review, bool tried) {
  auto kept = std::make_shared<Kept>();
  kept->items = items_counted(*review);
  kept->review = std::move(review);
  kept->key = key;
  kept->tried = tried;
  const std::lock_guard lock(guard_);
  kept_.push_front(kept);
  std::size_t items = 0, dry_runs = 0;
  for (auto it = kept_.begin(); it != kept_.end();) {
    items += (*it)->items;
    dry_runs += (*it)->tried;
    const bool too_many = items > review_items_kept || ((*it)->tried && dry_runs > dry_runs_kept);
    // One that somebody has in hand stays: there are never two of a review.
    it = too_many && it->use_count() == 1 ? kept_.erase(it) : std::next(it);
  }
  return kept;
}

void Reviews::opened(const OpenOrg& org, Record record, Population population, const Before& before) {
  const Key key{org.id, std::get<event::ReviewOpened>(record.event.data).review};
  if (find(key)) return;
  auto review = made(org, std::move(record), std::move(population), before);
  if (review) keep(key, std::move(*review));
}

HeldReview Reviews::tried(const OrgId& org, const std::string& name) {
  const auto kept = find({org, name});
  return kept ? HeldReview{kept->review, kept, std::unique_lock(kept->guard), nullptr} : HeldReview{};
}

HeldReview Reviews::keep_tried(const OrgId& org, const std::string& name, std::shared_ptr<Review> review) {
  const auto kept = keep({org, name}, std::move(review), true);
  return {kept->review, kept, std::unique_lock(kept->guard), nullptr};
}

// The review's place in memory; null if there is none of that name.
Outcome<std::shared_ptr<Reviews::Kept>> Reviews::kept(const OpenOrg& org, const std::string& id) {
  const Key key{org.id, id};
  if (auto found = find(key)) return found;
  const std::lock_guard lock(loading_);
  if (auto found = find(key)) return found;
  auto loaded = load(org, id);
  if (!loaded) return loaded.error();
  if (!*loaded) return std::shared_ptr<Kept>();
  return keep(key, std::move(*loaded));
}

Outcome<HeldReview> Reviews::get(const OpenOrg& org, const std::string& id, Instant now) {
  const auto kept = this->kept(org, id);
  if (!kept) return kept.error();
  if (!*kept) return HeldReview{};
  HeldReview held{(*kept)->review, *kept, std::unique_lock((*kept)->guard), nullptr};
  // While others had it in hand something may have been said of it.
  if (parts_.store.head() > org.snapshot->head()) {
    auto newer = open_org(parts_, org.id.text);
    if (!newer) return fail(FailureCode::closed, "the organization cannot be opened again");
    newer->meanwhile = org.meanwhile;
    held.newer = std::make_unique<OpenOrg>(std::move(*newer));
  }
  const OpenOrg& on = held.on(org);
  const auto done = bring(*held.review, on, on.head.position, std::max(now, held.review->at));
  if (!done) return done.error();
  return held;
}

// ---- as known at a position ----------------------------------------------------------------------

// The one in memory, if it says what was known at that position and instant: it had ended by then, or nothing was
// recorded and nothing took effect since.
Outcome<std::shared_ptr<const Review>> Reviews::present_at(Kept& kept, const OpenOrg& org, bool ended, Position known,
                                                           Instant at) {
  const std::lock_guard lock(kept.guard);
  Review& review = *kept.review;
  const auto is_open = [&] { return review.campaign->status() == review::CampaignStatus::open; };
  if (is_open() && (review.seen <= known || ended)) {
    const auto done = bring(review, org, org.head.position, std::max(at, review.at));
    if (!done) return done.error();
  }
  const bool same = ended ? !is_open() : is_open() && review.seen == known && review.same_since <= at;
  if (!same) return std::shared_ptr<const Review>();
  auto as_known = std::make_shared<Review>(review);
  review.looked_at = true;
  as_known->progress = nullptr;
  if (!ended) as_known->at = at;
  return std::shared_ptr<const Review>(std::move(as_known));
}

Outcome<std::shared_ptr<const Review>> Reviews::as_known_at(const OpenOrg& org, const std::string& id, Position known) {
  const auto opened = review_opening(parts_, org, id, known);
  if (!opened) return opened.error();
  if (!*opened) return std::shared_ptr<const Review>();
  const auto end = review_end(parts_, org, id, known);
  if (!end) return end.error();
  const auto place = place_of(org, known);
  if (!place) return place.error();
  if (*end || place->first == org.head.position) {
    const auto kept = this->kept(org, id);
    if (!kept) return kept.error();
    auto present = present_at(**kept, org, end->has_value(), place->first, place->second);
    if (!present || *present) return present;
  }
  return worked_out(org, id, place->first, place->second);
}

Outcome<std::shared_ptr<const Review>> Reviews::worked_out(const OpenOrg& org, const std::string& id, Position known,
                                                           Instant at) {
  auto loaded = load(org, id);
  if (!loaded) return loaded.error();
  if (!*loaded) return std::shared_ptr<const Review>();
  if (const auto done = bring(**loaded, org, known, at); !done) return done.error();
  return std::shared_ptr<const Review>(std::move(*loaded));
}

}  // namespace tenure::services
