// Reading JSON that strangers send: the whole grammar, checked before anything is built from it.
//
// Stricter than RFC 8259 where readers disagree: no byte order mark, no invalid UTF-8, no lone surrogates, no name
// twice in one object (compared after escapes are undone), at most limits::json_depth_max levels deep.
//
// Pure; any thread. Time grows with the text, memory with its depth and the names of its open objects.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>  // complete, since it is returned by value
#include <optional>
#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure {

// The first place where a text stops being acceptable JSON.
struct JsonFault {
  // Bytes from 0, of the first byte that cannot stand there; the length where the text ends too early.
  std::uint64_t offset = 0;
  std::string because;  // one sentence
};

// Nothing when the text is acceptable. Serves any parser that cannot say where it stopped.
std::optional<JsonFault> find_json_fault(std::string_view text);

// The value, or malformed_json with `offset`; `field` is what the refusal names (a JSON pointer or a parameter).
// A number too large for a double is refused too.
Decided<nlohmann::json> read_json(std::string_view text, std::string_view field = {});

}  // namespace tenure
