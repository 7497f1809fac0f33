#include "projections/baselines.h"

#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr std::uint64_t block_positions = 1'024;

std::uint64_t block_of(Position position) { return position.value / block_positions; }
std::size_t byte_of(Position position) { return position.value % block_positions / 8; }
char bit_of(Position position) { return static_cast<char>(1U << (position.value % 8)); }

std::string block_key(OrgNumber org, std::uint64_t block) {
  std::string key = row_key(org, Row::baselines);
  put_u64(key, block);
  return key;
}

// The bits of a block; empty where it has no row.
Outcome<std::string> read_block(storage::ViewReader& views, OrgNumber org, std::uint64_t block) {
  std::string bits;
  const auto found = views.get(block_key(org, block), bits);
  if (!found) return found.error();
  if (!*found) return std::string();
  if (bits.empty() || bits.size() > block_positions / 8) {
    return fail(FailureCode::corruption,
                "what was found so in organization " + std::to_string(org) + " cannot be read; run `tenure rebuild`");
  }
  return bits;
}

}  // namespace

Outcome<void> note_baseline(ViewWriter& views, OrgNumber org, OrgHead& head, Position position) {
  const std::uint64_t block = block_of(position);
  // A block of later positions than the newest has no row yet.
  const bool is_new = head.newest_baseline == Position(0) || block_of(head.newest_baseline) < block;
  auto bits = is_new ? Outcome<std::string>(std::string()) : read_block(views, org, block);
  if (!bits) return bits.error();
  if (bits->size() <= byte_of(position)) bits->resize(byte_of(position) + 1, '\0');
  char& byte = (*bits)[byte_of(position)];
  byte = static_cast<char>(byte | bit_of(position));
  views.put(block_key(org, block), std::move(*bits));
  head.newest_baseline = position;
  return {};
}

Outcome<bool> Baselines::has(storage::ViewReader& views, OrgNumber org, Position position) {
  const std::uint64_t number = block_of(position);
  auto block = blocks_.find(number);
  if (block == blocks_.end()) {
    auto read = read_block(views, org, number);
    if (!read) return read.error();
    if (blocks_.size() == blocks_max) blocks_.clear();
    block = blocks_.emplace(number, std::move(*read)).first;
  }
  const std::string& bits = block->second;
  return byte_of(position) < bits.size() && (bits[byte_of(position)] & bit_of(position)) != 0;
}

}  // namespace tenure::projections
