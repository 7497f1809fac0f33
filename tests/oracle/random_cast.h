// Who and what a random history is about. Values and pure functions of the generator's state; one thread a generator.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/oracle/random_model.h"

namespace tenure::oracle {

// Who and what there may be, by number: "m0@x.test", "g0", "c0", "k0:0", "k1:0". And what of the models it is about:
// few enough names that everything meets everything, also where a platform has a hundred permissions. No list is empty.
struct Cast {
  std::size_t people = 8, groups = 4, custom_roles = 3, things = 4, places = 2;
  std::vector<std::string> kinds;  // of things, then of places; one where the models know no second
  std::vector<std::string> permissions, features, areas, settings;

  // How many resources there are of a kind.
  std::size_t resources(const std::string& kind) const { return kind == kinds.front() ? things : places; }
};

Cast random_cast(Dice& dice, const nlohmann::json& models);

}  // namespace tenure::oracle
