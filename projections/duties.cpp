// Separation of duties: who holds two powers that a rule of the organization keeps apart. Two answers to who-can and
// their intersection; only who holds both is looked at closer.
#include <algorithm>

#include "projections/findings_parts.h"
#include "projections/spans.h"

namespace tenure::projections {

namespace {

// No resource is called so: who holds a power on it holds it on every one.
constexpr const char* no_resource = "\x01";

struct Asked {
  Question question;
  SpanQuestion since;
};

Asked asked(const SodRule::Duty& duty, const AccessModel& model) {
  Asked asked;
  asked.question.permission = *model.permission(duty.permission);
  asked.question.level = *model.level(asked.question.permission, duty.level);
  asked.since = {PermissionId(duty.permission), LevelId(duty.level), {}};
  return asked;
}

class Search {
 public:
  Search(const Looking& looking, const SodRule& rule)
      : looking_(looking),
        access_(looking.access),
        rule_(rule),
        first_(asked(rule.first, access_.model())),
        second_(asked(rule.second, access_.model())) {}

  void find() {
    const auto first = access_.who_can(first_.question, false), second = access_.who_can(second_.question, false);
    auto other = second.begin();
    for (const Holder& holder : first) {
      while (other != second.end() && other->member < holder.member) ++other;
      if (other == second.end()) break;
      if (other->member == holder.member) look_at(holder.member);
    }
  }

 private:
  void look_at(Number member) {
    looking_.meanwhile();
    if (rule_.kind.empty()) return add(member, std::nullopt, {});
    const ResourceId every{rule_.kind, no_resource};
    if (both_on(member, every)) return add(member, every, rule_.kind + ":*");
    for (const Number scope : access_.own_resources(member)) {
      const std::string name = access_.facts().name(scope).name;
      if (kind_of(name) != rule_.kind) continue;
      const ResourceId one{rule_.kind, name.substr(rule_.kind.size() + 1)};
      if (both_on(member, one)) add(member, one, name);
    }
  }

  bool both_on(Number member, const ResourceId& resource) {
    return holds_on(member, first_.question, resource) && holds_on(member, second_.question, resource);
  }
  bool holds_on(Number member, Question question, const ResourceId& resource) {
    question.resource = resource;
    return access_.effective(member, question, false).level >= question.level;
  }

  Point since(Number member, SpanQuestion question, const std::optional<ResourceId>& resource) {
    question.resource = resource;
    return held_since(access_.facts(), member, question, looking_.at).value_or(Point{});
  }

  void add(Number member, const std::optional<ResourceId>& resource, const std::string& on) {
    const Point first = since(member, first_.since, resource), second = since(member, second_.since, resource);
    const Point opened = std::max({first, second, rule_.defined});
    Finding& finding =
        looking_.add(FindingKind::duties_not_separated, member, rule_.number, opened,
                     rule_.first.permission + " (" + rule_.first.level + ") and " + rule_.second.permission + " (" +
                         rule_.second.level + ") are in one hand" + (on.empty() ? "" : " on " + on));
    finding.on = on;
    for (const Point at : {first, second, rule_.defined}) {
      const bool there =
          std::find(finding.evidence.begin(), finding.evidence.end(), at.position) != finding.evidence.end();
      if (!there) finding.evidence.push_back(at.position);
    }
  }

  const Looking& looking_;
  Access& access_;
  const SodRule& rule_;
  Asked first_, second_;
};

bool has(const AccessModel& model, const SodRule::Duty& duty, const std::string& kind) {
  const auto permission = model.permission(duty.permission);
  if (!permission || (!kind.empty() && model.permissions()[*permission].resource_kind != kind)) return false;
  const auto level = model.level(*permission, duty.level);
  return level && *level > 0;
}

}  // namespace

std::vector<SodRule> sod_rules(Facts& facts) {
  std::vector<SodRule> rules;
  for (const Number number : facts.numbers_of(EntityKind::sod_rule)) {
    const EntityState& state = facts.state(number);
    const Live* exists = state.find({SlotKind::exists});
    if (!exists) continue;
    SodRule rule;
    rule.number = number;
    rule.id = facts.name(number).name;
    rule.defined = exists->at;
    const auto [first, last] = state.of_kind(SlotKind::duty);
    for (const Live* duty = first; duty != last; ++duty) {
      SodRule::Duty& of = duty->slot.a == 0 ? rule.first : rule.second;
      of = {facts.name(duty->slot.b).name, facts.name(duty->value).name};
    }
    if (const Live* kind = state.find({SlotKind::about_kind})) rule.kind = kind_of(facts.name(kind->value).name);
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool applies(const SodRule& rule, const AccessModel& model) {
  return has(model, rule.first, rule.kind) && has(model, rule.second, rule.kind);
}

void find_duties(const Looking& looking) {
  for (const SodRule& rule : sod_rules(looking.facts())) {
    if (applies(rule, looking.access.model())) Search(looking, rule).find();
  }
}

}  // namespace tenure::projections
