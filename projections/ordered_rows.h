// Rows that are only read in order, as the writer of the views changes them (view_writer.h). Internal to it.
//
// Nearly every row comes behind the last one of its neighbourhood: the changes of one list, the sealed chunks of one
// timeline. Those of a neighbourhood stand side by side in blocks of at most block_rows_max; the bytes of all lie in
// one arena, so that a row costs no allocation of its own and letting go of all costs next to nothing.
//
// One thread. What is handed out is good until `clear`; a Cursor until the next change. A row that is changed again
// leaves its old bytes in the arena.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tenure::projections {

class OrderedRows {
 public:
  static constexpr std::size_t block_rows_max = 512;
  using Value = std::optional<std::string_view>;  // nothing: there is no such row

  class Row {
   public:
    std::string_view key() const { return {bytes_, key_bytes_}; }
    Value value() const {
      return value_bytes_ == erased ? Value() : Value(std::string_view(bytes_ + key_bytes_, value_bytes_));
    }

   private:
    friend class OrderedRows;
    static constexpr std::uint32_t erased = UINT32_MAX;
    const char* bytes_ = nullptr;  // of the key, and of the value behind it
    std::uint32_t key_bytes_ = 0, value_bytes_ = 0;
  };

 private:
  using Block = std::pmr::vector<Row>;
  using Blocks = std::pmr::vector<Block>;  // of one neighbourhood, none of them empty
  struct Near {
    explicit Near(std::pmr::memory_resource* arena) : blocks(arena) {}
    Blocks blocks;
    std::uint64_t last = 0;  // none of its keys has more in the eight bytes behind those that all share
  };

 public:
  // A place between the rows of one neighbourhood.
  class Cursor {
   public:
    const Row* next() const;    // null at the end
    const Row* before() const;  // null at the beginning
    void step();                // past next()
    void back();                // before before()

   private:
    friend class OrderedRows;
    const Blocks* blocks_ = nullptr;
    std::size_t block_ = 0, at_ = 0;  // at_ is at a block's end only in the last one
  };

  // What stood there before; nothing: no such row was kept. O(1) behind the last row of the neighbourhood, else
  // O(log n + block_rows_max).
  std::optional<Row> put(std::string_view key, Value value);
  // Undoes the last `put` of a key, by what it answered.
  void undo(std::string_view key, const std::optional<Row>& before);

  const Row* find(std::string_view key) const;
  // Before the first row that is not below `from`, and behind the last one that is not above `at_most`: of the
  // neighbourhood that the range from `from` on lies in (is_ordered_range).
  Cursor lower_bound(std::string_view from) const;
  Cursor upper_bound(std::string_view from, std::string_view at_most) const;
  // Of any range, in no order. O(all neighbourhoods).
  void add_keys(std::string_view from, std::string_view to, std::vector<std::string_view>& keys) const;

  std::size_t size() const { return size_; }
  // All, in order.
  template <class Visit>
  void each(const Visit& visit) const {
    for (const Near* near : in_order()) {
      for (const Block& block : near->blocks) {
        for (std::size_t i = 0; i < block.size(); ++i) {
          will_be_read(block, i + rows_ahead);
          visit(block[i]);
        }
      }
    }
  }
  void clear();
  void swap(OrderedRows& other) noexcept;

 private:
  // The bytes that the rows next to each other share, as numbers that sort as they do.
  using Neighbourhood = std::array<std::uint64_t, 2>;
  struct Hash {
    std::size_t operator()(const Neighbourhood& of) const { return of[0] * 31 + of[1]; }
  };

  // The bytes of rows that stand side by side lie where each came to be, all over memory: asked for some rows ahead,
  // they are there when their turn comes.
  static constexpr std::size_t rows_ahead = 8;
  static void will_be_read(const Block& block, std::size_t at) {
    if (at < block.size()) __builtin_prefetch(block[at].bytes_);
  }

  static Neighbourhood neighbourhood(std::string_view key);
  Row stored(std::string_view key, Value value) const;
  static Cursor end_of(const Blocks& blocks);
  static Cursor place_of(const Blocks& blocks, std::string_view key);
  const Blocks* blocks_of(std::string_view key) const;
  static void insert(Blocks& blocks, const Cursor& at, const Row& row);
  std::vector<const Near*> in_order() const;

  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  boost::unordered_flat_map<Neighbourhood, Near, Hash> all_;
  std::size_t size_ = 0;
};

}  // namespace tenure::projections
