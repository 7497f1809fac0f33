// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tenure::http {

bool is_utf8(std::string_view text);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that what a client sent
// can be shown back to it whatever it was.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tenure::http
