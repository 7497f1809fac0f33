#include "projections/view_writer.h"

#include <algorithm>
#include <cassert>

#include "projections/layout.h"

namespace tenure::projections {

namespace {

constexpr std::size_t row_bytes = 128;  // a node of the map, roughly
constexpr std::size_t kind_at = 4, list_tag_at = 10, timeline_tag_at = 9;

// Rows that are only read in order.
bool is_ordered(std::string_view key) {
  if (key.size() <= kind_at + 1) return false;
  switch (static_cast<Row>(key[kind_at])) {
    case Row::interval:
    case Row::earliest:
    case Row::finding:
      return true;
    case Row::list:
      return key.size() > list_tag_at && (key[list_tag_at] == 'd' || key[list_tag_at] == 'm');
    case Row::timeline:
      return key.size() > timeline_tag_at && key[timeline_tag_at] == 'S';
    default:
      return false;
  }
}

// Whether a range certainly has such rows alone: it lies within one organization's, one list's or one timeline's.
bool is_ordered_range(std::string_view from, std::string_view to) {
  if (!is_ordered(from)) return false;
  const auto row = static_cast<Row>(from[kind_at]);
  const std::size_t shared = row == Row::list ? list_tag_at : row == Row::timeline ? timeline_tag_at : kind_at + 1;
  if (to.size() < shared || to.substr(0, shared) != from.substr(0, shared)) return false;
  if (row != Row::list && row != Row::timeline) return true;
  return to.size() > shared &&
         (to[shared] == from[shared] || (to[shared] == from[shared] + 1 && to.size() == shared + 1));
}

}  // namespace

void ViewWriter::stand_on(std::unique_ptr<storage::Snapshot> base) {
  base_ = std::move(base);
  timelines_.trim();
  for (auto* row : taken_) row->second.taken = false;
  taken_.clear();
  ordered_taken_.clear();
  in_order_.clear();
  in_order_made_ = false;
  if (bytes_ <= cache_bytes_max / 2) return;
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

void ViewWriter::erase(std::string key) { change(std::move(key), std::nullopt); }

void ViewWriter::change(std::string key, Value value) {
  if (is_ordered(key)) {
    const auto [it, fresh] = ordered_changes_.try_emplace(std::move(key));
    undo_ordered_.push_back({it, !fresh, std::move(it->second)});
    it->second = std::move(value);
    return;
  }
  auto it = find(key);
  const bool fresh = it == rows_.end();
  if (fresh) it = rows_.try_emplace(std::move(key)).first;
  ViewWriter::Row& row = it->second;
  if (fresh) bytes_ += it->first.size() + row_bytes;
  if (value) bytes_ += value->size();
  if (row.value) bytes_ -= std::min(bytes_, row.value->size());
  if (!row.changed) {
    changes_.push_back(&*it);
    if (in_order_made_) in_order_.insert(it->first);
  }
  const bool taken = row.taken;
  undo_.push_back({&*it, !fresh, std::move(row)});
  row = ViewWriter::Row{std::move(value), true, taken};
}

void ViewWriter::mark() {
  timelines_.mark();
  undo_.clear();
  undo_ordered_.clear();
  marked_ = changes_.size();
}

void ViewWriter::roll_back() {
  timelines_.roll_back();
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
    UndoOrdered& undo = undo_ordered_.back();
    if (undo.known) {
      undo.row->second = std::move(undo.before);
    } else {
      ordered_changes_.erase(undo.row);
    }
  }
}

const ViewWriter::Value* ViewWriter::unseen(std::string_view key) {
  if (is_ordered(key)) {
    if (const auto it = ordered_changes_.find(key); it != ordered_changes_.end()) return &it->second;
    if (const auto it = ordered_taken_.find(key); it != ordered_taken_.end()) return &it->second;
    return nullptr;
  }
  const auto it = find(key);
  return it != rows_.end() && (it->second.changed || it->second.taken) ? &it->second.value : nullptr;
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
  for (const Ordered* rows : {&ordered_changes_, &ordered_taken_}) {
    for (auto it = rows->lower_bound(from); it != rows->end() && it->first < to; ++it) keys.push_back(it->first);
  }
  if (!is_ordered_range(from, to)) {
    const auto& rows = unseen_rows();
    keys.insert(keys.end(), rows.lower_bound(from), rows.lower_bound(to));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::optional<std::string_view> ViewWriter::last_unseen(std::string_view lower, std::string_view at_most) {
  auto change = ordered_changes_.upper_bound(at_most);
  auto taken = ordered_taken_.upper_bound(at_most);
  const bool ordered_alone = is_ordered_range(lower, at_most);
  const auto& rows = ordered_alone ? in_order_ : unseen_rows();
  auto row = ordered_alone ? rows.begin() : rows.upper_bound(at_most);
  for (;;) {
    // The greatest of the three before their iterators.
    std::optional<std::string_view> last;
    if (change != ordered_changes_.begin()) last = std::prev(change)->first;
    if (taken != ordered_taken_.begin())
      last = std::max(last, std::optional<std::string_view>(std::prev(taken)->first));
    if (row != rows.begin()) last = std::max(last, std::optional(*std::prev(row)));
    if (!last || *last < lower) return std::nullopt;
    if (*unseen(*last)) return last;
    // Erased: look below it.
    if (change != ordered_changes_.begin() && std::prev(change)->first == *last) --change;
    if (taken != ordered_taken_.begin() && std::prev(taken)->first == *last) --taken;
    if (row != rows.begin() && *std::prev(row) == *last) --row;
  }
}

Outcome<bool> ViewWriter::get(std::string_view key, std::string& value) {
  if (is_ordered(key)) {
    const Value* now = unseen(key);
    if (!now) return base_->get(key, value);
    if (*now) value = **now;
    return now->has_value();
  }
  if (const auto it = find(key); it != rows_.end()) {
    if (!it->second.value) return false;
    value = *it->second.value;
    return true;
  }
  const auto found = base_->get(key, value);
  if (!found) return found.error();
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

Outcome<void> ViewWriter::scan(std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& row) {
  const auto changes = unseen_in(from, to);
  auto change = changes.begin();
  bool go_on = true;
  const auto changes_below = [&](std::string_view key) {
    for (; go_on && change != changes.end() && *change < key; ++change) {
      if (const Value& value = *unseen(*change)) go_on = row(*change, *value);
    }
  };
  const auto done = base_->scan(from, to, [&](std::string_view key, std::string_view value) {
    changes_below(key);
    if (!go_on) return false;
    if (change == changes.end() || *change != key) return go_on = row(key, value);
    if (const Value& now = *unseen(key)) go_on = row(key, *now);
    ++change;
    return go_on;
  });
  if (!done) return done.error();
  for (; go_on && change != changes.end(); ++change) {
    if (const Value& value = *unseen(*change)) go_on = row(*change, *value);
  }
  return {};
}

std::vector<storage::ViewWrite> ViewWriter::take() {
  assert(taken_.empty() && ordered_taken_.empty());
  std::sort(changes_.begin(), changes_.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::vector<storage::ViewWrite> writes;
  writes.reserve(changes_.size() + ordered_changes_.size());
  auto ordered = ordered_changes_.begin();
  const auto write_ordered_below = [&](const std::string* key) {
    for (; ordered != ordered_changes_.end() && (!key || ordered->first < *key); ++ordered) {
      writes.push_back({ordered->first, ordered->second});
    }
  };
  for (auto* row : changes_) {
    write_ordered_below(&row->first);
    writes.push_back({row->first, row->second.value});
    row->second.changed = false;
    row->second.taken = true;
  }
  write_ordered_below(nullptr);
  taken_.swap(changes_);
  ordered_taken_.swap(ordered_changes_);
  mark();
  return writes;
}

void ViewWriter::forget() {
  timelines_.forget();
  changes_.clear();
  taken_.clear();
  ordered_changes_.clear();
  ordered_taken_.clear();
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
