// What formats have a field of its own for: addresses of the network and of mail, told from other texts.
//
// Pure; any thread. Linear in the text.
#pragma once

#include <string_view>

namespace tenure::formats {

// Dotted, four numbers, none with a zero in front.
bool is_ipv4(std::string_view text);
// RFC 4291 section 2.2, without a zone.
bool is_ipv6(std::string_view text);
// An address that mail programs would take, in the letters that OCSF allows.
bool is_email(std::string_view text);

}  // namespace tenure::formats
