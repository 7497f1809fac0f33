// What filters ask of a stored record, without the rest: a third of the work of reading it whole.
//
// Threads: any. Failures: as `read_record` (record_wire.h), for what is read.
#pragma once

#include <string_view>

#include "events/wire/record_wire.h"

namespace tenure::wire {

// The organization, the actor, the verdict, the type and the data; all else is as in a new Record and was not looked
// at.
Outcome<Record> read_gist(std::string_view bytes, const PartSource& parts);

}  // namespace tenure::wire
