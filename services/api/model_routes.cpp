#include "events/wire/json_read.h"
#include "events/wire/json_text.h"
#include "services/api/asked.h"
#include "services/api/model_answers.h"
#include "services/api/rows.h"
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

// The model that the path and `version` name. A Response is a no.
boost::system::result<projections::Models::Model, Response> named_model(Parts& parts, Request& request) {
  const std::string id(request.param("model"));
  const auto version = request.query("version");
  auto model = parts.models.find(ModelId(id), version.value_or(""));
  if (model) return model;
  return http::problem(refuse(RefusalCode::unknown_model,
                              "there is no access model \"" + id + "\"" +
                                  (version ? " of version \"" + std::string(*version) + "\"" : std::string()) +
                                  "; GET /v1/models lists them.",
                              version ? "version" : "model"),
                       404);
}

Response answer_of(JsonText json) {
  Response response;
  response.body = json.take();
  return response;
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"version", "form"}); !known) return http::problem(known.error());
  const auto form = request.query("form");
  if (form && *form != "document") {
    return http::problem(refuse(RefusalCode::invalid_field, "\"form\" may be document, or absent.", "form"), 400);
  }
  const auto model = named_model(parts, request);
  if (!model) return model.error();
  if (form) {
    Response response;
    response.body = (*model)->document();
    return response;
  }
  JsonText json;
  write_model(json, **model);
  return answer_of(std::move(json));
}

Response analysis(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"version"}); !known) return http::problem(known.error());
  const auto model = named_model(parts, request);
  if (!model) return model.error();
  JsonText json;
  write_analysis(json, **model);
  return answer_of(std::move(json));
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
  router.blocking(http::Method::get, "/v1/models", "read",
                  with_rows({"id", "version", "title"}, [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, "/v1/models/{model}", "read", [&parts](Request& r) { return one(parts, r); });
  router.blocking(http::Method::get, "/v1/models/{model}/analysis", "read",
                  [&parts](Request& r) { return analysis(parts, r); });
  router.blocking(http::Method::post, "/v1/models", "admin", [&parts](Request& r) { return publish(parts, r); });
}

}  // namespace tenure::services
