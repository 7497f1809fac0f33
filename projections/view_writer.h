// The writer's sight of the views: what is stored, with the changes of the batch in hand on top.
//
// Reads go to the changes first, then to the store, so that the second event of a batch sees what the first one
// did. `take` hands the changes over for the commit; `forget` drops them when the commit failed.
// Rows that were read or written lately stay in memory (cache_bytes_max), which is safe because one
// writer alone changes them.
//
// Owned by the writer; one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace tenure::projections {

class ViewWriter : public storage::ViewReader {
 public:
  static constexpr std::size_t cache_bytes_max = 32 << 20;

  // Reads come from `base`, which must show everything committed so far.
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

  // The changes since the last take, in key order.
  std::vector<storage::ViewWrite> take();
  void forget();

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  // A change as it stood before it was changed again: nothing if there was none.
  using Undo = std::pair<std::string, std::optional<std::optional<std::string>>>;

  void keep(std::string_view key, const std::optional<std::string>& value);
  void change(std::string key, std::optional<std::string> value);

  std::unique_ptr<storage::Snapshot> base_;
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;
  std::unordered_map<std::string, std::optional<std::string>, TextHash, std::equal_to<>> cache_;
  std::size_t cache_bytes_ = 0;
  std::vector<Undo> undo_;
};

}  // namespace tenure::projections
