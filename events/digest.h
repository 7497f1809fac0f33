// SHA-256, the RFC 6962 leaf hash, and digests as text. Pure; any thread (contexts are per thread).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/ids.h"

namespace tenure {

Digest sha256(std::string_view bytes);
// SHA-256(0x00 || record), RFC 6962 section 2.1.
Digest leaf_hash(std::string_view record);

std::string to_hex(const Digest& digest);
std::optional<Digest> digest_from_hex(std::string_view hex);

// "s_" and 32 hex digits.
std::string to_text(const SubjectId& subject);
std::optional<SubjectId> subject_from_text(std::string_view text);

}  // namespace tenure
