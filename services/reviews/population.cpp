#include "services/reviews/population.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "events/model/analysis.h"
#include "projections/rejudged.h"
#include "services/reviews/found_people.h"

namespace tenure::services {

namespace {

using projections::EntityKind;
using projections::Hold;
using projections::Number;
using projections::SlotKind;
using review::Definition;
using review::HoldKind;
using review::PersonIndex;
using review::ReviewerSource;
using review::SetIndex;
using review::SourceKind;
using review::Stage;

using People = std::vector<SubjectId>;

// Finds who is asked, with everything that many items share looked up once.
class Reviewers {
 public:
  Reviewers(storage::Snapshot& snapshot, Sight& sight, const Definition& definition)
      : snapshot_(snapshot), sight_(sight), definition_(definition) {}

  // Nothing: nobody may be asked about this hold in this stage.
  std::optional<SetIndex> set_of(const Stage& stage, const Hold& hold, const SubjectId& member) {
    for (const ReviewerSource& source : stage.reviewers) {
      const People& people = of_source(source, hold);
      if (anybody_but(people, member)) return numbered(people);
    }
    const People& fallback = named(stage.fallback);
    return anybody_but(fallback, member) ? std::optional(numbered(fallback)) : std::nullopt;
  }

  // For a stage in which nobody may be asked, so that no others seem to be.
  SetIndex set_of_nobody() { return numbered(nobody_); }

  std::vector<People> take_sets() { return std::move(sets_); }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  static bool anybody_but(const People& people, const SubjectId& member) {
    return std::any_of(people.begin(), people.end(), [&](const SubjectId& each) { return each != member; });
  }

  // Whoever is named may come from outside; a member who was removed or is disabled is asked nothing.
  bool eligible(const SubjectId& person) {
    const auto known = eligible_.find(person);
    if (known != eligible_.end()) return known->second;
    return eligible_[person] = sight_.may_review(person);
  }

  const People& of_source(const ReviewerSource& source, const Hold& hold) {
    switch (source.kind) {
      case SourceKind::named:
        return named(source.people);
      case SourceKind::granted_by:
        return acting_at(hold.since.position);
      case SourceKind::group_owners:
        return hold.kind == HoldKind::group ? owners_of(hold.of) : nobody_;
      case SourceKind::holders_of:
        break;
    }
    return holders_of(source.role);
  }

  const People& named(const std::vector<PersonIndex>& people) {
    auto& kept = named_[people];
    if (kept) return *kept;
    kept.emplace();
    for (const PersonIndex person : people) {
      const SubjectId& subject = definition_.people[person].subject;
      if (eligible(subject)) kept->push_back(subject);
    }
    return *kept;
  }

  // Whoever did what stands at the position, if it was a person.
  const People& acting_at(std::uint64_t position) {
    const auto known = acting_.find(position);
    if (known != acting_.end()) return known->second;
    People& people = acting_[position];
    const auto record = record_at(snapshot_, position);
    if (!record) {
      failure_ = record.error();
      return people;
    }
    const Actor& actor = record->event.actor;
    if (actor.is_person() && eligible(actor.who.subject)) people.push_back(actor.who.subject);
    return people;
  }

  // Those whom the definition names for the group; else whoever created it.
  const People& owners_of(Number group) {
    const std::string& name = sight_.facts().name(group).name;
    for (const review::GroupOwners& owners : definition_.group_owners) {
      if (owners.group.text == name) return named(owners.people);
    }
    const auto* exists = sight_.facts().state(group).find({SlotKind::exists});
    return exists ? acting_at(exists->since.position) : nobody_;
  }

  const People& holders_of(const RoleId& role) {
    auto& kept = holders_[role.text];
    if (kept) return *kept;
    kept.emplace();
    const Number number = sight_.facts().number(EntityKind::role, role.text);
    if (number == 0) return *kept;
    std::set<Number> holders;
    for (const Number each : sight_.access().holders(number, SIZE_MAX, false)) holders.insert(each);
    for (const Number each : holders) kept->push_back(sight_.subject_of(each));
    return *kept;
  }

  SetIndex numbered(const People& people) {
    const auto [at, made] = numbers_.emplace(people, static_cast<SetIndex>(sets_.size()));
    if (made) sets_.push_back(people);
    return at->second;
  }

  storage::Snapshot& snapshot_;
  Sight& sight_;
  const Definition& definition_;
  const People nobody_;
  std::map<SubjectId, bool> eligible_;
  std::map<std::vector<PersonIndex>, std::optional<People>> named_;
  std::unordered_map<std::uint64_t, People> acting_;
  std::map<std::string, std::optional<People>> holders_;
  std::map<People, SetIndex> numbers_;
  std::vector<People> sets_;
  std::optional<Failure> failure_;
};

// Members whom open findings are about, of the kinds that a scope names.
std::set<Number> members_with_findings(const OpenFindings& open, const std::vector<std::string>& kinds) {
  std::set<Number> members;
  for (const auto& [member, index] : open.by_member) {
    const auto kind = projections::to_text(open.all[index].kind);
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) members.insert(member);
  }
  return members;
}

}  // namespace

Refusal too_much_learnt_late() {
  return refuse(RefusalCode::too_large,
                "what was learnt late bears on more than " + std::to_string(projections::rejudged_max) +
                    " records, too many to be judged again here; leave judgement_changed out of the scope.",
                "/scope/findings");
}

Outcome<std::shared_ptr<const OpenFindings>> open_findings(Sight& sight, const std::vector<std::string>& kinds) {
  constexpr std::int64_t day_us = 24LL * 3600 * 1'000'000, hour_us = day_us / 24;
  auto open = std::make_shared<OpenFindings>();
  open->all = projections::findings_at(sight.access(), sight.at(), find_escalations(*sight.model()).alone,
                                       {30 * day_us, hour_us, std::nullopt, sight.meanwhile()});
  const auto judged_again = projections::to_text(projections::FindingKind::judgement_changed);
  if (std::find(kinds.begin(), kinds.end(), judged_again) != kinds.end()) {
    const OpenOrg& org = sight.org();
    auto again = projections::judged_again(sight.access(), *org.snapshot, org.id, sight.at(), sight.meanwhile());
    open->not_judged_again = again.too_many;
    std::move(again.found.begin(), again.found.end(), std::back_inserter(open->all));
  }
  const auto closed = projections::closed_findings(sight.facts());
  std::erase_if(open->all, [&](const projections::Finding& finding) { return closed.contains(finding.id); });
  for (std::size_t i = 0; i < open->all.size(); ++i) {
    std::set<Number> about;
    for (const Number entity : {open->all[i].entity, open->all[i].other}) {
      if (entity != 0 && sight.facts().name(entity).kind == EntityKind::member) about.insert(entity);
    }
    for (const Number member : about) open->by_member.emplace(member, i);
  }
  if (sight.facts().failure()) return *sight.facts().failure();
  return std::shared_ptr<const OpenFindings>(std::move(open));
}

Populated populate(const OpenOrg& org, Sight& sight, const Definition& definition, const Certificates& certificates,
                   const std::string& last, const std::string* found_then) {
  const bool by_findings = !definition.scope.findings.empty();
  std::set<Number> with_findings;
  if (by_findings && !found_then) {
    const auto open = open_findings(sight, definition.scope.findings);
    if (!open) return open.error();
    if ((*open)->not_judged_again) return too_much_learnt_late();
    with_findings = members_with_findings(**open, definition.scope.findings);
  }
  FoundPeople people(found_then);
  const std::string terms = review::terms_of(definition);
  const auto certified = [&](const std::string& id, const std::string& state) {
    const auto it = certificates.find(id);
    return it != certificates.end() && it->second.stands && it->second.state == state && *it->second.terms == terms;
  };
  auto found = sight.holds().in_scope(
      definition.scope, review_items_max,
      [&](Number member, const std::vector<std::string>&) { return people.next(with_findings.contains(member)); },
      certified);
  if (!found) return found.error();
  if (sight.facts().failure()) return *sight.facts().failure();

  Population population;
  population.digest = projections::population_digest(*found);
  if (by_findings && !found_then) population.found = people.told();
  population.holds.reserve(found->size());
  population.items.reserve(found->size());
  Reviewers reviewers(*org.snapshot, sight, definition);
  for (auto& each : *found) {
    review::Item item;
    item.member = sight.subject_of(each.hold.member);
    item.kind = each.hold.kind;
    bool asked = true;
    for (std::size_t stage = 0; stage < definition.stages.size(); ++stage) {
      const auto set = reviewers.set_of(definition.stages[stage], each.hold, item.member);
      asked = asked && set;
      item.reviewers[stage] = set ? *set : reviewers.set_of_nobody();
    }
    const auto earlier = certificates.find(each.id);
    if (definition.carry_over && earlier != certificates.end() && earlier->second.review == last &&
        earlier->second.state == each.state) {
      const Certificate& certificate = earlier->second;
      item.carried = review::Carried{certificate.review, certificate.decision};
    }
    if (!asked) population.without_reviewer.push_back(static_cast<review::ItemIndex>(population.items.size()));
    item.id = std::move(each.id);
    item.state = std::move(each.state);
    population.holds.push_back(each.hold);
    population.items.push_back(std::move(item));
  }
  population.reviewer_sets = reviewers.take_sets();
  if (reviewers.failure()) return *reviewers.failure();
  if (sight.facts().failure()) return *sight.facts().failure();
  return population;
}

}  // namespace tenure::services
