// Separation-of-duties rules: stated, listed at any instant, removed. Each is an event of the organization.
#include <nlohmann/json.hpp>

#include "projections/findings.h"
#include "services/api/findings_route.h"
#include "services/api/rows.h"
#include "services/api/said.h"

namespace tenure::services {

namespace {

using nlohmann::json;
using projections::SodRule;

constexpr std::size_t choices_max = 20;

// Names to choose from, as many as a sentence can hold.
template <class Things, class NameOf>
std::string choices(const Things& things, const NameOf& name_of) {
  std::string names;
  std::size_t count = 0;
  for (const auto& thing : things) {
    if (++count <= choices_max) names += (names.empty() ? "" : ", ") + name_of(thing);
  }
  if (count > choices_max) names += " and " + std::to_string(count - choices_max) + " more";
  return names;
}

struct Power {
  PermissionIndex permission = 0;
  LevelIndex level = 1;
};

// "first" or "second" of a body: {"permission", "level"?}.
Decided<Power> power_of(const json& body, const std::string& field, const AccessModel& model) {
  const std::string place = "/" + field;
  const auto it = body.find(field);
  if (it == body.end()) {
    return refuse(RefusalCode::missing_field, "\"" + field + "\" is needed: {\"permission\", \"level\"}.", place);
  }
  if (!it->is_object()) {
    return refuse(RefusalCode::invalid_field, "\"" + field + "\" must be {\"permission\", \"level\"}.", place);
  }
  for (const auto& [name, value] : it->items()) {
    if (name != "permission" && name != "level") {
      return refuse(RefusalCode::unknown_field, "\"" + name + "\" is neither \"permission\" nor \"level\".",
                    place + "/" + name);
    }
  }
  const auto id = text_field(*it, "permission", place + "/permission");
  if (!id) return id.error();
  const auto permission = model.permission(*id);
  if (!permission) {
    return refuse(RefusalCode::unknown_permission,
                  "the model " + model.id().text + " has no permission \"" + *id + "\"; it has " +
                      choices(model.permissions(), [](const PermissionRule& rule) { return rule.id.text; }) + ".",
                  place + "/permission");
  }
  if (!it->contains("level")) return Power{*permission, 1};
  const auto name = text_field(*it, "level", place + "/level");
  if (!name) return name.error();
  const auto level = model.level(*permission, *name);
  if (level && *level > 0) return Power{*permission, *level};
  std::vector<LevelId> levels = model.scales()[model.permissions()[*permission].scale].levels;
  levels.erase(levels.begin());
  return refuse(level ? RefusalCode::invalid_field : RefusalCode::unknown_level,
                "\"" + *name + "\" is " +
                    (level ? "no access, and nothing to keep apart" : "no level of that permission") + "; choose " +
                    choices(levels, [](const LevelId& id) { return id.text; }) + ".",
                place + "/level");
}

Decided<std::optional<std::string>> kind_of_body(const json& body, const AccessModel& model, const Power& first,
                                                 const Power& second) {
  if (!body.contains("resource")) return std::optional<std::string>();
  const auto kind = text_field(body, "resource", "/resource");
  if (!kind) return kind.error();
  if (!model.resource_kind(*kind)) {
    return refuse(RefusalCode::unknown_resource,
                  "the model has no kind of resource \"" + *kind + "\"; it has " +
                      choices(model.resource_kinds(), [](const ResourceKind& each) { return each.id; }) + ".",
                  "/resource");
  }
  for (const Power& power : {first, second}) {
    const PermissionRule& rule = model.permissions()[power.permission];
    if (rule.resource_kind == *kind) continue;
    return refuse(RefusalCode::invalid_field,
                  "\"" + rule.id.text + "\" is " +
                      (rule.resource_kind.empty() ? std::string("about no resource")
                                                  : "about resources of kind \"" + rule.resource_kind + "\"") +
                      ": on one and the same \"" + *kind + "\" the two cannot be held; leave \"resource\" out.",
                  "/resource");
  }
  return std::optional(*kind);
}

Decided<event::SodRuleAdded> rule_of(const json& body, const AccessModel& model) {
  event::SodRuleAdded rule;
  const auto id = text_field(body, "id", "/id"), name = text_field(body, "name", "/name");
  if (!id) return id.error();
  if (id->find_first_of("/?#%\\ ") != std::string::npos || *id == "." || *id == "..") {
    return refuse(RefusalCode::invalid_field, "\"id\" stands in paths: no spaces and no / ? # % \\.", "/id");
  }
  if (!name) return name.error();
  const auto first = power_of(body, "first", model), second = power_of(body, "second", model);
  if (!first) return first.error();
  if (!second) return second.error();
  if (first->permission == second->permission) {
    return refuse(RefusalCode::invalid_field,
                  "\"first\" and \"second\" name one permission: whoever has the higher level has the lower one.",
                  "/second/permission");
  }
  const auto kind = kind_of_body(body, model, *first, *second);
  if (!kind) return kind.error();
  rule.rule = SodRuleId(*id);
  rule.name = *name;
  rule.resource_kind = *kind;
  rule.first = model.permissions()[first->permission].id;
  rule.first_level = model.level_name(first->permission, first->level);
  rule.second = model.permissions()[second->permission].id;
  rule.second_level = model.level_name(second->permission, second->level);
  return rule;
}

const SodRule* find_rule(const std::vector<SodRule>& rules, std::string_view id) {
  const auto it = std::find_if(rules.begin(), rules.end(), [&](const SodRule& rule) { return rule.id == id; });
  return it == rules.end() ? nullptr : &*it;
}

Response add(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {"id", "name", "first", "second", "resource"});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open(said->occurred_at())) return std::move(*refused);
  auto rule = rule_of(said->body(), asking.model());
  if (!rule) return no(rule.error());
  if (!said->has_reason()) {
    return no(refuse(RefusalCode::missing_field, "a rule needs a \"reason\": why the two are kept apart.", "/reason"));
  }
  if (find_rule(projections::sod_rules(asking.facts()), rule->rule.text)) {
    return http::problem(
        refuse(RefusalCode::already_exists,
               "there is a rule \"" + rule->rule.text + "\" already; remove it first, or choose another id.", "/id"));
  }
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  return said->record(asking, std::move(*rule));
}

Response remove(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open(said->occurred_at())) return std::move(*refused);
  const std::string id(request.param("rule"));
  if (!find_rule(projections::sod_rules(asking.facts()), id)) {
    return missing(refuse(RefusalCode::not_found,
                          "there is no separation-of-duties rule \"" + id + "\" at that instant.", "rule"));
  }
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  return said->record(asking, event::SodRuleRemoved{SodRuleId(id)});
}

void write_duty(JsonText& json, std::string_view field, const SodRule::Duty& duty) {
  json.key(field).open('{').field("permission", duty.permission).field("level", duty.level).close('}');
}

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"at", "known_at", "limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto rules = projections::sod_rules(asking.facts());
  return asking.list(
      rules, [](const SodRule& rule) { return std::uint64_t{rule.number}; },
      [&](JsonText& json, const SodRule& rule) {
        json.open('{').field("id", rule.id);
        const auto record = asking.record(rule.defined.position);
        const auto* added = record ? std::get_if<event::SodRuleAdded>(&record->event.data) : nullptr;
        json.field("name", added ? added->name : std::string());
        write_duty(json, "first", rule.first);
        write_duty(json, "second", rule.second);
        if (!rule.kind.empty()) json.field("resource", rule.kind);
        json.field("applies", projections::applies(rule, asking.model())).key("added");
        asking.event(json, rule.defined.position);
        json.close('}');
      });
}

}  // namespace

void add_sod_routes(http::Router& router, Parts& parts) {
  router.blocking(http::Method::post, "/v1/orgs/{org}/sod-rules", "review",
                  [&parts](Request& r) { return add(parts, r); });
  router.blocking(
      http::Method::get, "/v1/orgs/{org}/sod-rules", "read",
      with_rows({"id", "name", "first.permission", "first.level", "second.permission", "second.level", "resource",
                 "applies", "added.position", "added.occurred_at", "added.actor.id", "added.reason"},
                [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::delete_, "/v1/orgs/{org}/sod-rules/{rule}", "review",
                  [&parts](Request& r) { return remove(parts, r); });
}

}  // namespace tenure::services
