// What a message is wrapped in where it is pushed: the event of Splunk's HTTP Event Collector, or a syslog message.
//
// Each carries the event's id, by which a receiver knows what it was sent twice: STORE:POSITION, and where a record
// makes several messages STORE:POSITION.N from 1. Both tell when the event took effect; when it was recorded stands in
// the message. The same event always gives the same bytes, also after a restart.
//
// Pure; any thread. Nothing fails. Sources: RFC 5424 and RFC 6587 section 3.4.1; Splunk's "Format events for HTTP Event
// Collector".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "events/record.h"
#include "services/feed/kind.h"

namespace tenure::services {

struct Wrapped {
  const Record& record;
  const formats::Source& source;
  FeedFormat format = FeedFormat::native;
  std::size_t number = 0;  // of the record's messages, from 1; 0: it is the only one by its format
};

// The id of the event as a receiver sees it.
std::string pushed_id(const Wrapped& of);

// {"time":…,"host":…,"source":"tenure","sourcetype":"tenure:FORMAT","fields":{"tenure_id":…},"event":…}; a message that
// is no JSON becomes a JSON text.
std::string hec_event(const Wrapped& of, std::string_view message);

// <PRI>1 TIMESTAMP HOSTNAME tenure - MSGID [tenure@32473 id="…" org="…"] BOM MESSAGE, without its length in front. The
// facility is 13 (log audit). PROCID is nil: with a number the bytes would change at every restart.
std::string syslog_message(const Wrapped& of, std::string_view message);

}  // namespace tenure::services
