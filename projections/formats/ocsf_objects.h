// OCSF's objects as Tenure fills them: users, groups, roles, resources, entities, the parts that every message has.
// Each writes one member into `out`. Pure; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/wire/json_text.h"
#include "projections/formats/encoders.h"
#include "projections/formats/steps.h"

namespace tenure::formats {

// A member of the organization.
void write_user(JsonText& out, std::string_view name, std::string_view id, std::string_view org);
void write_actor(JsonText& out, const Shown& event);
void write_source_endpoint(JsonText& out, std::string_view address);
void write_group(JsonText& out, std::string_view name, std::string_view id, bool everyone,
                 const std::vector<std::string>& privileges);
void write_privileges(JsonText& out, const std::vector<std::string>& privileges);
// One resource as an object, unnamed: "repo:acme/web", "repo:*", or "org", which is the organization.
void write_resource(JsonText& out, std::string_view resource, std::string_view org);
// `entity`, and for an update `entity_result`, each with the values before and after.
void write_entities(JsonText& out, const Row& row, const Shown& event, const Step& step);
// `iam_role`, and for an update `updated_role`: the grants before and after.
void write_roles(JsonText& out, const Shown& event, const Step& step);
void write_observables(JsonText& out, const Shown& event, const Step& step);

// A SHA-256 in hex of canonical JSON.
void write_fingerprint(JsonText& out, std::string_view name, std::string_view hex);

}  // namespace tenure::formats
