#include "services/reviews/report_source.h"

#include "events/digest.h"
#include "services/reviews/report_words.h"

namespace tenure::services {

using review::ItemIndex;

Outcome<std::shared_ptr<ReportSource>> ReportSource::make(Parts& parts, std::shared_ptr<OpenOrg> org,
                                                          std::shared_ptr<Review> review, Position known) {
  auto source = std::make_shared<ReportSource>(parts, std::move(org));
  source->review = std::move(review);
  source->known = known;
  const auto version = source->org->snapshot->version_at(source->org->id, known);
  if (!version) return version.error();
  const auto newest = source->org->snapshot->position_of(source->org->id, *version);
  if (!newest) return newest.error();
  const auto record = record_at(*source->org->snapshot, newest->value);
  if (!record) return record.error();
  source->known_at = record->recorded_at;
  const Review& of = *source->review;
  const auto see = [&](std::unique_ptr<Sight>& into, Instant at, Position position) -> Outcome<void> {
    auto sight = Sight::at(parts, *source->org, at, position);
    if (!sight) return sight.error();
    into = std::move(*sight);
    return {};
  };
  if (const auto done = see(source->under_review, of.at, of.seen); !done) return done.error();
  if (const auto done = see(source->when_opened, of.opening().as_of, of.opening().pinned); !done) return done.error();
  if (const auto done = see(source->now, source->known_at, known); !done) return done.error();
  auto tasks = tasks_of(*source->org, of, *source->under_review, *source->now);
  if (!tasks) return tasks.error();
  source->tasks = std::move(*tasks);
  auto findings = open_findings(*source->when_opened);
  if (!findings) return findings.error();
  source->findings = std::move(*findings);
  return source;
}

void ReportSource::add_place(std::vector<reports::Fact>& facts, const std::string& prefix, const std::string& of,
                             Position position) {
  storage::Snapshot& snapshot = *org->snapshot;
  const auto version = snapshot.version_at(org->id, position);
  const auto at = version ? snapshot.position_of(org->id, *version) : Outcome<Position>(version.error());
  const auto record = at ? snapshot.record(*at) : Outcome<storage::LogRecord>(at.error());
  if (!record) return people.note(record.error());
  const std::string behind = of.empty() ? of : " " + of;
  facts.push_back({prefix + "version", "Version" + behind, static_cast<std::int64_t>(version->value)});
  facts.push_back({prefix + "chain", "Chain hash" + behind, to_hex(sha256(record->bytes))});
}

std::string ReportSource::power_of(ItemIndex item) {
  return power_in_words(under_review->facts(), review->holds[item]);
}

const Record* ReportSource::record(std::uint64_t position) {
  auto read = record_at(*org->snapshot, position);
  if (!read) {
    people.note(read.error());
    return nullptr;
  }
  record_ = std::move(*read);
  return &*record_;
}

}  // namespace tenure::services
