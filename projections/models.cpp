#include "projections/models.h"

#include <algorithm>
#include <mutex>

namespace tenure::projections {

void Models::add(Model model) {
  const std::unique_lock lock(mutex_);
  auto& versions = by_id_[model->id().text].in_order;
  std::erase_if(versions, [&](const Model& known) { return known->version() == model->version(); });
  versions.push_back(std::move(model));
}

Models::Model Models::find(const ModelId& id, std::string_view version) const {
  const std::shared_lock lock(mutex_);
  const auto it = by_id_.find(id.text);
  if (it == by_id_.end()) return nullptr;
  const auto& versions = it->second.in_order;
  if (version.empty()) return versions.back();
  const auto found =
      std::find_if(versions.begin(), versions.end(), [&](const Model& m) { return m->version() == version; });
  return found == versions.end() ? nullptr : *found;
}

std::vector<Models::Model> Models::newest() const {
  const std::shared_lock lock(mutex_);
  std::vector<Model> all;
  for (const auto& [id, versions] : by_id_) all.push_back(versions.in_order.back());
  return all;
}

}  // namespace tenure::projections
