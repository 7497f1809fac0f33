// What a client takes: the Accept field of RFC 9110, section 12.5.1. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tenure::http {

struct Preferred {
  std::size_t offer = 0;  // which of those that were offered
  bool by_name = false;   // the field names its type, and not only every type there is
};

// The offer that a field gives the highest weight; of those with the same the one that it names most closely, then the
// one that it names first, then the first one offered. Offers are media types in lower case without parameters, and
// the parameters of a range are left aside, since no offer has any. Nothing where the field takes none of them; a field
// without any range that can be read takes them all.
std::optional<Preferred> preferred(std::string_view accept, std::span<const std::string_view> offers);

}  // namespace tenure::http
