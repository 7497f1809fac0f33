// The events of the reserved organization: what belongs to no team. Never sent by a client. Included by events/event.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "events/event_parts.h"

namespace tenure::event {

#define TENURE_EVENT(type_name, schema_number)        \
  static constexpr std::string_view type = type_name; \
  static constexpr int schema = schema_number;        \
  static constexpr auto fields() { return std::tuple(TENURE_FIELDS); }

struct ModelPublished {
  Document document;  // canonical JSON
  ModelId model;
  std::string version;
#define TENURE_FIELDS                                                                   \
  field("document", &ModelPublished::document), field("model", &ModelPublished::model), \
      field("version", &ModelPublished::version)
  TENURE_EVENT("model.published", 1)
#undef TENURE_FIELDS
};
struct TokenCreated {
  std::vector<std::string> actor_kinds;  // empty: any
  std::optional<Instant> expires_at;
  std::string hash;               // SHA-256 (hex) of the secret, which has 256 random bits
  std::vector<std::string> orgs;  // empty: all
  Person principal;
  std::vector<std::string> scopes;
  std::string token;  // its public id
#define TENURE_FIELDS                                                                               \
  field("actor_kinds", &TokenCreated::actor_kinds), field("expires_at", &TokenCreated::expires_at), \
      field("hash", &TokenCreated::hash), field("orgs", &TokenCreated::orgs),                       \
      field("principal", &TokenCreated::principal), field("scopes", &TokenCreated::scopes),         \
      field("token", &TokenCreated::token)
  TENURE_EVENT("token.created", 1)
#undef TENURE_FIELDS
};
struct TokenRevoked {
  std::string token;
#define TENURE_FIELDS field("token", &TokenRevoked::token)
  TENURE_EVENT("token.revoked", 1)
#undef TENURE_FIELDS
};

// A named consumer of the feed: the server keeps how far it has acknowledged, beside the log.
struct ConsumerCreated {
  std::string consumer;
  std::vector<std::string> orgs;  // what the tokens that may use it are limited to; empty: to nothing
  Position position;              // the first that it is given
  Person principal;               // whose tokens they are
#define TENURE_FIELDS                                                                   \
  field("consumer", &ConsumerCreated::consumer), field("orgs", &ConsumerCreated::orgs), \
      field("position", &ConsumerCreated::position), field("principal", &ConsumerCreated::principal)
  TENURE_EVENT("consumer.created", 1)
#undef TENURE_FIELDS
};
struct ConsumerReset {
  std::string consumer;
  Position position;
#define TENURE_FIELDS field("consumer", &ConsumerReset::consumer), field("position", &ConsumerReset::position)
  TENURE_EVENT("consumer.reset", 1)
#undef TENURE_FIELDS
};
struct ConsumerDeleted {
  std::string consumer;
#define TENURE_FIELDS field("consumer", &ConsumerDeleted::consumer)
  TENURE_EVENT("consumer.deleted", 1)
#undef TENURE_FIELDS
};

// A place that events are pushed to: a consumer of the same name, which the server itself feeds.
struct SinkCreated {
  std::string format;
  std::string kind;                   // "syslog", "splunk_hec", "ndjson"
  std::vector<std::string> orgs;      // empty: all; as the next two
  Position position;                  // the first that it is sent
  Person principal;                   // who made it
  std::optional<std::string> secret;  // the id under which its token is kept, sealed, beside the log
  std::string sink;
  std::vector<std::string> types;
  std::string url;
  std::vector<std::string> verdicts;
#define TENURE_FIELDS                                                                                                \
  field("format", &SinkCreated::format), field("kind", &SinkCreated::kind), field("orgs", &SinkCreated::orgs),       \
      field("position", &SinkCreated::position), field("principal", &SinkCreated::principal),                        \
      field("secret", &SinkCreated::secret), field("sink", &SinkCreated::sink), field("types", &SinkCreated::types), \
      field("url", &SinkCreated::url), field("verdicts", &SinkCreated::verdicts)
  TENURE_EVENT("sink.created", 1)
#undef TENURE_FIELDS
};
struct SinkPaused {
  std::string sink;
#define TENURE_FIELDS field("sink", &SinkPaused::sink)
  TENURE_EVENT("sink.paused", 1)
#undef TENURE_FIELDS
};
struct SinkResumed {
  std::string sink;
#define TENURE_FIELDS field("sink", &SinkResumed::sink)
  TENURE_EVENT("sink.resumed", 1)
#undef TENURE_FIELDS
};
struct SinkDeleted {
  std::string sink;
#define TENURE_FIELDS field("sink", &SinkDeleted::sink)
  TENURE_EVENT("sink.deleted", 1)
#undef TENURE_FIELDS
};

#undef TENURE_EVENT

}  // namespace tenure::event
