// What a client sent, shown back to it whatever it was. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "events/wire/canonical_json.h"

namespace tenure::http {

using tenure::is_utf8;

// `text` with U+FFFD for every byte that is not UTF-8.
std::string as_utf8(std::string_view text);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_shown_text(std::string& out, std::string_view text);

}  // namespace tenure::http
