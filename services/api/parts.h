// What the routes work with: the parts of a running Tenure, owned by the program, shared by all routes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "projections/models.h"
#include "projections/timeline_cache.h"
#include "services/append_queue.h"
#include "services/http/problem.h"
#include "services/http/router.h"
#include "services/identities.h"
#include "services/tokens.h"

namespace tenure::services {

class Feed;
class ReviewDesk;
class Sinks;

struct Parts {
  storage::Store& store;
  storage::People& people;
  projections::Models& models;
  projections::DirectoryCache& names;
  projections::TimelineCache& timelines;
  AppendQueue& appends;
  Tokens& tokens;
  Identities identities;
  Clock clock;
  std::string openapi;  // the OpenAPI document
  std::function<std::string()> metrics;
  Feed* feed = nullptr;  // null only where no feed is asked for
  ReviewDesk* reviews = nullptr;
  std::string scratch;  // a folder on a disk with room, for reports in the making; empty: the system's
  Sinks* sinks = nullptr;

  // The store's clock: never behind what was recorded.
  Instant now() const { return std::max(clock(), appends.newest()); }
};

// The organization of a request's path, opened at one snapshot.
struct OpenOrg {
  OrgId id;
  projections::OrgNumber number = 0;
  projections::OrgHead head;
  std::unique_ptr<storage::Snapshot> snapshot;
  // Called now and then while something is searched for; what it throws ends that. Of a request's: whether its client
  // has gone.
  std::function<void()> meanwhile;
};
// A Response is a no: 404 for an unknown organization, 500 for a failure.
boost::system::result<OpenOrg, http::Response> open_org(Parts& parts, std::string_view name);
// The one that the request's path names, no longer than the request is there.
boost::system::result<OpenOrg, http::Response> open_org(Parts& parts, const http::Request& request);
[[noreturn]] void throw_exception_from_error(const http::Response& response, const boost::source_location& where);

// The same for a test or a hook: whether the request's token may do it, and the request knows its Idempotency-Key.
std::optional<http::Response> authorise(Parts& parts, http::Request& request, const http::Route& route);

// The request's token, for what outlives the request.
std::shared_ptr<const Token> token_of(const http::Request& request);
// What answers over a while asks again on its way, since a revocation holds at once: 401 where the token does not stand
// any more.
std::optional<http::Response> token_ended(const Token& token, Instant now);

// What a request may append as: its token and principal.
Recording recording_of(const http::Request& request, Channel channel);

// The whole surface.
void add_routes(http::Router& router, Parts& parts);
void add_access_routes(http::Router& router, Parts& parts);
void add_diff_routes(http::Router& router, Parts& parts);
void add_timeline_routes(http::Router& router, Parts& parts);
void add_member_routes(http::Router& router, Parts& parts);
void add_directory_routes(http::Router& router, Parts& parts);
void add_org_routes(http::Router& router, Parts& parts);
void add_event_routes(http::Router& router, Parts& parts);
void add_import_route(http::Router& router, Parts& parts);
void add_model_routes(http::Router& router, Parts& parts);
void add_token_routes(http::Router& router, Parts& parts);
void add_feed_routes(http::Router& router, Parts& parts);
void add_sink_routes(http::Router& router, Parts& parts);
void add_health_routes(http::Router& router, Parts& parts);
void add_review_definition_routes(http::Router& router, Parts& parts);
void add_review_routes(http::Router& router, Parts& parts);
void add_review_item_routes(http::Router& router, Parts& parts);
void add_report_routes(http::Router& router, Parts& parts);

// An append's answer as HTTP.
http::Response append_response(const AppendResult& result, unsigned status = 201);

}  // namespace tenure::services
