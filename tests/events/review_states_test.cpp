// Reviews under way at random, Campaign beside a naive one that was written from the words of the contract alone and
// goes through everything again for each answer. The seed is printed; TENURE_SEED repeats a run, TENURE_REVIEWS changes
// its length.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "events/review/progress.h"
#include "tests/catch.h"
#include "tests/events/review_told_twice.h"

namespace {

using namespace tenure;
using namespace tenure::review;
using oracle::NaiveReview;
using oracle::ReviewWord;
using namespace tenure::test;

constexpr int people = 6;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// ---- one review at random

class Reviewed {
 public:
  explicit Reviewed(std::uint64_t seed) : random_(seed) {
    make();
    campaign_.emplace(opened());
    agree();
  }

  // One thing happens, and everything is compared.
  void step() {
    now_ += static_cast<std::int64_t>(random_() % 12) * hour + 1;
    switch (random_() % 20) {
      case 0:
      case 1:
      case 2:
        change_hold();
        break;
      case 3:
      case 4:
        reassign();
        break;
      case 5:
      case 6:
      case 7:
        let_the_clock_speak();
        break;
      case 8:
        now_ += static_cast<std::int64_t>(random_() % 72) * hour;
        break;
      case 9:
        one_in(2) ? restart() : go_on_in_a_copy();
        break;
      case 10:
        if (one_in(3)) end_stage();
        break;
      case 11:
        if (one_in(12)) end();
        break;
      default:
        decide();
    }
    agree();
  }

  bool is_open() const { return campaign_->status() == CampaignStatus::open; }
  std::size_t decisions() const { return decisions_; }
  std::size_t refusals() const { return refusals_; }
  std::size_t told_by_clock() const { return told_by_clock_; }

 private:
  bool one_in(std::uint64_t n) { return random_() % n == 0; }
  int any_person() { return static_cast<int>(random_() % people); }
  int any_item() { return static_cast<int>(random_() % naive_.items.size()); }
  std::string any_state(int item) { return "s" + std::to_string(item) + "." + std::to_string(random_() % 3); }

  void make() {
    static const char* const rules[] = {"one_decides", "all_agree", "any_revoke"};
    now_ = naive_.opened_at = 1'700'000'000'000'000;
    const std::size_t stages = 1 + random_() % 3;
    for (std::size_t s = 0; s < stages; ++s) {
      NaiveReview::Stage stage;
      stage.rule = rules[random_() % 3];
      stage.days = 1 + static_cast<std::int64_t>(random_() % 6);
      for (std::int64_t days = stage.days - 1; days > 0; --days) {
        if (one_in(2)) stage.remind_days.push_back(days);
      }
      if (stage.days > 1 && one_in(2)) {
        stage.escalate_to = any_person();
        stage.escalate_days = 1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(stage.days - 1));
      }
      naive_.stages.push_back(stage);
    }
    static const char* const silences[] = {"keep", "revoke", "leave_open"};
    static const char* const justifications[] = {"never", "endings", "always"};
    naive_.no_answer = silences[random_() % 3];
    naive_.justification = justifications[random_() % 3];
    naive_.ends_early = one_in(3);
    const std::size_t items = 1 + random_() % 5;
    for (std::size_t i = 0; i < items; ++i) {
      NaiveReview::Item item;
      static const char* const kinds[] = {"role", "role", "grant", "group", "invitation"};
      item.member = any_person();
      item.kind = kinds[random_() % 5];
      item.state = any_state(static_cast<int>(i));
      for (std::size_t s = 0; s < stages; ++s) {
        std::set<int> reviewers;
        for (std::size_t n = 1 + random_() % 3; n > 0; --n) reviewers.insert(any_person());
        reviewers.erase(item.member);
        if (reviewers.empty()) reviewers.insert((item.member + 1) % people);
        item.reviewers.push_back(reviewers);
      }
      if (one_in(4)) item.carried = 500 + static_cast<std::int64_t>(i);
      naive_.now.push_back({item.state, 1});
      naive_.items.push_back(std::move(item));
    }
  }

  Definition definition() const {
    Definition definition;
    for (int person = 0; person < people; ++person) definition.people.push_back(as_person(person));
    for (const NaiveReview::Stage& naive : naive_.stages) {
      Stage stage;
      stage.outcome = naive.rule == "one_decides" ? OutcomeRule::one_decides
                      : naive.rule == "all_agree" ? OutcomeRule::all_agree
                                                  : OutcomeRule::any_revoke;
      stage.days = static_cast<std::uint64_t>(naive.days);
      for (const auto days : naive.remind_days) stage.remind_days.push_back(static_cast<std::uint64_t>(days));
      if (naive.escalate_to != nobody) stage.escalate_to = static_cast<PersonIndex>(naive.escalate_to);
      stage.escalate_days = static_cast<std::uint64_t>(naive.escalate_days);
      definition.stages.push_back(stage);
    }
    for (const NoAnswer silence : {NoAnswer::keep, NoAnswer::revoke, NoAnswer::leave_open}) {
      if (to_text(silence) == naive_.no_answer) definition.no_answer = silence;
    }
    for (const auto justification : {Justification::never, Justification::endings, Justification::always}) {
      if (to_text(justification) == naive_.justification) definition.justification = justification;
    }
    definition.ends_early = naive_.ends_early;
    return definition;
  }

  // A campaign as it is when it has just been opened.
  Campaign opened() const {
    std::vector<Item> items;
    std::vector<std::vector<SubjectId>> sets;
    for (std::size_t i = 0; i < naive_.items.size(); ++i) {
      const NaiveReview::Item& naive = naive_.items[i];
      Item item;
      item.id = "i" + std::to_string(i);
      item.member = subject(naive.member);
      item.kind = *hold_kind_from(naive.kind);
      item.state = naive.state;
      for (std::size_t s = 0; s < naive.reviewers.size(); ++s) {
        item.reviewers[s] = static_cast<SetIndex>(sets.size());
        std::vector<SubjectId>& set = sets.emplace_back();
        for (const int person : naive.reviewers[s]) set.push_back(subject(person));
      }
      if (naive.carried) item.carried = Carried{"before", static_cast<std::uint64_t>(*naive.carried)};
      items.push_back(std::move(item));
    }
    std::int64_t due = naive_.opened_at;
    for (const auto& stage : naive_.stages) due += stage.days * 24 * hour;
    return Campaign({"q1", Position(1), Instant{naive_.opened_at}, Instant{due}}, definition(), std::move(items),
                    std::move(sets));
  }

  // ---- what happens

  void record(ReviewWord word, std::optional<EventPayload> payload = std::nullopt) {
    Record record;
    record.position = Position(++position_);
    record.recorded_at = Instant{now_};
    record.event.occurred_at = Instant{now_};
    record.event.actor.kind = word.kind == "decided" ? ActorKind::member : ActorKind::system;
    if (word.kind == "decided") record.event.actor.who = as_person(word.person);
    record.event.data = payload ? std::move(*payload) : payload_of(word);
    if (const auto* closed = std::get_if<event::ReviewClosed>(&record.event.data); closed && is_open())
      closed_ = *closed;
    word.position = static_cast<std::int64_t>(position_);
    word.at = now_;
    story_ += std::to_string(position_) + " " + text_of(word) + "\n";
    log_.push_back(record);
    campaign_->apply(record);
    naive_.hear(word);
  }

  void change_hold() {
    if (!is_open()) return;
    const int item = any_item();
    std::string state = one_in(4) ? "" : any_state(item);
    ++position_;
    story_ += std::to_string(position_) + " item " + std::to_string(item) + " is " + state + "\n";
    auto& now = naive_.now[static_cast<std::size_t>(item)];
    now = {state, static_cast<std::int64_t>(position_), one_in(3)};
    campaign_->stands(static_cast<ItemIndex>(item), std::move(state), position_, now.anew);
  }

  void reassign() {
    ReviewWord word;
    word.kind = "reassigned";
    word.person = one_in(4) ? nobody : any_person();
    word.item = one_in(2) ? nobody : any_item();
    word.to = any_person();
    if (word.to != word.person) record(word);
  }

  void decide() {
    static const char* const verbs[] = {"keep", "keep", "revoke", "change", "delegate"};
    ReviewWord word;
    word.kind = "decided";
    word.item = any_item();
    word.stage = static_cast<std::int64_t>(campaign_->stage());
    word.verb = verbs[random_() % 5];
    const auto asked = naive_.asked(word.item, naive_.stage(), now_);
    word.person = any_person();
    if (!asked.empty() && !one_in(4)) {
      word.person = *std::next(asked.begin(), static_cast<std::ptrdiff_t>(random_() % asked.size()));
    }
    word.state = one_in(6) ? any_state(word.item) : naive_.now[static_cast<std::size_t>(word.item)].state;
    if (word.state.empty()) word.state = any_state(word.item);
    if ((word.verb == "change") != one_in(12)) word.role = "r" + std::to_string(random_() % 2);
    if ((word.verb == "delegate") != one_in(12)) word.to = any_person();
    if (word.verb == "delegate" && one_in(2)) {
      word.until = now_ + (static_cast<std::int64_t>(random_() % 72) - 6) * hour;
    }
    const bool has_reason = !one_in(5);
    Wanted wanted;
    wanted.verb = *review_verb_from(word.verb);
    wanted.item = static_cast<ItemIndex>(word.item);
    wanted.reviewer = as_person(word.person);
    wanted.state = word.state;
    if (!word.role.empty()) wanted.role = RoleId(word.role);
    if (word.to != nobody) wanted.to = as_person(word.to);
    if (word.until) wanted.until = Instant{*word.until};
    wanted.has_reason = has_reason;
    const auto may = campaign_->may_decide(wanted, Instant{now_});
    const auto against = naive_.against(word, has_reason, now_);
    INFO(story_ << "wanted: " << text_of(word) << (has_reason ? " with reason" : " without reason"));
    REQUIRE(may.has_value() == against.empty());
    if (may) {
      ++decisions_;
      record(word);
    } else {
      ++refusals_;
      INFO(may.error().because);
      REQUIRE(against.contains(code_name(may.error().code)));
      REQUIRE(may.error().because.ends_with('.'));
    }
  }

  // All that is due is recorded, or the server goes down on the way.
  void let_the_clock_speak() {
    for (int events = 0; !campaign_->due(Instant{now_}).empty(); ++events) {
      INFO(story_);
      REQUIRE(events < 100);
      if (one_in(8)) return;
      EventPayload next = campaign_->due(Instant{now_}).front();
      ++told_by_clock_;
      record(word_of(next), next);
      agree();
    }
  }

  void end_stage() {
    if (!is_open() || naive_.stage() + 1 == naive_.stages.size()) return;
    ReviewWord word;
    word.kind = "stage_ended";
    word.because = "asked";
    word.stage = static_cast<std::int64_t>(naive_.stage());
    record(word);
  }

  void end() {
    ReviewWord word;
    word.kind = one_in(2) ? "closed" : "cancelled";
    if (word.kind == "cancelled") return record(word);
    word.because = "asked";
    record(word, campaign_->closing("asked"));
  }

  void restart() {
    Campaign again = opened();
    for (const Record& record : log_) again.apply(record);
    for (std::size_t i = 0; i < naive_.now.size(); ++i) {
      const auto& now = naive_.now[i];
      again.stands(static_cast<ItemIndex>(i), now.state, static_cast<std::uint64_t>(now.since), now.anew);
    }
    campaign_.emplace(std::move(again));
    progress_ = Progress();
    story_ += "restart\n";
  }

  // Whoever looks at a review keeps it as it was, while a copy goes on.
  void go_on_in_a_copy() {
    const Campaign before = *campaign_;
    campaign_.emplace(before);
    story_ += "a copy\n";
  }

  // ---- whether both say the same

  void agree() {
    INFO(story_ << "now " << now_ / hour << " h");
    REQUIRE(to_text(campaign_->status()) == naive_.status());
    REQUIRE(campaign_->stage() == naive_.stage());
    for (std::size_t s = 0; s < naive_.stages.size(); ++s) {
      REQUIRE(campaign_->stage_ends(s).us == naive_.stage_ends(s));
    }
    for (int item = 0; item < static_cast<int>(naive_.items.size()); ++item) agree(item);
    const Counts counts = campaign_->counts();
    const NaiveReview::Counts naive = naive_.counts();
    if (is_open()) {
      REQUIRE(static_cast<std::int64_t>(counts.open) == naive.open);
      REQUIRE(static_cast<std::int64_t>(counts.decided) == naive.decided);
      REQUIRE(static_cast<std::int64_t>(counts.carried) == naive.carried);
    }
    REQUIRE(static_cast<std::int64_t>(counts.ended) == naive.ended);
    REQUIRE(static_cast<std::int64_t>(counts.keep) == naive.keep);
    REQUIRE(static_cast<std::int64_t>(counts.revoke) == naive.revoke);
    REQUIRE(static_cast<std::int64_t>(counts.change) == naive.change);
    REQUIRE(static_cast<std::int64_t>(counts.unanswered) == naive.unanswered);
    for (int person = 0; person < people; ++person) {
      INFO("waiting for " << person);
      std::vector<int> waiting;
      for (const ItemIndex item : campaign_->waiting_for(subject(person), Instant{now_})) {
        waiting.push_back(static_cast<int>(item));
      }
      REQUIRE(waiting == naive_.waiting_for(person, now_));
    }
    if (one_in(3)) {
      progress_.follow(*campaign_, Instant{now_});
      REQUIRE(progress_.counts() == counts);
      REQUIRE(progress_.loads() == campaign_->loads(Instant{now_}));
      const SubjectId person = subject(any_person());
      REQUIRE(progress_.waiting_for(person) == campaign_->waiting_for(person, Instant{now_}));
    }
    agree_on_time();
    agree_on_the_end();
  }

  void agree(int item) {
    const auto index = static_cast<ItemIndex>(item);
    INFO("item " << item << " of " << naive_.items[index].member);
    REQUIRE(to_text(campaign_->item_status(index)) == naive_.item_status(item));
    REQUIRE(campaign_->reopened(index) == naive_.reopened(item));
    REQUIRE(campaign_->overdue(index, Instant{now_}) == naive_.overdue(item, now_));
    const Result result = campaign_->result(index);
    const NaiveReview::Result naive = naive_.result(item);
    INFO(result.because << " " << to_text(result.ends) << " " << result.decision);
    REQUIRE(result.because == naive.because);
    REQUIRE(to_text(result.ends) == naive.ends);
    REQUIRE(result.role.text == naive.role);
    REQUIRE(result.decision == static_cast<std::uint64_t>(naive.decision));
    std::vector<const ReviewWord*> words;
    for (const ReviewWord& word : naive_.words) {
      if (word.kind == "decided" && word.item == item) words.push_back(&word);
    }
    const auto& said = campaign_->said(index);
    REQUIRE(said.size() == words.size());
    for (std::size_t i = 0; i < said.size(); ++i) {
      REQUIRE(said[i].position == static_cast<std::uint64_t>(words[i]->position));
      REQUIRE(said[i].reviewer == subject(words[i]->person));
      if (words[i]->verb != "delegate") {
        REQUIRE(campaign_->counts(index, said[i]) == naive_.counts_now(item, *words[i]));
      }
    }
    for (std::size_t s = 0; s < naive_.stages.size(); ++s) {
      for (const std::int64_t at : {now_, now_ + 30 * hour}) {
        std::set<int> asked;
        for (const SubjectId& reviewer : campaign_->reviewers(index, s, Instant{at})) {
          REQUIRE(asked.insert(number_of(reviewer)).second);
        }
        INFO("stage " << s << (at == now_ ? " now" : " later"));
        REQUIRE(asked == naive_.asked(item, s, at));
      }
    }
  }

  static std::vector<std::string> told(const std::vector<ReviewWord>& words) {
    std::vector<std::string> texts;
    for (const ReviewWord& word : words) {
      texts.push_back(word.kind + " " + std::to_string(word.person) + " " + std::to_string(word.to) + " " +
                      std::to_string(word.stage) + " " + std::to_string(word.open) + " " + word.because);
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  void agree_on_time() {
    std::vector<ReviewWord> due;
    for (const EventPayload& payload : campaign_->due(Instant{now_})) due.push_back(word_of(payload));
    REQUIRE(told(due) == told(naive_.due(now_)));
    // Nothing becomes due before the instant that is told as the next one.
    const auto next = campaign_->next_due(Instant{now_});
    if (next && due.empty()) REQUIRE(next->us > now_);
    if (!is_open()) REQUIRE_FALSE(next);
    if (!due.empty()) return;
    for (std::int64_t at = now_ + hour; at < now_ + 200 * hour; at += 7 * hour) {
      if (next && at >= next->us) break;
      INFO("next " << (next ? next->us / hour : 0) << " h, but at " << at / hour << " h");
      REQUIRE(naive_.due(at).empty());
    }
  }

  // What a close would say now is all of the items, and what it said stays what came of them.
  void agree_on_the_end() {
    const event::ReviewClosed closing =
        is_open() ? campaign_->closing("asked") : closed_.value_or(event::ReviewClosed{});
    if (!is_open()) REQUIRE(campaign_->ended_by() > 0);
    if (campaign_->status() == CampaignStatus::cancelled) return;
    REQUIRE(closing.carried + closing.changed + closing.ended + closing.kept + closing.left_open + closing.revoked ==
            naive_.items.size());
    if (is_open()) return;
    const event::ReviewClosed again = campaign_->closing(closing.because);
    REQUIRE(again.outcome_digest == closing.outcome_digest);
    const Counts counts = campaign_->counts();
    REQUIRE(counts.carried == closing.carried);
    REQUIRE(counts.change == closing.changed);
    REQUIRE(counts.ended == closing.ended);
    REQUIRE(counts.keep == closing.kept);
    REQUIRE(counts.unanswered == closing.left_open);
    REQUIRE(counts.revoke == closing.revoked);
  }

  std::mt19937_64 random_;
  NaiveReview naive_;
  std::optional<Campaign> campaign_;
  Progress progress_;  // asked for now and then, so that much has happened in between
  std::optional<event::ReviewClosed> closed_;
  std::vector<Record> log_;
  std::uint64_t position_ = 1;
  std::int64_t now_ = 0;
  std::string story_;
  std::size_t decisions_ = 0, refusals_ = 0, told_by_clock_ = 0;
};

}  // namespace

TEST_CASE("reviews at random come to what a naive reading of the contract says, through restarts too") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t reviews = number_from("TENURE_REVIEWS", 400);
  std::cout << "reviews at random: TENURE_SEED=" << seed << ", " << reviews << " of them\n";
  std::size_t steps = 0, decisions = 0, refusals = 0, told_by_clock = 0;
  for (std::uint64_t review = 0; review < reviews; ++review) {
    INFO("TENURE_SEED=" << seed << ", review " << review);
    Reviewed reviewed(seed + review);
    for (int after_end = 0, step = 0; step < 80 && after_end < 4; ++step, ++steps) {
      reviewed.step();
      if (!reviewed.is_open()) ++after_end;
    }
    decisions += reviewed.decisions();
    refusals += reviewed.refusals();
    told_by_clock += reviewed.told_by_clock();
  }
  std::cout << steps << " steps, " << decisions << " decisions, " << refusals << " refused, " << told_by_clock
            << " events by the clock\n";
  CHECK(steps >= reviews);
  if (reviews < 100) return;  // too few to tell whether all was tried
  CHECK(decisions > reviews);
  CHECK(refusals > reviews);
  CHECK(told_by_clock > reviews);
}
