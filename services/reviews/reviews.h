// Start here: every access review of a store, as it stands now or stood at a position.
//
// A review that is looked at is kept in memory, moved on by its own events and told what the holds under review are
// now, from the log and the views, before anything is answered. As known at a position it is the one in memory where
// that says the same, else it is worked out anew. Nothing here decides: the rules are events/review/campaign.h's, and
// what is recorded goes through reviewing.h.
//
// Threads: any. A review in hand is locked until it is let go of. One as known at a position is read without a lock:
// whoever moves the review on moves a copy of its campaign. Failures: the store's; corruption where the items of a
// review cannot be derived again as they were when it was opened. Memory: review_items_kept items in all, and as many
// as each review counts for beside its own.
#pragma once

#include <list>
#include <mutex>

#include "events/review/progress.h"
#include "services/reviews/changed.h"
#include "services/reviews/population.h"

namespace tenure::services {

// All reviews in memory together; the least lately used go first. An item is about 1 KiB.
inline constexpr std::size_t review_items_kept = 400'000;
// What a review counts for beside its items: itself, so that the list of them stays short enough to be looked through…
inline constexpr std::size_t review_counts_for_items = 100;
// …and its definition, which takes about four times its text when it is read.
inline constexpr std::size_t definition_counts_times = 4;
// Dry runs among them: one is asked about page after page and then no more.
inline constexpr std::size_t dry_runs_kept = 8;

// Cheap to copy: what is large is shared.
struct Review {
  Review(Record opening, review::Campaign the_campaign, std::vector<projections::Hold> the_holds);

  const event::ReviewOpened& opening() const { return std::get<event::ReviewOpened>(opened.event.data); }
  // As it was when the review was opened.
  const projections::Hold& hold(review::ItemIndex item) const { return (*holds)[item]; }
  // What was known then.
  projections::EarlierLook first_look() const { return {opening().as_of, opening().pinned.value}; }
  // As `seen` sees it: the same, or what came in its place; nothing where neither is there.
  std::optional<projections::Hold> become(projections::Holds& seen, review::ItemIndex item) const;
  // The same; as it was where there is nothing, and in a dry run.
  projections::Hold hold_in(projections::Holds& seen, review::ItemIndex item) const {
    const bool is_opened = std::holds_alternative<event::ReviewOpened>(opened.event.data);
    return is_opened ? become(seen, item).value_or(hold(item)) : hold(item);
  }
  // Of one that is closed: the moment of the close.
  projections::Point closed() const { return {at.us, campaign->ended_by()}; }
  // To be moved on, in a copy of its own where somebody may be looking at it.
  review::Campaign& to_move();

  using Range = std::pair<review::ItemIndex, review::ItemIndex>;  // the first and behind the last
  Record opened;
  std::shared_ptr<review::Campaign> campaign;
  bool looked_at = false;  // somebody may be looking at the campaign without the lock
  std::shared_ptr<const std::vector<projections::Hold>> holds;  // by item
  std::shared_ptr<const std::unordered_map<SubjectId, Range>> items_of;
  std::shared_ptr<const std::vector<review::ItemIndex>> invitations;  // which run out by themselves
  std::shared_ptr<const std::vector<review::ItemIndex>> by_power;     // in that order; when first asked for
  std::shared_ptr<review::Progress> progress;                         // of the campaign, as it was when last asked for
  std::string last;                                      // the review before this one of the same definition
  std::shared_ptr<const Certificates> certificates;      // of all reviews of the definition closed before this one
  Position applied;                                      // its own events up to here
  Position seen;                                         // the holds' states as known here …
  Instant at;                                            // … and at this instant
  Instant same_since;                                    // known that much, they were the same from this instant on
  std::vector<std::pair<Instant, std::uint64_t>> ahead;  // events that were not in force at that instant
  Instant unread_until;                                  // till then, events that nobody read may come into force
  std::shared_ptr<const OpenFindings> findings;          // of the state under review; worked out when first asked for
  std::size_t without_reviewer = 0;                      // of a dry run: items about which some stage has nobody to ask
  std::vector<std::string> warnings;                     // of a dry run: what is worth a look
};

// How many of review_items_kept it takes.
std::size_t items_counted(const Review& review);

// A review in hand.
struct HeldReview {
  std::shared_ptr<Review> review;
  std::shared_ptr<void> place;
  std::unique_lock<std::mutex> lock;
  std::unique_ptr<OpenOrg> newer;  // where the one that was asked about is older than what the review has seen
  Review* operator->() const { return review.get(); }
  explicit operator bool() const { return review != nullptr; }
  // What it is to be read with.
  const OpenOrg& on(const OpenOrg& asked) const { return newer ? *newer : asked; }
};

// What a list shows of a review.
struct ReviewSummary {
  std::string id;
  Record opened;
  std::optional<Record> ended;  // by review.closed or review.cancelled
};

struct KeptDefinition {
  review::Definition definition;
  Record defined;
};

class Reviews {
 public:
  explicit Reviews(Parts& parts) : parts_(parts) {}

  // The newest of each definition that was not withdrawn, in order of first mention.
  Outcome<std::vector<KeptDefinition>> definitions(const OpenOrg& org);
  Outcome<std::optional<KeptDefinition>> definition(const OpenOrg& org, const std::string& id);
  Outcome<std::optional<KeptDefinition>> definition_known_at(const OpenOrg& org, const std::string& id, Position known);

  // In order of opening, as known at the position.
  Outcome<std::vector<ReviewSummary>> list(const OpenOrg& org, Position known);
  // Brought up to the snapshot and the instant; nothing if there is none of that name.
  Outcome<HeldReview> get(const OpenOrg& org, const std::string& id, Instant now);
  // As it was known at a position at or after its opening; nothing if there was none.
  Outcome<std::shared_ptr<const Review>> as_known_at(const OpenOrg& org, const std::string& id, Position known);
  // The records of the reports on access, in order, as known at the position.
  Outcome<std::vector<Record>> reports(const OpenOrg& org, Position known);
  // The last closed review of a definition before a position, and all that was certified up to it.
  struct Before {
    std::string last;
    std::shared_ptr<const Certificates> certificates;
    std::string terms;  // of the last one
    // The review whose certificates may stand for a definition: the last one, if it was held on the same terms.
    std::string carried_from(const review::Definition& definition) const {
      return terms == review::terms_of(definition) ? last : std::string();
    }
  };
  Outcome<Before> before(const OpenOrg& org, const std::string& definition, Position position);

  // Keeps a review that was opened just now, by its record and what was worked out for that. Nobody works out the same
  // meanwhile who has to wait for `loading`.
  std::unique_lock<std::mutex> loading() { return std::unique_lock(loading_); }
  void opened(const OpenOrg& org, Record record, Population population, const Before& before);

  // What a dry run found is kept beside the reviews, dry_runs_kept of them, so that its later pages are those of the
  // first. `name` is one that no review has. Null where it is not there any more.
  HeldReview tried(const OrgId& org, const std::string& name);
  HeldReview keep_tried(const OrgId& org, const std::string& name, std::shared_ptr<Review> review);

 private:
  using Key = std::pair<OrgId, std::string>;
  struct Kept {
    std::mutex guard;
    std::shared_ptr<Review> review;
    Key key;
    std::size_t items = 0;  // what it counts for
    bool tried = false;     // a dry run
  };

  Outcome<std::shared_ptr<const Certificates>> with_certified(const OpenOrg& org, const ReviewSummary& closed,
                                                              const Certificates& before);
  Outcome<std::shared_ptr<Review>> load(const OpenOrg& org, const std::string& id);
  Outcome<std::shared_ptr<Review>> made(const OpenOrg& org, Record record, Population population, const Before& before);
  Outcome<void> bring(Review& review, const OpenOrg& org, Position known, Instant at);
  Outcome<bool> look_again(Review& review, const OpenOrg& org, Position known, Instant at, const Stretch& stretch);
  Outcome<std::shared_ptr<Kept>> kept(const OpenOrg& org, const std::string& id);
  Outcome<std::shared_ptr<const Review>> present_at(Kept& kept, const OpenOrg& org, bool ended, Position known,
                                                    Instant at);
  Outcome<std::shared_ptr<const Review>> worked_out(const OpenOrg& org, const std::string& id, Position known,
                                                    Instant at);
  std::shared_ptr<Kept> find(const Key& key);
  std::shared_ptr<Kept> keep(const Key& key, std::shared_ptr<Review> review, bool tried = false);

  Parts& parts_;
  std::mutex guard_;
  std::mutex loading_;                                            // one is worked out at a time
  std::list<std::shared_ptr<Kept>> kept_;                         // the last used first
  std::map<Key, std::shared_ptr<const Certificates>> certified_;  // up to and with a closed review
};

}  // namespace tenure::services
