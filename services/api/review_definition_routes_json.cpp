// What is reviewed, by whom and how often: definitions, made, replaced, listed and withdrawn.
#include <nlohmann/json.hpp>

#include "events/model/role_trial.h"
#include "services/api/review_asked.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using nlohmann::json;

constexpr std::string_view of_events[] = {"actor", "approved_by", "reason", "ticket", "correlation_id", "occurred_at"};

constexpr std::size_t runs_shown = 3;

// `,"next_runs":[…]` of a schedule by the wall clock of its zone; nothing without one.
void write_runs(JsonText& json, const review::Definition& definition, Instant now) {
  if (!definition.schedule) return;
  json.key("next_runs").open('[');
  for (const Instant run : next_runs(*definition.schedule, now, runs_shown)) json.text(format_instant(run));
  json.close(']');
}

// An object with members more, which `write` writes behind those that it has.
template <class F>
std::string with_more(std::string object, const F& write) {
  JsonText more;
  more.open('{');
  write(more);
  const std::string text = more.close('}').take();
  if (text == "{}") return object;
  object.back() = ',';
  return object.append(text, 1);
}

Response define(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {"id", "name", "description", "purpose", "scope", "stages", "no_answer",
                                   "justification", "carry_over", "ends_early", "remedy", "group_owners", "schedule",
                                   "period_days", "revocations_at_most", "defined", "next_runs", "warnings"});
  if (!said) return said.error();
  json own = said->body();
  for (const std::string_view name : of_events) own.erase(std::string(name));
  for (const std::string_view name : only_answered) own.erase(std::string(name));
  const auto definition = review::read_definition(own.dump(-1, ' ', false, json::error_handler_t::replace));
  if (!definition) return http::problem(definition.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  Reviewing& reviewing = parts.reviews->reviewing;
  const auto result = reviewing.define(asking.org(), *definition, acting_of(request, *said));
  auto response = append_response(result);
  if (!std::holds_alternative<AppendAnswer>(result)) return response;
  // It is defined, whether or not this can be told.
  const auto warnings = reviewing.warnings(asking.org(), *definition);
  response.body = with_more(std::move(response.body), [&](JsonText& json) {
    write_runs(json, *definition, parts.now());
    if (warnings) write_warnings(json, *warnings);
  });
  return response;
}

Response withdraw(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string id(request.param("definition"));
  const auto kept = parts.reviews->reviews.definition(asking.org(), id);
  if (!kept) return http::problem(kept.error());
  if (!*kept) {
    return missing(refuse(RefusalCode::not_found, "there is no review definition \"" + id + "\".", "definition"));
  }
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  return append_response(parts.reviews->reviewing.withdraw(asking.org(), id, acting_of(request, *said)));
}

void write(JsonText& json, Shown& shown, const KeptDefinition& kept) {
  std::string text =
      review::shown_definition(kept.definition, [&](const Person& person) { return shown.identity(person.subject); });
  text.pop_back();  // its closing brace: one member more
  json.raw(text + ",\"defined\":");
  JsonText by;
  by.open('{').field("position", kept.defined.position.value).field("at", kept.defined.recorded_at);
  shown.actor(by, "by", kept.defined.event.actor);
  json.out() += by.close('}').take() + '}';
}

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto all = parts.reviews->reviews.definitions(asking.org());
  if (!all) return http::problem(all.error());
  Shown shown(parts, asking.org());
  std::vector<std::pair<std::uint64_t, const KeptDefinition*>> rows;
  for (const KeptDefinition& kept : *all) rows.emplace_back(rows.size() + 1, &kept);
  auto response = asking.list(
      rows, [](const auto& row) { return row.first; },
      [&](JsonText& json, const auto& row) { write(json, shown, *row.second); });
  return shown.failure() ? http::problem(*shown.failure()) : std::move(response);
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto org = open_org(parts, request);
  if (!org) return org.error();
  const std::string id(request.param("definition"));
  const auto kept = parts.reviews->reviews.definition(*org, id);
  if (!kept) return http::problem(kept.error());
  if (!*kept) {
    return missing(refuse(RefusalCode::not_found, "there is no review definition \"" + id + "\".", "definition"));
  }
  Shown shown(parts, *org);
  JsonText json;
  write(json, shown, **kept);
  if (shown.failure()) return http::problem(*shown.failure());
  Response response;
  response.body = with_more(json.take(), [&](JsonText& more) { write_runs(more, (*kept)->definition, parts.now()); });
  return response;
}

// ---- shipped -------------------------------------------------------------------------------------

// Those that come with Tenure, by id, as they are for the organization: what is sent as it stands to define one, and
// what speaks against that.
using Shipped = std::vector<std::pair<std::string_view, std::string>>;
boost::system::result<Shipped, Response> shipped_for(Parts& parts, Asking& asking) {
  const AccessModel& model = asking.model();
  std::vector<RoleId> others;
  for (const RoleIndex role : roles_that_manage_members(model)) others.push_back(model.roles()[role].id);
  Shipped shipped{
      {review::quarterly_basics, review::quarterly_basics_json(model.roles()[model.owner_role()].id.text, others)}};
  for (auto& [id, text] : shipped) {
    const auto definition = review::read_definition(text);
    if (!definition) return http::problem(definition.error());
    const auto warnings = parts.reviews->reviewing.warnings(asking.org(), *definition);
    if (!warnings) return http::problem(warnings.error());
    text = with_more(std::move(text), [&](JsonText& json) {
      write_runs(json, *definition, parts.now());
      write_warnings(json, *warnings);
    });
  }
  return shipped;
}

Response list_shipped(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  auto shipped = shipped_for(parts, asking);
  if (!shipped) return shipped.error();
  std::vector<std::pair<std::uint64_t, std::string>> rows;
  for (auto& [id, text] : *shipped) rows.emplace_back(rows.size() + 1, std::move(text));
  return asking.list(
      rows, [](const auto& row) { return row.first; }, [](JsonText& json, const auto& row) { json.raw(row.second); });
}

Response one_shipped(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const std::string wanted(request.param("definition"));
  auto shipped = shipped_for(parts, asking);
  if (!shipped) return shipped.error();
  for (auto& [id, text] : *shipped) {
    if (id != wanted) continue;
    Response response;
    response.body = std::move(text);
    return response;
  }
  return missing(refuse(RefusalCode::not_found,
                        "no review definition \"" + wanted + "\" comes with Tenure; GET /v1/orgs/" +
                            asking.org().id.text + "/shipped-review-definitions lists those that do.",
                        "definition"));
}

}  // namespace

void add_review_definition_routes(http::Router& router, Parts& parts) {
  const std::string all = "/v1/orgs/{org}/review-definitions", single = all + "/{definition}";
  router.blocking(http::Method::post, all, "review:any", [&parts](Request& r) { return define(parts, r); });
  router.blocking(http::Method::get, all, "read",
                  with_rows({"id", "name", "defined.position", "defined.at", "defined.by.kind", "defined.by.id"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, single, "read", [&parts](Request& r) { return one(parts, r); });
  const std::string shipped = "/v1/orgs/{org}/shipped-review-definitions", one_of_them = shipped + "/{definition}";
  router.blocking(http::Method::get, shipped, "read", [&parts](Request& r) { return list_shipped(parts, r); });
  router.blocking(http::Method::get, one_of_them, "read", [&parts](Request& r) { return one_shipped(parts, r); });
  router.blocking(http::Method::delete_, single, "review:any", [&parts](Request& r) { return withdraw(parts, r); });
}

}  // namespace tenure::services
