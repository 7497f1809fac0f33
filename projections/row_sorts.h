// The sorts of rows that the writer of the views tells apart by their keys (view_writer.h). Internal to it. Pure; O(1).
#pragma once

#include <string>
#include <string_view>

#include "projections/layout.h"

namespace tenure::projections {

// Where a key has the kind of its row, and the tag of a list's row or a timeline's.
inline constexpr std::size_t kind_at = 4, list_tag_at = 10, timeline_tag_at = 9;
inline constexpr std::size_t id_key_bytes = 21;

// Eight bytes of a key as a number that sorts as they do; behind its end they are zero.
std::uint64_t bytes_of(std::string_view key, std::size_t at);

// Rows that are only read in order.
bool is_ordered(std::string_view key);
// The newest chunk of a timeline, or the head of a list.
bool is_head(std::string_view key);
// The id of an event.
bool is_id(std::string_view key);
// Whether a range may have one of the last two.
bool may_have_heads(std::string_view from, std::string_view to);
// Whether a range may have rows that are only read in order.
bool may_have_ordered(std::string_view from, std::string_view to);
// Whether a range certainly has rows that are only read in order and no others: it lies within one organization's, one
// list's or one timeline's.
bool is_ordered_range(std::string_view from, std::string_view to);
// How many bytes of such a row's key are those of its list, its timeline or its organization's kind: no range as above
// leaves the rows that have them in common. At most 16; the same for all of a kind.
std::size_t shared_bytes(std::string_view key);

}  // namespace tenure::projections
