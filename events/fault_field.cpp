// Where in an event what a verdict of the lifecycle is about stands.
#include "events/lifecycle.h"
#include "events/model/members_json.h"

namespace tenure {
namespace {

constexpr std::string_view prefix = "lifecycle.";

// One overload for each event whose faults may stand elsewhere than in its role.
class Places {
 public:
  Places(const AccessModel& model, std::string_view rule, const std::string& because)
      : model_(model), rule_(rule), because_(because) {}

  template <class Any>
  std::string of(const Any& e) const {
    if (rule_ == "last_holder") return "member";
    if constexpr (requires { e.resource; }) return "resource";
    if constexpr (requires { e.on; }) return rule_ == "unknown_resource_kind" ? "on" : "role";
    if constexpr (requires { e.area; }) return "area";
    if constexpr (requires { e.feature; }) return "feature";
    if constexpr (requires { e.setting; }) return rule_ == "unknown_setting" ? "setting" : "value";
    if constexpr (requires { e.role; }) return "role";
    return {};
  }
  std::string of(const event::ResourceAdded& e) const {
    return model_.resource_kind(e.resource.kind) ? "parent" : "resource";
  }
  std::string of(const event::OwnershipTransferred&) const {
    return rule_ == "not_the_owner" || rule_ == "last_holder" ? "from" : "previous_owner_role";
  }
  std::string of(const event::RoleCreated& e) const {
    const std::string grant = grant_at_fault(e.grants);
    if (!grant.empty()) return grant;
    const bool of_base = rule_ != "role_exists" && rule_ != "system_role_fixed" && rule_ != "no_custom_roles";
    return e.based_on && of_base && because_.find("\"" + e.role.text + "\"") == std::string::npos ? "based_on" : "role";
  }
  std::string of(const event::RoleEdited& e) const {
    const std::string grant = grant_at_fault(e.grants);
    return grant.empty() ? "role" : grant;
  }
  std::string of(const event::RoleDeleted& e) const {
    const bool of_role = rule_ == "system_role_fixed" || because_.find("\"" + e.role.text + "\"") != std::string::npos;
    return e.reassign_to && (e.reassign_to == e.role || !of_role) ? "reassign_to" : "role";
  }

 private:
  // The first grant that has this fault, as the lifecycle looks at them.
  std::string grant_at_fault(const Grants& grants) const {
    for (const auto& [permission, level] : grants) {
      if (has_fault(permission, level)) return pointer_to("grants", permission.text);
    }
    return {};
  }

  bool has_fault(const PermissionId& permission, const LevelId& level) const {
    const auto index = model_.permission(permission.text);
    if (!index) return rule_ == "unknown_permission";
    const PermissionRule& rule = model_.permissions()[*index];
    const auto at = model_.level(*index, level.text);
    if (!at) return rule_ == "unknown_level";
    if (rule.owner_only && *at > 0) return rule_ == "owner_only";
    if (rule.options_unspecified && *at > 0) return rule_ == "options_unspecified";
    return !rule.offers(*at) && rule_ == "level_not_offered";
  }

  const AccessModel& model_;
  std::string_view rule_;
  const std::string& because_;
};

}  // namespace

std::string field_at_fault(const AccessModel& model, const Event& event, const Verdict& verdict) {
  if (verdict.result == VerdictResult::allowed || !verdict.rule.starts_with(prefix)) return {};
  const Places places(model, std::string_view(verdict.rule).substr(prefix.size()), verdict.because);
  const std::string place = std::visit([&](const auto& e) { return places.of(e); }, event.data);
  return place.empty() ? place : "/data/" + place;
}

}  // namespace tenure
