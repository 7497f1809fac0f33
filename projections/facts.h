// The facts of one organization at one point, as known at one position: what every question about
// access is answered from.
//
// A question "as known at k" is a question of now at the same point, but for the entities that were
// touched by what became known after k about the time before it. Those are few, and listed (ListKind::late); they
// are folded again from their own entries without what was not known. Everything else comes
// from the chunks and the interval index as it stands.
//
// Errors stick: after a failed read every answer is empty and `failure` says why; the caller asks
// once, at the end. One thread; O(1) states are kept for the life of the object.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "projections/access_fold.h"
#include "projections/baselines.h"
#include "projections/directory.h"
#include "projections/finding_rows.h"
#include "projections/list_history.h"
#include "projections/timeline.h"
#include "projections/timeline_cache.h"
#include "projections/unlisted.h"

namespace tenure::projections {

class Facts {
 public:
  // As known now. `views` must outlive the object.
  Facts(storage::ViewReader& views, DirectoryCache& names, const Models& models, OrgNumber org, Point at);
  // As known at `known`; falls back to "now" when nothing came after it. `head` is the organization's in the snapshot.
  static Outcome<Facts> known_at(storage::Snapshot& snapshot, DirectoryCache& names, const Models& models,
                                 OrgNumber org, const OrgHead& head, Point at, Position known);
  // Reads timelines through a cache from here on; `head` is the position of the organization's head in the views.
  void read_through(TimelineCache& timelines, Position head);
  // Each timeline will be asked for more than one instant, by this or by who is moved to another one.
  void compare_instants() { use_ = TimelineCache::Use::several_instants; }
  // For the writer, who alone changes `views` and not while the object lives: reads the newest states as they are kept
  // decoded. `next` is the organization's next number.
  void read_as_writer(ViewWriter& views, Number next);
  // The same knowledge at another point.
  Facts moved_to(Point at) const;
  // The same but for one event: as if it counted, or as if it did not. `entities` are those that it changes.
  Facts supposing(Point event, bool counts, const std::vector<Number>& entities) const;

  OrgNumber org() const { return org_; }
  Point at() const { return at_; }
  // What the entity has at this point. Valid as long as the object, or until it is let go.
  const EntityState& state(Number entity) { return state_at(entity, at_); }
  const EntityState& state_at(Number entity, Point at);
  // Forgets an entity that will not be asked about again: for those who go through many. The failure stays.
  void let_go(Number entity) {
    states_.erase(entity);
    names_seen_.erase(entity);
  }
  // The same, not kept: for those who ask of many points.
  EntityState state_once(Number entity, Point at);
  // The links of a list at this point, by their holder's side alone. `each` stops when `row` answers false.
  std::vector<Interval> list(List list);
  void each(List list, const IntervalRow& row);
  // The links of a list that hold at some instant of [from, to), at this knowledge; those of
  // touched entities as of every change of theirs. One may stand twice.
  std::vector<Interval> list_over(List list, Instant from, Instant to);
  // Every change of a list's links after `from` and at or before `to`, without those of touched entities.
  void each_change(List list, Point from, Point to, const LinkChanged& changed);
  // Whose links of a list stand otherwise at `to` than at `from`, and some more (list_history.h); without touched
  // entities.
  void each_difference(List list, Point from, Point to, const std::function<void(Number principal)>& differs);
  // When the links of a list changed at this knowledge, up to this point; those of touched entities as of any of their
  // changes, in no order.
  std::vector<Point> changes_of(List list);
  // Entities about which something was learnt later: those that may stand otherwise now than at this knowledge.
  const std::unordered_set<Number>& touched() const { return knowledge_->touched; }
  // The newest position that is known.
  std::uint64_t known() const { return knowledge_->known; }
  // Says it of facts that are as known now; nothing was recorded after that position.
  void know_at_most(Position known) { knowledge_->known = std::min(knowledge_->known, known.value); }
  // What only the records tell (finding_rows.h), up to this point and of what is known; with what was retracted only
  // where `retracted_too`.
  std::vector<ToldRow> told(Told kind, bool retracted_too);
  // Whoever may have events that name the thing and stands in no list of it (unlisted.h), at any knowledge.
  std::vector<Number> unlisted_holders(Number thing) {
    return take(projections::unlisted_holders(*views_, org_, thing), {});
  }
  // Whether an event tells what was found so (basis baseline): since when, nobody knows.
  bool found_so(std::uint64_t position) {
    if (position == 0 || position > newest_baseline_.value) return false;
    return take(baselines_.has(*views_, org_, Position(position)), false);
  }
  // False where that is known of no event of the organization; nothing is read for it.
  bool any_found_so() const { return newest_baseline_ != Position(0); }
  // Every retraction that is known: the position that it names, and its own; in order.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> retractions();
  // Whether an event was retracted, as known at a position that is known.
  bool retracted(std::uint64_t position, std::uint64_t known);
  // When the organization itself ended, each time.
  std::vector<Point> ends_of_org();
  // Every entry of the entity, whether or not it counts.
  std::vector<Entry> all_entries(Number entity) { return take(entries_of(*views_, org_, entity), {}); }
  // The entity's entries that count, in order.
  std::vector<Entry> entries(Number entity);
  // Those of them after `from` and at or before `to`.
  std::vector<Entry> entries_between(Number entity, Point from, Point to);
  // Those of all that its state at a point is folded from: up to the point, and after the organization's own end.
  std::vector<Entry> entries_until(Number entity, Point at);

  // Every number of a kind that was ever named, in order.
  std::vector<Number> numbers_of(EntityKind kind);
  Number number(EntityKind kind, std::string_view name);
  const NamedEntity& name(Number number);
  // The model in force at a point; the first one for a time before the first. Null if there is none.
  Models::Model model_at(Point at);
  // Every model in force at some instant of [from, to), each once, the newest first.
  std::vector<Models::Model> models_over(Instant from, Instant to);
  Number org_entity() {
    if (org_entity_ == 0) org_entity_ = number(EntityKind::org, "");
    return org_entity_;
  }

  const std::optional<Failure>& failure() const { return failure_; }
  // Something else that the answer rests on could not be read.
  void fail(const Failure& failure) {
    if (!failure_) failure_ = failure;
  }

 private:
  // What was learnt after `known` about the time up to it.
  struct Knowledge {
    std::uint64_t known = std::numeric_limits<std::uint64_t>::max();
    Point horizon = Point::never();  // nothing at or after it was known
    std::unordered_set<Number> touched;
    std::optional<std::pair<Point, bool>> supposed;  // whether that event counts, whatever was said of it

    bool counts(const Entry& entry) const {
      return supposed && supposed->first == entry.at ? supposed->second : entry.counts(known);
    }
  };

  template <class T>
  T take(Outcome<T> outcome, T otherwise) {
    if (outcome) return std::move(*outcome);
    if (!failure_) failure_ = outcome.error();
    return otherwise;
  }
  // When the organization itself ended, where that ends the entity too; nothing where it has not by then.
  std::optional<Point> ended_at(Number entity, Point at);
  // How an entity stands after each of its events, and after each of some ends that leave nothing of it.
  void each_state(Number entity, const std::vector<Point>& ends,
                  const std::function<void(Point at, const EntityState& state)>& each);
  // When an entity's own links changed so, up to this point, and in which list.
  void each_interval_change(Number entity, const std::vector<Point>& ends,
                            const std::function<void(List list, Point at)>& changed);
  void changes_of_touched(List list, Number entity, std::vector<Point>& points);
  // The changes of every list by the histories of all who may have links, with the organization's ends.
  std::map<List, std::vector<Point>>& changes_by_holders();
  Point clipped(Point at) const { return std::min(at, knowledge_->horizon); }
  // The links of a list that the holders have by their own states; false if `row` stopped it.
  bool each_of_states(List list, const std::unordered_set<Number>& holders, const IntervalRow& row);

  storage::ViewReader* views_;
  DirectoryCache* names_;
  ViewWriter* writer_ = nullptr;
  TimelineCache* timelines_ = nullptr;
  TimelineCache::Use use_ = TimelineCache::Use::one_instant;
  Position head_;
  const Models* models_;
  OrgNumber org_;
  Number org_entity_ = 0;   // once it was asked for
  Number next_number_ = 0;  // of the organization in these views; 0: not known
  Position newest_baseline_{
      std::numeric_limits<std::uint64_t>::max()};  // of the same; where it is not known, any may be
  Baselines baselines_;
  Point at_;
  std::shared_ptr<Knowledge> knowledge_;
  std::unordered_map<Number, std::unique_ptr<EntityState>> states_;  // at at_
  std::vector<std::unique_ptr<EntityState>> others_;                 // at other points
  std::unordered_map<Number, NamedEntity> names_seen_;
  std::optional<std::map<List, std::vector<Point>>> changes_by_holders_;  // once they were asked for
  std::optional<Failure> failure_;
};

// The newest occurred_at among the organization's records at or below a position; nothing if there are none.
Outcome<std::optional<Instant>> newest_known(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                             Position known);

}  // namespace tenure::projections
