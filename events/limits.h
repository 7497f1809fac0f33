// Every limit of the domain, in one place, each with its unit and its reason. The transport's own
// limits (headers, connections, time-outs) are in services/http/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenure::limits {

// An e-mail address is at most 320 bytes (64 + @ + 255); every other identifier fits that too.
inline constexpr std::size_t identifier_bytes_max = 320;
// A stored record: 16 bits of length, so that any reader can size a buffer beforehand.
inline constexpr std::size_t record_bytes_max = 65'535;
// Free text (reason, ticket, description): enough for a paragraph, far below a record.
inline constexpr std::size_t text_bytes_max = 4'096;
// One raw line of an imported log; what does not fit a record when sealed is kept as a blob.
inline constexpr std::size_t raw_line_bytes_max = 1'048'576;
// A part of a record (raw line, `before`, grants) that is longer than this is kept as a blob.
inline constexpr std::size_t inline_part_bytes_max = 16'384;
// Events in one append: one atomic batch must stay small against the write buffer.
inline constexpr std::size_t batch_events_max = 10'000;
// Groups named in one invitation.
inline constexpr std::size_t invitation_groups_max = 1'000;
// How far ahead of the store's clock an event may be: clocks differ by minutes, not hours.
inline constexpr std::int64_t future_us_max = 5LL * 60 * 1'000'000;
// Nesting of any JSON that is read.
inline constexpr std::size_t json_depth_max = 64;
// Rows of one page of a list.
inline constexpr std::size_t page_rows_max = 1'000;
inline constexpr std::size_t page_rows_default = 100;
// Ancestors followed from a group: deeper nesting is cut and reported, a cycle ends here too.
inline constexpr std::size_t group_depth_max = 64;
// An access model's document: what one request may carry.
inline constexpr std::size_t model_bytes_max = 16'777'216;
// What one model may hold: the largest platform known to us has 102 permissions and 5 roles.
inline constexpr std::size_t model_permissions_max = 16'384;
inline constexpr std::size_t model_roles_max = 2'048;
// Cells of all roles together once inheritance is merged: a chain of roles repeats its cells in every link.
inline constexpr std::size_t model_cells_max = 2'000'000;
inline constexpr std::size_t model_merging_max = 20 * model_cells_max;  // gone through while merging: a second's work
// Parents above a permission: each is asked for in turn when a power is looked up.
inline constexpr std::size_t model_parents_max = 16;
inline constexpr std::size_t model_rules_max = 1'024;
inline constexpr std::size_t model_parts_max = 256;  // scales, features, settings, kinds of resources
inline constexpr std::size_t model_levels_max = 32;

}  // namespace tenure::limits
