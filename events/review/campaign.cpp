#include "events/review/campaign.h"

#include <algorithm>

#include "events/digest.h"

namespace tenure::review {

namespace {

// Why a review is closed before it is due.
constexpr std::string_view closed_by_wish = "asked";
constexpr std::int64_t day_us = 24LL * 3600 * 1'000'000;
const std::vector<Said> nothing_said;

Instant days_after(Instant at, std::uint64_t days) { return {at.us + static_cast<std::int64_t>(days) * day_us}; }

bool has(const std::vector<SubjectId>& people, const SubjectId& person) {
  return std::find(people.begin(), people.end(), person) != people.end();
}

}  // namespace

std::string_view to_text(ItemStatus status) {
  switch (status) {
    case ItemStatus::open:
      return "open";
    case ItemStatus::decided:
      return "decided";
    case ItemStatus::carried:
      return "carried";
    case ItemStatus::ended:
      return "ended";
    case ItemStatus::settled:
      break;
  }
  return "settled";
}

std::string_view to_text(CampaignStatus status) {
  switch (status) {
    case CampaignStatus::open:
      return "open";
    case CampaignStatus::closed:
      return "closed";
    case CampaignStatus::cancelled:
      break;
  }
  return "cancelled";
}

std::string_view to_text(Ends ends) {
  switch (ends) {
    case Ends::none:
      return "none";
    case Ends::keep:
      return "keep";
    case Ends::revoke:
      return "revoke";
    case Ends::change:
      break;
  }
  return "change";
}

Campaign::Campaign(Opening opening, Definition definition, std::vector<Item> items,
                   std::vector<std::vector<SubjectId>> reviewer_sets)
    : opening_(std::move(opening)), definition_(std::move(definition)), moved_(items.size()) {
  auto agenda = std::make_shared<Agenda>();
  agenda->items = std::move(items);
  agenda->reviewer_sets = std::move(reviewer_sets);
  agenda->by_id.reserve(agenda->items.size());
  for (ItemIndex i = 0; i < agenda->items.size(); ++i) agenda->by_id.emplace(agenda->items[i].id, i);
  agenda_ = std::move(agenda);
  stage_began_.push_back(opening_.opened_at);
}

std::optional<ItemIndex> Campaign::find(std::string_view id) const {
  const auto it = agenda_->by_id.find(id);
  return it == agenda_->by_id.end() ? std::nullopt : std::optional(it->second);
}

const std::vector<Said>& Campaign::said(ItemIndex item) const {
  const auto it = said_.find(item);
  return it == said_.end() ? nothing_said : it->second;
}

Instant Campaign::stage_ends(std::size_t stage) const {
  Instant began = stage_began_.back();
  for (std::size_t s = stage_began_.size() - 1; s < stage; ++s) began = days_after(began, definition_.stages[s].days);
  if (stage < stage_began_.size()) began = stage_began_[stage];
  return days_after(began, definition_.stages[stage].days);
}

// ---- moved by its events -------------------------------------------------------------------------

void Campaign::stands(ItemIndex item, std::string state, std::uint64_t since, bool anew) {
  move(item);
  if (since == 0 && state == items()[item].state) {
    now_.erase(item);
  } else {
    now_[item] = {std::move(state), since, anew};
  }
}

std::vector<ItemIndex> Campaign::returned(Instant after, Instant until) const {
  std::vector<ItemIndex> items;
  for (const auto& [item, moves] : item_moves_) {
    const bool ends = std::any_of(moves.begin(), moves.end(), [&](const Move& move) {
      return move.until && *move.until > after && *move.until <= until;
    });
    if (ends) items.push_back(item);
  }
  return items;
}

void Campaign::take(const event::ReviewDecided& decided, const Record& record) {
  const auto item = find(decided.item);
  if (!item) return;
  Said said;
  said.position = record.position.value;
  said.at = record.recorded_at;
  said.verb = decided.decision;
  said.stage = static_cast<std::uint8_t>(decided.stage);
  said.reviewer = record.event.actor.who.subject;
  said.state = decided.state;
  if (decided.role) said.role = *decided.role;
  if (decided.to) said.to = decided.to->subject;
  said.until = decided.until;
  if (record.event.correlation_id) said.call = *record.event.correlation_id;
  said.has_reason = record.event.reason.has_value();
  said.recorded_by = subject_from_text(record.recorded_by.principal).value_or(SubjectId());
  if (said.verb == ReviewVerb::delegate) {
    Move move;
    move.position = said.position;
    move.from = said.reviewer;
    move.to = said.to;
    move.until = said.until;
    move.stage = said.stage;
    move.since = said.stage;
    item_moves_[*item].push_back(move);
  }
  said_[*item].push_back(std::move(said));
  this->move(*item);
}

void Campaign::apply(const Record& record) {
  if (end_.status != CampaignStatus::open) return;
  const std::uint64_t position = record.position.value;
  const EventPayload& data = record.event.data;
  if (const auto* decided = std::get_if<event::ReviewDecided>(&data)) return take(*decided, record);
  if (const auto* reminded = std::get_if<event::ReviewReminded>(&data)) {
    reminded_.push_back({reminded->stage, reminded->reviewer.subject, record.recorded_at});
    return;
  }
  move_all();
  if (const auto* moved = std::get_if<event::ReviewReassigned>(&data)) {
    Move move;
    move.position = position;
    if (moved->from) move.from = moved->from->subject;
    move.to = moved->to.subject;
    move.since = static_cast<std::uint8_t>(stage_);
    const auto item = moved->item ? find(*moved->item) : std::nullopt;
    if (item) item_moves_[*item].push_back(move);
    if (!moved->item) moves_.push_back(move);
  } else if (const auto* escalated = std::get_if<event::ReviewEscalated>(&data)) {
    escalated_.insert({escalated->stage, escalated->reviewer.subject});
    Move move;
    move.position = position;
    move.from = escalated->reviewer.subject;
    move.to = escalated->to.subject;
    move.stage = static_cast<std::uint8_t>(escalated->stage);
    move.beside = true;
    moves_.push_back(move);
  } else if (const auto* ended = std::get_if<event::ReviewStageEnded>(&data)) {
    if (ended->stage != stage_ || stage_ + 1 >= definition_.stages.size()) return;
    ++stage_;
    stage_began_.push_back(record.recorded_at);
  } else if (const auto* closed = std::get_if<event::ReviewClosed>(&data)) {
    end_ = {CampaignStatus::closed, closed->because != closed_by_wish};
    ended_by_ = position;
  } else if (std::holds_alternative<event::ReviewCancelled>(data)) {
    end_ = {CampaignStatus::cancelled, false};
    ended_by_ = position;
  }
}

// ---- who is asked --------------------------------------------------------------------------------

void Campaign::follow(const Move& move, Instant at, std::vector<SubjectId>& people) {
  if (move.until && at >= *move.until) return;
  if (has(people, move.to)) {
    if (!move.beside && !move.from.empty()) std::erase(people, move.from);
    return;
  }
  if (move.from.empty()) {
    people.push_back(move.to);
    return;
  }
  const auto from = std::find(people.begin(), people.end(), move.from);
  if (from == people.end()) return;
  if (move.beside) {
    people.push_back(move.to);
  } else {
    *from = move.to;
  }
}

// Whether of one item or of all. What would ask somebody about themselves moves nothing; nor does what is said in a
// later stage move anybody in an earlier one.
template <class F>
void Campaign::each_move(ItemIndex item, std::size_t stage, const F& f) const {
  const auto own = item_moves_.find(item);
  static const std::vector<Move> none;
  const std::vector<Move>& of_item = own == item_moves_.end() ? none : own->second;
  auto a = of_item.begin(), b = moves_.begin();
  while (a != of_item.end() || b != moves_.end()) {
    const bool first = b == moves_.end() || (a != of_item.end() && a->position < b->position);
    const Move& move = first ? *a++ : *b++;
    const bool in_stage = move.stage ? *move.stage == stage : move.since <= stage;
    if (in_stage && move.to != items()[item].member) f(move);
  }
}

std::vector<SubjectId> Campaign::reviewers(ItemIndex item, std::size_t stage, Instant at) const {
  std::vector<SubjectId> people = set_of(item, stage);
  std::erase(people, items()[item].member);
  each_move(item, stage, [&](const Move& move) { follow(move, at, people); });
  return people;
}

std::vector<Campaign::Place> Campaign::places(ItemIndex item, std::size_t stage) const {
  std::vector<Place> places;
  for (const SubjectId& reviewer : set_of(item, stage)) {
    if (reviewer != items()[item].member) places.push_back({reviewer, 0});
  }
  each_move(item, stage, [&](const Move& move) {
    if (move.from.empty()) places.push_back({move.to, move.position});
  });
  return places;
}

std::vector<SubjectId> Campaign::holders(const Place& place, ItemIndex item, std::size_t stage, Instant at,
                                         std::uint64_t before) const {
  std::vector<SubjectId> people{place.first};
  each_move(item, stage, [&](const Move& move) {
    const bool in_time = move.position > place.since && move.position < before;
    if (in_time && !move.from.empty()) follow(move, at, people);
  });
  return people;
}

// ---- what it comes to ----------------------------------------------------------------------------

bool Campaign::counts(ItemIndex item, const Said& said) const {
  return said.verb != ReviewVerb::delegate && said.state == state_now(item);
}

namespace {

Ends ends_of(ReviewVerb verb) {
  switch (verb) {
    case ReviewVerb::keep:
      return Ends::keep;
    case ReviewVerb::revoke:
      return Ends::revoke;
    case ReviewVerb::change:
      return Ends::change;
    case ReviewVerb::delegate:
      break;
  }
  return Ends::none;
}

bool same_end(const Said& a, const Said& b) { return a.verb == b.verb && a.role == b.role; }

}  // namespace

std::vector<const Said*> Campaign::newest_words(ItemIndex item, std::size_t stage) const {
  std::vector<const Said*> newest;
  for (const Said& one : said(item)) {
    if (one.stage != stage || !counts(item, one)) continue;
    std::erase_if(newest, [&](const Said* other) { return other->reviewer == one.reviewer; });
    newest.push_back(&one);
  }
  return newest;
}

// The newest word of somebody who had the place when they said it, or has been given it since. That a delegation has
// come to its end takes no word back, so that nothing said is undone by the clock.
const Said* Campaign::heard(const Place& place, ItemIndex item, std::size_t stage,
                            const std::vector<const Said*>& words) const {
  const auto in_the_end = holders(place, item, stage, Instant::min(), UINT64_MAX);
  const auto found = std::find_if(words.rbegin(), words.rend(), [&](const Said* one) {
    return has(in_the_end, one->reviewer) || has(holders(place, item, stage, one->at, one->position), one->reviewer);
  });
  return found == words.rend() ? nullptr : *found;
}

Campaign::StageOutcome Campaign::agreed(ItemIndex item, std::size_t stage,
                                        const std::vector<const Said*>& words) const {
  const Said* last = nullptr;
  bool same = true;
  for (const Place& place : places(item, stage)) {
    const Said* one = heard(place, item, stage, words);
    if (!one) return {};
    same = same && (!last || same_end(*last, *one));
    if (!last || one->position > last->position) last = one;
  }
  if (!last) return {};
  return same ? StageOutcome{ends_of(last->verb), last, false} : StageOutcome{Ends::none, nullptr, true};
}

Campaign::StageOutcome Campaign::outcome_of(ItemIndex item, std::size_t stage) const {
  const auto words = newest_words(item, stage);
  if (words.empty()) return {};
  const OutcomeRule rule = definition_.stages[stage].outcome;
  if (rule == OutcomeRule::one_decides) return {ends_of(words.back()->verb), words.back(), false};
  if (rule == OutcomeRule::any_revoke) {
    for (const Said* one : words) {
      if (one->verb == ReviewVerb::revoke) return {Ends::revoke, one, false};
    }
  }
  return agreed(item, stage, words);
}

// A hold that was carried over and then decided anew in an earlier stage waits for this one like any other.
ItemStatus Campaign::item_status(ItemIndex item) const {
  if (end_.status != CampaignStatus::open) return ItemStatus::settled;
  if (state_now(item).empty()) return ItemStatus::ended;
  if (outcome_of(item, stage_).by) return ItemStatus::decided;
  if (!unchanged_since_carried(item)) return ItemStatus::open;
  for (std::size_t stage = 0; stage < stage_; ++stage) {
    if (outcome_of(item, stage).by) return ItemStatus::open;
  }
  return ItemStatus::carried;
}

bool Campaign::reopened(ItemIndex item) const {
  if (item_status(item) != ItemStatus::open) return false;
  if (items()[item].carried && state_now(item) != items()[item].state) return true;
  const std::vector<Said>& all = said(item);
  return std::any_of(all.begin(), all.end(), [&](const Said& one) {
    return one.stage == stage_ && one.verb != ReviewVerb::delegate && !counts(item, one);
  });
}

bool Campaign::overdue(ItemIndex item, Instant at) const {
  if (end_.status == CampaignStatus::closed) {
    const std::string_view because = result(item).because;
    return because == "no_answer" || because == "changed";
  }
  if (end_.status == CampaignStatus::cancelled || item_status(item) != ItemStatus::open) return false;
  if (at >= stage_ends(stage_)) return true;
  // A word on a state that has changed since was in time.
  const auto answered = [&](std::size_t stage) {
    return std::any_of(said(item).begin(), said(item).end(), [&](const Said& one) {
      return one.stage == stage && one.verb != ReviewVerb::delegate && !counts(item, one);
    });
  };
  for (std::size_t stage = 0; stage < stage_; ++stage) {
    if (!outcome_of(item, stage).by && !answered(stage) && !unchanged_since_carried(item)) return true;
  }
  return false;
}

Result Campaign::result(ItemIndex item) const { return result_if(item, end_); }

// Whether somebody decided on it, or it was carried over, and the hold is another one since.
bool Campaign::has_changed_since_answer(ItemIndex item) const {
  if (items()[item].carried && !unchanged_since_carried(item)) return true;
  return std::any_of(said(item).begin(), said(item).end(),
                     [&](const Said& one) { return one.verb != ReviewVerb::delegate && !counts(item, one); });
}

bool Campaign::given_anew(ItemIndex item) const {
  const auto now = now_.find(item);
  return now != now_.end() && now->second.anew;
}

// Silence means something only where there was time to speak: not before the review was due, not of a hold that was
// answered for and became another one, and not of one that was given anew while the review was under way, be it a
// moment before the end.
Result Campaign::result_if(ItemIndex item, End end) const {
  if (end.status == CampaignStatus::cancelled) return {Ends::none, {}, 0, "cancelled"};
  if (state_now(item).empty()) return {Ends::none, {}, changed_by(item), "ended"};
  bool disagreed = false;
  for (std::size_t stage = stage_ + 1; stage-- > 0;) {
    const StageOutcome outcome = outcome_of(item, stage);
    if (outcome.by) return {outcome.ends, outcome.by->role, outcome.by->position, "decided"};
    disagreed = disagreed || outcome.disagreed;
  }
  if (unchanged_since_carried(item)) return {Ends::keep, {}, items()[item].carried->decision, "carried"};
  if (end.status == CampaignStatus::open) return {Ends::none, {}, 0, disagreed ? "disagreed" : "open"};
  if (!disagreed && (given_anew(item) || has_changed_since_answer(item))) return {Ends::none, {}, 0, "changed"};
  const std::string_view silence = disagreed ? "disagreed" : "no_answer";
  if (!end.in_time) return {Ends::none, {}, 0, silence};
  switch (definition_.no_answer) {
    case NoAnswer::keep:
      return {Ends::keep, {}, 0, silence};
    case NoAnswer::revoke:
      return {Ends::revoke, {}, 0, silence};
    case NoAnswer::leave_open:
      break;
  }
  return {Ends::none, {}, 0, silence};
}

Counts Campaign::counts() const { return counts_if(end_); }

std::uint8_t Campaign::counted_if(ItemIndex item, End end) const {
  const ItemStatus now = item_status(item);
  const Result result = result_if(item, end);
  const bool carried = result.because == "carried", ended = result.because == "ended";
  const std::array<bool, count_places.size()> in{now == ItemStatus::open,
                                                 now == ItemStatus::decided,
                                                 carried,
                                                 ended,
                                                 result.ends == Ends::keep && !carried,
                                                 result.ends == Ends::revoke,
                                                 result.ends == Ends::change,
                                                 result.ends == Ends::none && !ended};
  std::uint8_t bits = 0;
  for (std::size_t place = 0; place < in.size(); ++place) bits |= static_cast<std::uint8_t>(in[place] << place);
  return bits;
}

Counts Campaign::counts_if(End end) const {
  Counts counts;
  for (ItemIndex i = 0; i < items().size(); ++i) {
    const std::uint8_t in = counted_if(i, end);
    for (std::size_t place = 0; place < count_places.size(); ++place) counts.*count_places[place] += in >> place & 1U;
  }
  return counts;
}

std::vector<SubjectId> Campaign::waits_for(ItemIndex item, Instant at) const {
  if (item_status(item) != ItemStatus::open) return {};
  std::vector<SubjectId> people = reviewers(item, stage_, at);
  const auto words = newest_words(item, stage_);
  // Who does not agree may come to agree.
  if (words.empty() || agreed(item, stage_, words).disagreed) return people;
  std::vector<SubjectId> missing;
  for (const Place& place : places(item, stage_)) {
    if (heard(place, item, stage_, words)) continue;
    for (const SubjectId& person : holders(place, item, stage_, at, UINT64_MAX)) missing.push_back(person);
  }
  std::erase_if(people, [&](const SubjectId& person) { return !has(missing, person); });
  return people;
}

std::vector<ItemIndex> Campaign::waiting_for(const SubjectId& reviewer, Instant at) const {
  std::vector<ItemIndex> waiting;
  if (end_.status != CampaignStatus::open) return waiting;
  for (ItemIndex i = 0; i < items().size(); ++i) {
    if (has(waits_for(i, at), reviewer)) waiting.push_back(i);
  }
  return waiting;
}

}  // namespace tenure::review
