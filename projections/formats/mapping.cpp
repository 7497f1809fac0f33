#include "projections/formats/mapping.h"

#include <algorithm>
#include <array>

namespace tenure::formats {

namespace {

using enum Severity;

// Giving power is low rather than informational, since that is what a reviewer looks for; what changes the rules for
// everybody, or history itself, is medium. A verdict of `violation` makes any of them high.
constexpr std::array table{
    Row{"org.created", "Organization created", About::organization, Deed::create_entity, "", Also::founding, "admin",
        "creation", true, low},
    Row{"org.deleted", "Organization deleted", About::organization, Deed::delete_entity, "", Also::nothing, "admin",
        "deletion", true, medium},
    Row{"org.setting_changed", "Setting changed", About::setting, Deed::update_entity, "", Also::nothing, "admin",
        "change", true, medium},
    Row{"org.model_changed", "Access model changed", About::organization, Deed::update_entity, "", Also::nothing,
        "admin", "change", true, medium},
    Row{"feature.enabled", "Feature enabled", About::feature, Deed::enable_entity, "", Also::nothing, "admin", "change",
        true, low},
    Row{"feature.disabled", "Feature disabled", About::feature, Deed::disable_entity, "", Also::nothing, "admin",
        "change", true, informational},

    Row{"member.invited", "Member invited", About::member, Deed::other_user, "Invite", Also::nothing, "user", "change",
        false, informational},
    Row{"invitation.accepted", "Invitation accepted", About::member, Deed::create_user, "", Also::acceptance, "user",
        "creation", false, low},
    Row{"invitation.cancelled", "Invitation cancelled", About::member, Deed::other_user, "Cancel Invitation",
        Also::nothing, "user", "change", false, informational},
    Row{"invitation.expired", "Invitation expired", About::member, Deed::other_user, "Expire Invitation", Also::nothing,
        "user", "change", false, informational},
    Row{"member.added", "Member added", About::member, Deed::create_user, "", Also::arrival, "user", "creation", false,
        low},
    Row{"member.removed", "Member removed", About::member, Deed::delete_user, "", Also::departure, "user", "deletion",
        false, informational},
    Row{"member.disabled", "Member disabled", About::member, Deed::disable_user, "Disable In Area", Also::area, "user",
        "change", false, informational},
    Row{"member.enabled", "Member enabled", About::member, Deed::enable_user, "Enable In Area", Also::area, "user",
        "change", false, low},
    Row{"member.role_changed", "Member's role changed", About::member, Deed::assign_role, "", Also::role_change, "user",
        "change", false, low},
    Row{"ownership.transferred", "Ownership transferred", About::ownership, Deed::assign_privilege, "", Also::ownership,
        "admin", "change", false, medium},

    Row{"role.created", "Role created", About::role, Deed::create_role, "", Also::nothing, "admin", "creation", false,
        low},
    Row{"role.edited", "Role edited", About::role, Deed::update_role, "", Also::nothing, "admin", "change", false, low},
    Row{"role.reset", "Role reset", About::role, Deed::update_role, "", Also::nothing, "admin", "change", false, low},
    Row{"role.deleted", "Role deleted", About::role, Deed::delete_role, "", Also::nothing, "admin", "deletion", false,
        informational},

    Row{"group.created", "Group created", About::group, Deed::create_group, "", Also::group_birth, "group", "creation",
        false, informational},
    Row{"group.edited", "Group edited", About::group, Deed::other_group, "Update", Also::group_edit, "group", "change",
        false, low},
    Row{"group.deleted", "Group deleted", About::group, Deed::delete_group, "", Also::group_end, "group", "deletion",
        false, informational},
    Row{"group.member_added", "Group member added", About::membership, Deed::add_to_group, "", Also::nothing, "user",
        "change", false, low},
    Row{"group.member_removed", "Group member removed", About::membership, Deed::remove_from_group, "", Also::nothing,
        "user", "change", false, informational},

    Row{"role.granted", "Role granted", About::grant, Deed::assign_role, "", Also::grant, "user", "change", false, low},
    Row{"role.revoked", "Role revoked", About::grant, Deed::remove_role, "", Also::grant, "user", "change", false,
        informational},
    Row{"resource.added", "Resource added", About::resource, Deed::create_entity, "", Also::nothing, "admin",
        "creation", true, informational},
    Row{"resource.removed", "Resource removed", About::resource, Deed::delete_entity, "", Also::nothing, "admin",
        "deletion", true, informational},
    Row{"assignment.added", "Assignment added", About::assignment, Deed::assign_privilege, "", Also::nothing, "user",
        "change", false, low},
    Row{"assignment.removed", "Assignment removed", About::assignment, Deed::remove_privilege, "", Also::nothing,
        "user", "change", false, informational},

    Row{"event.retracted", "Event retracted", About::event, Deed::other_entity, "Retract", Also::nothing, "admin",
        "change", false, medium},
    Row{"source.recorded", "Log line recorded", About::line, Deed::other_entity, "Record", Also::nothing, "info", "",
        false, informational},
    Row{"action.denied", "Action denied", About::refused, Deed::other_entity, "Deny", Also::nothing, "info", "", false,
        medium},

    Row{"model.published", "Access model published", About::model, Deed::create_entity, "", Also::nothing, "admin",
        "creation", true, low},
    Row{"token.created", "Token created", About::token, Deed::create_entity, "", Also::nothing, "admin", "creation",
        true, low},
    Row{"token.revoked", "Token revoked", About::token, Deed::delete_entity, "", Also::nothing, "admin", "deletion",
        true, informational},

    Row{"consumer.created", "Feed consumer created", About::consumer, Deed::create_entity, "", Also::nothing, "admin",
        "creation", true, informational},
    Row{"consumer.reset", "Feed consumer reset", About::consumer, Deed::update_entity, "", Also::nothing, "admin",
        "change", true, low},
    Row{"consumer.deleted", "Feed consumer deleted", About::consumer, Deed::delete_entity, "", Also::nothing, "admin",
        "deletion", true, low},
    Row{"sink.created", "Sink created", About::sink, Deed::create_entity, "", Also::nothing, "admin", "creation", true,
        low},
    Row{"sink.paused", "Sink paused", About::sink, Deed::disable_entity, "", Also::nothing, "admin", "change", true,
        medium},
    Row{"sink.resumed", "Sink resumed", About::sink, Deed::enable_entity, "", Also::nothing, "admin", "change", true,
        informational},
    Row{"sink.deleted", "Sink deleted", About::sink, Deed::delete_entity, "", Also::nothing, "admin", "deletion", true,
        medium},
    Row{"sod_rule.added", "Separation-of-duties rule added", About::sod_rule, Deed::create_entity, "", Also::nothing,
        "admin", "creation", true, low},
    Row{"sod_rule.removed", "Separation-of-duties rule removed", About::sod_rule, Deed::delete_entity, "",
        Also::nothing, "admin", "deletion", true, medium},
    Row{"finding.closed", "Finding closed", About::finding, Deed::other_entity, "Close", Also::nothing, "admin",
        "change", false, low},
    Row{"finding.reopened", "Finding reopened", About::finding, Deed::other_entity, "Reopen", Also::nothing, "admin",
        "change", false, informational},

    Row{"review.defined", "Access review defined", About::review_definition, Deed::update_entity, "", Also::nothing,
        "admin", "change", true, low},
    Row{"review.withdrawn", "Access review withdrawn", About::review_definition, Deed::delete_entity, "", Also::nothing,
        "admin", "deletion", true, medium},
    Row{"review.skipped", "Access review skipped", About::review_definition, Deed::other_entity, "Skip", Also::nothing,
        "info", "", false, medium},
    Row{"review.opened", "Access review opened", About::review, Deed::create_entity, "", Also::nothing, "admin",
        "creation", false, informational},
    Row{"review.decided", "Access decided in review", About::review, Deed::other_entity, "Decide", Also::nothing,
        "user", "info", false, low},
    Row{"review.reassigned", "Reviewer reassigned", About::review, Deed::other_entity, "Reassign", Also::nothing,
        "admin", "change", false, low},
    Row{"review.reminded", "Reviewer reminded", About::review, Deed::other_entity, "Remind", Also::nothing, "info", "",
        false, informational},
    Row{"review.escalated", "Access review escalated", About::review, Deed::other_entity, "Escalate", Also::nothing,
        "info", "", false, medium},
    Row{"review.stage_ended", "Access review's stage ended", About::review, Deed::update_entity, "", Also::nothing,
        "info", "", false, informational},
    Row{"review.closed", "Access review closed", About::review, Deed::other_entity, "Close", Also::nothing, "admin",
        "change", false, low},
    Row{"review.remediated", "Access review carried out", About::review, Deed::other_entity, "Remediate", Also::nothing,
        "admin", "change", false, low},
    Row{"review.cancelled", "Access review cancelled", About::review, Deed::other_entity, "Cancel", Also::nothing,
        "admin", "change", false, medium},
    Row{"review.access_reported", "Access reported", About::access_report, Deed::create_entity, "", Also::nothing,
        "info", "", false, informational},
};

constexpr Row not_known{"",
                        "Event of another kind",
                        About::nothing_known,
                        Deed::other_entity,
                        "Record",
                        Also::nothing,
                        "info",
                        "",
                        false,
                        informational};

// The rows in order of type, so that finding one is a few comparisons.
constexpr auto in_order = [] {
  std::array<const Row*, table.size()> order{};
  for (std::size_t i = 0; i < table.size(); ++i) order[i] = &table[i];
  std::sort(order.begin(), order.end(), [](const Row* a, const Row* b) { return a->type < b->type; });
  return order;
}();

}  // namespace

std::span<const Row> rows() { return table; }

const Row& row_of(std::string_view type) {
  const auto found = std::lower_bound(in_order.begin(), in_order.end(), type,
                                      [](const Row* row, std::string_view wanted) { return row->type < wanted; });
  return found != in_order.end() && (*found)->type == type ? **found : not_known;
}

}  // namespace tenure::formats
