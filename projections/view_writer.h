// The writer's sight of the views: what is stored, with the changes of the batch in hand on top.
//
// Reads go to the rows in memory first, then to the store, so that the second event of a batch sees what the first one
// did. `take` hands the changes over for the commit, and they stay in sight while that is under way; `stand_on` goes on
// to a store that shows them; `forget` drops them, and all that came on top, when the commit failed.
// Rows that were read or written lately stay in memory (cache_bytes_max), which is safe because one
// writer alone changes them. A row is found by its hash; changes are put in order only when somebody scans.
//
// Owned by the writer; one thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/store.h"

namespace tenure::projections {

class ViewWriter : public storage::ViewReader {
 public:
  static constexpr std::size_t cache_bytes_max = 32 << 20;

  // Reads come from `base`, which must show everything taken so far.
  void stand_on(std::unique_ptr<storage::Snapshot> base);
  storage::Snapshot& base() { return *base_; }

  void put(std::string key, std::string value);
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
  std::vector<storage::ViewWrite> take();
  void forget();

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Row {
    std::optional<std::string> value;  // nothing: there is no such row
    bool changed = false;              // in this batch
    bool taken = false;                // by the last `take`, and the base does not show it yet
  };
  using Rows = std::unordered_map<std::string, Row, TextHash, std::equal_to<>>;
  // A row as it stood before it was changed.
  struct Undo {
    const std::string* key;
    bool known;  // whether it was in memory
    Row before;
  };

  void change(std::string key, std::optional<std::string> value);
  const std::optional<std::string>& changed(std::string_view key) const { return rows_.find(key)->second.value; }
  // The keys in order of all that the base does not show.
  std::set<std::string_view>& in_order();
  void let_go(Rows::iterator row);

  std::unique_ptr<storage::Snapshot> base_;
  Rows rows_;
  std::size_t bytes_ = 0;                    // of rows_, roughly
  std::vector<const std::string*> changes_;  // keys of rows_, as they came
  std::vector<const std::string*> taken_;    // those of the last take, in order
  std::set<std::string_view> ordered_;       // the first `ordered_count_` of changes_ and, if that is so, taken_
  std::size_t ordered_count_ = 0;
  bool taken_ordered_ = false;
  std::vector<Undo> undo_;
  std::size_t marked_ = 0;  // changes when marked
};

}  // namespace tenure::projections
