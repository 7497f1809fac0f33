// From the log to blocks of messages: reads a run of records, shows them as the API does, frames them.
//
// One thread (the feed's reader). Content comes from the log alone, through the caller's snapshot.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "projections/directory.h"
#include "services/feed/block.h"
#include "services/identities.h"
#include "storage/store.h"

namespace tenure::services {

class FeedEncoder {
 public:
  // `source` is what formats say of where the events come from.
  FeedEncoder(Identities identities, projections::DirectoryCache& names, formats::Source source)
      : identities_(identities), names_(names), source_(std::move(source)) {}

  // A block that begins at `first`, which the snapshot shows, and ends at `last` or before. A position that cannot be
  // read ends it, and alone makes a block that says why. For a block of traits only the people that filters ask of are
  // looked up: private texts are not opened, nothing is shown.
  std::shared_ptr<const Block> encode(storage::Snapshot& snapshot, const Kind& kind, Position first, Position last);

 private:
  Outcome<void> add(storage::Snapshot& snapshot, const Kind& kind, const storage::LogRecord& stored,
                    BlockWriter& block);
  // What is pushed goes out in an envelope; nothing else does.
  void wrap(const Kind& kind, const Record& record, std::vector<std::string>& messages) const;

  // Fills in the people of the record's event and nothing else.
  Outcome<void> name_people(storage::Snapshot& snapshot, projections::OrgNumber number, Record& record);

  Identities identities_;
  projections::DirectoryCache& names_;
  const formats::Source source_;
  // Kept from block to block for their room.
  std::vector<storage::LogRecord> records_;
  std::string message_;
};

}  // namespace tenure::services
