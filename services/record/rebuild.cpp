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

Outcome<Position> checkpoint(storage::Snapshot& snapshot) {
  std::string value;
  const auto found = snapshot.get(projections::checkpoint_key(), value);
  if (!found) return found.error();
  projections::Reader in{value};
  return *found ? Position(in.varint()) : Position(0);
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
    auto model = AccessModel::parse(published->document.text);
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
  auto reached = checkpoint(views.base());
  if (!reached) return reached.error();
  const Position head = store.head();
  if (*reached > head) return fail(FailureCode::corruption, "the views are ahead of the log; run `tenure rebuild`");
  while (*reached < head) {
    storage::Commit commit;
    commit.first = head.next();
    StoredRecords records(views.base());
    for (std::size_t i = 0; i < records_a_commit && *reached < head; ++i) {
      std::string bytes;
      const auto record = read(views.base(), reached->next(), &bytes);
      if (!record) return record.error();
      const auto done = fold.apply(views, *record, sha256(bytes), records);
      if (!done) return done;
      *reached = reached->next();
    }
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
