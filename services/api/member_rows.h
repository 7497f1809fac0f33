// A member, or a pending invitation, as a row of a list. Used by the routes alone; one thread, one request.
#pragma once

#include "services/api/asking.h"

namespace tenure::services {

// An array of texts, sorted.
void texts(JsonText& json, std::string_view name, std::vector<std::string> values);
void member_row(Asking& asking, JsonText& json, Number member, Point since);
void invited_row(Asking& asking, JsonText& json, Number member);

}  // namespace tenure::services
