#include "services/reviews/how_worked.h"

#include <algorithm>
#include <map>

namespace tenure::services {

namespace {

constexpr std::uint64_t many = 10;            // fewer decisions say nothing of how somebody works
constexpr std::int64_t hasty_us = 3'000'000;  // nobody reads an item in less
constexpr std::uint64_t most_of_all = 95;     // per cent that are kept of everything
constexpr std::uint64_t most_of_a_call = 90;  // … and of one call: one odd item among them hides nothing
constexpr std::size_t calls_told = 5;

bool at_least(std::uint64_t part, std::uint64_t of, std::uint64_t per_cent) { return part * 100 >= of * per_cent; }

// "4 s", below ten seconds with a tenth: "0.1 s".
std::string seconds_of(std::int64_t us) {
  const std::int64_t tenths = us / 100'000;
  std::string text = std::to_string(tenths / 10);
  if (tenths < 100 && tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
  return text + " s";
}

// Since when somebody can have looked at what they decided: their decision before, or the begin of the stage.
struct Since {
  Instant at;
  std::string what;
};
Since looked_since(const review::Campaign& campaign, const review::Said& said, std::optional<Instant> before) {
  const std::int64_t days = static_cast<std::int64_t>(campaign.definition().stages[said.stage].days);
  const Instant began{campaign.stage_ends(said.stage).us - days * 24 * 3600 * 1'000'000};
  if (before && *before >= began) return {*before, "the decision before"};
  return {began, said.stage == 0 ? "the opening" : "stage " + std::to_string(said.stage + 1) + " began"};
}

void add_call_signals(const OneCall& call, reports::Texts& signals) {
  const std::string count = std::to_string(call.decisions);
  if (call.keep == call.decisions) {
    signals.push_back("kept all of " + count + " in one call");
  } else if (at_least(call.keep, call.decisions, most_of_a_call)) {
    signals.push_back("kept " + std::to_string(call.keep) + " of " + count + " in one call");
  }
  const std::int64_t each = call.took_us / static_cast<std::int64_t>(call.decisions);
  if (each < hasty_us) {
    signals.push_back(count + " decisions in one call, " + seconds_of(call.took_us) + " after " + call.since + ": " +
                      seconds_of(each) + " an item");
  }
}

}  // namespace

std::vector<Worked> workers_of(ReportSource& source) {
  const review::Campaign& campaign = *source.review->campaign;
  std::map<SubjectId, Worked> all;
  std::map<SubjectId, Instant> before;
  for (const Spoken& one : source.spoken()) {
    const review::Said& said = *one.said;
    Worked& worked = all[said.reviewer];
    worked.reviewer = said.reviewer;
    ++worked.decisions;
    const bool kept = said.verb == ReviewVerb::keep;
    worked.keep += kept;
    worked.revoke += said.verb == ReviewVerb::revoke;
    worked.change += said.verb == ReviewVerb::change;
    worked.delegated += said.verb == ReviewVerb::delegate;
    const auto earlier = before.find(said.reviewer);
    const auto last = earlier == before.end() ? std::nullopt : std::optional(earlier->second);
    before[said.reviewer] = said.at;
    if (said.call.empty()) {
      if (last) worked.seconds.push_back(said.at.us - last->us);
      continue;
    }
    ++worked.in_bulk;
    if (worked.calls.empty() || worked.calls.back().id != said.call) {
      Since since = looked_since(campaign, said, last);
      worked.calls.push_back({said.call, 0, 0, said.at.us - since.at.us, std::move(since.what)});
    }
    ++worked.calls.back().decisions;
    worked.calls.back().keep += kept;
  }
  std::vector<Worked> workers;
  workers.reserve(all.size());
  for (auto& [reviewer, worked] : all) workers.push_back(std::move(worked));
  return workers;
}

reports::Texts signals_of(const Worked& worked) {
  reports::Texts signals;
  std::vector<std::int64_t> each = worked.seconds;  // of those that stand in no large call
  std::size_t told = 0, more = 0;
  for (const OneCall& call : worked.calls) {
    if (call.decisions < many) {
      each.insert(each.end(), call.decisions, call.took_us / static_cast<std::int64_t>(call.decisions));
      continue;
    }
    reports::Texts of_call;
    add_call_signals(call, of_call);
    if (of_call.empty()) continue;
    ++(told < calls_told ? told : more);
    if (more == 0) signals.insert(signals.end(), of_call.begin(), of_call.end());
  }
  if (more > 0) signals.push_back(std::to_string(more) + " more calls like these");
  const auto hasty = static_cast<std::uint64_t>(
      std::count_if(each.begin(), each.end(), [](std::int64_t us) { return us < hasty_us; }));
  if (each.size() >= many && hasty * 2 >= each.size()) {
    signals.push_back(std::to_string(hasty) + " of " + std::to_string(each.size()) + " decisions took less than " +
                      seconds_of(hasty_us) + " each");
  }
  // Handing an item on is no answer.
  const std::uint64_t answers = worked.decisions - worked.delegated;
  if (answers >= many && worked.keep == answers) {
    signals.push_back("kept everything: " + std::to_string(answers));
  } else if (answers >= many && at_least(worked.keep, answers, most_of_all)) {
    const std::uint64_t per_cent = std::min<std::uint64_t>(99, (worked.keep * 100 + answers / 2) / answers);
    signals.push_back("kept " + std::to_string(per_cent) + " % of " + std::to_string(answers));
  }
  return signals;
}

}  // namespace tenure::services
