// Records that are judged otherwise by what was learnt later.
#include <algorithm>
#include <tuple>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

// The state just before a retraction by what is known, but with what it turned as that was before: its own doing was
// not learnt later.
State NaiveFold::Inside::before_retraction(const Fact& retraction, std::vector<const Fact*> known) const {
  const Fact* turned = &retraction;
  while (turned != nullptr && text(turned->event, "type") == "event.retracted") {
    const auto position = turned->event.at("data").at("position").get<std::int64_t>();
    const auto at =
        std::find_if(facts.begin(), facts.end(), [&](const Fact& fact) { return fact.position == position; });
    turned = at == facts.end() ? nullptr : &*at;
  }
  const auto counts = [&](std::int64_t known_position) {
    const auto all = facts_known(known_position);
    return std::find(all.begin(), all.end(), turned) != all.end();
  };
  const bool counted = turned != nullptr && counts(retraction.position - 1);
  if (turned != nullptr && counted != counts(retraction.position)) {
    std::erase(known, turned);
    if (counted) known.push_back(turned);
    std::sort(known.begin(), known.end(), [](const Fact* a, const Fact* b) {
      return std::tie(a->occurred_us, a->position) < std::tie(b->occurred_us, b->position);
    });
  }
  State state = beginning(known);
  for (const Fact* fact : known) {
    const auto point = std::tie(fact->occurred_us, fact->position);
    if (point < std::tie(retraction.occurred_us, retraction.position)) fold(state, models, *fact);
  }
  return state;
}

NaiveFindings NaiveFold::judged_again(std::int64_t at_us, std::int64_t known_position) const {
  NaiveFindings found;
  if (before_history(at_us, known_position)) return found;
  const auto words = [](const NaiveVerdict& verdict) {
    return (verdict.result == "violation" ? "a violation" : verdict.result) +
           (verdict.rule.empty() ? "" : " (" + verdict.rule + ")");
  };
  const std::vector<const Fact*> known = inside_->facts_known(known_position);
  State before = inside_->beginning(known);
  for (const Fact* fact : known) {
    if (fact->occurred_us > at_us) break;
    const std::string type = text(fact->event, "type");
    if (type != "org.created") {
      const NaiveVerdict was = verdict(fact->position);
      const NaiveVerdict is =
          judge(type == "event.retracted" ? inside_->before_retraction(*fact, known) : before, inside_->models, *fact);
      if (was.result != is.result || was.rule != is.rule) {
        found.emplace("judgement_changed|" + std::to_string(fact->position) + "|recorded as " + words(was) +
                          "; by what is known now it is " + words(is),
                      NaiveSince{fact->occurred_us, fact->position});
      }
    }
    fold(before, inside_->models, *fact);
  }
  return found;
}

}  // namespace tenure::oracle
