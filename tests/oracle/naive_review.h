// A review under way, worked out naively: every answer goes through all that was ever said, from the beginning. Written
// from events/review/README.md and the comments of events/review/campaign.h alone, to compare `Campaign` with.
//
// People, stages and items go by number; nobody is -1. Times are microseconds. One thread. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenure::oracle {

// Something that was said of a review: one of its events.
struct ReviewWord {
  std::string kind;  // decided, reassigned, reminded, escalated, stage_ended, closed, cancelled
  std::int64_t position = 0;
  std::int64_t at = 0;
  int item = -1;    // decided; reassigned: -1 for all items
  int person = -1;  // whoever decides, is reminded, or is asked no more
  int to = -1;      // delegated, reassigned or escalated to
  std::int64_t stage = 0;
  std::string verb;                   // decided: keep, revoke, change, delegate
  std::string role;                   // change
  std::string state;                  // decided: of the hold, as the reviewer saw it
  std::optional<std::int64_t> until;  // delegated
  std::string because;                // stage_ended, closed
  std::int64_t open = 0;              // reminded, escalated: how many items wait
};

struct NaiveReview {
  struct Stage {
    std::string rule;  // one_decides, all_agree, any_revoke
    std::int64_t days = 0;
    std::vector<std::int64_t> remind_days;
    int escalate_to = -1;
    std::int64_t escalate_days = 1;
  };
  struct Item {
    int member = -1;
    std::string kind;  // role, group, grant, invitation
    std::string state;
    std::vector<std::set<int>> reviewers;  // by stage
    std::optional<std::int64_t> carried;   // the decision of an earlier review
  };
  struct Hold {
    std::string state;  // empty: gone
    std::int64_t since = 0;
    bool anew = false;  // given while the review was under way
  };
  struct Result {
    std::string ends, role, because;
    std::int64_t decision = 0;
  };
  struct Counts {
    std::int64_t open = 0, decided = 0, carried = 0, ended = 0, keep = 0, revoke = 0, change = 0, unanswered = 0;
  };

  std::int64_t opened_at = 0;
  std::vector<Stage> stages;
  std::vector<Item> items;
  std::string no_answer, justification;
  bool ends_early = false;

  std::vector<Hold> now;          // of each item
  std::vector<ReviewWord> words;  // in order; none after the end

  void hear(const ReviewWord& word);

  std::string status() const;  // open, closed, cancelled
  std::size_t stage() const;
  std::int64_t stage_ends(std::size_t stage) const;
  std::set<int> asked(int item, std::size_t stage, std::int64_t at) const;
  bool counts_now(int item, const ReviewWord& word) const;
  Result result(int item) const;
  std::string item_status(int item) const;  // open, decided, carried, ended, settled
  bool reopened(int item) const;
  bool overdue(int item, std::int64_t at) const;
  Counts counts() const;
  // Who waits for an answer of whom: the items that a person is asked about and that are open.
  std::vector<int> waiting_for(int person, std::int64_t at) const;
  std::vector<ReviewWord> due(std::int64_t at) const;
  ReviewWord closing(const std::string& because) const;
  // Every reason to refuse the word; none: it may be said. Names of refusals as the API has them.
  std::set<std::string> against(const ReviewWord& word, bool has_reason, std::int64_t at) const;

 private:
  struct Outcome {
    std::string ends, role;  // none: nothing decided
    std::int64_t decision = 0;
    bool disagreed = false;
  };
  // Who stands in for `people` after what was said between two positions, in a stage, at an instant.
  std::set<int> after_moves(std::set<int> people, int item, std::size_t stage, std::int64_t at, std::int64_t after,
                            std::int64_t before, bool with_new) const;
  // The words for each place: each reviewer of the stage is one, and each person asked beside all.
  std::vector<std::vector<const ReviewWord*>> places(int item, std::size_t stage) const;
  std::set<int> unheard(int item, std::size_t stage, std::int64_t at) const;
  std::map<int, const ReviewWord*> heard(int item, std::size_t stage) const;
  Outcome outcome(int item, std::size_t stage) const;
  Result result_if(int item, const std::string& status, const std::string& because) const;
  std::string open_status(int item) const;
  bool all_decided() const;
};

}  // namespace tenure::oracle
