#include "services/record/rebuild.h"

#include "events/digest.h"
#include "events/wire/record_wire.h"
#include "services/record/batch.h"

namespace tenure::services {

namespace {

constexpr std::size_t records_a_commit = 5'000;

Outcome<Record> read(storage::Snapshot& snapshot, Position position, std::string* bytes) {
  auto stored = snapshot.record(position);
  if (!stored) return stored.error();
  auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
  if (!record) {
    return fail(record.error().code, record.error().because + " (position " + std::to_string(position.value) + ")");
  }
  if (bytes) *bytes = std::move(stored->bytes);
  return record;
}

struct StoredRecords : projections::RecordSource {
  storage::Snapshot& snapshot;
  explicit StoredRecords(storage::Snapshot& s) : snapshot(s) {}
  Outcome<Record> record(Position position) override { return read(snapshot, position, nullptr); }
  Outcome<Record> record_of(const OrgId& org, Version version) override {
    const auto position = snapshot.position_of(org, version);
    if (!position) return position.error();
    return record(*position);
  }
};

// How far the views are folded; nothing if they have another layout.
Outcome<std::optional<Position>> checkpoint(storage::Snapshot& snapshot) {
  std::string value;
  const auto found = snapshot.get(projections::checkpoint_key(), value);
  if (!found) return found.error();
  if (!*found) return std::optional(Position(0));
  projections::Reader in{value};
  const std::uint64_t layout = in.varint();
  const Position position(in.varint());
  if (layout != views_layout || !in.good || !in.rest.empty()) return std::optional<Position>();
  return std::optional(position);
}

}  // namespace

Outcome<void> each_own_record(storage::Snapshot& snapshot, const std::function<Outcome<void>(const Record&)>& row) {
  StoredRecords records(snapshot);
  const auto newest = snapshot.version_of(tenure_org);
  if (!newest) return newest.error();
  for (Version version(1); version <= *newest; version = version.next()) {
    const auto record = records.record_of(tenure_org, version);
    if (!record) return record.error();
    if (const auto done = row(*record); !done) return done;
  }
  return {};
}

Outcome<void> load_models(storage::Store& store, projections::Models& models) {
  const auto snapshot = store.snapshot();
  return each_own_record(*snapshot, [&](const Record& record) -> Outcome<void> {
    const auto* published = std::get_if<event::ModelPublished>(&record.event.data);
    if (!published) return {};
    auto model = AccessModel::parse_published(published->document.text);
    if (!model || (*model)->version() != published->version) {
      return fail(FailureCode::corruption,
                  "the access model of position " + std::to_string(record.position.value) + " cannot be read");
    }
    models.add(*model);
    return {};
  });
}

Outcome<void> catch_up_views(storage::Store& store, const projections::Models& models, const Progress& progress) {
  projections::AccessFold fold(models);
  projections::ViewWriter views;
  views.stand_on(store.snapshot());
  const auto folded = checkpoint(views.base());
  if (!folded) return folded.error();
  if (!*folded) {
    const auto rebuilt = rebuild_views(store, models, progress);
    return rebuilt ? Outcome<void>() : Outcome<void>(rebuilt.error());
  }
  auto reached = *folded;
  const Position head = store.head();
  if (*reached > head) return fail(FailureCode::corruption, "the views are ahead of the log; run `tenure rebuild`");
  while (*reached < head) {
    storage::Commit commit;
    commit.first = head.next();
    StoredRecords records(views.base());
    std::map<OrgId, projections::OrgPlace> places;
    for (std::size_t i = 0; i < records_a_commit && *reached < head; ++i) {
      std::string bytes;
      const auto record = read(views.base(), reached->next(), &bytes);
      if (!record) return record.error();
      const auto place = places.find(record->org);
      if (place == places.end()) {
        const auto found = projections::place_of(views, record->org);
        if (!found) return found.error();
        places.emplace(record->org, *found);
      }
      const auto done = fold.apply(views, places.at(record->org), *record, sha256(bytes), records);
      if (!done) return done;
      *reached = reached->next();
    }
    for (const auto& [org, place] : places) projections::write_head(views, place.number, place.head);
    views.put(projections::checkpoint_key(), checkpoint_value(*reached));
    commit.views = views.take();
    if (const auto done = store.commit(std::move(commit)); !done) return done;
    views.stand_on(store.snapshot());
    if (progress) progress(*reached, head);
  }
  return {};
}

Outcome<Rebuilt> rebuild_views(storage::Store& store, const projections::Models& models, const Progress& progress) {
  storage::Commit kept;
  kept.first = store.head().next();
  std::string from, to;
  projections::put_u32(from, kept_rows);
  to = from + std::string(1, '\xff');
  const auto read_kept = store.snapshot()->scan(from, to, [&](std::string_view key, std::string_view value) {
    kept.views.push_back({std::string(key), std::string(value)});
    return true;
  });
  Rebuilt rebuilt;
  if (!read_kept) {
    if (read_kept.error().code != FailureCode::corruption) return read_kept.error();
    rebuilt.lost_keys = read_kept.error().because;
  }
  if (const auto done = store.clear_views(); !done) return done.error();
  if (!kept.views.empty()) {
    if (const auto done = store.commit(std::move(kept)); !done) return done.error();
  }
  if (const auto done = catch_up_views(store, models, progress); !done) return done.error();
  return rebuilt;
}

}  // namespace tenure::services
