#include "tests/oracle/naive_review.h"

#include <algorithm>
#include <cstdint>

namespace tenure::oracle {
namespace {

constexpr std::int64_t day = 86'400'000'000;

}  // namespace

void NaiveReview::hear(const ReviewWord& word) {
  if (status() == "open") words.push_back(word);
}

std::string NaiveReview::status() const {
  for (const ReviewWord& word : words) {
    if (word.kind == "closed" || word.kind == "cancelled") return word.kind;
  }
  return "open";
}

std::size_t NaiveReview::stage() const {
  std::size_t ended = 0;
  for (const ReviewWord& word : words) ended += word.kind == "stage_ended" ? 1 : 0;
  return ended;
}

std::int64_t NaiveReview::stage_ends(std::size_t stage) const {
  std::int64_t began = opened_at;
  std::size_t at = 0;
  for (const ReviewWord& word : words) {
    if (word.kind == "stage_ended" && at < stage) {
      began = word.at;
      ++at;
    }
  }
  for (; at < stage; ++at) began += stages[at].days * day;
  return began + stages[stage].days * day;
}

std::set<int> NaiveReview::after_moves(std::set<int> people, int item, std::size_t stage, std::int64_t at,
                                       std::int64_t after, std::int64_t before, bool with_new) const {
  const int self = items[static_cast<std::size_t>(item)].member;
  std::size_t stage_then = 0;
  for (const ReviewWord& word : words) {
    if (word.kind == "stage_ended") ++stage_then;
    if (word.position <= after || word.position >= before || word.to < 0 || word.to == self) continue;
    const bool in_its_stage = word.stage == static_cast<std::int64_t>(stage);
    if (word.kind == "reassigned" && (word.item == item || word.item < 0) && stage_then <= stage) {
      if (word.person < 0) {
        if (with_new) people.insert(word.to);
      } else if (people.erase(word.person) > 0) {
        people.insert(word.to);
      }
    } else if (word.kind == "escalated" && in_its_stage) {
      if (people.contains(word.person)) people.insert(word.to);
    } else if (word.verb == "delegate" && word.item == item && in_its_stage) {
      if (word.until && at >= *word.until) continue;
      if (people.erase(word.person) > 0) people.insert(word.to);
    }
  }
  return people;
}

std::set<int> NaiveReview::asked(int item, std::size_t stage, std::int64_t at) const {
  std::set<int> people = items[static_cast<std::size_t>(item)].reviewers[stage];
  people.erase(items[static_cast<std::size_t>(item)].member);
  return after_moves(people, item, stage, at, 0, INT64_MAX, true);
}

bool NaiveReview::counts_now(int item, const ReviewWord& word) const {
  return word.state == now[static_cast<std::size_t>(item)].state;
}

// Each reviewer's last word on the hold as it is.
std::map<int, const ReviewWord*> NaiveReview::heard(int item, std::size_t stage) const {
  std::map<int, const ReviewWord*> last;
  for (const ReviewWord& word : words) {
    if (word.kind != "decided" || word.item != item || word.verb == "delegate") continue;
    if (word.stage == static_cast<std::int64_t>(stage) && counts_now(item, word)) last[word.person] = &word;
  }
  return last;
}

std::vector<std::vector<const ReviewWord*>> NaiveReview::places(int item, std::size_t stage) const {
  std::vector<std::pair<int, std::int64_t>> begins;  // of each place: whose, since what position
  for (const int person : items[static_cast<std::size_t>(item)].reviewers[stage]) {
    if (person != items[static_cast<std::size_t>(item)].member) begins.emplace_back(person, 0);
  }
  std::size_t stage_then = 0;
  for (const ReviewWord& word : words) {
    if (word.kind == "stage_ended") ++stage_then;
    const bool beside = word.kind == "reassigned" && word.person < 0 && (word.item == item || word.item < 0);
    if (beside && stage_then <= stage && word.to != items[static_cast<std::size_t>(item)].member) {
      begins.emplace_back(word.to, word.position);
    }
  }
  const auto last = heard(item, stage);
  std::vector<std::vector<const ReviewWord*>> places;
  for (const auto& [person, since] : begins) {
    auto& place = places.emplace_back();
    const auto ever = after_moves({person}, item, stage, INT64_MIN, since, INT64_MAX, false);
    for (const auto& [speaker, word] : last) {
      const auto then = after_moves({person}, item, stage, word->at, since, word->position, false);
      if (then.contains(speaker) || ever.contains(speaker)) place.push_back(word);
    }
    std::sort(place.begin(), place.end(),
              [](const ReviewWord* a, const ReviewWord* b) { return a->position < b->position; });
  }
  return places;
}

NaiveReview::Outcome NaiveReview::outcome(int item, std::size_t stage) const {
  std::vector<const ReviewWord*> by_position;
  for (const auto& [person, word] : heard(item, stage)) by_position.push_back(word);
  if (by_position.empty()) return {};
  std::sort(by_position.begin(), by_position.end(),
            [](const ReviewWord* a, const ReviewWord* b) { return a->position < b->position; });
  const auto by = [](const ReviewWord& word) { return Outcome{word.verb, word.role, word.position, false}; };
  if (stages[stage].rule == "one_decides") return by(*by_position.back());
  if (stages[stage].rule == "any_revoke") {
    for (const ReviewWord* word : by_position) {
      if (word->verb == "revoke") return by(*word);
    }
  }
  std::set<std::string> ends;
  const ReviewWord* newest = nullptr;
  for (const auto& place : places(item, stage)) {
    if (place.empty()) return {};
    ends.insert(place.back()->verb + " " + place.back()->role);
    if (!newest || place.back()->position > newest->position) newest = place.back();
  }
  if (ends.size() == 1) return by(*newest);
  return {{}, {}, 0, !ends.empty()};
}

std::set<int> NaiveReview::unheard(int item, std::size_t stage, std::int64_t at) const {
  if (outcome(item, stage).disagreed) return asked(item, stage, at);
  std::set<int> people;
  const auto& reviewers = items[static_cast<std::size_t>(item)].reviewers[stage];
  const auto heard_places = places(item, stage);
  std::size_t place = 0;
  for (const int person : reviewers) {
    if (person == items[static_cast<std::size_t>(item)].member) continue;
    if (heard_places[place++].empty()) people.merge(after_moves({person}, item, stage, at, 0, INT64_MAX, false));
  }
  std::size_t stage_then = 0;
  for (const ReviewWord& word : words) {
    if (word.kind == "stage_ended") ++stage_then;
    const bool beside = word.kind == "reassigned" && word.person < 0 && (word.item == item || word.item < 0);
    if (!beside || stage_then > stage || word.to == items[static_cast<std::size_t>(item)].member) continue;
    if (heard_places[place++].empty()) {
      people.merge(after_moves({word.to}, item, stage, at, word.position, INT64_MAX, false));
    }
  }
  return people;
}

NaiveReview::Result NaiveReview::result_if(int item, const std::string& status, const std::string& because) const {
  const auto index = static_cast<std::size_t>(item);
  if (status == "cancelled") return {"none", {}, "cancelled", 0};
  if (now[index].state.empty()) return {"none", {}, "ended", now[index].since};
  for (std::size_t s = stage() + 1; s-- > 0;) {
    const Outcome outcome = this->outcome(item, s);
    if (!outcome.ends.empty()) return {outcome.ends, outcome.role, "decided", outcome.decision};
  }
  if (items[index].carried && items[index].state == now[index].state) {
    return {"keep", {}, "carried", *items[index].carried};
  }
  bool disagreed = false;
  for (std::size_t s = 0; s <= stage(); ++s) disagreed = disagreed || outcome(item, s).disagreed;
  if (status == "open") return {"none", {}, disagreed ? "disagreed" : "open", 0};
  if (disagreed) return {no_answer == "leave_open" || because == "asked" ? "none" : no_answer, {}, "disagreed", 0};
  // What was answered and became another hold since is nobody's silence, nor is what was given anew.
  bool changed = now[index].anew || (items[index].carried && items[index].state != now[index].state);
  for (const ReviewWord& word : words) {
    const bool decided = word.kind == "decided" && word.item == item && word.verb != "delegate";
    changed = changed || (decided && !counts_now(item, word));
  }
  if (changed) return {"none", {}, "changed", 0};
  return {no_answer == "leave_open" || because == "asked" ? "none" : no_answer, {}, "no_answer", 0};
}

NaiveReview::Result NaiveReview::result(int item) const {
  std::string because;
  for (const ReviewWord& word : words) {
    if (word.kind == "closed") because = word.because;
  }
  return result_if(item, status(), because);
}

std::string NaiveReview::open_status(int item) const {
  const auto index = static_cast<std::size_t>(item);
  if (now[index].state.empty()) return "ended";
  if (!outcome(item, stage()).ends.empty()) return "decided";
  for (std::size_t s = 0; s < stage(); ++s) {
    if (!outcome(item, s).ends.empty()) return "open";
  }
  if (items[index].carried && items[index].state == now[index].state) return "carried";
  return "open";
}

std::string NaiveReview::item_status(int item) const { return status() == "open" ? open_status(item) : "settled"; }

bool NaiveReview::reopened(int item) const {
  if (item_status(item) != "open") return false;
  const Item& about = items[static_cast<std::size_t>(item)];
  if (about.carried && about.state != now[static_cast<std::size_t>(item)].state) return true;
  return std::any_of(words.begin(), words.end(), [&](const ReviewWord& word) {
    return word.kind == "decided" && word.item == item && word.verb != "delegate" &&
           word.stage == static_cast<std::int64_t>(stage()) && !counts_now(item, word);
  });
}

bool NaiveReview::overdue(int item, std::int64_t at) const {
  if (status() == "closed") return result(item).because == "no_answer" || result(item).because == "changed";
  if (item_status(item) != "open") return false;
  if (at >= stage_ends(stage())) return true;
  const Item& about = items[static_cast<std::size_t>(item)];
  if (about.carried && about.state == now[static_cast<std::size_t>(item)].state) return false;
  for (std::size_t s = 0; s < stage(); ++s) {
    bool in_time = outcome(item, s).decision != 0;
    for (const ReviewWord& word : words) {
      const bool of_stage = word.item == item && word.stage == static_cast<std::int64_t>(s);
      if (word.kind == "decided" && of_stage && word.verb != "delegate" && !counts_now(item, word)) in_time = true;
    }
    if (!in_time) return true;
  }
  return false;
}

NaiveReview::Counts NaiveReview::counts() const {
  Counts counts;
  for (int item = 0; item < static_cast<int>(items.size()); ++item) {
    const std::string state = open_status(item);
    const Result came = result(item);
    counts.open += state == "open" ? 1 : 0;
    counts.decided += state == "decided" ? 1 : 0;
    counts.carried += came.because == "carried" ? 1 : 0;
    counts.ended += came.because == "ended" ? 1 : 0;
    counts.keep += came.ends == "keep" && came.because != "carried" ? 1 : 0;
    counts.revoke += came.ends == "revoke" ? 1 : 0;
    counts.change += came.ends == "change" ? 1 : 0;
    counts.unanswered += came.ends == "none" && came.because != "ended" ? 1 : 0;
  }
  return counts;
}

std::vector<int> NaiveReview::waiting_for(int person, std::int64_t at) const {
  std::vector<int> waiting;
  for (int item = 0; item < static_cast<int>(items.size()); ++item) {
    if (item_status(item) == "open" && asked(item, stage(), at).contains(person) &&
        unheard(item, stage(), at).contains(person)) {
      waiting.push_back(item);
    }
  }
  return waiting;
}

bool NaiveReview::all_decided() const {
  for (int item = 0; item < static_cast<int>(items.size()); ++item) {
    if (open_status(item) == "open") return false;
  }
  return true;
}

ReviewWord NaiveReview::closing(const std::string& because) const {
  ReviewWord word;
  word.kind = "closed";
  word.because = because;
  return word;
}

std::vector<ReviewWord> NaiveReview::due(std::int64_t at) const {
  std::vector<ReviewWord> due;
  if (status() != "open") return due;
  const Stage& present = stages[stage()];
  const std::int64_t end = stage_ends(stage());
  std::set<int> people;
  for (int item = 0; item < static_cast<int>(items.size()); ++item) people.merge(asked(item, stage(), at));
  const auto said = [&](const std::string& kind, int person, std::int64_t since) {
    return std::any_of(words.begin(), words.end(), [&](const ReviewWord& word) {
      return word.kind == kind && word.person == person && word.at >= since &&
             word.stage == static_cast<std::int64_t>(stage());
    });
  };
  const auto ask = [&](const std::string& kind, int person, std::size_t open, int to) {
    ReviewWord word;
    word.kind = kind;
    word.person = person;
    word.stage = static_cast<std::int64_t>(stage());
    word.open = static_cast<std::int64_t>(open);
    word.to = to;
    due.push_back(word);
  };
  std::optional<std::int64_t> reminder;  // the last one whose time has come
  for (const std::int64_t days : present.remind_days) {
    if (end - days * day <= at) reminder = std::max(reminder.value_or(0), end - days * day);
  }
  const bool is_over = at >= end || (ends_early && all_decided());
  for (const int person : people) {
    const auto waiting = waiting_for(person, at).size();
    if (waiting == 0 || is_over) continue;
    if (reminder && !said("reminded", person, *reminder)) ask("reminded", person, waiting, -1);
  }
  for (const int person : people) {
    const auto waiting = waiting_for(person, at).size();
    if (waiting == 0 || is_over || present.escalate_to < 0 || person == present.escalate_to) continue;
    if (at >= end - present.escalate_days * day && !said("escalated", person, 0)) {
      ask("escalated", person, waiting, present.escalate_to);
    }
  }
  if (is_over) {
    ReviewWord word = closing(ends_early && all_decided() ? "decided" : "due");
    if (stage() + 1 < stages.size()) {
      word.kind = "stage_ended";
      word.stage = static_cast<std::int64_t>(stage());
    }
    due.push_back(word);
  }
  return due;
}

std::set<std::string> NaiveReview::against(const ReviewWord& word, bool has_reason, std::int64_t at) const {
  std::set<std::string> reasons;
  if (status() != "open") return {"review_ended"};
  const auto index = static_cast<std::size_t>(word.item);
  if (word.person == items[index].member) reasons.insert("forbidden");
  if (!asked(word.item, stage(), at).contains(word.person)) reasons.insert("forbidden");
  if (word.state != now[index].state) reasons.insert("stale_state");
  if (word.verb == "change" && items[index].kind != "role" && items[index].kind != "grant") {
    reasons.insert("invalid_field");
  }
  if (word.verb == "change" && word.role.empty()) reasons.insert("missing_field");
  if (word.verb != "change" && !word.role.empty()) reasons.insert("invalid_field");
  if (word.verb == "delegate" && word.to < 0) reasons.insert("missing_field");
  if (word.verb != "delegate" && (word.to >= 0 || word.until)) reasons.insert("invalid_field");
  if (word.verb == "delegate" && word.to >= 0 && word.to == word.person) reasons.insert("invalid_field");
  if (word.verb == "delegate" && word.to >= 0 && word.to == items[index].member) reasons.insert("forbidden");
  if (word.verb == "delegate" && word.until && *word.until <= at) reasons.insert("invalid_field");
  const bool ending = word.verb == "revoke" || word.verb == "change";
  const bool needs_reason =
      word.verb != "delegate" && (justification == "always" || (justification == "endings" && ending));
  if (needs_reason && !has_reason) reasons.insert("missing_field");
  return reasons;
}

}  // namespace tenure::oracle
