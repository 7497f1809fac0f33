// Requests in parts: each is taken whole or left out whole, and costs the others nothing.
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
    begin = end;
    if (work.refusals.size() == refused) continue;
    undo(batch, work, before);
    work.version = version;
    work.answer.items.resize(taken);
  }
  return {};
}

}  // namespace tenure::services
