#include "services/reviews/report_source.h"

#include <algorithm>

#include "events/wire/record_gist.h"
#include "services/reviews/report_words.h"

namespace tenure::services {

using review::ItemIndex;

Outcome<std::shared_ptr<ReportSource>> ReportSource::make(Parts& parts, std::shared_ptr<OpenOrg> org,
                                                          std::shared_ptr<const Review> review, Position known) {
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
  source->findings_ = of.findings;
  return source;
}

const std::optional<Failure>& ReportSource::failure() {
  for (Sight* sight : {under_review.get(), when_opened.get(), now.get()}) {
    if (sight->facts().failure()) return sight->facts().failure();
  }
  return people.failure();
}

std::string ReportSource::power_of(ItemIndex item) { return power_in_words(under_review->facts(), review->hold(item)); }

const Actor* ReportSource::actor_at(std::uint64_t position) {
  const auto known = actors_.find(position);
  if (known != actors_.end()) return &known->second;
  storage::Snapshot& snapshot = *org->snapshot;
  const auto stored = snapshot.record(Position(position));
  const auto gist = stored ? wire::read_gist(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); })
                           : Outcome<Record>(stored.error());
  if (!gist) {
    people.note(gist.error());
    return nullptr;
  }
  if (actors_.size() >= actors_max) actors_.clear();
  return &actors_.emplace(position, gist->event.actor).first->second;
}

const std::vector<Spoken>& ReportSource::spoken() {
  if (spoken_) return *spoken_;
  const review::Campaign& campaign = *review->campaign;
  std::vector<Spoken>& all = spoken_.emplace();
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    for (const review::Said& said : campaign.said(i)) all.push_back({i, &said, std::nullopt});
  }
  std::sort(all.begin(), all.end(),
            [](const Spoken& a, const Spoken& b) { return a.said->position < b.said->position; });
  std::unordered_map<SubjectId, Instant> before;
  for (Spoken& one : all) {
    const auto earlier = before.find(one.said->reviewer);
    if (earlier != before.end() && one.said->call.empty()) {
      one.seconds = (one.said->at.us - earlier->second.us) / 1'000'000;
    }
    before[one.said->reviewer] = one.said->at;
  }
  return all;
}

const std::vector<Task>& ReportSource::tasks() {
  if (tasks_) return *tasks_;
  auto found = tasks_of(*org, *review, *under_review, *now);
  if (!found) people.note(found.error());
  return tasks_.emplace(found ? std::move(*found) : std::vector<Task>());
}

const std::vector<projections::Finding>& ReportSource::findings() {
  if (!findings_) {
    auto found = open_findings(*when_opened, review->campaign->definition().scope.findings);
    if (!found) people.note(found.error());
    findings_ = found ? std::move(*found) : std::make_shared<const OpenFindings>();
  }
  return findings_->all;
}

const Record* ReportSource::record(std::uint64_t position) {
  if (record_ && record_->position.value == position) return &*record_;
  auto read = record_at(*org->snapshot, position);
  if (!read) {
    people.note(read.error());
    return nullptr;
  }
  record_ = std::move(*read);
  return &*record_;
}

}  // namespace tenure::services
