// Requests in parts: each is taken whole or left out whole, and costs the others nothing.
#include <algorithm>

#include "services/record/batch.h"

namespace tenure::services {

// What was taken since the last mark.
void Recorder::undo(Batch& batch, Work& work, const projections::OrgPlace& before) {
  views_.roll_back();
  batch.roll_back();
  work.place = before;
  work.people.clear();
  names_.forget();
  hints_.forget();
}

namespace {

// Whether of the events from `first` on some were recorded before and some were not.
bool is_there_in_part(const std::vector<Appended>& items, std::size_t first) {
  const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
  const auto there = std::count_if(begin, items.end(), [](const Appended& item) { return item.duplicate; });
  return there != 0 && there != items.end() - begin;
}

}  // namespace

Outcome<void> Recorder::take_parts(Batch& batch, Work& work) {
  std::size_t begin = 0;
  for (const std::size_t end : work.request.parts) {
    views_.mark();
    batch.mark();
    const projections::OrgPlace before = work.place;
    const Version version = work.version;
    const std::size_t taken = work.answer.items.size(), refused = work.refusals.size();
    for (std::size_t i = begin; i < end; ++i) {
      const auto done = take_event(batch, work, work.request.events[i], i);
      if (!done) return done.error();
    }
    if (work.refusals.size() == refused && is_there_in_part(work.answer.items, taken)) {
      work.refuse(begin, refuse(RefusalCode::id_reused,
                                "an event of it was recorded before, and another was not: its ids came with something "
                                "else; use new ones.",
                                "/id"));
    }
    begin = end;
    if (work.refusals.size() == refused) continue;
    undo(batch, work, before);
    work.version = version;
    work.answer.items.resize(taken);
  }
  return {};
}

}  // namespace tenure::services
