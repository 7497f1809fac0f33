// The access models that are in use, by id and version. Filled from `model.published` records at start and
// as models are published; an entry never changes once it is there.
//
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "events/model/access_model.h"

namespace tenure::projections {

class Models {
 public:
  using Model = std::shared_ptr<const AccessModel>;

  // Adds a version, which becomes the newest of its id.
  void add(Model model);
  // A version; the newest one if `version` is empty; null if it is not known.
  Model find(const ModelId& id, std::string_view version = {}) const;
  // The newest version of each id, in order of id.
  std::vector<Model> newest() const;

 private:
  struct Versions {
    std::vector<Model> in_order;
  };
  mutable std::shared_mutex mutex_;
  std::map<std::string, Versions, std::less<>> by_id_;
};

}  // namespace tenure::projections
