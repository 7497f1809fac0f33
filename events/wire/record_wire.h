// Records as bytes: the canonical JSON (RFC 8785) that is stored, hashed and handed to verifiers.
//
// `schema` is the number of the type's shape. An older shape is lifted to today's one step at a time
// in record_wire.cpp (`lift`), nowhere else. A part that is too long for a record (raw line, grants,
// `before`) is written as {"blob":"<sha-256 hex>"}; the bytes go beside the log under that hash.
//
// Threads: any. Failures: `read_record` answers corruption with the place when the bytes are not a
// record that this program could have written, or a blob is missing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "events/record.h"

namespace tenure::wire {

struct Part {
  Digest hash;
  std::string bytes;
};

struct EncodedRecord {
  std::string bytes;
  std::vector<Part> parts;  // what did not fit inside
};

// People by subject, private text as it stands (already sealed). Refuses (too_large) what is longer
// than a record may be even with its parts outside.
Decided<EncodedRecord> write_record(const Record& record);

// Gives the bytes of a part by its hash.
using PartSource = std::function<Outcome<std::string>(const Digest&)>;

Outcome<Record> read_record(std::string_view bytes, const PartSource& parts);

// The record as the API shows it: one JSON object; people by identity where `Person::identity` or the
// given texts are filled in. `before` is passed as JSON because its people are resolved by the caller.
std::string show_record(const Record& record, std::string_view before_json);
// The same, written behind what is in `out`.
void show_record(std::string& out, const Record& record, std::string_view before_json);

}  // namespace tenure::wire
