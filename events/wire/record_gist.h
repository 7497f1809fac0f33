// What filters and folds ask of a stored record, without the rest: a third of the work of reading it whole, and two
// thirds.
//
// Threads: any. Failures: as `read_record` (record_wire.h), for what is read.
#pragma once

#include <string_view>

#include "events/wire/record_wire.h"

namespace tenure::wire {

// The organization, the actor, the verdict, the type and the data; all else is as in a new Record and was not looked
// at.
Outcome<Record> read_gist(std::string_view bytes, const PartSource& parts);

// What the views are folded from (AccessFold::apply): all but `before`, `prev`, when it was recorded and by whom. Into
// a record that is as it was made: it is large, and moving it costs as much as a field or two. What it holds after a
// failure means nothing.
Outcome<void> read_folded(Record& record, std::string_view bytes, const PartSource& parts);

}  // namespace tenure::wire
