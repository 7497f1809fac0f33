#include "tests/oracle/random_cast.h"

#include <algorithm>
#include <set>

#include "tests/oracle/model_reading.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

using Names = std::vector<std::string>;

void add(Names& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Two kinds of resources, of those that permissions are about where there are such.
Names some_kinds(Dice& dice, const json& model) {
  Names kinds;
  for (const json& permission : model.at("permissions")) add(kinds, text_or_none(permission, "resource"));
  for (const json& kind : model.value("resource_kinds", json::array())) {
    if (kinds.size() < 2) add(kinds, text(kind, "id"));
  }
  if (kinds.empty()) return {"thing"};
  while (kinds.size() > 2) kinds.erase(kinds.begin() + static_cast<std::ptrdiff_t>(dice.below(kinds.size())));
  return kinds;
}

// All permissions of a small model; of a large one those about the chosen kinds, those with ties of their own, what
// rules ask for, some others, and what all these hang below.
class Focus {
 public:
  Focus(Dice& dice, const json& model, const Names& kinds) : dice_(dice), model_(model), kinds_(kinds) {}

  Names permissions() {
    constexpr std::size_t few = 20;
    const json& all = model_.at("permissions");
    for (const json& permission : all) {
      if (all.size() <= few || belongs(permission)) take(text(permission, "id"));
    }
    for (int i = 0; all.size() > few && i < 6; ++i) take(text(all.at(dice_.below(all.size())), "id"));
    for (const json& rule : model_.value("rules", json::array())) {
      if (rule.contains("actor") && rule.at("actor").contains("permission") && dice_.percent(50)) {
        take(text(rule.at("actor"), "permission"));
      }
    }
    return {taken_.begin(), taken_.end()};
  }

 private:
  bool belongs(const json& permission) {
    const std::string kind = text_or_none(permission, "resource");
    if (std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end()) return true;
    const bool tied = permission.contains("level_from") || permission.contains("owner_only") ||
                      permission.contains("options_unspecified");
    return tied && dice_.percent(35);
  }

  void take(const std::string& id) {
    if (!taken_.insert(id).second) return;
    const json& permission = *entry(model_, "permissions", id);
    for (const char* tie : {"parent", "level_from"}) {
      if (permission.contains(tie)) take(text(permission, tie));
    }
    if (!permission.contains("when_children_off")) return;
    const std::vector<const json*> switches = switches_of(model_, permission);
    for (int i = 0; i < 3 && !switches.empty(); ++i) take(text(*dice_.one_of(switches), "id"));
  }

  Dice& dice_;
  const json& model_;
  const Names& kinds_;
  std::set<std::string> taken_;
};

}  // namespace

Cast random_cast(Dice& dice, const json& models) {
  Cast cast;
  cast.kinds = some_kinds(dice, models.at(0));
  cast.permissions = Focus(dice, models.at(0), cast.kinds).permissions();
  for (const json& model : models) {
    for (const std::string& id : cast.permissions) {
      const json& permission = *entry(model, "permissions", id);
      add(cast.areas, text(permission, "module"));
      add(cast.features, text_or_none(permission, "feature"));
    }
    for (const json& area : model.value("areas", json::array())) {
      add(cast.areas, text(area, "id"));
      add(cast.areas, text(area, "name"));
    }
    for (const json& feature : model.value("features", json::array())) {
      if (cast.features.size() < 2) add(cast.features, text(feature, "id"));
    }
    for (const json& setting : model.value("settings", json::array())) add(cast.settings, text(setting, "id"));
  }
  if (cast.features.empty()) cast.features = {"f0"};
  if (cast.settings.empty()) cast.settings = {"base"};
  return cast;
}

}  // namespace tenure::oracle
