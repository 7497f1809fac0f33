#include <nlohmann/json.hpp>

#include "events/digest.h"
#include "events/wire/json_read.h"
#include "services/api/asked.h"
#include "services/api/json_text.h"
#include "services/publish.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  JsonText json;
  const auto models = parts.models.newest();
  json.open('{').field("as_of", parts.now()).field("position", parts.store.head().value);
  json.field("total", static_cast<std::uint64_t>(models.size())).key("items").open('[');
  for (const auto& model : models) {
    json.open('{')
        .field("id", model->id().text)
        .field("version", model->version())
        .field("title", model->title())
        .close('}');
  }
  Response response;
  response.body = json.close(']').close('}').take();
  return response;
}

void write_permission(JsonText& json, const AccessModel& model, PermissionIndex p) {
  const PermissionRule& rule = model.permissions()[p];
  json.open('{').field("id", rule.id.text).field("name", rule.name).field("module", rule.module);
  if (!rule.submodule.empty()) json.field("submodule", rule.submodule);
  json.field("scale", model.scales()[rule.scale].id);
  if (rule.parent) json.field("parent", model.permissions()[*rule.parent].id.text);
  if (!rule.feature.empty()) json.field("feature", rule.feature);
  if (!rule.resource_kind.empty()) json.field("resource", rule.resource_kind);
  if (!rule.options.empty()) {
    json.key("options").open('[');
    for (const LevelIndex level : rule.options) json.text(model.level_name(p, level).text);
    json.close(']');
  }
  json.close('}');
}

void write_role(JsonText& json, const AccessModel& model, RoleIndex r) {
  const RoleRule& rule = model.roles()[r];
  json.open('{').field("id", rule.id.text).field("name", rule.name).field("kind", "system").key("grants").open('{');
  for (const auto& [p, cell] : model.cells(r)) {
    if (cell.level > 0) json.field(model.permissions()[p].id.text, model.level_name(p, cell.level).text);
  }
  json.close('}');
  bool any = false;
  for (const auto& [p, cell] : model.cells(r)) {
    if (!cell.unspecified) continue;
    if (!any) json.key("unspecified").open('[');
    any = true;
    json.text(model.permissions()[p].id.text);
  }
  if (any) json.close(']');
  json.close('}');
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"version"}); !known) return http::problem(known.error());
  const std::string id(request.param("model"));
  const auto model = parts.models.find(ModelId(id), request.query("version").value_or(""));
  if (!model) {
    return http::problem(refuse(RefusalCode::unknown_model,
                                "there is no access model \"" + id + "\"; GET /v1/models lists them.", "model"),
                         404);
  }
  JsonText json;
  json.open('{').field("id", model->id().text).field("version", model->version()).field("title", model->title());
  json.key("scales").open('{');
  for (const Scale& scale : model->scales()) {
    json.key(scale.id).open('[');
    for (const LevelId& level : scale.levels) json.text(level.text);
    json.close(']');
  }
  json.close('}').key("permissions").open('[');
  for (PermissionIndex p = 0; p < model->permissions().size(); ++p) write_permission(json, *model, p);
  json.close(']').key("roles").open('[');
  for (RoleIndex r = 0; r < model->roles().size(); ++r) write_role(json, *model, r);
  Response response;
  response.body = json.close(']').close('}').take();
  return response;
}

Response publish(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  if (!request.identity_as<Token>()->covers({}, {})) {
    return http::problem(refuse(RefusalCode::forbidden, "an access model is everybody's, and this token is for some."));
  }
  if (const auto document = read_json(request.body); !document) return http::problem(document.error());
  auto model = AccessModel::parse(request.body);
  if (!model) {
    Refusals refusals;
    for (const ModelFault& fault : model.error()) {
      refusals.push_back(refuse(RefusalCode::invalid_field, fault.because, fault.pointer));
    }
    return http::problem(refusals);
  }
  const auto known = parts.models.find((*model)->id(), (*model)->version());
  if (!known) {
    const auto result = publish_model(parts.appends, parts.models, *model, recording_of(request, Channel::api));
    if (!std::holds_alternative<AppendAnswer>(result)) return append_response(result);
  }
  JsonText json;
  json.open('{').field("id", (*model)->id().text).field("version", (*model)->version()).close('}');
  Response response;
  response.status = known ? 200 : 201;
  response.body = json.take();
  return response;
}

}  // namespace

void add_model_routes(http::Router& router, Parts& parts) {
  router.blocking(http::Method::get, "/v1/models", "read", [&parts](Request& r) { return list(parts, r); });
  router.blocking(http::Method::get, "/v1/models/{model}", "read", [&parts](Request& r) { return one(parts, r); });
  router.blocking(http::Method::post, "/v1/models", "admin", [&parts](Request& r) { return publish(parts, r); });
}

}  // namespace tenure::services
