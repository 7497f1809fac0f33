// How Tenure says no. Three kinds, never mixed:
//
//   Refusal  the domain or the input says no; the caller can mend it. A value, from a closed list.
//   Failure  the machine says no: disk, conflict, corruption. A value, from a closed list.
//   a bug    assert, crash. Never a value.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace tenure {

// What kind of no. The HTTP status and the stable `code` of the answer follow from it alone
// (services/http/problem.h has the table).
enum class RefusalCode : std::uint8_t {
  malformed_json,  // not JSON at all; `offset` says where
  invalid_field,   // a field's value is of the wrong kind or outside its limits
  unknown_field,   // a field that this type does not have
  missing_field,
  unknown_type,  // an event type that Tenure does not know
  unknown_org,
  unknown_model,
  unknown_member,
  unknown_role,
  unknown_permission,
  unknown_level,
  unknown_group,
  unknown_resource,
  unknown_event,
  not_found,  // any other thing that is not there
  already_exists,
  in_the_future,     // occurred_at further ahead than the limit
  too_large,         // body, record, batch or identifier past its limit
  id_reused,         // an event id or idempotency key with another body
  version_conflict,  // If-Match does not name the current version
  not_allowed,       // mode `enforce`: the model's rule says no; `rule` names it
  invalid_cursor,
  review_ended,  // closed or cancelled
  stale_state,   // a decision on a hold that is otherwise now
  unauthenticated,
  forbidden,
};

struct Refusal {
  RefusalCode code = RefusalCode::invalid_field;
  std::string because;                   // one sentence: what is wrong, the limit, the way out
  std::string field;                     // JSON pointer or query parameter at fault, or empty
  std::string rule;                      // with not_allowed: the model's rule
  std::optional<std::uint64_t> offset;   // with malformed_json: byte offset, from 0
  std::optional<std::uint64_t> index;    // the event's index in its batch, from 0
  std::optional<std::uint64_t> version;  // with version_conflict: the current version
};

enum class FailureCode : std::uint8_t {
  conflict,      // another writer was faster; nothing was written
  disk_full,     // nothing was written; reads go on; appends work again when there is room
  corruption,    // stored bytes are not what was written; `because` names the place
  io,            // any other error of the disk
  locked,        // another process has the store open
  wrong_format,  // a store of another format or another master key
  closed,        // the store is closing and takes no new work
  not_found,     // the key or position is not there (never used for "empty")
};

struct Failure {
  FailureCode code = FailureCode::io;
  std::string because;  // one sentence for a person, with the place (file, position, key) where known
};

// `if (!r) return r.error();` passes a no on; `*r` is the value. Asking a no for its value is a bug.
template <class T>
using Decided = boost::system::result<T, Refusal>;
template <class T>
using Outcome = boost::system::result<T, Failure>;

inline Refusal refuse(RefusalCode code, std::string because, std::string field = {}) {
  Refusal r;
  r.code = code;
  r.because = std::move(because);
  r.field = std::move(field);
  return r;
}
inline Failure fail(FailureCode code, std::string because) { return Failure{code, std::move(because)}; }

// What boost::system::result calls when `.value()` is asked of a no: std::logic_error with the text.
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where);
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

}  // namespace tenure
