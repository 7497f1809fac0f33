#include "services/reviews/clock.h"

#include <spdlog/spdlog.h>

namespace tenure::services {

using projections::EntityKind;

void ReviewClock::start() {
  thread_ = std::thread([this] { run(); });
}

void ReviewClock::stop() {
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
    woken_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void ReviewClock::look(const std::string& org) {
  const std::lock_guard lock(guard_);
  watched_.insert(org);
  told_.insert(org);
  woken_.notify_all();
}

void ReviewClock::run() {
  if (auto all = organizations()) {
    const std::lock_guard lock(guard_);
    watched_.merge(*all);
    told_ = watched_;
  } else {
    spdlog::error("the review clock could not read the organizations: {}", all.error().because);
  }
  std::unique_lock lock(guard_);
  while (!stopping_) {
    std::set<std::string> due = std::exchange(told_, {});
    lock.unlock();
    for (const std::string& org : due) {
      const auto again = pass(org);
      if (!again)
        spdlog::error("reviews of {}: {}; tried again in {} s", org, again.error().because, looks_every.count());
      const std::lock_guard inner(guard_);
      if (stopping_) return;
      if (again && !*again && !told_.contains(org)) watched_.erase(org);
    }
    lock.lock();
    if (!told_.empty() || stopping_) continue;
    if (!woken_.wait_for(lock, looks_every, [&] { return stopping_ || !told_.empty(); })) told_ = watched_;
  }
}

// Those with definitions or reviews.
Outcome<std::set<std::string>> ReviewClock::organizations() {
  std::set<std::string> found;
  const auto snapshot = parts_.store.snapshot();
  projections::Facts directory(*snapshot, parts_.names, parts_.models, 0, projections::Point::never());
  for (const projections::OrgNumber number : directory.numbers_of(EntityKind::org)) {
    projections::Facts facts(*snapshot, parts_.names, parts_.models, number, projections::Point::never());
    if (!facts.numbers_of(EntityKind::review).empty() || !facts.numbers_of(EntityKind::review_definition).empty()) {
      found.insert(directory.name(number).name);
    }
    if (facts.failure()) return *facts.failure();
  }
  if (directory.failure()) return *directory.failure();
  return found;
}

const Recurrence* ReviewClock::recurrence_of(const KeptDefinition& kept) {
  const auto [at, made] = recurrences_.try_emplace(kept.defined.position.value);
  if (made) {
    const review::Schedule& schedule = *kept.definition.schedule;
    auto read = Recurrence::parse(schedule.rrule, schedule.start, schedule.tz);
    if (read) {
      at->second = std::move(*read);
    } else {
      spdlog::error("the schedule of \"{}\": {}", kept.definition.id, read.error().because);
    }
  }
  return at->second ? &*at->second : nullptr;
}

// What was due by the definition that was replaced, just before it was. Nothing of that changes any more.
Outcome<std::optional<Instant>> ReviewClock::due_before(const OpenOrg& org, const KeptDefinition& kept) {
  const auto known = replaced_.find(kept.defined.position.value);
  if (known != replaced_.end()) return known->second;
  std::optional<Instant> due;
  Record next = kept.defined;
  // Whoever sends it several times in a row has replaced what stood before that.
  while (!due && next.recorded_at.us >= kept.defined.recorded_at.us - looks_every.count() * 1'000'000) {
    const auto older = reviews_.definition_known_at(org, kept.definition.id, Position(next.position.value - 1));
    if (!older) return older.error();
    if (!*older) break;
    due = last_due(**older, Instant{next.recorded_at.us - 1});
    next = (*older)->defined;
  }
  return replaced_[kept.defined.position.value] = due;
}

// The last run that a definition wants up to an instant; none from before it was said, which is nobody's miss.
std::optional<Instant> ReviewClock::last_due(const KeptDefinition& kept, Instant until) {
  if (!kept.definition.schedule) return std::nullopt;
  std::optional<Instant> due = kept.definition.schedule->once;
  const Recurrence* recurrence = due ? nullptr : recurrence_of(kept);
  if (recurrence) due = recurrence->last_at_or_before(until);
  return due && *due <= until && *due >= kept.defined.recorded_at ? due : std::nullopt;
}

bool ReviewClock::runs_after(const KeptDefinition& kept, Instant now) {
  if (!kept.definition.schedule) return false;
  if (const auto& once = kept.definition.schedule->once) return *once > now;
  const Recurrence* recurrence = recurrence_of(kept);
  return recurrence && recurrence->first_after(now).has_value();
}

Outcome<bool> ReviewClock::run_schedules(const OpenOrg& org) {
  bool more = false;
  const auto all = reviews_.definitions(org);
  if (!all) return all.error();
  const Instant now = parts_.now();
  for (const KeptDefinition& kept : *all) {
    more = more || runs_after(kept, now);
    std::optional<Instant> due = last_due(kept, now);
    if (!due) {
      auto missed = due_before(org, kept);
      if (!missed) return missed.error();
      due = *missed;
    }
    if (!due) continue;
    const auto ran = projections::position_of_id(*org.snapshot, org.number, run_id(kept.definition.id, *due));
    if (!ran) return ran.error();
    if (*ran != Position(0)) continue;
    if (const auto done = run_one(org, kept, *due); !done) return done.error();
  }
  return more;
}

Outcome<void> ReviewClock::run_one(const OpenOrg& org, const KeptDefinition& kept, Instant due) {
  const Acting acting = acting_for(kept.definition.id);
  if (kept.definition.purpose == review::Purpose::access_report) {
    const auto made = reviewing_.report(org, kept.definition, {{}, due, true, {}}, acting);
    if (const auto* failure = std::get_if<Failure>(&made)) return *failure;
    return {};
  }
  const auto opened = reviewing_.open(org, kept.definition, {{}, due, true, {}}, acting);
  if (const auto* failure = std::get_if<Failure>(&opened)) return *failure;
  const auto* refusals = std::get_if<Refusals>(&opened);
  if (!refusals) return {};
  spdlog::warn("the review \"{}\" of {} planned for {} was not opened: {}", kept.definition.id, org.id.text,
               format_instant(due), refusals->front().because);
  const auto told = reviewing_.skip(org, kept.definition.id, due, refusals->front());
  if (const auto* failure = std::get_if<Failure>(&told)) return *failure;
  return {};
}

Outcome<bool> ReviewClock::pass(const std::string& name) {
  const auto org = open_org(parts_, name);
  if (!org) return fail(FailureCode::not_found, "the organization cannot be opened");
  auto more = run_schedules(*org);
  if (!more) return more;
  const auto all = reviews_.list(*org, org->head.position);
  if (!all) return all.error();
  for (const ReviewSummary& summary : *all) {
    if (!summary.ended) {
      const auto open = reviewing_.tick(name, summary.id);
      if (!open) return open;
      *more = *more || *open;
    } else if (std::holds_alternative<event::ReviewClosed>(summary.ended->event.data)) {
      // A stop may have come between the close and what follows from it.
      if (const auto done = reviewing_.remedy_once(*org, summary); !done) return done.error();
    }
  }
  return more;
}

}  // namespace tenure::services
