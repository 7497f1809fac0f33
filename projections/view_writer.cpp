#include "projections/view_writer.h"

#include <algorithm>
#include <cassert>

#include "projections/layout.h"
#include "projections/row_sorts.h"
#include "projections/timeline.h"

namespace tenure::projections {

namespace {

constexpr std::size_t row_bytes = 128;  // a node of the map, roughly
// A row that is kept in order, here and among the writes of a commit, beside its key and value in both.
constexpr std::size_t ordered_row_bytes = 2 * sizeof(OrderedRows::Row);

// Sorts by what `key_of` answers. The beginnings of the keys stand side by side; the keys themselves lie all over
// memory and are seldom looked at.
template <class Row, class KeyOf>
void sort_by_key(std::vector<Row>& rows, const KeyOf& key_of) {
  struct Place {
    std::uint64_t first, second;
    std::size_t at;
  };
  std::vector<Place> places;
  places.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& key = key_of(rows[i]);
    places.push_back({bytes_of(key, 0), bytes_of(key, 8), i});
  }
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    if (a.first != b.first) return a.first < b.first;
    return a.second != b.second ? a.second < b.second : key_of(rows[a.at]) < key_of(rows[b.at]);
  });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const Place& place : places) sorted.push_back(std::move(rows[place.at]));
  rows.swap(sorted);
}

}  // namespace

void ViewWriter::stand_on(std::unique_ptr<storage::Snapshot> base) {
  base_ = std::move(base);
  timelines_.seen();
  timelines_.trim();
  lists_.seen();
  for (auto* row : taken_) row->second.taken = false;
  taken_.clear();
  ordered_taken_.clear();
  id_taken_.clear();
  in_order_.clear();
  in_order_made_ = false;
  if (bytes_ <= (in_bulk() ? bulk_cache_bytes_max : cache_bytes_max) / 2) return;
  // What was not met since the last time goes, unless it is a change of the batch in hand.
  std::erase_if(old_rows_, [](const auto& row) { return !row.second.changed; });
  rows_.swap(old_rows_);
  bytes_ = 0;
}

ViewWriter::Rows::iterator ViewWriter::find(std::string_view key) {
  const auto it = rows_.find(key);
  if (it != rows_.end()) return it;
  const auto old = old_rows_.find(key);
  if (old == old_rows_.end()) return rows_.end();
  bytes_ += old->first.size() + row_bytes + (old->second.value ? old->second.value->size() : 0);
  return rows_.insert(old_rows_.extract(old)).position;
}

void ViewWriter::put(std::string key, std::string value) { change(std::move(key), std::move(value)); }

void ViewWriter::put_new(std::string key, std::string value) {
  assert(in_bulk() && !is_ordered(key) && !is_id(key) && !is_head(key));
  changed_bytes_ += key.size() + value.size() + row_bytes;
  const auto [it, fresh] = rows_.try_emplace(std::move(key));
  change_found(it, fresh, std::move(value));
}

void ViewWriter::put_id(OrgNumber org, const Digest& id, std::string value) {
  changed_bytes_ += id_key_bytes + value.size() + row_bytes;
  change_id(IdRows::key_of(org, id), std::move(value));
}

void ViewWriter::erase(std::string key) { change(std::move(key), std::nullopt); }

void ViewWriter::change(std::string key, Value value) {
  const std::size_t bytes = key.size() + (value ? value->size() : 0);
  if (is_ordered(key)) {
    changed_bytes_ += 2 * bytes + ordered_row_bytes;
    const auto before = ordered_changes_.put(key, value ? OrderedRows::Value(*value) : std::nullopt);
    if (!in_bulk()) undo_ordered_.push_back({std::move(key), before});
    return;
  }
  changed_bytes_ += bytes + row_bytes;
  if (is_id(key)) return change_id(IdRows::key_of(key), std::move(value));
  heads_in_rows_ |= is_head(key);
  auto it = find(key);
  const bool fresh = it == rows_.end();
  if (fresh) it = rows_.try_emplace(std::move(key)).first;
  change_found(it, fresh, std::move(value));
}

void ViewWriter::change_found(Rows::iterator it, bool fresh, Value value) {
  ViewWriter::Row& row = it->second;
  if (fresh) bytes_ += it->first.size() + row_bytes;
  if (value) bytes_ += value->size();
  if (row.value) bytes_ -= std::min(bytes_, row.value->size());
  if (!row.changed) {
    changes_.push_back(&*it);
    if (in_order_made_) in_order_.insert(it->first);
  }
  const bool taken = row.taken;
  if (!in_bulk()) undo_.push_back({&*it, !fresh, std::move(row)});
  row = ViewWriter::Row{std::move(value), true, taken};
}

void ViewWriter::change_id(const IdRows::Key& key, Value value) {
  auto before = id_changes_.put(key, std::move(value));
  if (!in_bulk()) undo_ids_.push_back({key, std::move(before)});
}

void ViewWriter::mark() {
  timelines_.mark();
  lists_.mark();
  undo_.clear();
  undo_ordered_.clear();
  undo_ids_.clear();
  marked_ = changes_.size();
}

void ViewWriter::roll_back() {
  assert(!in_bulk());
  timelines_.roll_back();
  lists_.roll_back();
  in_order_made_ = false;
  in_order_.clear();
  changes_.resize(marked_);
  for (; !undo_.empty(); undo_.pop_back()) {
    Undo& undo = undo_.back();
    if (undo.known) {
      undo.row->second = std::move(undo.before);
    } else {
      rows_.erase(find(undo.row->first));
    }
  }
  for (; !undo_ordered_.empty(); undo_ordered_.pop_back()) {
    ordered_changes_.undo(undo_ordered_.back().key, undo_ordered_.back().before);
  }
  for (; !undo_ids_.empty(); undo_ids_.pop_back()) {
    id_changes_.undo(undo_ids_.back().row, std::move(undo_ids_.back().before));
  }
}

std::optional<OrderedRows::Value> ViewWriter::unseen(std::string_view key) {
  const auto seen = [](const Value& value) { return value ? OrderedRows::Value(*value) : std::nullopt; };
  if (is_id(key)) {
    const IdRows::Key id = IdRows::key_of(key);
    const Value* value = id_changes_.find(id);
    if (!value) value = id_taken_.find(id);
    return value ? std::make_optional(seen(*value)) : std::nullopt;
  }
  if (is_ordered(key)) {
    const auto* row = ordered_changes_.find(key);
    if (!row) row = ordered_taken_.find(key);
    if (!row) return std::nullopt;
    return std::make_optional(row->value());
  }
  const auto it = find(key);
  if (it == rows_.end() || !(it->second.changed || it->second.taken)) return std::nullopt;
  return seen(it->second.value);
}

const std::set<std::string_view>& ViewWriter::unseen_rows() {
  if (in_order_made_) return in_order_;
  in_order_.clear();
  for (const auto* rows : {&changes_, &taken_}) {
    for (const auto* row : *rows) in_order_.insert(row->first);
  }
  in_order_made_ = true;
  return in_order_;
}

std::vector<std::string_view> ViewWriter::unseen_in(std::string_view from, std::string_view to) {
  std::vector<std::string_view> keys;
  if (from >= to) return keys;
  assert(!is_ordered_range(from, to) && !may_have_heads(from, to));
  if (may_have_ordered(from, to)) {
    ordered_changes_.add_keys(from, to, keys);
    ordered_taken_.add_keys(from, to, keys);
  }
  const auto& rows = unseen_rows();
  keys.insert(keys.end(), rows.lower_bound(from), rows.lower_bound(to));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::optional<std::string_view> ViewWriter::last_unseen(std::string_view lower, std::string_view at_most) {
  if (is_ordered_range(lower, at_most)) {
    auto change = ordered_changes_.upper_bound(lower, at_most), taken = ordered_taken_.upper_bound(lower, at_most);
    for (;;) {
      const auto *changed = change.before(), *of_taken = taken.before();
      const auto* last = !changed || (of_taken && changed->key() < of_taken->key()) ? of_taken : changed;
      if (!last || last->key() < lower) return std::nullopt;
      if (last->value()) return last->key();
      // Erased: look below it.
      const std::string_view erased = last->key();
      if (changed && changed->key() == erased) change.back();
      if (of_taken && of_taken->key() == erased) taken.back();
    }
  }
  assert(!may_have_heads(lower, at_most) && !may_have_ordered(lower, at_most));
  const auto& rows = unseen_rows();
  for (auto row = rows.upper_bound(at_most); row != rows.begin();) {
    --row;
    if (*row < lower) return std::nullopt;
    if (*unseen(*row)) return *row;
  }
  return std::nullopt;
}

Outcome<bool> ViewWriter::get(std::string_view key, std::string& value) {
  if (is_ordered(key) || is_id(key)) {
    const auto now = unseen(key);
    if (!now) return base_->get(key, value);
    if (*now) value = **now;
    return now->has_value();
  }
  const bool head = is_head(key);
  if (head && open_head(key, value)) return true;
  if (head && !heads_in_rows_) return base_->get(key, value);
  if (const auto it = find(key); it != rows_.end()) {
    if (!it->second.value) return false;
    value = *it->second.value;
    return true;
  }
  const auto found = base_->get(key, value);
  if (!found || head) return found;
  rows_.emplace(key, ViewWriter::Row{*found ? Value(value) : std::nullopt});
  bytes_ += key.size() + row_bytes + (*found ? value.size() : 0);
  return *found;
}

Outcome<bool> ViewWriter::last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                                       std::string& value) {
  // The newest change at or below, if any, against the newest stored row that no change hides.
  const auto changed = last_unseen(lower, at_most);
  std::string limit(at_most);
  while (true) {
    const auto found = base_->last_at_most(lower, limit, key, value);
    if (!found) return found.error();
    if (!*found || (changed && key <= *changed)) break;
    if (!unseen(key)) return true;
    // Erased (a change that puts it would have been found above): look below it.
    limit = key;
    if (limit.back() != '\0') {
      limit.back() = static_cast<char>(limit.back() - 1);
      limit.append(64, '\xff');
    } else {
      limit.pop_back();
    }
  }
  if (!changed) return false;
  value = **unseen(*changed);
  key = *changed;
  return true;
}

namespace {

// The rows of a range that are only read in order and that the store does not show: what changed last goes first.
class OrderedWalk {
 public:
  OrderedWalk(const OrderedRows& changes, const OrderedRows& taken, std::string_view from, std::string_view to)
      : ways_{changes.lower_bound(from), taken.lower_bound(from)}, to_(to) {
    choose();
  }
  bool over() const { return now_ == nullptr; }
  const OrderedRows::Row& row() const { return *now_; }
  void next() {
    const std::string_view key = now_->key();
    for (auto& way : ways_) {
      if (const auto* row = way.next(); row && row->key() == key) way.step();
    }
    choose();
  }

 private:
  void choose() {
    now_ = nullptr;
    for (const auto& way : ways_) {
      const auto* row = way.next();
      if (row && row->key() < to_ && (!now_ || row->key() < now_->key())) now_ = row;
    }
  }

  OrderedRows::Cursor ways_[2];
  std::string_view to_;
  const OrderedRows::Row* now_ = nullptr;
};

}  // namespace

Outcome<void> ViewWriter::scan(std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& row) {
  if (from < to && is_ordered_range(from, to)) {
    OrderedWalk walk(ordered_changes_, ordered_taken_, from, to);
    bool go_on = true;
    const auto unseen_below = [&](std::string_view key) {
      for (; go_on && !walk.over() && walk.row().key() < key; walk.next()) {
        if (const auto value = walk.row().value()) go_on = row(walk.row().key(), *value);
      }
    };
    const auto done = base_->scan(from, to, [&](std::string_view key, std::string_view value) {
      unseen_below(key);
      if (!go_on) return false;
      if (walk.over() || walk.row().key() != key) return go_on = row(key, value);
      if (const auto now = walk.row().value()) go_on = row(key, *now);
      walk.next();
      return go_on;
    });
    if (!done) return done.error();
    unseen_below(to);
    return {};
  }
  const auto changes = unseen_in(from, to);
  auto change = changes.begin();
  bool go_on = true;
  const auto changes_below = [&](std::string_view key) {
    for (; go_on && change != changes.end() && *change < key; ++change) {
      if (const auto value = *unseen(*change)) go_on = row(*change, *value);
    }
  };
  const auto done = base_->scan(from, to, [&](std::string_view key, std::string_view value) {
    changes_below(key);
    if (!go_on) return false;
    if (change == changes.end() || *change != key) return go_on = row(key, value);
    if (const auto now = *unseen(key)) go_on = row(key, *now);
    ++change;
    return go_on;
  });
  if (!done) return done.error();
  for (; go_on && change != changes.end(); ++change) {
    if (const auto value = *unseen(*change)) go_on = row(*change, *value);
  }
  return {};
}

bool ViewWriter::open_head(std::string_view key, std::string& value) const {
  constexpr std::size_t of_at = kind_at + 1, list_of_at = of_at + 1;
  const OrgNumber org = take_u32(key, 0);
  if (key.size() == timeline_tag_at + 1) {
    const auto* open = timelines_.peek(org, take_u32(key, of_at));
    if (!open || open->head.chunk.entries() == 0) return false;
    value = open->head.encode();
    return true;
  }
  const auto* newest = lists_.find(org, {static_cast<ListKind>(key[of_at]), take_u32(key, list_of_at)});
  if (!newest) return false;
  value = encode_stretch(*newest, true);
  return true;
}

// The rows of the heads that changed. A head that is among the changed rows changes there instead. Of a timeline's
// newest chunk only what was added is written, if its row is there.
std::vector<storage::ViewWrite> ViewWriter::take_heads() {
  std::vector<storage::ViewWrite> heads;
  // A row that a late event left is as the base has it once that was taken: it is not kept beside what comes now.
  const auto among_changes = [&](const std::string& key) {
    const auto it = heads_in_rows_ ? find(key) : rows_.end();
    if (it == rows_.end() || it->second.changed) return it;
    bytes_ -= std::min(bytes_, key.size() + row_bytes + (it->second.value ? it->second.value->size() : 0));
    rows_.erase(it);
    return rows_.end();
  };
  const auto add = [&](std::string key, std::string value) {
    const auto it = among_changes(key);
    if (it == rows_.end()) {
      heads.push_back({std::move(key), std::move(value)});
    } else {
      it->second.value = std::move(value);
    }
  };
  timelines_.take_changed([&](OrgNumber org, Number entity, const HeadChunk& head, std::size_t in_row) {
    std::string key = head_chunk_key(org, entity);
    const bool adds = in_row > 0 && among_changes(key) == rows_.end();
    if (!adds) return add(std::move(key), head.encode());
    heads.push_back({std::move(key), head.chunk.encoded().substr(in_row), /*appends=*/true});
  });
  lists_.take_changed([&](OrgNumber org, List list, const Stretch& newest) {
    add(list_key(org, list, 'h'), encode_stretch(newest, true));
  });
  return heads;
}

ViewWriter::Taken ViewWriter::take_unsorted() {
  assert(taken_.empty() && ordered_taken_.size() == 0 && id_taken_.empty());
  Taken taken;
  taken.bytes_ = changed_bytes();
  taken.found_ = take_heads();
  // Copied: the writer may change them again while they are sorted elsewhere.
  for (auto* row : changes_) {
    taken.found_.push_back({row->first, row->second.value});
    row->second.changed = false;
    row->second.taken = true;
  }
  taken_.swap(changes_);
  ordered_taken_.swap(ordered_changes_);
  id_taken_.swap(id_changes_);
  taken.ordered_ = &ordered_taken_;
  taken.ids_ = &id_taken_;
  changed_bytes_ = 0;
  mark();
  return taken;
}

void ViewWriter::Taken::sort() {
  sort_by_key(found_, [](const storage::ViewWrite& write) -> const std::string& { return write.key; });
  ids_in_order_ = ids_->sorted();
}

void ViewWriter::Taken::each(const storage::BulkViews::Visit& row) const {
  auto found = found_.begin();
  auto id = ids_in_order_.begin();
  std::string id_key;
  // The first of those that are looked up and of the ids that was not told yet; nothing behind the last.
  std::optional<std::string_view> other;
  const auto look = [&] {
    other.reset();
    if (found != found_.end()) other = found->key;
    if (id != ids_in_order_.end() && (!other || id_key < *other)) other = id_key;
  };
  const auto read_id = [&] {
    if (id != ids_in_order_.end()) IdRows::write_key(id->first, id_key);
  };
  const auto tell_other = [&] {
    if (found != found_.end() && other->data() == found->key.data()) {
      row({found->key, found->value, found->appends});
      ++found;
    } else {
      row({id_key, *id->second});
      ++id;
      read_id();
    }
    look();
  };
  read_id();
  look();
  ordered_->each([&](const OrderedRows::Row& ordered) {
    while (other && *other < ordered.key()) tell_other();
    row({ordered.key(), ordered.value()});
  });
  while (other) tell_other();
}

storage::ViewWrites ViewWriter::Taken::sorted() {
  sort();
  storage::ViewWrites writes;
  writes.reserve(count(), bytes_);
  each([&](const storage::ViewWrites::Write& row) { writes.add(row); });
  return writes;
}

storage::BulkViews ViewWriter::Taken::in_bulk() && {
  sort();
  const std::size_t rows = count();
  return {rows, [taken = std::make_shared<const Taken>(std::move(*this))](const auto& row) { taken->each(row); }};
}

void ViewWriter::forget() {
  timelines_.forget();
  lists_.forget();
  changed_bytes_ = 0;
  changes_.clear();
  taken_.clear();
  ordered_changes_.clear();
  ordered_taken_.clear();
  id_changes_.clear();
  id_taken_.clear();
  undo_ids_.clear();
  in_order_.clear();
  in_order_made_ = false;
  undo_.clear();
  undo_ordered_.clear();
  marked_ = 0;
  rows_.clear();
  old_rows_.clear();
  bytes_ = 0;
}

}  // namespace tenure::projections
