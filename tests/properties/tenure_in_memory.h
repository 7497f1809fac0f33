// A whole Tenure over memory, asked through its own routes without a socket, its clock driven by whoever tells it what
// happened. One organization, "acme"; events stand at positions 1, 2, …
//
// Owned by one test, one thread. A failure of the store or a refusal fails the test at once: in mode `observe` nothing
// that the stories and random histories say is refused.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "events/record.h"
#include "projections/review/holds.h"

namespace tenure::test {

using Query = std::vector<std::pair<std::string, std::string>>;

// A person of the views, as first sent.
using IdentityOfNumber = std::function<std::string(projections::Number)>;

struct RouteAnswer {
  unsigned status = 0;
  nlohmann::json body;
};

class TenureInMemory {
 public:
  // Publishes each access model (an array of documents).
  explicit TenureInMemory(const nlohmann::json& models);
  ~TenureInMemory();

  // Records events in a client's form as one batch, the clock at `recorded_us`; a verdict for each.
  std::vector<Verdict> record(const std::vector<nlohmann::json>& events, std::int64_t recorded_us);
  // GET /v1/orgs/acme/PATH with a query.
  RouteAnswer get(const std::vector<std::string>& path, const Query& query);
  // Whether the same is given up where its client has gone.
  bool given_up(const std::vector<std::string>& path, const Query& query);
  // A list to its end, `limit` rows at a time: the first page with the items of all. Fails the test unless every page
  // has the same head and the total is the number of items.
  nlohmann::json whole_list(const std::vector<std::string>& path, Query query, std::size_t limit);
  // Lets somebody read what everybody holds at an instant as known at a position. Nothing of it outlives the call,
  // which fails the test if a read did.
  void look(std::int64_t at_us, std::int64_t known_position,
            const std::function<void(projections::Holds&, const IdentityOfNumber&)>& look);

 private:
  struct Inside;
  RouteAnswer get(const std::vector<std::string>& path, const Query& query, bool gone);
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::test
