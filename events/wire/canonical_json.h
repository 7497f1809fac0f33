// Canonical JSON (RFC 8785): one value, one sequence of bytes, in any language and in fifty years.
//
// Member names in order of their UTF-16 code units, no blanks, the shortest escapes, numbers as
// ECMAScript prints them. What is hashed (records, models) is written through this file only.
// The `append_` functions are the low level: each adds one JSON token to `out`.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure {

// The largest whole number that every JSON reader keeps exactly: 2^53 - 1.
inline constexpr std::int64_t json_integer_max = 9'007'199'254'740'991;

// A quoted, escaped string. `utf8` must be valid UTF-8 (is_utf8 tells): whatever comes in through
// this program's readers has been checked.
void append_json_string(std::string& out, std::string_view utf8);
// A whole number within +-json_integer_max; beyond that is a bug (assert).
void append_json_integer(std::string& out, std::int64_t value);
// A finite number as ECMAScript's Number.prototype.toString lays it out; infinities and NaN are a bug (assert).
void append_json_number(std::string& out, double value);

// Adds "/" and the member's name to a JSON pointer (RFC 6901), with ~ and / escaped.
void append_json_pointer(std::string& pointer, std::string_view name);

// Whether `a` comes before `b` in canonical order: by UTF-16 code units, which differs from
// byte order only where U+E000..U+FFFF meet characters beyond them.
bool canonical_less(std::string_view a, std::string_view b);

// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

// The canonical text of a whole value. Refuses (invalid_field, with the JSON pointer of the place, after `field`)
// whole numbers beyond +-(2^53-1), numbers that are not finite, invalid UTF-8, and nesting deeper than
// limits::json_depth_max.
Decided<std::string> canonical_json(const nlohmann::json& value, std::string_view field = {});

}  // namespace tenure
