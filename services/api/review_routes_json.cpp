// Access reviews: opened, listed, looked at and ended. Their items: review_item_routes_json.cpp.
#include <nlohmann/json.hpp>

#include "services/api/review_preview.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using nlohmann::json;
using review::Campaign;

void write_review(Parts& parts, JsonText& json, Shown& shown, const OpenOrg& org, const Review& review) {
  const Campaign& campaign = *review.campaign;
  const event::ReviewOpened& opening = review.opening();
  json.open('{').field("id", campaign.opening().review).field("name", campaign.definition().name);
  if (opening.definition) json.field("definition", *opening.definition);
  json.field("status", review::to_text(campaign.status()));
  json.field("stage", static_cast<std::uint64_t>(campaign.stage()));
  json.field("stages", static_cast<std::uint64_t>(campaign.definition().stages.size()));
  if (campaign.status() == review::CampaignStatus::open)
    json.field("stage_ends", campaign.stage_ends(campaign.stage()));
  json.field("opened_at", campaign.opening().opened_at).field("due_at", opening.due_at);
  shown.actor(json, "opened_by", review.opened.event.actor);
  shown.event(json, "ended", campaign.ended_by());
  if (opening.scheduled_for) json.field("scheduled_for", *opening.scheduled_for);
  // How an auditor gets the same list again.
  json.key("population").open('{').field("items", opening.items).field("as_of", opening.as_of);
  json.field("position", opening.pinned.value).field("digest", opening.items_digest);
  const auto version = org.snapshot->version_at(org.id, opening.pinned);
  if (version) {
    json.field("version", version->value);
    if (!review.last.empty()) json.field("review_before", review.last);
  } else {
    shown.note(version.error());
  }
  json.close('}');
  write_progress(json, shown, review, parts.now());
  json.key("terms").raw(review::shown_definition(campaign.definition(),
                                                 [&](const Person& person) { return shown.identity(person.subject); }));
  json.close('}');
}

// ---- opening -------------------------------------------------------------------------------------

// The definition that the body names or states.
boost::system::result<std::pair<review::Definition, bool>, Response> wanted_definition(Parts& parts, const OpenOrg& org,
                                                                                       const json& body,
                                                                                       Position known) {
  const auto it = body.find("definition");
  if (it == body.end()) {
    return no(refuse(RefusalCode::missing_field,
                     "\"definition\" is needed: the id of a review definition, or one stated here.", "/definition"));
  }
  if (it->is_string()) {
    auto kept = parts.reviews->reviews.definition_known_at(org, it->get<std::string>(), known);
    if (!kept) return http::problem(kept.error());
    if (*kept) return std::pair(std::move((*kept)->definition), true);
    return no(refuse(RefusalCode::not_found,
                     "there is no review definition \"" + it->get<std::string>() + "\"; GET /v1/orgs/" + org.id.text +
                         "/review-definitions lists them.",
                     "/definition"));
  }
  json own = *it;
  if (own.is_object()) {
    for (const std::string_view name : only_answered) own.erase(std::string(name));
  }
  auto stated = review::read_definition(own.dump(-1, ' ', false, json::error_handler_t::replace));
  if (!stated) {
    auto faults = stated.error();
    for (Refusal& fault : faults) fault.field = "/definition" + fault.field;
    return http::problem(faults);
  }
  return std::pair(std::move(*stated), false);
}

Response open(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"limit", "cursor"}); !known) return no(known.error());
  auto said = Said::read(request, {"id", "definition", "dry_run"});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const json& body = said->body();
  OpenWish wish;
  bool try_only = false;
  if (body.contains("id")) {
    const auto id = text_field(body, "id", "/id");
    if (!id) return no(id.error());
    if (!review::is_review_id(*id)) {
      return no(refuse(RefusalCode::invalid_field,
                       "\"id\" stands in addresses: 1 to " + std::to_string(review::id_bytes_max) +
                           " letters, digits, dots, dashes and underscores.",
                       "/id"));
    }
    wish.review = *id;
  }
  if (body.contains("dry_run")) {
    if (!body.at("dry_run").is_boolean()) {
      return no(refuse(RefusalCode::invalid_field, "\"dry_run\" must be true or false.", "/dry_run"));
    }
    try_only = body.at("dry_run").get<bool>();
  }
  for (const char* paged : {"limit", "cursor"}) {
    if (try_only || !request.query(paged)) continue;
    return no(refuse(RefusalCode::invalid_field,
                     std::string("\"") + paged +
                         "\" goes with \"dry_run\": true; what is opened has no pages here, and GET "
                         "…/reviews/{review}/items lists its items.",
                     paged));
  }
  // A later page is about the definition as it was for the first one.
  auto definition = wanted_definition(parts, asking.org(), body, asking.pinned().position);
  if (!definition) return definition.error();
  wish.by_definition = definition->second;
  if (definition->first.purpose != review::Purpose::review) {
    return no(refuse(RefusalCode::invalid_field,
                     "\"" + definition->first.id + "\" is a report, which opens nothing; POST …/reports makes one.",
                     "/definition"));
  }
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  const Acting acting = acting_of(request, *said);
  if (try_only) return preview(parts, asking, std::move(definition->first), wish, acting);
  const auto answer = parts.reviews->reviewing.open(asking.org(), std::move(definition->first), wish, acting);
  const auto* opened = std::get_if<Opened>(&answer);
  if (!opened) return why_not_opened(answer);
  JsonText json;
  json.open('{').field("review", opened->review);
  json.field("items", static_cast<std::uint64_t>(opened->items));
  json.field("as_of", opened->as_of).field("due_at", opened->due_at);
  json.field("position", opened->recorded->items.front().position.value);
  write_warnings(json, opened->warnings);
  json.close('}');
  Response response;
  response.status = 201;
  response.headers.emplace_back("Location", "/v1/orgs/" + asking.org().id.text + "/reviews/" + opened->review);
  response.body = json.take();
  return response;
}

// ---- looked at -----------------------------------------------------------------------------------

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"status", "limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  auto all = parts.reviews->reviews.list(asking.org(), asking.pinned().known);
  if (!all) return http::problem(all.error());
  const auto status = request.query("status");
  if (status && *status != "open" && *status != "ended") {
    return no(refuse(RefusalCode::invalid_field, "\"status\" must be open or ended.", "status"));
  }
  if (status)
    std::erase_if(*all, [&](const ReviewSummary& one) { return one.ended.has_value() != (*status == "ended"); });
  Shown shown(parts, asking.org());
  auto response = asking.list(
      *all, [](const ReviewSummary& summary) { return summary.opened.position.value; },
      [&](JsonText& json, const ReviewSummary& summary) { review_summary(json, shown, summary); });
  return shown.failure() ? http::problem(*shown.failure()) : std::move(response);
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto org = open_org(parts, request);
  if (!org) return org.error();
  auto review = review_of(parts, request, *org);
  if (!review) return review.error();
  const OpenOrg& on = review->on(*org);
  Shown shown(parts, on);
  JsonText json;
  write_review(parts, json, shown, on, *review->review);
  if (shown.failure()) return http::problem(*shown.failure());
  Response response;
  response.body = json.take();
  return response;
}

// ---- ended ---------------------------------------------------------------------------------------

enum class Deed : std::uint8_t { close, cancel, end_stage, remedy };

Response end(Parts& parts, Request& request, Deed deed) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  const Acting acting = acting_of(request, *said);
  Reviewing& reviewing = parts.reviews->reviewing;
  const std::string org = asking.org().id.text, id(request.param("review"));
  {
    auto review = review_of(parts, request, asking.org());
    if (!review) return review.error();
    if (deed == Deed::cancel) return append_response(reviewing.cancel(review->on(asking.org()), *review, acting));
    if (deed == Deed::end_stage) return append_response(reviewing.end_stage(review->on(asking.org()), *review, acting));
    if (deed == Deed::remedy && (*review)->campaign->status() != review::CampaignStatus::closed) {
      return http::problem(
          refuse(RefusalCode::review_ended, "the review is not closed, and only a closed one is remedied.", "review"),
          409);
    }
  }
  if (deed == Deed::close) return append_response(reviewing.close(org, id, "asked", acting));
  if (const auto done = reviewing.remedy(org, id, true); !done) return http::problem(done.error());
  return one(parts, request);
}

// Nobody says who looks at their own access: neither of one item nor of all among which theirs are.
std::optional<Response> about_themselves(Parts& parts, const Request& request, const OpenOrg& org, HeldReview& review,
                                         const std::optional<std::string>& item) {
  const auto asker = parts.people.find(org.id, request.identity_as<Token>()->principal);
  if (!asker) return http::problem(asker.error());
  if (!*asker) return std::nullopt;
  const auto own = review->items_of->find(**asker);
  if (own == review->items_of->end()) return std::nullopt;
  const auto asked = item ? review->campaign->find(*item) : std::nullopt;
  if (item && (!asked || *asked < own->second.first || *asked >= own->second.second)) return std::nullopt;
  return http::problem(refuse(RefusalCode::forbidden,
                              item ? "the item is about yourself; somebody else has to say who looks at it."
                                   : "some items are about yourself; name the \"item\", or have somebody else ask.",
                              item ? "/item" : ""));
}

Response reassign(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {"from", "to", "item"});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  const json& body = said->body();
  const auto to = text_field(body, "to", "/to");
  if (!to) return no(to.error());
  std::optional<std::string> from, item;
  for (auto [field, into] : {std::pair("from", &from), std::pair("item", &item)}) {
    if (!body.contains(field)) continue;
    const auto text = text_field(body, field, std::string("/") + field);
    if (!text) return no(text.error());
    *into = *text;
  }
  auto review = review_of(parts, request, asking.org());
  if (!review) return review.error();
  if (auto refused = about_themselves(parts, request, asking.org(), *review, item)) return std::move(*refused);
  return append_response(
      parts.reviews->reviewing.reassign(review->on(asking.org()), *review, from, *to, item, acting_of(request, *said)));
}

}  // namespace

void add_review_routes(http::Router& router, Parts& parts) {
  const std::string all = "/v1/orgs/{org}/reviews", single = all + "/{review}";
  router.blocking(http::Method::post, all, "review:any", [&parts](Request& r) { return open(parts, r); });
  router.blocking(http::Method::get, all, "read",
                  with_rows({"id", "definition", "status", "opened_at", "due_at", "ended_at", "scheduled_for", "items",
                             "position", "opened_by"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, single, "read", [&parts](Request& r) { return one(parts, r); });
  router.blocking(http::Method::post, single + "/close", "review:any",
                  [&parts](Request& r) { return end(parts, r, Deed::close); });
  router.blocking(http::Method::post, single + "/cancel", "review:any",
                  [&parts](Request& r) { return end(parts, r, Deed::cancel); });
  router.blocking(http::Method::post, single + "/end-stage", "review:any",
                  [&parts](Request& r) { return end(parts, r, Deed::end_stage); });
  router.blocking(http::Method::post, single + "/remedy", "review:any",
                  [&parts](Request& r) { return end(parts, r, Deed::remedy); });
  router.blocking(http::Method::post, single + "/reassign", "review:any",
                  [&parts](Request& r) { return reassign(parts, r); });
}

}  // namespace tenure::services
