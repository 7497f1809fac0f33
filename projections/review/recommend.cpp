// What the facts of a hold suggest, and the reasons.
#include <algorithm>

#include "projections/review/hold_story.h"

namespace tenure::projections {

using review::HoldKind;
using review::Standing;

namespace {

constexpr std::int64_t day_us = 86'400'000'000;

bool is_owner_power(Access& access, const std::vector<Holds::Gives>& gives) {
  const AccessModel& model = access.model();
  const Number owner = access.facts().number(EntityKind::role, model.roles()[model.owner_role()].id.text);
  return std::any_of(gives.begin(), gives.end(), [&](const Holds::Gives& each) {
    if (each.scope == 0 && each.role == owner) return true;
    for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
      if (model.permissions()[p].owner_only && access.cell(each.role, p).level > 0) return true;
    }
    return false;
  });
}

bool inviter_is_removed(Access& access, Number member) {
  const Live* came = access.facts().state(member).find({SlotKind::brought_by});
  if (!came || access.active(came->value)) return false;
  return access.facts().state(came->value).find({SlotKind::ended}) != nullptr;
}

// Others of the member's groups, and how many of them hold the same. A group says nothing of who else is in it.
void count_peers(Holds& holds, const Hold& hold, HoldFacts& facts) {
  if (hold.kind != HoldKind::role && hold.kind != HoldKind::grant) return;
  Access& access = holds.access();
  std::unordered_set<Number> seen{hold.member};
  for (const Live* link : access.groups_of(hold.member)) {
    for (const Number peer : holds.members_of_small(link->slot.a, peers_max)) {
      if (!seen.insert(peer).second) continue;
      ++facts.peers;
      Hold same = hold;
      same.member = peer;
      if (holds.now(same)) ++facts.peers_with;
    }
  }
}

}  // namespace

HoldFacts facts_of(Holds& holds, const Hold& hold) {
  Access& access = holds.access();
  HoldFacts facts;
  facts.kind = hold.kind;
  facts.standing = !access.active(hold.member)    ? Standing::outside
                   : access.disabled(hold.member) ? Standing::disabled
                                                  : Standing::active;
  facts.age_us = std::max<std::int64_t>(0, holds.at().us - hold.since.us);
  facts.found_so = access.facts().found_so(hold.since.position);
  facts.inviter_removed = inviter_is_removed(access, hold.member);
  if (!access.has_model()) return facts;
  const auto gives = holds.gives(hold);
  facts.owner_power = is_owner_power(access, gives);
  // A role that gives nothing makes a member all the same, and an invitation a new one.
  facts.gives_nothing =
      (hold.kind == HoldKind::group || hold.kind == HoldKind::grant) && powers_of(holds, hold).empty();
  const bool counts = facts.standing != Standing::outside || access.model().outsiders_hold_scoped_grants();
  facts.gives_nothing = facts.gives_nothing || (hold.kind == HoldKind::grant && !counts);
  count_peers(holds, hold, facts);
  return facts;
}

std::string_view to_text(Suggestion suggestion) {
  switch (suggestion) {
    case Suggestion::keep:
      return "keep";
    case Suggestion::look:
      return "look";
    case Suggestion::revoke:
      break;
  }
  return "revoke";
}

namespace {

std::vector<std::string> reasons_to_revoke(const HoldFacts& facts) {
  std::vector<std::string> because;
  if (facts.standing == Standing::disabled) because.emplace_back("The member is disabled and holds it still.");
  if (facts.standing == Standing::outside && facts.kind != HoldKind::invitation) {
    because.emplace_back("Whoever holds it is no member.");
  }
  if (facts.gives_nothing) because.emplace_back("It gives nothing as things stand.");
  if (facts.kind == HoldKind::invitation && facts.age_us > waiting_days * day_us) {
    because.push_back(std::string("The invitation has been waiting for ") + (facts.found_so ? "at least " : "") +
                      std::to_string(facts.age_us / day_us) + " days.");
  }
  return because;
}

std::vector<std::string> reasons_to_look(const HoldFacts& facts) {
  std::vector<std::string> because;
  if (facts.open_findings > 0) {
    because.push_back(facts.open_findings == 1 ? "An open finding is about it."
                                               : std::to_string(facts.open_findings) + " open findings are about it.");
  }
  if (facts.inviter_removed) because.emplace_back("Whoever invited the member was removed.");
  if (facts.owner_power) because.emplace_back("It gives what the owner has.");
  if (facts.peers >= peers_min && facts.peers_with == 0) {
    because.push_back("None of " + std::to_string(facts.peers) + " others in the same groups holds it.");
  }
  if (facts.age_us < recent_days * day_us) {
    because.push_back((facts.found_so ? "It was found, since when is unknown, less than " : "It was given less than ") +
                      std::to_string(recent_days) + " days ago.");
  }
  if (facts.changed) because.emplace_back("It is not what the last review certified.");
  if (!facts.certified) because.emplace_back("No earlier review of this definition has certified it.");
  return because;
}

}  // namespace

Recommendation recommend(const HoldFacts& facts) {
  std::vector<std::string> to_revoke = reasons_to_revoke(facts), to_look = reasons_to_look(facts);
  if (!to_revoke.empty()) {
    to_revoke.insert(to_revoke.end(), to_look.begin(), to_look.end());
    return {Suggestion::revoke, std::move(to_revoke)};
  }
  if (!to_look.empty()) return {Suggestion::look, std::move(to_look)};
  return {Suggestion::keep, {"It is what the last review certified, and nothing speaks against it."}};
}

}  // namespace tenure::projections
