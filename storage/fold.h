// Folding: the form of an identity in which two spellings of one person are the same bytes. For storage/, and for who
// compares identities that were shown.
//
// NFC, then Unicode's default case folding, then NFC again (folding may leave a form that is not composed). Nothing
// else is folded: full-width letters, look-alikes and surrounding spaces stay different. Text that is not UTF-8 folds
// to itself behind a byte that UTF-8 never has, so that it equals nothing but itself. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tenure::storage {

// Appends the folded form of `identity` to `to`.
void append_folded(std::string& to, std::string_view identity);

}  // namespace tenure::storage
