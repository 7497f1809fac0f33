#include "projections/view_writer.h"

#include <algorithm>
#include <cassert>

#include "projections/layout.h"

namespace tenure::projections {

namespace {

constexpr std::size_t row_bytes = 128;  // a node of the map, roughly

// Rows of intervals, and the rows within a list's history, are only scanned: no need to keep them.
bool only_scanned(std::string_view key) {
  if (key.size() <= 10) return false;
  return key[4] == static_cast<char>(Row::interval) || (key[4] == static_cast<char>(Row::list) && key[10] == 'd');
}

}  // namespace

void ViewWriter::stand_on(std::unique_ptr<storage::Snapshot> base) {
  base_ = std::move(base);
  for (const std::string* key : taken_) {
    const auto it = rows_.find(*key);
    it->second.taken = false;
    if (it->second.changed) continue;
    if (taken_ordered_) ordered_.erase(*key);
    if (only_scanned(*key)) let_go(it);
  }
  taken_.clear();
  taken_ordered_ = false;
  if (bytes_ <= cache_bytes_max) return;
  std::erase_if(rows_, [](const auto& row) { return !row.second.changed; });
  bytes_ = 0;
  for (const auto& [key, row] : rows_) bytes_ += key.size() + row_bytes + (row.value ? row.value->size() : 0);
}

void ViewWriter::let_go(Rows::iterator row) {
  const auto& value = row->second.value;
  bytes_ -= std::min(bytes_, row->first.size() + row_bytes + (value ? value->size() : 0));
  rows_.erase(row);
}

void ViewWriter::put(std::string key, std::string value) { change(std::move(key), std::move(value)); }

void ViewWriter::erase(std::string key) { change(std::move(key), std::nullopt); }

void ViewWriter::change(std::string key, std::optional<std::string> value) {
  const auto [it, fresh] = rows_.try_emplace(std::move(key));
  ViewWriter::Row& row = it->second;
  if (fresh) bytes_ += it->first.size() + row_bytes;
  if (value) bytes_ += value->size();
  if (row.value) bytes_ -= std::min(bytes_, row.value->size());
  if (!row.changed) changes_.push_back(&it->first);
  const bool taken = row.taken;
  undo_.push_back({&it->first, !fresh, std::move(row)});
  row = ViewWriter::Row{std::move(value), true, taken};
}

void ViewWriter::mark() {
  undo_.clear();
  marked_ = changes_.size();
}

void ViewWriter::roll_back() {
  for (; ordered_count_ > marked_; --ordered_count_) {
    const std::string& key = *changes_[ordered_count_ - 1];
    if (!taken_ordered_ || !rows_.find(key)->second.taken) ordered_.erase(key);
  }
  changes_.resize(marked_);
  for (; !undo_.empty(); undo_.pop_back()) {
    Undo& undo = undo_.back();
    const auto it = rows_.find(*undo.key);
    if (undo.known) {
      it->second = std::move(undo.before);
    } else {
      rows_.erase(it);
    }
  }
}

std::set<std::string_view>& ViewWriter::in_order() {
  if (!taken_ordered_) {
    for (const std::string* key : taken_) ordered_.insert(*key);
    taken_ordered_ = true;
  }
  for (; ordered_count_ < changes_.size(); ++ordered_count_) ordered_.insert(*changes_[ordered_count_]);
  return ordered_;
}

Outcome<bool> ViewWriter::get(std::string_view key, std::string& value) {
  if (const auto it = rows_.find(key); it != rows_.end()) {
    if (!it->second.value) return false;
    value = *it->second.value;
    return true;
  }
  const auto found = base_->get(key, value);
  if (!found) return found.error();
  rows_.emplace(key, ViewWriter::Row{*found ? std::optional(value) : std::nullopt});
  bytes_ += key.size() + row_bytes + (*found ? value.size() : 0);
  return *found;
}

Outcome<bool> ViewWriter::last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                                       std::string& value) {
  // The newest change at or below, if any, against the newest stored row that no change hides.
  const auto& changes = in_order();
  auto change = changes.upper_bound(at_most);
  std::string limit(at_most);
  std::optional<std::string_view> changed_key;
  while (change != changes.begin()) {
    --change;
    if (*change < lower) break;
    if (changed(*change)) {
      changed_key = *change;
      break;
    }
  }
  while (true) {
    const auto found = base_->last_at_most(lower, limit, key, value);
    if (!found) return found.error();
    if (!*found || (changed_key && key <= *changed_key)) break;
    if (!changes.contains(key)) return true;
    // Erased in this batch (a change that puts it would have been found above): look below it.
    limit = key;
    if (limit.back() != '\0') {
      limit.back() = static_cast<char>(limit.back() - 1);
      limit.append(64, '\xff');
    } else {
      limit.pop_back();
    }
  }
  if (!changed_key) return false;
  value = *changed(*changed_key);
  key = *changed_key;
  return true;
}

Outcome<void> ViewWriter::scan(std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& row) {
  const auto& changes = in_order();
  auto change = changes.lower_bound(from);
  const auto end = changes.lower_bound(to);
  bool go_on = true;
  const auto changes_below = [&](std::string_view key) {
    while (go_on && change != end && *change < key) {
      if (const auto& value = changed(*change)) go_on = row(*change, *value);
      ++change;
    }
  };
  const auto done = base_->scan(from, to, [&](std::string_view key, std::string_view value) {
    changes_below(key);
    if (!go_on) return false;
    if (change != end && *change == key) {
      if (const auto& now = changed(key)) go_on = row(key, *now);
      ++change;
      return go_on;
    }
    return go_on = row(key, value);
  });
  if (!done) return done.error();
  while (go_on && change != end) {
    if (const auto& value = changed(*change)) go_on = row(*change, *value);
    ++change;
  }
  return {};
}

std::vector<storage::ViewWrite> ViewWriter::take() {
  assert(taken_.empty());
  std::sort(changes_.begin(), changes_.end(), [](const auto* a, const auto* b) { return *a < *b; });
  std::vector<storage::ViewWrite> writes;
  writes.reserve(changes_.size());
  for (const std::string* key : changes_) {
    ViewWriter::Row& row = rows_.find(*key)->second;
    writes.push_back({*key, row.value});
    row.changed = false;
    row.taken = true;
  }
  taken_ = std::move(changes_);
  taken_ordered_ = false;
  ordered_.clear();
  changes_.clear();
  ordered_count_ = marked_ = 0;
  undo_.clear();
  return writes;
}

void ViewWriter::forget() {
  ordered_.clear();
  changes_.clear();
  taken_.clear();
  taken_ordered_ = false;
  ordered_count_ = marked_ = 0;
  undo_.clear();
  rows_.clear();
  bytes_ = 0;
}

}  // namespace tenure::projections
