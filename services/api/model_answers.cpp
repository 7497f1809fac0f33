#include "services/api/model_answers.h"

#include "events/model/analysis.h"

namespace tenure::services {

namespace {

template <class List, class Text>
void texts(JsonText& json, std::string_view name, const List& list, const Text& text) {
  json.key(name).open('[');
  for (const auto& item : list) json.text(text(item));
  json.close(']');
}

void write_visibility(JsonText& json, const AccessModel& model, const PermissionRule& rule) {
  json.key("visibility").open('{');
  for (std::size_t level = 0; level < rule.visibility.size(); ++level) {
    if (rule.visibility[level] == Visibility::all) continue;
    json.field(model.scales()[rule.scale].levels[level].text, to_text(rule.visibility[level]));
  }
  json.close('}');
}

void write_permission(JsonText& json, const AccessModel& model, PermissionIndex p) {
  const PermissionRule& rule = model.permissions()[p];
  const auto level = [&](PermissionIndex of) {
    return [&model, of](LevelIndex l) { return model.level_name(of, l).text; };
  };
  json.open('{').field("id", rule.id.text).field("name", rule.name).field("module", rule.module);
  if (!rule.submodule.empty()) json.field("submodule", rule.submodule);
  if (!rule.description.empty()) json.field("description", rule.description);
  json.field("scale", model.scales()[rule.scale].id);
  if (rule.parent) {
    json.field("parent", model.permissions()[*rule.parent].id.text);
    json.field("parent_level", level(*rule.parent)(rule.parent_level));
  }
  if (!rule.feature.empty()) json.field("feature", rule.feature);
  if (!rule.resource_kind.empty()) json.field("resource", rule.resource_kind);
  if (!rule.options.empty()) texts(json, "options", rule.options, level(p));
  if (rule.options_unspecified) json.field("options_unspecified", true);
  if (rule.owner_only) json.field("owner_only", true);
  if (!rule.visibility.empty()) write_visibility(json, model, rule);
  if (rule.when_children_off) json.field("when_children_off", level(p)(*rule.when_children_off));
  if (rule.level_from) json.field("level_from", model.permissions()[*rule.level_from].id.text);
  json.close('}');
}

void write_cells(JsonText& json, const AccessModel& model, RoleIndex r) {
  const auto id = [&](PermissionIndex p) -> const std::string& { return model.permissions()[p].id.text; };
  bool limited = false, blank = false;
  json.key("grants").open('{');
  for (const auto& [p, cell] : model.cells(r)) {
    if (!cell.unspecified) json.field(id(p), model.level_name(p, cell.level).text);
    limited = limited || (cell.level > 0 && cell.visibility != Visibility::all);
    blank = blank || cell.unspecified;
  }
  json.close('}');
  if (limited) {
    json.key("visibility").open('{');
    for (const auto& [p, cell] : model.cells(r)) {
      if (cell.level > 0 && cell.visibility != Visibility::all) json.field(id(p), to_text(cell.visibility));
    }
    json.close('}');
  }
  if (!blank) return;
  json.key("unspecified").open('[');
  for (const auto& [p, cell] : model.cells(r)) {
    if (cell.unspecified) json.text(id(p));
  }
  json.close(']');
}

void write_role(JsonText& json, const AccessModel& model, RoleIndex r) {
  const RoleRule& rule = model.roles()[r];
  json.open('{').field("id", rule.id.text).field("name", rule.name).field("kind", "system");
  if (!rule.description.empty()) json.field("description", rule.description);
  json.field("rank", static_cast<std::uint64_t>(rule.rank));
  if (!rule.inherits.empty()) {
    texts(json, "inherits", rule.inherits, [&](RoleIndex other) { return model.roles()[other].id.text; });
  }
  if (rule.cardinality != Cardinality::any) json.field("cardinality", to_text(rule.cardinality));
  if (!rule.available) json.field("available", false);
  if (!rule.member_role) json.field("member_role", false);
  write_cells(json, model, r);
  json.close('}');
}

void write_settings(JsonText& json, const AccessModel& model) {
  json.key("settings").open('[');
  for (const SettingRule& setting : model.settings()) {
    json.open('{').field("id", setting.id.text).field("name", setting.name).field("initial", setting.initial);
    json.key("values").open('{');
    for (const SettingValue& value : setting.values) {
      if (value.everyone_role) {
        json.field(value.value, model.roles()[*value.everyone_role].id.text);
      } else {
        json.null(value.value);
      }
    }
    json.close('}').close('}');
  }
  json.close(']');
}

void write_parts(JsonText& json, const AccessModel& model) {
  json.key("resource_kinds").open('[');
  for (const ResourceKind& kind : model.resource_kinds()) {
    json.open('{').field("id", kind.id).field("name", kind.name).field("declared", kind.declared);
    json.field("owned_by_creator", kind.owned_by_creator).close('}');
  }
  json.close(']').key("features").open('[');
  for (const FeatureRule& feature : model.features()) {
    json.open('{').field("id", feature.id.text).field("name", feature.name);
    json.field("on_by_default", feature.on_by_default).close('}');
  }
  json.close(']').key("areas").open('[');
  for (const AreaRule& area : model.areas()) {
    json.open('{').field("id", area.id).field("name", area.name);
    texts(json, "modules", area.modules, [](const std::string& module) { return module; });
    json.close('}');
  }
  json.close(']');
  write_settings(json, model);
}

void write_rules(JsonText& json, const AccessModel& model) {
  json.key("rules").open('[');
  for (const ActionRule& rule : model.rules()) {
    json.open('{').field("id", rule.id).field("effect", rule.allow ? "allow" : "forbid");
    texts(json, "actions", rule.actions, [](const std::string& action) { return action; });
    json.field("because", rule.because).close('}');
  }
  json.close(']');
}

}  // namespace

void write_model(JsonText& json, const AccessModel& model) {
  json.open('{').field("id", model.id().text).field("version", model.version()).field("title", model.title());
  if (!model.description().empty()) json.field("description", model.description());
  json.key("scales").open('{');
  for (const Scale& scale : model.scales()) {
    texts(json, scale.id, scale.levels, [](const LevelId& level) { return level.text; });
  }
  json.close('}').key("permissions").open('[');
  for (std::size_t p = 0; p < model.permissions().size(); ++p) {
    write_permission(json, model, static_cast<PermissionIndex>(p));
  }
  json.close(']').key("roles").open('[');
  for (std::size_t r = 0; r < model.roles().size(); ++r) write_role(json, model, static_cast<RoleIndex>(r));
  json.close(']').field("owner_role", model.roles()[model.owner_role()].id.text);
  if (const auto former = model.former_owner_role()) json.field("former_owner_role", model.roles()[*former].id.text);
  json.field("custom_roles", model.custom_roles());
  json.field("outsiders_hold_scoped_grants", model.outsiders_hold_scoped_grants());
  json.field("invitees_share_disabling", model.invitees_share_disabling());
  texts(json, "kept_when_disabled", model.kept_when_disabled(),
        [&](PermissionIndex p) { return model.permissions()[p].id.text; });
  write_parts(json, model);
  write_rules(json, model);
  json.close('}');
}

namespace {

// A role of an analysis; the custom role has no id.
void write_analysed(JsonText& json, std::string_view name, const AccessModel& model, const AnalysedRole& role) {
  if (role) {
    json.field(name, model.roles()[*role].id.text);
  } else {
    json.null(name);
  }
}

void write_escalation(JsonText& json, const AccessModel& model, const Escalation& found) {
  constexpr std::size_t gains_max = 20;
  json.open('{');
  json.field("role", model.roles()[found.role].id.text);
  write_analysed(json, "to", model, found.to);
  json.field("alone", found.alone).key("steps").open('[');
  for (const Step& step : found.steps) {
    json.open('{').field("by", step.by_self ? "self" : "another");
    write_analysed(json, "as", model, step.as);
    texts(json, "actions", step.actions, [](std::string_view action) { return action; });
    json.field("for", step.for_self ? "self" : "another");
    write_analysed(json, "gives", model, step.gives);
    json.field("rule", step.rule).close('}');
  }
  json.close(']').field("gains_total", static_cast<std::uint64_t>(found.gains.size())).key("gains").open('{');
  for (std::size_t i = 0; i < found.gains.size() && i < gains_max; ++i) {
    const auto& [permission, level] = found.gains[i];
    json.field(model.permissions()[permission].id.text, model.level_name(permission, level).text);
  }
  json.close('}').close('}');
}

void write_inclusions(JsonText& json, const AccessModel& model) {
  const auto id = [&](RoleIndex role) { return model.roles()[role].id.text; };
  const Inclusions inclusions = find_inclusions(model);
  json.key("same_power").open('[');
  for (const auto& roles : inclusions.same_power) {
    json.open('[');
    for (const RoleIndex role : roles) json.text(id(role));
    json.close(']');
  }
  json.close(']').key("includes").open('{').field("total", static_cast<std::uint64_t>(inclusions.total));
  json.key("items").open('[');
  for (const auto& [more, less] : inclusions.includes) {
    json.open('{').field("role", id(more)).field("includes", id(less)).close('}');
  }
  json.close(']').close('}');
}

}  // namespace

void write_analysis(JsonText& json, const AccessModel& model) {
  const Escalations escalations = find_escalations(model);
  json.open('{').field("id", model.id().text).field("version", model.version());
  json.key("escalations").open('{').field("total", static_cast<std::uint64_t>(escalations.total));
  json.field("searched", to_text(escalations.searched)).key("items").open('[');
  for (const Escalation& found : escalations.found) write_escalation(json, model, found);
  json.close(']').close('}').key("held_by_nobody").open('[');
  for (const HeldByNobody& each : find_held_by_nobody(model)) {
    json.open('{').field("permission", model.permissions()[each.permission].id.text);
    json.field("custom_roles_may", each.custom_roles_may).close('}');
  }
  json.close(']');
  write_inclusions(json, model);
  json.key("idle_rules").open('[');
  for (const IdleRule& idle : find_idle_rules(model)) {
    json.open('{').field("rule", model.rules()[idle.rule].id).field("because", idle.because).close('}');
  }
  json.close(']').close('}');
}

}  // namespace tenure::services
