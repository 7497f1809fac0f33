#include "tests/properties/hold_words.h"

#include <cstdlib>

namespace tenure::test {

using projections::Hold;
using review::HoldKind;

std::string in_words(projections::Holds& holds, const IdentityOfNumber& identity, const Hold& hold) {
  projections::Facts& facts = holds.access().facts();
  const std::string who = identity(hold.member) + "|";
  const std::string of = hold.of == 0 ? std::string() : facts.name(hold.of).name;
  switch (hold.kind) {
    case HoldKind::role:
      return "role|" + who + of;
    case HoldKind::group:
      return "group|" + who + of;
    case HoldKind::grant:
      return "grant|" + who + facts.name(hold.role).name + "|" + of;
    case HoldKind::invitation:
      break;
  }
  return "invitation|" + who + of;
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace tenure::test
