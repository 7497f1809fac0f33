#include "projections/rejudged.h"

#include <algorithm>

#include "events/wire/record_wire.h"
#include "projections/findings_parts.h"
#include "projections/retracted.h"
#include "projections/team_state.h"

namespace tenure::projections {

namespace {

std::string in_words(const Verdict& verdict) {
  static constexpr const char* results[] = {"allowed", "a violation", "unspecified"};
  const std::string result = results[static_cast<std::size_t>(verdict.result)];
  return verdict.rule.empty() ? result : result + " (" + verdict.rule + ")";
}

class Again {
 public:
  Again(Access& access, storage::Snapshot& snapshot, const OrgId& org, Instant at,
        const std::function<void()>& meanwhile)
      : facts_(access.facts()), snapshot_(snapshot), org_(org), at_(at), meanwhile_(meanwhile) {}

  Rejudged judge() {
    Rejudged all;
    learnt_ = facts_.told(Told::learnt, true);
    if (learnt_.empty()) return all;
    // Up to each row, the newest position at which something was learnt of a time so early.
    std::uint64_t newest = 0;
    for (const ToldRow& row : learnt_) newest_.push_back(newest = std::max(newest, row.at.position));
    const auto last = take(snapshot_.version_at(org_, Position(newest)), Version(0));
    std::size_t judged = 0;
    for (Version version = first_version(learnt_.front().at.us); version < last; version = version.next()) {
      if (meanwhile_) meanwhile_();
      const auto record = read(version);
      if (!record) break;
      if (!affected(*record)) continue;
      if (++judged > rejudged_max) return {{}, true};
      judge(*record, all.found);
    }
    std::sort(all.found.begin(), all.found.end(), [](const Finding& a, const Finding& b) { return a.since < b.since; });
    return all;
  }

 private:
  template <class T>
  T take(Outcome<T> outcome, T otherwise) {
    if (outcome) return std::move(*outcome);
    failed_ = failed_ ? failed_ : std::optional(outcome.error());
    facts_.fail(outcome.error());
    return otherwise;
  }

  // The first version with which a time at or after `us` was known: no record before it can be of such a time.
  Version first_version(std::int64_t us) {
    std::uint64_t low = 1, high = take(snapshot_.version_of(org_), Version(0)).value;
    while (low < high && !failed_) {
      const std::uint64_t middle = low + (high - low) / 2;
      const auto position = take(snapshot_.position_of(org_, Version(middle)), Position(0));
      const auto newest = take(newest_known(snapshot_, org_, facts_.org(), position), std::optional<Instant>());
      if (newest && newest->us >= us) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return Version(low);
  }

  std::optional<Record> read(Version version) {
    const auto position = take(snapshot_.position_of(org_, version), Position(0));
    return failed_ ? std::nullopt : read(position);
  }

  std::optional<Record> read(Position position) {
    const auto stored = snapshot_.record(position);
    auto record = stored ? wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot_.blob(hash); })
                         : Outcome<Record>(stored.error());
    if (record) return std::move(*record);
    take(std::move(record), Record{});
    return std::nullopt;
  }

  // Whether something was learnt after the record of the time before it. Attempts that were refused stay refused.
  bool affected(const Record& record) {
    const Instant at = *record.event.occurred_at;
    if (at > at_ || std::holds_alternative<event::OrgCreated>(record.event.data) ||
        std::holds_alternative<event::ActionDenied>(record.event.data)) {
      return false;
    }
    const auto after = std::upper_bound(learnt_.begin(), learnt_.end(), at.us,
                                        [](std::int64_t us, const ToldRow& row) { return us < row.at.us; });
    if (after == learnt_.begin()) return false;
    return newest_[static_cast<std::size_t>(after - learnt_.begin()) - 1] > record.position.value;
  }

  // A retraction is judged as if what it turned were as it was before: its own doing was not learnt later.
  Facts just_before(const Record& record, Point point) {
    Facts before = facts_.moved_to(Point{point.us, point.position - 1});
    if (!std::holds_alternative<event::EventRetracted>(record.event.data)) return before;
    const RecordOf records = [this](std::uint64_t position) { return read(Position(position)); };
    const auto retraction = retraction_of(facts_, records, record.position.value);
    if (!retraction || !retraction->turned) return before;
    return before.supposing(retraction->event, !retraction->counts, retraction->entities());
  }

  void judge(const Record& record, std::vector<Finding>& found) {
    const Position known(facts_.known());
    if (take(is_retracted(snapshot_, facts_.org(), record.position, known), true)) return;
    const Point point{record.event.occurred_at->us, record.position.value};
    Facts before = just_before(record, point);
    const auto model = before.model_at(before.at());
    if (!model) return;
    const FactsTeamState state(std::move(before), model);
    const Verdict now = tenure::judge(*model, record.event, state);
    if (state.failure()) return facts_.fail(*state.failure());
    if (now.result == record.verdict.result && now.rule == record.verdict.rule) return;
    const Person& who = record.event.actor.who;
    const Number actor =
        record.event.actor.is_person() ? facts_.number(EntityKind::member, member_name(who.subject)) : 0;
    Finding& finding = add_finding(found, FindingKind::judgement_changed, actor, 0, point,
                                   "recorded as " + in_words(record.verdict) + "; by what is known now it is " +
                                       in_words(now) + (now.because.empty() ? "" : ": " + now.because));
    finding.id = std::string(to_text(finding.kind)) + '.' + std::to_string(point.position);
  }

  Facts& facts_;
  storage::Snapshot& snapshot_;
  const OrgId& org_;
  Instant at_;
  const std::function<void()>& meanwhile_;
  std::vector<ToldRow> learnt_;
  std::vector<std::uint64_t> newest_;
  std::optional<Failure> failed_;
};

}  // namespace

Rejudged judged_again(Access& access, storage::Snapshot& snapshot, const OrgId& org, Instant at,
                      const std::function<void()>& meanwhile) {
  return Again(access, snapshot, org, at, meanwhile).judge();
}

}  // namespace tenure::projections
