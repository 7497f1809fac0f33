// One review under way: which items wait for whom, what each decision comes to, and what the clock asks for.
//
// A campaign is moved by its own events, in the order of their positions (`apply`), and told what the holds under
// review are now by whoever reads the views (`stands`). Everything it answers follows from those two, so that the same
// events and the same states give the same report, whenever it is asked for.
//
// Items and reviewers go by number: an item's is its place in the population, a person's is their subject. One thread
// or many readers. A copy shares what was asked when the review was opened, and costs what has happened since.
// Complexity: `apply` is O(1); of an item, its decisions and moves; of all, the items.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/record.h"
#include "events/review/definition.h"

namespace tenure::review {

using ItemIndex = std::uint32_t;
// A set of reviewers, shared by all items that have the same: a number into the campaign's list of them.
using SetIndex = std::uint32_t;

// A decision of an earlier campaign that stands for an unchanged hold.
struct Carried {
  std::string review;
  std::uint64_t decision = 0;  // its position
};

// An item as it was when the review was opened.
struct Item {
  std::string id;
  SubjectId member;
  HoldKind kind = HoldKind::role;
  std::string state;  // of the hold; never empty
  std::array<SetIndex, stages_max> reviewers{};
  std::optional<Carried> carried;
};

// What was said of an item.
struct Said {
  std::uint64_t position = 0;
  Instant at;
  ReviewVerb verb = ReviewVerb::keep;
  std::uint8_t stage = 0;
  SubjectId reviewer;
  std::string state;
  RoleId role;                   // change
  SubjectId to;                  // delegate
  std::optional<Instant> until;  // delegate
  std::string call;              // the request that it came with, where there were several in one
  bool has_reason = false;
  SubjectId recorded_by;  // whose token it came with; empty: the program itself
};

// What an item comes to.
enum class Ends : std::uint8_t { none, keep, revoke, change };
std::string_view to_text(Ends ends);

enum class ItemStatus : std::uint8_t {
  open,     // waits for the reviewers of this stage
  decided,  // in this stage
  carried,  // certified earlier and unchanged since
  ended,    // the hold is gone
  settled,  // the review is closed: its outcome stands
};
std::string_view to_text(ItemStatus status);

// What came out for an item, and why.
struct Result {
  Ends ends = Ends::none;
  RoleId role;                 // change: to this one
  std::uint64_t decision = 0;  // the position of the decision, or of the event that ended the hold; 0: nobody's
  // "decided", "carried", "ended", "no_answer", "disagreed", "changed" (nobody looked again at what was decided or
  // carried over and is another hold since, or at what ended and was given anew), "open" or "cancelled"
  std::string_view because;
};

enum class CampaignStatus : std::uint8_t { open, closed, cancelled };
std::string_view to_text(CampaignStatus status);

// What somebody wants to say of an item.
struct Wanted {
  ReviewVerb verb = ReviewVerb::keep;
  ItemIndex item = 0;
  Person reviewer;
  std::string state;
  std::optional<RoleId> role;
  std::optional<Person> to;
  std::optional<Instant> until;
  bool has_reason = false;
};

struct Counts {
  std::uint64_t open = 0, decided = 0, carried = 0, ended = 0;
  std::uint64_t keep = 0, revoke = 0, change = 0, unanswered = 0;  // by outcome; unanswered: none so far
  bool operator==(const Counts&) const = default;
};
inline constexpr std::array count_places{&Counts::open, &Counts::decided, &Counts::carried, &Counts::ended,
                                         &Counts::keep, &Counts::revoke,  &Counts::change,  &Counts::unanswered};

class Campaign {
 public:
  struct Opening {
    std::string review;
    Position position;  // of review.opened
    Instant opened_at, due_at;
  };
  Campaign(Opening opening, Definition definition, std::vector<Item> items,
           std::vector<std::vector<SubjectId>> reviewer_sets);

  // One of its events, after the opening and in order. What comes after the end changes nothing.
  void apply(const Record& record);
  // What the item's hold is now: its state, empty if it is gone, and the event since which it is so. `anew`: it is not
  // the very hold that was there when the review was opened; that one ended, and this was given since.
  void stands(ItemIndex item, std::string state, std::uint64_t since, bool anew);
  // Counts what has moved the campaign. What is answered of an item is the same until its own number grows, but for
  // delegations that come to their end.
  std::uint64_t moves() const { return moves_made_; }
  std::uint64_t moved(ItemIndex item) const { return std::max(moved_[item], all_moved_); }
  // Items of which a delegation ends after the first instant and not after the second.
  std::vector<ItemIndex> returned(Instant after, Instant until) const;

  const Opening& opening() const { return opening_; }
  const Definition& definition() const { return definition_; }
  const std::vector<Item>& items() const { return agenda_->items; }
  std::optional<ItemIndex> find(std::string_view id) const;

  CampaignStatus status() const { return end_.status; }
  std::size_t stage() const { return stage_; }
  std::uint64_t ended_by() const { return ended_by_; }  // the position of what closed or cancelled it; 0 while open
  Instant stage_ends(std::size_t stage) const;

  // ---- of one item
  const std::string& state_now(ItemIndex item) const {
    const auto now = now_.find(item);
    return now == now_.end() ? items()[item].state : now->second.state;
  }
  std::uint64_t changed_by(ItemIndex item) const {
    const auto now = now_.find(item);
    return now == now_.end() ? 0 : now->second.since;
  }
  const std::vector<Said>& said(ItemIndex item) const;
  ItemStatus item_status(ItemIndex item) const;
  // Whether it was decided in this stage or carried over, and is open because the hold has changed since.
  bool reopened(ItemIndex item) const;
  // Whether an answer is late: nobody decided it by the end of some stage of an open review, or by the end of a closed
  // one.
  bool overdue(ItemIndex item, Instant at) const;
  // What it comes to by what was said so far; of a closed review, what it came to.
  Result result(ItemIndex item) const;
  // Who is asked about it in a stage at an instant, delegations and reassignments followed; never its own member.
  std::vector<SubjectId> reviewers(ItemIndex item, std::size_t stage, Instant at) const;
  // Whether the decision counts: in its stage, by the state that the hold is in.
  bool counts(ItemIndex item, const Said& said) const;

  // ---- of all (progress.h keeps these)
  Counts counts() const;
  // Which of the counts an item is in, a bit each, in the order of count_places.
  std::uint8_t counted_in(ItemIndex item) const { return counted_if(item, end_); }
  // Of whom an answer about the item is wanted in this stage.
  std::vector<SubjectId> waits_for(ItemIndex item, Instant at) const;
  // Items that wait for the reviewer, in order: open ones that they are asked about, unless their place was heard
  // already and others' words are missing.
  std::vector<ItemIndex> waiting_for(const SubjectId& reviewer, Instant at) const;

  // Who has open items in this stage, and how many.
  std::map<SubjectId, std::uint64_t> loads(Instant at) const;

  // ---- what may be done
  Decided<void> may_decide(const Wanted& wanted, Instant at) const;
  Decided<void> may_change() const;  // open still

  // ---- what the clock asks for at an instant: events that are due, in the order in which they are to be recorded. An
  // event is due until it is recorded; after that it is not asked for again.
  std::vector<EventPayload> due(Instant at) const;
  // The close, with its counts, for somebody's wish or a due date.
  event::ReviewClosed closing(std::string because) const;
  // The next instant at which something is due, if the campaign is open.
  std::optional<Instant> next_due(Instant after) const;

 private:
  struct Now {
    std::string state;
    std::uint64_t since = 0;
    bool anew = false;
  };
  struct Move {  // somebody is asked in another's place, or beside all
    std::uint64_t position = 0;
    SubjectId from;  // empty: beside all
    SubjectId to;
    std::optional<Instant> until;
    std::optional<std::uint8_t> stage;  // of this one alone, else of `since` and later ones
    bool beside = false;                // an escalation: the other one stays
    std::uint8_t since = 0;             // the stage in which it was said
  };
  // A place among those who are asked: somebody's from the start or since a position, and whoever takes it over. Where
  // all must be heard, it is heard by the newest word of any of these.
  struct Place {
    SubjectId first;
    std::uint64_t since = 0;
  };
  struct Reminded {
    std::uint64_t stage = 0;
    SubjectId reviewer;
    Instant at;
  };
  struct StageOutcome {
    Ends ends = Ends::none;
    const Said* by = nullptr;
    bool disagreed = false;
  };

  void take(const event::ReviewDecided& decided, const Record& record);
  StageOutcome outcome_of(ItemIndex item, std::size_t stage) const;
  StageOutcome agreed(ItemIndex item, std::size_t stage, const std::vector<const Said*>& words) const;
  // Each reviewer's newest word that counts, in order.
  std::vector<const Said*> newest_words(ItemIndex item, std::size_t stage) const;
  std::vector<Place> places(ItemIndex item, std::size_t stage) const;
  // Who has the place at an instant, by what was said before a position.
  std::vector<SubjectId> holders(const Place& place, ItemIndex item, std::size_t stage, Instant at,
                                 std::uint64_t before) const;
  const Said* heard(const Place& place, ItemIndex item, std::size_t stage, const std::vector<const Said*>& words) const;
  // The moves that matter for an item in a stage, in the order in which they were said.
  template <class F>
  void each_move(ItemIndex item, std::size_t stage, const F& f) const;
  // How it ends, where that is asked of one that is open.
  struct End {
    CampaignStatus status = CampaignStatus::open;
    bool in_time = false;  // closed when it was due, so that silence means what the definition says
  };
  Result result_if(ItemIndex item, End end) const;
  Counts counts_if(End end) const;
  std::uint8_t counted_if(ItemIndex item, End end) const;
  bool has_changed_since_answer(ItemIndex item) const;
  bool given_anew(ItemIndex item) const;
  bool unchanged_since_carried(ItemIndex item) const {
    return items()[item].carried && state_now(item) == items()[item].state;
  }
  const std::vector<SubjectId>& set_of(ItemIndex item, std::size_t stage) const {
    return agenda_->reviewer_sets[items()[item].reviewers[stage]];
  }
  void move(ItemIndex item) { moved_[item] = ++moves_made_; }
  void move_all() { all_moved_ = ++moves_made_; }
  static void follow(const Move& move, Instant at, std::vector<SubjectId>& people);
  bool all_decided() const;
  std::vector<Instant> reminders() const;
  bool reminded_since(const SubjectId& reviewer, Instant since) const;

  // What is asked, as it was when the review was opened.
  struct Agenda {
    std::vector<Item> items;
    std::vector<std::vector<SubjectId>> reviewer_sets;
    std::unordered_map<std::string_view, ItemIndex> by_id;
  };

  Opening opening_;
  Definition definition_;
  std::shared_ptr<const Agenda> agenda_;
  std::unordered_map<ItemIndex, Now> now_;  // of holds that do not stand as they did then
  std::unordered_map<ItemIndex, std::vector<Said>> said_;
  std::unordered_map<ItemIndex, std::vector<Move>> item_moves_;
  std::vector<Move> moves_;
  std::vector<Instant> stage_began_;  // of each stage that has begun
  std::vector<Reminded> reminded_;
  std::set<std::pair<std::uint64_t, SubjectId>> escalated_;
  End end_;
  std::size_t stage_ = 0;
  std::uint64_t ended_by_ = 0;
  std::vector<std::uint64_t> moved_;  // by item
  std::uint64_t moves_made_ = 0, all_moved_ = 0;
};

}  // namespace tenure::review
