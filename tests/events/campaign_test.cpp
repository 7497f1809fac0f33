// Reviews under way, sentence by sentence. That the same holds at random is in review_states_test.cpp.
#include "events/review/campaign.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/events/review_told_twice.h"

namespace {

using namespace tenure;
using namespace tenure::review;
using tenure::test::as_person;
using tenure::test::hour;
using tenure::test::number_of;
using tenure::test::subject;

enum : int { ann, ben, cleo, dan, eve };
constexpr std::int64_t day = 24 * hour;

// A review of 14 days, whose items are told one by one; a story in the order in which things happen.
class Story {
 public:
  explicit Story(std::size_t stages = 1) {
    definition.stages.resize(stages);
    for (int person = ann; person <= eve; ++person) definition.people.push_back(as_person(person));
  }

  // An item of somebody, with reviewers in each stage; its state is "s".
  ItemIndex item(int member, std::vector<std::vector<int>> reviewers, HoldKind kind = HoldKind::role) {
    Item item;
    item.id = "i" + std::to_string(items_.size());
    item.member = subject(member);
    item.kind = kind;
    item.state = "s";
    for (std::size_t s = 0; s < reviewers.size(); ++s) {
      item.reviewers[s] = static_cast<SetIndex>(sets_.size());
      std::vector<SubjectId>& set = sets_.emplace_back();
      for (const int person : reviewers[s]) set.push_back(subject(person));
    }
    items_.push_back(item);
    return static_cast<ItemIndex>(items_.size() - 1);
  }
  void carried(ItemIndex item) { items_[item].carried = Carried{"before", 77}; }

  Campaign& campaign() {
    if (!campaign_) campaign_.emplace(Campaign::Opening{"q1", Position(1), now, {}}, definition, items_, sets_);
    return *campaign_;
  }

  std::uint64_t happens(EventPayload data, int actor = -1) {
    Record record;
    record.position = Position(++position_);
    record.recorded_at = now;
    record.event.occurred_at = now;
    record.event.actor.who = as_person(actor);
    record.event.data = std::move(data);
    campaign().apply(record);
    return position_;
  }
  std::uint64_t says(int reviewer, ReviewVerb verb, ItemIndex item = 0, const std::string& state = "s") {
    event::ReviewDecided decided;
    decided.decision = verb;
    decided.item = "i" + std::to_string(item);
    decided.stage = campaign().stage();
    decided.state = state;
    return happens(decided, reviewer);
  }
  std::uint64_t delegates(int from, int to, std::optional<Instant> until = std::nullopt, ItemIndex item = 0) {
    event::ReviewDecided decided;
    decided.decision = ReviewVerb::delegate;
    decided.item = "i" + std::to_string(item);
    decided.stage = campaign().stage();
    decided.state = "s";
    decided.to = as_person(to);
    decided.until = until;
    return happens(decided, from);
  }
  std::uint64_t reassigns(int from, int to) {
    event::ReviewReassigned reassigned;
    if (from >= 0) reassigned.from = as_person(from);
    reassigned.to = as_person(to);
    return happens(reassigned);
  }
  std::uint64_t stage_ends() {
    event::ReviewStageEnded ended;
    ended.stage = campaign().stage();
    return happens(ended);
  }

  std::vector<int> asked(ItemIndex item = 0, std::size_t stage = 0) {
    std::vector<int> people;
    for (const SubjectId& reviewer : campaign().reviewers(item, stage, now)) people.push_back(number_of(reviewer));
    std::sort(people.begin(), people.end());
    return people;
  }
  bool waits_for(int person, ItemIndex item = 0) {
    const auto items = campaign().waiting_for(subject(person), now);
    return std::find(items.begin(), items.end(), item) != items.end();
  }
  Result result(ItemIndex item = 0) { return campaign().result(item); }
  ItemStatus status(ItemIndex item = 0) { return campaign().item_status(item); }

  Wanted wanted(int reviewer, ReviewVerb verb) const {
    Wanted wanted;
    wanted.verb = verb;
    wanted.reviewer = as_person(reviewer);
    wanted.state = "s";
    wanted.has_reason = true;
    return wanted;
  }
  RefusalCode refused(const Wanted& wanted) {
    const auto may = campaign().may_decide(wanted, now);
    REQUIRE_FALSE(may.has_value());
    CHECK(may.error().because.ends_with('.'));
    return may.error().code;
  }

  Definition definition;
  Instant now{1'700'000'000'000'000};

 private:
  std::vector<Item> items_;
  std::vector<std::vector<SubjectId>> sets_;
  std::optional<Campaign> campaign_;
  std::uint64_t position_ = 1;
};

}  // namespace

TEST_CASE("an item waits for its reviewers until one of them decides") {
  Story s;
  s.item(eve, {{ann, ben}});
  CHECK(s.status() == ItemStatus::open);
  CHECK(s.waits_for(ann));
  CHECK(s.result().because == "open");
  const auto position = s.says(ben, ReviewVerb::revoke);
  CHECK(s.status() == ItemStatus::decided);
  CHECK_FALSE(s.waits_for(ann));
  CHECK(s.result().ends == Ends::revoke);
  CHECK(s.result().decision == position);
  s.says(ann, ReviewVerb::keep);
  CHECK(s.result().ends == Ends::keep);
}

TEST_CASE("a decision counts while the hold is in the state that the reviewer saw, and no longer or earlier") {
  Story s;
  s.item(eve, {{ann}});
  s.says(ann, ReviewVerb::keep, 0, "another");
  CHECK(s.status() == ItemStatus::open);
  const auto position = s.says(ann, ReviewVerb::keep);
  CHECK(s.status() == ItemStatus::decided);
  s.campaign().stands(0, "changed", 50, false);
  CHECK(s.status() == ItemStatus::open);
  CHECK(s.campaign().reopened(0));
  CHECK(s.waits_for(ann));
  s.campaign().stands(0, "s", 51, false);  // the change was retracted
  CHECK(s.result().decision == position);
  CHECK_FALSE(s.campaign().reopened(0));
  s.campaign().stands(0, "", 52, false);
  CHECK(s.status() == ItemStatus::ended);
  CHECK(s.result().because == "ended");
  CHECK(s.result().decision == 52);
  CHECK(s.campaign().said(0).size() == 2);
}

TEST_CASE("nobody is asked about themselves, however it comes to it") {
  Story s;
  s.item(ann, {{ann, ben}});
  CHECK(s.asked() == std::vector<int>{ben});
  CHECK(s.refused(s.wanted(ann, ReviewVerb::keep)) == RefusalCode::forbidden);
  Wanted wanted = s.wanted(ben, ReviewVerb::delegate);
  wanted.to = as_person(ann);
  CHECK(s.refused(wanted) == RefusalCode::forbidden);
  s.reassigns(ben, ann);
  CHECK(s.asked() == std::vector<int>{ben});
  s.reassigns(-1, ann);
  CHECK(s.asked() == std::vector<int>{ben});
}

TEST_CASE("what may not be said is refused, each with its own code") {
  Story s;
  s.item(eve, {{ann}});
  s.item(eve, {{ann}}, HoldKind::group);
  CHECK(s.refused(s.wanted(ben, ReviewVerb::keep)) == RefusalCode::forbidden);
  Wanted wanted = s.wanted(ann, ReviewVerb::keep);
  CHECK(s.campaign().may_decide(wanted, s.now).has_value());
  wanted.state = "stale";
  CHECK(s.refused(wanted) == RefusalCode::stale_state);
  wanted = s.wanted(ann, ReviewVerb::revoke);
  wanted.has_reason = false;
  CHECK(s.refused(wanted) == RefusalCode::missing_field);
  wanted = s.wanted(ann, ReviewVerb::change);
  CHECK(s.refused(wanted) == RefusalCode::missing_field);
  wanted.role = RoleId("read");
  CHECK(s.campaign().may_decide(wanted, s.now).has_value());
  wanted.item = 1;  // a membership cannot become another
  CHECK(s.refused(wanted) == RefusalCode::invalid_field);
  wanted = s.wanted(ann, ReviewVerb::keep);
  wanted.role = RoleId("read");
  CHECK(s.refused(wanted) == RefusalCode::invalid_field);
  wanted = s.wanted(ann, ReviewVerb::delegate);
  CHECK(s.refused(wanted) == RefusalCode::missing_field);
  wanted.to = as_person(ann);
  CHECK(s.refused(wanted) == RefusalCode::invalid_field);
  wanted.to = as_person(ben);
  wanted.until = s.now;
  CHECK(s.refused(wanted) == RefusalCode::invalid_field);
  s.campaign().stands(0, "", 9, false);
  CHECK(s.refused(s.wanted(ann, ReviewVerb::keep)) == RefusalCode::stale_state);
  s.happens(event::ReviewCancelled{});
  CHECK(s.refused(s.wanted(ann, ReviewVerb::keep)) == RefusalCode::review_ended);
}

TEST_CASE("a delegation asks somebody else until it ends, and then whoever delegated") {
  Story s;
  s.item(eve, {{ann}});
  s.delegates(ann, ben, Instant{s.now.us + 2 * day});
  CHECK(s.asked() == std::vector<int>{ben});
  CHECK(s.refused(s.wanted(ann, ReviewVerb::keep)) == RefusalCode::forbidden);
  CHECK(s.campaign().next_due(s.now) == Instant{s.now.us + 2 * day});
  s.now.us += 2 * day - 1;
  CHECK(s.asked() == std::vector<int>{ben});
  s.now.us += 1;
  CHECK(s.asked() == std::vector<int>{ann});
}

TEST_CASE("a delegate's word stands after the delegation has ended") {
  Story s;
  s.definition.stages[0].outcome = OutcomeRule::all_agree;
  s.item(eve, {{ann, cleo}});
  s.delegates(ann, ben, Instant{s.now.us + day});
  s.says(ben, ReviewVerb::keep);
  s.says(cleo, ReviewVerb::keep);
  CHECK(s.result().ends == Ends::keep);
  s.now.us += 2 * day;
  s.happens(event::ReviewReminded{});
  CHECK(s.status() == ItemStatus::decided);
  const auto closing = s.campaign().closing("asked");
  CHECK(closing.kept == 1);
  s.happens(closing);
  CHECK(s.result().ends == Ends::keep);
  CHECK(s.campaign().closing("asked").outcome_digest == closing.outcome_digest);
}

TEST_CASE("where all must agree each is asked until they have spoken, and all again when they do not agree") {
  Story s;
  s.definition.stages[0].outcome = OutcomeRule::all_agree;
  s.definition.no_answer = NoAnswer::revoke;
  s.item(eve, {{ann, ben}});
  s.says(ann, ReviewVerb::keep);
  CHECK(s.status() == ItemStatus::open);
  CHECK_FALSE(s.waits_for(ann));
  CHECK(s.waits_for(ben));
  s.says(ben, ReviewVerb::change);
  CHECK(s.result().because == "disagreed");
  CHECK(s.waits_for(ann));
  CHECK(s.waits_for(ben));
  CHECK(s.campaign().closing("due").revoked == 1);
  s.says(ben, ReviewVerb::keep);
  CHECK(s.result().ends == Ends::keep);
}

TEST_CASE("whoever takes over a place speaks for it, and what was said for it is not lost") {
  Story s;
  s.definition.stages[0].outcome = OutcomeRule::all_agree;
  s.item(eve, {{ann, ben}});
  s.item(eve, {{ann, ben}});
  s.says(ann, ReviewVerb::keep, 0);
  s.reassigns(ann, dan);
  s.says(ben, ReviewVerb::keep, 0);
  s.says(ben, ReviewVerb::keep, 1);
  CHECK(s.status(0) == ItemStatus::decided);
  CHECK(s.status(1) == ItemStatus::open);
  CHECK(s.waits_for(dan, 1));
  s.says(dan, ReviewVerb::keep, 1);
  CHECK(s.status(1) == ItemStatus::decided);
  s.says(dan, ReviewVerb::revoke, 0);  // the place has changed its mind
  CHECK(s.result(0).because == "disagreed");
}

TEST_CASE("where all must agree, whoever it is escalated to answers for the one who does not") {
  Story s;
  s.definition.stages[0].outcome = OutcomeRule::all_agree;
  s.item(eve, {{ann, ben}});
  s.says(ben, ReviewVerb::keep);
  event::ReviewEscalated escalated;
  escalated.reviewer = as_person(ann);
  escalated.to = as_person(cleo);
  s.happens(escalated);
  CHECK(s.asked() == std::vector<int>{ann, ben, cleo});
  CHECK(s.waits_for(cleo));
  s.says(cleo, ReviewVerb::keep);
  CHECK(s.status() == ItemStatus::decided);
}

TEST_CASE("where any revocation revokes, one is enough and all must be heard to keep") {
  Story s;
  s.definition.stages[0].outcome = OutcomeRule::any_revoke;
  s.item(eve, {{ann, ben}});
  s.item(eve, {{ann, ben}});
  s.says(ann, ReviewVerb::keep, 0);
  CHECK(s.status(0) == ItemStatus::open);
  s.says(ben, ReviewVerb::keep, 0);
  CHECK(s.result(0).ends == Ends::keep);
  const auto position = s.says(ann, ReviewVerb::revoke, 1);
  s.says(ben, ReviewVerb::keep, 1);
  CHECK(s.result(1).ends == Ends::revoke);
  CHECK(s.result(1).decision == position);
}

TEST_CASE(
    "a later stage's outcome stands, else the earlier one's, and what moves later changes nothing in the earlier one") {
  Story s(2);
  s.definition.stages[0].outcome = OutcomeRule::all_agree;
  s.item(eve, {{ann, ben}, {cleo}});
  s.says(ann, ReviewVerb::revoke);
  const auto first = s.says(ben, ReviewVerb::revoke);
  CHECK(s.campaign().stage_ends(1) == Instant{s.now.us + 28 * day});
  s.now.us += day;
  s.stage_ends();
  CHECK(s.campaign().stage_ends(1) == Instant{s.now.us + 14 * day});
  CHECK(s.status() == ItemStatus::open);
  s.reassigns(ann, dan);
  s.reassigns(-1, dan);
  CHECK(s.asked(0, 0) == std::vector<int>{ann, ben});
  CHECK(s.asked(0, 1) == std::vector<int>{cleo, dan});
  CHECK(s.result().decision == first);
  s.says(cleo, ReviewVerb::keep);
  CHECK(s.result().ends == Ends::keep);
}

TEST_CASE("a carried item waits for nobody until its hold changes or somebody decides it anew") {
  Story s(2);
  s.carried(s.item(eve, {{ann}, {ben}}));
  s.carried(s.item(eve, {{ann}, {ben}}));
  s.carried(s.item(eve, {{ann}, {ben}}));
  CHECK(s.status() == ItemStatus::carried);
  CHECK(s.result().decision == 77);
  CHECK(s.result().because == "carried");
  s.campaign().stands(1, "changed", 9, false);
  CHECK(s.status(1) == ItemStatus::open);
  CHECK(s.campaign().reopened(1));
  s.says(ann, ReviewVerb::revoke, 2);
  s.stage_ends();
  CHECK(s.status(0) == ItemStatus::carried);
  CHECK(s.waits_for(ben, 2));
  const Counts counts = s.campaign().counts();
  CHECK(counts.carried == 1);
  CHECK(counts.open == 2);
  CHECK(counts.revoke == 1);
  CHECK(counts.unanswered == 1);
}

TEST_CASE("the clock reminds once, escalates once, and ends what is due") {
  Story s;
  s.definition.stages[0].remind_days = {7, 1};
  s.definition.stages[0].escalate_to = static_cast<PersonIndex>(cleo);
  s.definition.stages[0].escalate_days = 2;
  s.item(eve, {{ann}});
  const Instant begin = s.now;
  const auto due_types = [&] {
    std::vector<std::string> types;
    for (const EventPayload& data : s.campaign().due(s.now)) types.emplace_back(type_name(data));
    return types;
  };
  const auto record_all = [&] {
    for (const EventPayload& data : s.campaign().due(s.now)) s.happens(data);
  };
  using Types = std::vector<std::string>;
  CHECK(due_types().empty());
  CHECK(s.campaign().next_due(s.now) == Instant{begin.us + 7 * day});
  s.now.us = begin.us + 7 * day;
  CHECK(due_types() == Types{"review.reminded"});
  record_all();
  CHECK(due_types().empty());
  s.now.us = begin.us + 13 * day;  // the server was down when it was to escalate
  CHECK(due_types() == Types{"review.reminded", "review.escalated"});
  record_all();
  CHECK(s.waits_for(cleo));
  CHECK(due_types() == Types{"review.reminded"});  // whoever it was escalated to
  record_all();
  CHECK(s.campaign().next_due(s.now) == Instant{begin.us + 14 * day});
  s.now.us = begin.us + 20 * day;
  CHECK(due_types() == Types{"review.closed"});
  record_all();
  CHECK(s.campaign().status() == CampaignStatus::closed);
  CHECK(due_types().empty());
  CHECK_FALSE(s.campaign().next_due(s.now));
  CHECK(s.result().because == "no_answer");
  CHECK(s.status() == ItemStatus::settled);
}

TEST_CASE("a stage ends early when all is decided, if the definition says so") {
  for (const bool early : {false, true}) {
    Story s(2);
    s.definition.ends_early = early;
    s.item(eve, {{ann}, {ben}});
    CHECK(s.campaign().due(s.now).empty());
    s.says(ann, ReviewVerb::keep);
    const auto due = s.campaign().due(s.now);
    REQUIRE(due.size() == (early ? 1 : 0));
    if (early) CHECK(std::get<event::ReviewStageEnded>(due[0]).because == "decided");
  }
}

TEST_CASE("nothing follows from a cancelled review, and what comes after the end changes nothing") {
  Story s;
  s.item(eve, {{ann}});
  s.says(ann, ReviewVerb::revoke);
  const auto end = s.happens(event::ReviewCancelled{});
  CHECK(s.campaign().ended_by() == end);
  CHECK(s.result().ends == Ends::none);
  CHECK(s.result().because == "cancelled");
  s.says(ann, ReviewVerb::keep);
  s.happens(event::ReviewClosed{});
  CHECK(s.campaign().status() == CampaignStatus::cancelled);
  CHECK(s.campaign().said(0).size() == 1);
}

TEST_CASE("silence is what the definition says of it") {
  for (const NoAnswer silence : {NoAnswer::keep, NoAnswer::revoke, NoAnswer::leave_open}) {
    Story s;
    s.definition.no_answer = silence;
    s.item(eve, {{ann}});
    s.item(eve, {{ann}});
    s.says(ann, ReviewVerb::keep, 1);
    const auto closing = s.campaign().closing("due");
    CHECK(closing.kept == (silence == NoAnswer::keep ? 2 : 1));
    CHECK(closing.revoked == (silence == NoAnswer::revoke ? 1 : 0));
    CHECK(closing.left_open == (silence == NoAnswer::leave_open ? 1 : 0));
    s.happens(closing);
    CHECK(s.result(0).because == "no_answer");
    CHECK(s.result(1).because == "decided");
  }
}
