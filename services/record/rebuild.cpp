#include "services/record/rebuild.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "projections/view_writer.h"
#include "services/record/batch.h"
#include "services/record/read_ahead.h"
#include "storage/commit_thread.h"

namespace tenure::services {

namespace {

// Small enough that those that are read ahead take little memory; large enough that handing one over costs nothing.
constexpr std::size_t records_a_read = 2'000;
// Changed rows that are written as one file: the more, the fewer rows are written twice, and the more a kill undoes.
constexpr std::size_t commit_bytes = std::size_t{64} << 20;

Outcome<Record> read(storage::Snapshot& snapshot, Position position) {
  auto stored = snapshot.record(position);
  if (!stored) return stored.error();
  return decode_record(*stored, snapshot);
}

struct StoredRecords : projections::RecordSource {
  storage::Snapshot& snapshot;
  explicit StoredRecords(storage::Snapshot& s) : snapshot(s) {}
  Outcome<Record> record(Position position) override { return read(snapshot, position); }
  Outcome<Record> record_of(const OrgId& org, Version version) override {
    const auto position = snapshot.position_of(org, version);
    if (!position) return position.error();
    return record(*position);
  }
};

// How far the views are folded.
struct Folded {
  Position position;
  bool rebuilding = false;    // by a rebuild that has not come to its end
  bool other_layout = false;  // they mean nothing
};
Outcome<Folded> folded_so_far(storage::Snapshot& snapshot) {
  std::string value;
  const auto found = snapshot.get(projections::checkpoint_key(), value);
  if (!found) return found.error();
  if (!*found) return Folded{};
  projections::Reader in{value};
  const std::uint64_t layout = in.varint();
  Folded folded{Position(in.varint())};
  if (!in.rest.empty()) folded.rebuilding = in.varint() == 1;
  if (layout != views_layout || !in.good || !in.rest.empty()) folded.other_layout = true;
  return folded;
}

// Three things at once: some records are read ahead, some are folded, and what came of many is made durable.
class CatchingUp {
 public:
  CatchingUp(storage::Store& store, const projections::Models& models, projections::ViewWriter& views,
             const ViewsStand& stand, std::size_t batch)
      : store_(store),
        fold_(models, names_),
        views_(views),
        folded_(stand.reached),
        rebuilding_(stand.rebuilding),
        head_(stand.head),
        batch_(batch),
        commits_(store) {
    if (!folded_) names_.begin_without_names();
  }

  Outcome<void> run(const Progress& progress, const std::stop_token& stop) {
    if (folded_ == head_) return {};
    ReadAhead records(store_, folded_.next(), head_, std::min(batch_, records_a_read));
    for (Outcome<ReadBatch> batch = ReadBatch(); folded_ < head_;) {
      batch = records.next(std::move(*batch));
      if (!batch) return batch.error();
      const Position last = batch->back().record.position;
      if (const auto done = fold(*batch); !done) return done;
      const bool stopping = stop.stop_requested() && last < head_;
      const bool enough = uncommitted_ >= batch_ || views_.changed_bytes() >= commit_bytes;
      if (last == head_ || stopping || enough) {
        if (const auto done = begin_commit(last, progress); !done) return done;
      }
      if (stopping) break;
    }
    if (const auto done = end_commit(progress); !done) return done;
    if (folded_ == head_) return {};
    return fail(FailureCode::closed, "stopped before the views were all there; the next start goes on.");
  }

 private:
  Outcome<void> fold(const ReadBatch& batch) {
    StoredRecords records(views_.base());
    for (const ReadRecord& read : batch) {
      auto place = places_.find(read.record.org);
      if (place == places_.end()) {
        const auto found = projections::place_of(views_, read.record.org);
        if (!found) return found.error();
        place = places_.emplace(read.record.org, *found).first;
      }
      const auto done = fold_.apply(views_, place->second, read.record, read.digests, records);
      if (!done) return done;
    }
    uncommitted_ += batch.size();
    return {};
  }

  Outcome<void> begin_commit(Position last, const Progress& progress) {
    for (const auto& [org, place] : places_) projections::write_head(views_, place.number, place.head);
    places_.clear();
    views_.put(projections::checkpoint_key(), checkpoint_value(last, rebuilding_ && last < head_));
    if (const auto done = end_commit(progress); !done) return done;
    storage::Commit commit;
    commit.first = head_.next();
    commits_.begin(
        std::move(commit), [](const Outcome<void>&) {},
        [taken = views_.take_unsorted()](storage::Commit& made) mutable { made.in_bulk = std::move(taken).in_bulk(); });
    folded_ = last;
    uncommitted_ = 0;
    return {};
  }

  // The commit under way, if one is, is the store's from here on.
  Outcome<void> end_commit(const Progress& progress) {
    if (!commits_.begun()) return {};
    if (const auto done = commits_.end(); !done) return done.error();
    views_.stand_on(store_.snapshot());
    if (progress) progress(folded_, head_);
    return {};
  }

  storage::Store& store_;
  projections::DirectoryCache names_;
  projections::AccessFold fold_;
  projections::ViewWriter& views_;
  std::unordered_map<OrgId, projections::OrgPlace> places_;  // of who had events since the last commit
  Position folded_;                                          // and handed over
  std::size_t uncommitted_ = 0;                              // records
  const bool rebuilding_;
  const Position head_;
  const std::size_t batch_;
  storage::CommitThread commits_;
};

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

Outcome<Instant> newest_recorded(storage::Store& store) {
  const auto snapshot = store.snapshot();
  for (Position position = snapshot->head(); position > Position(0); position = Position(position.value - 1)) {
    const auto record = read(*snapshot, position);
    if (record) return record->recorded_at;
    if (record.error().code != FailureCode::corruption) return record.error();
  }
  return Instant{0};
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

Outcome<void> fold_views(storage::Store& store, const projections::Models& models, const ViewsStand& stand,
                         const Progress& progress, std::size_t batch, const std::stop_token& stop) {
  projections::ViewWriter views(projections::ViewWriter::Use::bulk);
  views.stand_on(store.snapshot());
  return CatchingUp(store, models, views, stand, batch).run(progress, stop);
}

namespace {

// Empties the views of all but the rows that are no view of the log; answers why some of those are lost.
Outcome<std::string> clear_views(storage::Store& store) {
  const auto snapshot = store.snapshot();
  const auto newest = newest_recorded(store);
  if (!newest) return newest.error();
  std::vector<storage::ViewWrite> kept;
  std::string from, to, lost;
  projections::put_u32(from, kept_rows);
  to = from + std::string(1, '\xff');
  const auto read_kept = snapshot->scan(from, to, [&](std::string_view key, std::string_view value) {
    if (!is_over(key, value, *newest)) kept.push_back({std::string(key), std::string(value)});
    return true;
  });
  if (!read_kept) {
    if (read_kept.error().code != FailureCode::corruption) return read_kept.error();
    lost = read_kept.error().because;
  }
  if (const auto done = store.clear_views(kept); !done) return done.error();
  return lost;
}

}  // namespace

Outcome<ViewsStand> stand_of_views(storage::Store& store) {
  const auto folded = folded_so_far(*store.snapshot());
  if (!folded) return folded.error();
  if (folded->other_layout) {
    auto lost = clear_views(store);
    if (!lost) return lost.error();
    return ViewsStand{Position(0), store.head(), true, std::move(*lost)};
  }
  if (folded->position > store.head()) {
    return fail(FailureCode::corruption, "the views are ahead of the log; run `tenure rebuild`");
  }
  return ViewsStand{folded->position, store.head(), folded->rebuilding, {}};
}

Outcome<void> catch_up_views(storage::Store& store, const projections::Models& models, const Progress& progress,
                             std::size_t batch) {
  const auto stand = stand_of_views(store);
  if (!stand) return stand.error();
  return fold_views(store, models, *stand, progress, batch);
}

Outcome<Rebuilt> rebuild_views(storage::Store& store, const projections::Models& models, const Progress& progress,
                               std::size_t batch) {
  Rebuilt rebuilt;
  // What cannot be read is no reason not to rebuild: that is what a rebuild is for.
  const auto folded = folded_so_far(*store.snapshot());
  if (folded && folded->rebuilding && !folded->other_layout && folded->position <= store.head()) {
    const auto done = fold_views(store, models, {folded->position, store.head(), true, {}}, progress, batch);
    rebuilt.resumed_at = folded->position;
    if (done) return rebuilt;
    if (done.error().code != FailureCode::corruption) return done.error();
    rebuilt.resumed_at = Position(0);
  }
  auto lost = clear_views(store);
  if (!lost) return lost.error();
  rebuilt.lost_keys = std::move(*lost);
  const auto done = fold_views(store, models, {Position(0), store.head(), true, {}}, progress, batch);
  if (!done) return done.error();
  return rebuilt;
}

}  // namespace tenure::services
