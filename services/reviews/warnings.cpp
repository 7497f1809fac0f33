// What speaks against a review: what is worth a look before it is opened, and why one is not.
#include <algorithm>

#include "services/reviews/desk.h"

namespace tenure::services {

using review::Definition;

namespace {

constexpr std::size_t named_in_a_sentence = 5;  // items, by whose they are
constexpr std::size_t strangers_told = 20;

std::string of_all(const Population& population) {
  return "nobody may be asked about " + std::to_string(population.without_reviewer.size()) + " of " +
         std::to_string(population.items.size()) + " items";
}

}  // namespace

// With whose they are.
Outcome<std::string> Reviewing::about_nobody_asked(const OpenOrg& org, const Population& population) {
  const auto& nobody = population.without_reviewer;
  std::string whose;
  for (std::size_t i = 0; i < nobody.size() && i < named_in_a_sentence; ++i) {
    const auto identity =
        parts_.identities.of_member(*org.snapshot, org.id, org.number, population.holds[nobody[i]].member);
    if (!identity) return identity.error();
    whose += (i == 0 ? "" : ", ") + *identity;
  }
  return of_all(population) + " (of " + whose + (nobody.size() > named_in_a_sentence ? ", …" : "") +
         "): nobody reviews themselves, and who was removed or is disabled is not asked; name somebody else in the "
         "stage's \"fallback\" (--fallback) or among its \"reviewers\" (--reviewer).";
}

// Why a review is not opened of which some items have nobody to ask. That of a schedule's run is recorded as an event
// and told to the program's own log, which name no person.
Reviewing::OpenAnswer Reviewing::nobody_asked(const OpenOrg& org, const Population& population, const OpenWish& wish) {
  if (wish.scheduled_for) {
    return Refusals{refuse(RefusalCode::invalid_field,
                           of_all(population) +
                               "; a dry run of the definition says whose they are, and a \"fallback\" in it is asked "
                               "about them: add one, and open the review by hand or wait for the next run.",
                           "/stages")};
  }
  auto because = about_nobody_asked(org, population);
  if (!because) return because.error();
  return Refusals{refuse(RefusalCode::invalid_field, std::move(*because), "/stages")};
}

// Whoever is asked may come from outside, so somebody whom nobody knows is no fault; they may be a slip of the pen,
// too.
Outcome<std::vector<std::string>> Reviewing::strangers(const OpenOrg& org, Sight& sight, const Definition& definition) {
  std::vector<std::string> found;
  std::size_t more = 0;
  const auto tokens = parts_.tokens.all();
  for (const Person& person : definition.people) {
    // Somebody may be known by having been named in a definition alone.
    const auto number = sight.number_of(person.subject);
    if (number != 0 && !sight.facts().state(number).live.empty()) continue;
    std::string identity = person.identity;
    if (identity.empty()) {
      auto known = parts_.identities.of_subject(*org.snapshot, org.id, org.number, person.subject);
      if (!known) return known.error();
      identity = std::move(*known);
    }
    const auto has_it = [&](const auto& token) { return token->principal == identity; };
    if (std::any_of(tokens.begin(), tokens.end(), has_it)) continue;
    if (found.size() == strangers_told) {
      ++more;
      continue;
    }
    found.push_back("nobody here is known as \"" + identity +
                    "\": neither a member, past or present, nor the principal of a token. They are asked all the same, "
                    "as somebody from outside; see whether the name is spelled right.");
  }
  if (more > 0) found.push_back("nobody here is known as " + std::to_string(more) + " more of those who are named.");
  if (sight.facts().failure()) return *sight.facts().failure();
  return found;
}

Outcome<std::vector<std::string>> Reviewing::warnings(const OpenOrg& org, Definition definition) {
  std::vector<std::string> found;
  if (definition.purpose != review::Purpose::review) return found;
  if (const auto done = resolve(org, definition, false); !done) return done.error();
  const auto sight = Sight::at(parts_, org, parts_.now(), org.head.position);
  if (!sight) return sight.error();
  auto unknown = strangers(org, **sight, definition);
  if (!unknown) return unknown;
  found = std::move(*unknown);
  const auto before = reviews_.before(org, definition.id, org.head.position);
  if (!before) return before.error();
  const auto populated = populate(org, **sight, definition, *before->certificates, before->last);
  if (const auto* failure = std::get_if<Failure>(&populated)) return *failure;
  const std::string now = "opened now, it would be refused: ";
  if (const auto* refusal = std::get_if<Refusal>(&populated)) {
    found.push_back(now + refusal->because);
    return found;
  }
  const auto& population = std::get<Population>(populated);
  if (population.items.empty()) found.push_back(now + "the scope matches nothing that anybody holds.");
  if (population.without_reviewer.empty()) return found;
  const auto because = about_nobody_asked(org, population);
  if (!because) return because.error();
  found.push_back(now + *because);
  return found;
}

}  // namespace tenure::services
