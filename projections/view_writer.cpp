#include "projections/view_writer.h"

#include "projections/layout.h"

namespace tenure::projections {

void ViewWriter::stand_on(std::unique_ptr<storage::Snapshot> base) { base_ = std::move(base); }

void ViewWriter::put(std::string key, std::string value) { change(std::move(key), std::move(value)); }

void ViewWriter::erase(std::string key) { change(std::move(key), std::nullopt); }

void ViewWriter::change(std::string key, std::optional<std::string> value) {
  const auto it = changes_.lower_bound(key);
  if (it != changes_.end() && it->first == key) {
    undo_.emplace_back(it->first, std::move(it->second));
    it->second = std::move(value);
  } else {
    undo_.emplace_back(key, std::nullopt);
    changes_.emplace_hint(it, std::move(key), std::move(value));
  }
}

void ViewWriter::mark() { undo_.clear(); }

void ViewWriter::roll_back() {
  for (; !undo_.empty(); undo_.pop_back()) {
    auto& [key, before] = undo_.back();
    if (before) {
      changes_.find(key)->second = std::move(*before);
    } else {
      changes_.erase(changes_.find(key));
    }
  }
}

void ViewWriter::keep(std::string_view key, const std::optional<std::string>& value) {
  if (cache_bytes_ > cache_bytes_max) {
    cache_.clear();
    cache_bytes_ = 0;
  }
  const auto [it, fresh] = cache_.insert_or_assign(std::string(key), value);
  // A rough count of node, key and value: the limit is on the order of size, not on the byte.
  if (fresh) cache_bytes_ += key.size() + 96;
  if (value) cache_bytes_ += value->size();
}

Outcome<bool> ViewWriter::get(std::string_view key, std::string& value) {
  if (const auto it = changes_.find(key); it != changes_.end()) {
    if (!it->second) return false;
    value = *it->second;
    return true;
  }
  if (const auto it = cache_.find(key); it != cache_.end()) {
    if (!it->second) return false;
    value = *it->second;
    return true;
  }
  const auto found = base_->get(key, value);
  if (!found) return found.error();
  keep(key, *found ? std::optional<std::string>(value) : std::nullopt);
  return *found;
}

Outcome<bool> ViewWriter::last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                                       std::string& value) {
  // The newest change at or below, if any, against the newest stored row that no change hides.
  auto change = changes_.upper_bound(at_most);
  std::string limit(at_most);
  const std::string* changed_key = nullptr;
  while (change != changes_.begin()) {
    --change;
    if (change->first < lower) break;
    if (change->second) {
      changed_key = &change->first;
      break;
    }
  }
  while (true) {
    const auto found = base_->last_at_most(lower, limit, key, value);
    if (!found) return found.error();
    if (!*found || (changed_key && key <= *changed_key)) break;
    const auto hidden = changes_.find(key);
    if (hidden == changes_.end()) return true;
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
  value = *changes_.find(*changed_key)->second;
  key = *changed_key;
  return true;
}

Outcome<void> ViewWriter::scan(std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& row) {
  auto change = changes_.lower_bound(from);
  const auto end = changes_.lower_bound(to);
  bool go_on = true;
  const auto changes_below = [&](std::string_view key) {
    while (go_on && change != end && change->first < key) {
      if (change->second) go_on = row(change->first, *change->second);
      ++change;
    }
  };
  const auto done = base_->scan(from, to, [&](std::string_view key, std::string_view value) {
    changes_below(key);
    if (!go_on) return false;
    if (change != end && change->first == key) {
      if (change->second) go_on = row(key, *change->second);
      ++change;
      return go_on;
    }
    return go_on = row(key, value);
  });
  if (!done) return done.error();
  while (go_on && change != end) {
    if (change->second) go_on = row(change->first, *change->second);
    ++change;
  }
  return {};
}

std::vector<storage::ViewWrite> ViewWriter::take() {
  std::vector<storage::ViewWrite> writes;
  writes.reserve(changes_.size());
  for (auto& [key, value] : changes_) {
    // Rows of intervals and the rows within a list's history are not read back by key: no need to keep them.
    const bool scanned = key.size() > 10 && (key[4] == static_cast<char>(Row::interval) ||
                                             (key[4] == static_cast<char>(Row::list) && key[10] == 'd'));
    if (!scanned) keep(key, value);
    writes.push_back({key, std::move(value)});
  }
  changes_.clear();
  undo_.clear();
  return writes;
}

void ViewWriter::forget() {
  changes_.clear();
  undo_.clear();
  cache_.clear();
  cache_bytes_ = 0;
}

}  // namespace tenure::projections
