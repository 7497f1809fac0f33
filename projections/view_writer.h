// The writer's sight of the views: what is stored, with the changes of the batch in hand on top.
//
// Reads go to the rows in memory first, then to the store, so that the second event of a batch sees what the first one
// did. `take` hands the changes over for the commit, and they stay in sight while that is under way; `stand_on` goes on
// to a store that shows them; `forget` drops them, and all that came on top, when the commit failed.
//
// Rows come in three kinds. Those that are looked up by their keys stay in memory when they were read or written lately
// (cache_bytes_max, in two generations), which is safe because one writer alone changes them; they are found by their
// hash. Those that are only read in order (the histories of lists, sealed chunks of timelines, what became known late,
// what findings rest on) are kept in order, and only as long as the store does not show them. Those of the ids of
// events (id_rows.h), too, are kept only so long. Any range of the first two kinds can be read; one of the first puts
// them in order.
//
// What changes with nearly every event, the newest chunk of a timeline and the head of a list, is kept decoded and
// becomes a row when it is taken. Until then it is answered from there to who asks for its key; no range may be
// read that it lies in, nor one of ids.
//
// A writer in bulk (a rebuild) changes many events' rows before it takes them, and never rolls back. It keeps more of
// them in memory.
//
// Owned by the writer; one thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "projections/id_rows.h"
#include "projections/open_lists.h"
#include "projections/open_timelines.h"
#include "projections/ordered_rows.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter : public storage::ViewReader {
 public:
  static constexpr std::size_t cache_bytes_max = 24 << 20, bulk_cache_bytes_max = 48 << 20;
  enum class Use : std::uint8_t { live, bulk };

  explicit ViewWriter(Use use = Use::live)
      : use_(use),
        timelines_(use == Use::bulk),
        lists_(use == Use::bulk),
        id_changes_(use == Use::bulk),
        id_taken_(use == Use::bulk) {}
  bool in_bulk() const { return use_ == Use::bulk; }

  // Reads come from `base`, which must show everything taken so far.
  void stand_on(std::unique_ptr<storage::Snapshot> base);
  storage::Snapshot& base() { return *base_; }

  // Timelines as they stand in these views, decoded.
  OpenTimelines& timelines() { return timelines_; }
  // The heads of lists that changed lately.
  OpenLists& lists() { return lists_; }
  // What `take` will hand over, roughly.
  std::size_t changed_bytes() const { return changed_bytes_ + timelines_.changed_bytes(); }

  void put(std::string key, std::string value);
  // Of a key that is looked up, has no row, and was not asked for: it is not looked for here either. In bulk.
  void put_new(std::string key, std::string value);
  // The row of the id with that digest (id_key in access_fold.h).
  void put_id(OrgNumber org, const Digest& id, std::string value);
  void erase(std::string key);

  Outcome<bool> get(std::string_view key, std::string& value) override;
  Outcome<bool> last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                             std::string& value) override;
  Outcome<void> scan(std::string_view from, std::string_view to,
                     const std::function<bool(std::string_view, std::string_view)>& row) override;

  // Everything changed after `mark` is undone by `roll_back`; a new mark forgets the older one.
  void mark();
  void roll_back();

  // The changes since the last take, in key order. Not again before `stand_on` or `forget`.
  storage::ViewWrites take() { return take_unsorted().sorted(); }
  // The same, to be sorted by another thread while this one goes on; until `stand_on` or `forget`.
  class Taken {
   public:
    storage::ViewWrites sorted();
    // The rows where they stand, for a commit in bulk: they stay until `stand_on` or `forget`.
    storage::BulkViews in_bulk() &&;

   private:
    friend class ViewWriter;
    // Puts them in order.
    void sort();
    // Once sorted, in the order of their keys.
    void each(const storage::BulkViews::Visit& row) const;
    std::size_t count() const { return found_.size() + ordered_->size() + ids_in_order_.size(); }

    std::vector<storage::ViewWrite> found_;  // those that are looked up by their keys
    const OrderedRows* ordered_ = nullptr;
    const IdRows* ids_ = nullptr;
    std::vector<IdRows::Row> ids_in_order_;
    std::size_t bytes_ = 0;
  };
  Taken take_unsorted();
  void forget();

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Value = std::optional<std::string>;  // nothing: there is no such row
  struct Row {
    Value value;
    bool changed = false;  // in this batch
    bool taken = false;    // by the last `take`, and the base does not show it yet
  };
  using Rows = std::unordered_map<std::string, Row, TextHash, std::equal_to<>>;
  // A row as it stood before it was changed.
  struct Undo {
    Rows::value_type* row;
    bool known;  // whether it was in memory
    Row before;
  };
  struct UndoOrdered {
    std::string key;
    std::optional<OrderedRows::Row> before;  // none: it was not kept
  };
  struct UndoId {
    IdRows::Key row;
    std::optional<IdRows::Value> before;  // none: it was not kept
  };

  void change(std::string key, Value value);
  void change_found(Rows::iterator it, bool fresh, Value value);
  void change_id(const IdRows::Key& key, Value value);
  // The row in memory, now in the young generation.
  Rows::iterator find(std::string_view key);
  // What a key has that the base does not show; nothing if there is no such thing.
  std::optional<OrderedRows::Value> unseen(std::string_view key);
  // The keys in a range of which that is so, in order, where not all are only read in order; of any range, the greatest
  // of them that has a value.
  std::vector<std::string_view> unseen_in(std::string_view from, std::string_view to);
  std::optional<std::string_view> last_unseen(std::string_view lower, std::string_view at_most);
  // The same of the rows that are found by their hash.
  const std::set<std::string_view>& unseen_rows();

  // The row of a head that is kept decoded; false where none is.
  bool open_head(std::string_view key, std::string& value) const;
  std::vector<storage::ViewWrite> take_heads();

  const Use use_;
  std::unique_ptr<storage::Snapshot> base_;
  OpenTimelines timelines_;
  OpenLists lists_;
  bool heads_in_rows_ = false;  // some head is among rows_, as a late event leaves it there
  std::size_t changed_bytes_ = 0;
  Rows rows_, old_rows_;
  std::size_t bytes_ = 0;  // of rows_, roughly
  std::vector<Rows::value_type*> changes_, taken_;
  OrderedRows ordered_changes_, ordered_taken_;
  std::vector<Undo> undo_;
  std::vector<UndoOrdered> undo_ordered_;
  IdRows id_changes_, id_taken_;
  std::vector<UndoId> undo_ids_;
  std::size_t marked_ = 0;               // changes_ when marked
  std::set<std::string_view> in_order_;  // unseen_rows(), made when first asked for
  bool in_order_made_ = false;
};

}  // namespace tenure::projections
