// The rows of a diff as JSON: one by one, or those with the same effect together, with how many members they reach.
// Used by the routes alone; one thread, one request.
#pragma once

#include "projections/diff.h"
#include "services/api/asking.h"

namespace tenure::services {

class Effects {
 public:
  // All must outlive the object. `resource` is the one asked about, if one is.
  Effects(projections::Sides& sides, const projections::Diff& diff, const std::optional<ResourceId>& resource)
      : sides_(sides), diff_(diff), resource_(resource) {}

  // The fields of one row: permission, resource, change, before, after.
  void fields(JsonText& json, const projections::DiffRow& row);
  // "members", "changes" and "effects" of rows that stand in order of member.
  void together(JsonText& json, const std::vector<const projections::DiffRow*>& rows);

 private:
  std::string resource_of(const projections::DiffRow& row);
  std::string in_words(const projections::DiffRow& row, std::size_t members);

  projections::Sides& sides_;
  const projections::Diff& diff_;
  const std::optional<ResourceId>& resource_;
};

}  // namespace tenure::services
