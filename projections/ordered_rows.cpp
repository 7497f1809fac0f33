#include "projections/ordered_rows.h"

#include <algorithm>
#include <cstring>

#include "projections/row_sorts.h"

namespace tenure::projections {

namespace {

constexpr std::size_t arena_begin_bytes = std::size_t{16} << 10, block_rows_first = 4;

bool below(const auto& row, std::string_view key) { return row.key() < key; }

}  // namespace

const OrderedRows::Row* OrderedRows::Cursor::next() const {
  if (!blocks_ || block_ == blocks_->size() || at_ == (*blocks_)[block_].size()) return nullptr;
  return &(*blocks_)[block_][at_];
}

const OrderedRows::Row* OrderedRows::Cursor::before() const {
  if (!blocks_) return nullptr;
  if (at_ > 0) return &(*blocks_)[block_][at_ - 1];
  return block_ > 0 ? &(*blocks_)[block_ - 1].back() : nullptr;
}

void OrderedRows::Cursor::step() {
  will_be_read((*blocks_)[block_], at_ + 1 + rows_ahead);
  if (++at_ < (*blocks_)[block_].size() || block_ + 1 == blocks_->size()) return;
  ++block_;
  at_ = 0;
}

void OrderedRows::Cursor::back() {
  if (at_ == 0) at_ = (*blocks_)[--block_].size();
  --at_;
}

OrderedRows::Neighbourhood OrderedRows::neighbourhood(std::string_view key) {
  const std::size_t shared = shared_bytes(key);
  const auto first_of = [](std::uint64_t bytes, std::size_t count) {
    return count == 0 ? 0 : count >= 8 ? bytes : bytes & ~std::uint64_t{0} << (64 - 8 * count);
  };
  return {first_of(bytes_of(key, 0), shared), shared > 8 ? first_of(bytes_of(key, 8), shared - 8) : 0};
}

OrderedRows::Row OrderedRows::stored(std::string_view key, Value value) const {
  const std::string_view bytes = value.value_or(std::string_view());
  auto* at = static_cast<char*>(arena_->allocate(key.size() + bytes.size(), 1));
  std::copy(key.begin(), key.end(), at);
  std::copy(bytes.begin(), bytes.end(), at + key.size());
  Row row;
  row.bytes_ = at;
  row.key_bytes_ = static_cast<std::uint32_t>(key.size());
  row.value_bytes_ = value ? static_cast<std::uint32_t>(bytes.size()) : Row::erased;
  return row;
}

OrderedRows::Cursor OrderedRows::end_of(const Blocks& blocks) {
  Cursor at;
  at.blocks_ = &blocks;
  if (blocks.empty()) return at;
  at.block_ = blocks.size() - 1;
  at.at_ = blocks.back().size();
  return at;
}

// Where a row of that key stands or would stand.
OrderedRows::Cursor OrderedRows::place_of(const Blocks& blocks, std::string_view key) {
  if (blocks.empty() || below(blocks.back().back(), key)) return end_of(blocks);
  Cursor at;
  at.blocks_ = &blocks;
  const auto block =
      std::partition_point(blocks.begin(), blocks.end(), [&](const Block& some) { return below(some.back(), key); });
  const auto row =
      std::partition_point(block->begin(), block->end(), [&](const Row& some) { return below(some, key); });
  at.block_ = static_cast<std::size_t>(block - blocks.begin());
  at.at_ = static_cast<std::size_t>(row - block->begin());
  return at;
}

const OrderedRows::Blocks* OrderedRows::blocks_of(std::string_view key) const {
  const auto it = all_.find(neighbourhood(key));
  return it == all_.end() ? nullptr : &it->second.blocks;
}

void OrderedRows::insert(Blocks& blocks, const Cursor& at, const Row& row) {
  if (blocks.empty()) blocks.emplace_back().reserve(block_rows_first);
  Block* block = &blocks[at.block_];
  std::size_t place = at.at_;
  if (block->size() == block_rows_max) {
    // Behind all others a new block begins; elsewhere half of the full one moves on.
    const bool last = place == block->size() && at.block_ + 1 == blocks.size();
    const std::size_t half = block_rows_max / 2;
    Block rest(blocks.get_allocator());
    if (!last) rest.assign(block->begin() + half, block->end());
    if (!last) block->resize(half);
    blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(at.block_) + 1, std::move(rest));
    const bool goes_on = last || place > half;
    block = &blocks[at.block_ + (goes_on ? 1 : 0)];
    if (goes_on) place = last ? 0 : place - half;
  }
  block->insert(block->begin() + static_cast<std::ptrdiff_t>(place), row);
}

std::optional<OrderedRows::Row> OrderedRows::put(std::string_view key, Value value) {
  if (!arena_) arena_ = std::make_unique<std::pmr::monotonic_buffer_resource>(arena_begin_bytes);
  Near& near = all_.try_emplace(neighbourhood(key), arena_.get()).first->second;
  const Row row = stored(key, value);
  // Nearly every row comes behind the last one: that is seen without a look at its key, which lies elsewhere.
  const std::uint64_t begins = bytes_of(key, shared_bytes(key));
  const Cursor at = begins > near.last ? end_of(near.blocks) : place_of(near.blocks, key);
  near.last = std::max(near.last, begins);
  if (const Row* there = at.next(); there && there->key() == key) {
    return std::exchange(near.blocks[at.block_][at.at_], row);
  }
  insert(near.blocks, at, row);
  ++size_;
  return std::nullopt;
}

void OrderedRows::undo(std::string_view key, const std::optional<Row>& before) {
  Blocks& blocks = all_.find(neighbourhood(key))->second.blocks;
  const Cursor at = place_of(blocks, key);
  Block& block = blocks[at.block_];
  if (before) {
    block[at.at_] = *before;
    return;
  }
  block.erase(block.begin() + static_cast<std::ptrdiff_t>(at.at_));
  if (block.empty()) blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(at.block_));
  --size_;
}

const OrderedRows::Row* OrderedRows::find(std::string_view key) const {
  const Blocks* blocks = blocks_of(key);
  if (!blocks) return nullptr;
  const Row* row = place_of(*blocks, key).next();
  return row && row->key() == key ? row : nullptr;
}

OrderedRows::Cursor OrderedRows::lower_bound(std::string_view from) const {
  const Blocks* blocks = blocks_of(from);
  return blocks ? place_of(*blocks, from) : Cursor();
}

OrderedRows::Cursor OrderedRows::upper_bound(std::string_view from, std::string_view at_most) const {
  const Blocks* blocks = blocks_of(from);
  if (!blocks) return {};
  Cursor at = place_of(*blocks, at_most);
  if (const Row* row = at.next(); row && row->key() == at_most) at.step();
  return at;
}

void OrderedRows::add_keys(std::string_view from, std::string_view to, std::vector<std::string_view>& keys) const {
  for (const auto& [of, near] : all_) {
    const Blocks& blocks = near.blocks;
    if (blocks.empty() || blocks.back().back().key() < from || blocks.front().front().key() >= to) continue;
    for (Cursor at = place_of(blocks, from); const Row* row = at.next(); at.step()) {
      if (row->key() >= to) break;
      keys.push_back(row->key());
    }
  }
}

std::vector<const OrderedRows::Near*> OrderedRows::in_order() const {
  std::vector<std::pair<Neighbourhood, const Near*>> sorted;
  sorted.reserve(all_.size());
  for (const auto& [of, near] : all_) sorted.emplace_back(of, &near);
  std::sort(sorted.begin(), sorted.end());
  std::vector<const Near*> all;
  all.reserve(sorted.size());
  for (const auto& [of, near] : sorted) all.push_back(near);
  return all;
}

void OrderedRows::clear() {
  all_.clear();
  arena_.reset();
  size_ = 0;
}

void OrderedRows::swap(OrderedRows& other) noexcept {
  arena_.swap(other.arena_);
  all_.swap(other.all_);
  std::swap(size_, other.size_);
}

}  // namespace tenure::projections
