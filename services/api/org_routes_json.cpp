#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/event_wire.h"
#include "events/wire/json_read.h"
#include "events/wire/record_wire.h"
#include "projections/facts.h"
#include "services/api/page.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

Refusal field_no(std::string_view field, std::string because) {
  return refuse(RefusalCode::invalid_field, std::move(because), "/" + std::string(field));
}

// A text field of 1 to 320 bytes without control characters.
Decided<std::string> name_field(const json& body, std::string_view field) {
  const auto it = body.find(field);
  if (it == body.end())
    return refuse(RefusalCode::missing_field, "\"" + std::string(field) + "\" is needed.", "/" + std::string(field));
  if (!it->is_string()) return field_no(field, "\"" + std::string(field) + "\" must be a text.");
  const auto& text = it->get_ref<const std::string&>();
  const bool control = std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (text.empty() || text.size() > limits::identifier_bytes_max || control) {
    return field_no(field, "\"" + std::string(field) + "\" must be 1 to 320 bytes without control characters.");
  }
  return text;
}

Decided<OrgId> org_id(const json& body) {
  const auto id = name_field(body, "id");
  if (!id) return id.error();
  if (!is_org_name(*id)) {
    return field_no("id", "\"id\" stands in paths: no spaces, no / ? # % \\, and no _ in front.");
  }
  return OrgId(*id);
}

// The creation as one event, read by the same reader as every event where it can be.
Decided<Event> creation(const json& body) {
  for (const auto& [key, value] : body.items()) {
    static constexpr std::string_view known[] = {"id",    "model",       "model_version", "mode",
                                                 "owner", "occurred_at", "actor"};
    if (std::find(std::begin(known), std::end(known), key) == std::end(known)) {
      return refuse(RefusalCode::unknown_field, "\"" + key + "\" is not a field of an organization.", "/" + key);
    }
  }
  event::OrgCreated created;
  const auto model = name_field(body, "model");
  if (!model) return model.error();
  created.model = ModelId(*model);
  if (body.contains("model_version")) {
    const auto version = name_field(body, "model_version");
    if (!version) return version.error();
    created.model_version = *version;
  }
  const auto mode = name_field(body, "mode");
  if (!mode) return mode.error();
  if (*mode != "observe" && *mode != "enforce") return field_no("mode", "\"mode\" must be \"observe\" or \"enforce\".");
  created.mode = *mode == "enforce" ? Mode::enforce : Mode::observe;
  if (body.contains("owner")) {
    const auto owner = name_field(body, "owner");
    if (!owner) return owner.error();
    created.owner = Person{*owner, {}};
  }
  Event event;
  event.data = std::move(created);
  event.actor = {ActorKind::system, {"tenure", {}}};
  if (body.contains("occurred_at")) {
    const auto text = name_field(body, "occurred_at");
    const auto at = text ? parse_instant(*text, "/occurred_at") : Decided<Instant>(text.error());
    if (!at) return at.error();
    event.occurred_at = *at;
  }
  if (body.contains("actor")) {
    // A small event carries the actor through the one strict reader.
    const json carrier{{"type", "org.deleted"}, {"actor", body.at("actor")}};
    const auto read = wire::read_event(carrier.dump(-1, ' ', false, json::error_handler_t::replace));
    if (!read) return read.error();
    event.actor = read->actor;
  }
  return event;
}

// With which version of its model it was made; a retry is answered by that, whichever is the newest now.
std::string model_version_of(Parts& parts, const Appended& made, const std::string& newest) {
  if (!made.duplicate) return newest;
  const auto stored = parts.store.snapshot()->record(made.position);
  if (!stored) return newest;
  const auto record = wire::read_record(stored->bytes, {});
  return record ? record->model_version : newest;
}

void create(Parts& parts, Request&& request, http::Reply reply) {
  if (const auto known = only_known(request, {}); !known) return reply(http::problem(known.error()));
  const auto body = read_json(request.body, "");
  if (!body) return reply(http::problem(body.error()));
  if (!body->is_object())
    return reply(http::problem(refuse(RefusalCode::invalid_field, "the body must be an object.")));
  const auto id = org_id(*body);
  if (!id) return reply(http::problem(id.error()));
  auto event = creation(*body);
  if (!event) return reply(http::problem(event.error()));
  if (!request.identity_as<Token>()->sees(id->text)) {
    return reply(http::problem(refuse(RefusalCode::forbidden, "this token is for other organizations.", "/id")));
  }
  if (const auto kind = to_text(event->actor.kind); !request.identity_as<Token>()->speaks_for(kind)) {
    return reply(http::problem(
        refuse(RefusalCode::forbidden,
               "this token may not speak for actors of kind " + std::string(kind) + "; name an \"actor\" that it may.",
               "/actor/kind")));
  }
  const auto created = std::get<event::OrgCreated>(event->data);
  const auto model = parts.models.find(created.model, created.model_version.value_or(""));
  if (!model) {
    return reply(http::problem(refuse(RefusalCode::unknown_model,
                                      "there is no access model \"" + created.model.text +
                                          "\" (or not of that version); GET /v1/models lists them.",
                                      created.model_version ? "/model_version" : "/model"),
                               400));
  }
  AppendRequest wanted;
  wanted.org = *id;
  wanted.by = recording_of(request, Channel::api);
  wanted.events.push_back(std::move(*event));
  auto idempotency = idempotency_of(request, parts);
  if (!idempotency) return reply(http::problem(idempotency.error()));
  wanted.idempotency = std::move(*idempotency);
  auto answer = std::make_shared<http::Reply>(std::move(reply));
  parts.appends.submit(std::move(wanted), [&parts, answer, id = *id, created, model](AppendResult result) {
    const auto* taken = std::get_if<AppendAnswer>(&result);
    if (!taken) return (*answer)(append_response(result));
    JsonText json;
    json.open('{')
        .field("id", id.text)
        .field("model", model->id().text)
        .field("model_version", model_version_of(parts, taken->items.front(), model->version()));
    json.field("mode", to_text(created.mode)).field("position", taken->items.front().position.value);
    json.field("version", taken->version.value).close('}');
    Response response;
    response.status = 201;
    response.body = json.take();
    response.headers.emplace_back("ETag", '"' + std::to_string(taken->version.value) + '"');
    response.headers.emplace_back("Location", "/v1/orgs/" + id.text);
    (*answer)(std::move(response));
  });
}

// One organization's row as of a position; what cannot be read is a failure of the whole answer.
Outcome<void> write_org(Parts& parts, storage::Snapshot& snapshot, JsonText& json, projections::OrgNumber number,
                        Position position) {
  const auto head = projections::read_head(snapshot, number);
  if (!head) return head.error();
  if (!*head) return {};
  const OrgId org((*head)->name);
  const auto version = snapshot.version_at(org, position);
  if (!version) return version.error();
  const auto newest = snapshot.position_of(org, *version);
  if (!newest) return newest.error();
  const auto earliest = projections::earliest_known(snapshot, number, **head, position);
  if (!earliest) return earliest.error();
  auto facts = projections::Facts::known_at(snapshot, parts.names, parts.models, number, **head,
                                            projections::Point::never(), position);
  if (!facts) return facts.error();
  const auto model = facts->model_at(facts->at());
  const auto* mode = facts->state(facts->org_entity()).find({projections::SlotKind::mode});
  json.open('{').field("id", org.text);
  if (model) json.field("model", model->id().text).field("model_version", model->version());
  json.field("mode", mode && mode->value == 1 ? "enforce" : "observe").field("version", version->value);
  json.field("position", newest->value);
  if (*earliest) {
    json.field("history_from", **earliest);
  } else {
    json.null("history_from");
  }
  json.close('}');
  if (facts->failure()) return *facts->failure();
  return {};
}

// The organizations that were there at a position and that the token sees, in the order of their making.
Outcome<std::vector<projections::OrgNumber>> orgs_at(Parts& parts, storage::Snapshot& snapshot, const Token& token,
                                                     Position position) {
  projections::Facts directory(snapshot, parts.names, parts.models, 0, projections::Point::never());
  std::vector<projections::OrgNumber> all = directory.numbers_of(projections::EntityKind::org);
  const auto name_of = [&](projections::OrgNumber number) { return directory.name(number).name; };
  while (!all.empty()) {
    const auto version = snapshot.version_at(OrgId(name_of(all.back())), position);
    if (!version) return version.error();
    if (*version != Version(0)) break;
    all.pop_back();
  }
  std::erase_if(all, [&](projections::OrgNumber number) {
    const std::string name = name_of(number);
    return name == tenure_org.text || !token.sees(name);
  });
  if (directory.failure()) return *directory.failure();
  return all;
}

Response list(Parts& parts, Request& request) {
  const auto known = only_known(request, {"limit", "cursor"});
  if (!known) return http::problem(known.error());
  const auto snapshot = parts.store.snapshot();
  const auto pinned = asked_page(request, parts, *snapshot);
  if (!pinned) return pinned.error();
  const auto orgs = orgs_at(parts, *snapshot, *request.identity_as<Token>(), pinned->position);
  if (!orgs) return http::problem(orgs.error());
  JsonText json;
  json.open('{').field("as_of", pinned->when.at).field("position", pinned->position.value);
  json.field("total", static_cast<std::uint64_t>(orgs->size()));
  std::optional<Failure> failure;
  PageRows(json, request, parts, *pinned)
      .write(
          *orgs, [](projections::OrgNumber number) { return std::uint64_t{number}; },
          [&](JsonText& row, projections::OrgNumber number) {
            if (failure) return;
            const auto done = write_org(parts, *snapshot, row, number, pinned->position);
            if (!done) failure = done.error();
          });
  if (failure) return http::problem(*failure);
  Response response;
  response.body = json.close('}').take();
  return response;
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto org = open_org(parts, request.param("org"));
  if (!org) return org.error();
  JsonText json;
  const auto done = write_org(parts, *org->snapshot, json, org->number, org->snapshot->head());
  if (!done) return http::problem(done.error());
  Response response;
  response.body = json.take();
  response.headers.emplace_back("ETag", '"' + std::to_string(org->head.version.value) + '"');
  return response;
}

}  // namespace

void add_org_routes(http::Router& router, Parts& parts) {
  router.async(http::Method::post, "/v1/orgs", "append",
               [&parts](Request&& request, http::Reply reply) { create(parts, std::move(request), std::move(reply)); });
  router.blocking(http::Method::get, "/v1/orgs", "read",
                  with_rows({"id", "model", "model_version", "mode", "version", "position", "history_from"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, "/v1/orgs/{org}", "read", [&parts](Request& r) { return one(parts, r); });
}

}  // namespace tenure::services
