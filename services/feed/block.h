// A run of positions, encoded: the bytes that go to every client that wants this kind, and what its filters ask.
//
// Made by one thread (BlockWriter), then shared and only read, by any. At most block_positions_max positions, and no
// more are added once it has block_bytes_max bytes, so that only a single message can make it longer. A block of traits
// (Part in kind.h) has no bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/record.h"
#include "services/feed/kind.h"

namespace tenure::services {

inline constexpr std::size_t block_positions_max = 256;
inline constexpr std::size_t block_bytes_max = 96 * 1024;

// What a filter can ask of an event.
struct Traits {
  std::string_view type;
  VerdictResult verdict = VerdictResult::unspecified;
  std::uint32_t org = 0;                            // which text of the block
  std::uint32_t actor = 0;                          // which text
  std::uint32_t people_from = 0, people_count = 0;  // texts that follow one another: who is named in its data
};

class Block {
 public:
  Position first() const { return first_; }
  Position last() const { return Position(first_.value + ends_.size() - 1); }
  std::string_view bytes() const { return bytes_; }
  // Where the messages of a position begin; of last + 1: the end.
  std::size_t begin_of(Position position) const {
    const std::size_t index = position.value - first_.value;
    return index == 0 ? 0 : ends_[index - 1];
  }
  const Traits& traits(Position position) const { return traits_[position.value - first_.value]; }
  std::string_view text(std::uint32_t index) const { return texts_[index]; }
  std::size_t memory() const { return bytes_.capacity() + ends_.size() * (sizeof(Traits) + 8) + texts_.size() * 48; }
  // Why the position `first` cannot be read; such a block holds nothing else.
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  friend class BlockWriter;
  Position first_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<Traits> traits_;
  std::vector<std::string> texts_;
  std::optional<Failure> failure_;
};

class BlockWriter {
 public:
  // Of about so many positions and bytes.
  BlockWriter(Position first, Framing framing, std::size_t expected, std::size_t expected_bytes);

  // The messages of the next position, in order; none is possible.
  void add(const Record& record, const std::vector<std::string>& messages);
  void add(const Record& record, std::string_view message);
  // No message: what filters ask of the record, for a block of Part::traits.
  void add_traits(const Record& record);
  // The next position cannot be read; it is only said if nothing was added before.
  void fail(const Failure& failure);
  bool full() const { return block_.ends_.size() >= block_positions_max || block_.bytes_.size() >= block_bytes_max; }
  bool empty() const { return block_.ends_.empty(); }
  Position next() const { return Position(block_.first_.value + block_.ends_.size()); }
  Block take() { return std::move(block_); }

 private:
  Block block_;
  Framing framing_;
};

// One message in its framing. `id`, if it is not 0, is where a client that lost its connection goes on.
void append_framed(std::string& out, Framing framing, std::string_view message, Position id);
// A control message: an event of that name in SSE, else as any other.
void append_control(std::string& out, Framing framing, std::string_view name, std::string_view message, Position id);

}  // namespace tenure::services
