#include "services/folding.h"

#include "projections/directory.h"
#include "services/http/problem.h"

namespace tenure::services {

void Folding::begin(Position reached, Position head) {
  reach(reached, head);
  behind_.store(true, std::memory_order_release);
}

void Folding::reach(Position reached, Position head) {
  done_.store(reached.value, std::memory_order_relaxed);
  all_.store(head.value, std::memory_order_relaxed);
}

http::Response Folding::not_yet(const std::string& what) const {
  const std::string done = std::to_string(this->done()), all = std::to_string(this->all());
  auto response = http::problem(503, "views_behind", "The views are being made anew",
                                what + " until they are there: " + done + " of " + all + " events are done (" +
                                    std::to_string(percent()) + " %); try again later.");
  response.body.back() = ',';
  response.body += "\"done\":" + done + ",\"all\":" + all + "}";
  return response;
}

Outcome<bool> Folding::all_there(const OrgId& org) {
  {
    const std::lock_guard lock(guard_);
    if (there_.contains(org.text)) return true;
  }
  const auto snapshot = store_.snapshot();
  const auto newest = snapshot->version_of(org);
  if (!newest) return newest.error();
  if (*newest == Version(0)) return true;
  const auto number = projections::find_org(*snapshot, org);
  if (!number) return number.error();
  if (*number == 0) return false;
  const auto head = projections::read_head(*snapshot, *number);
  if (!head) return head.error();
  if (!*head || (*head)->version != *newest) return false;
  const std::lock_guard lock(guard_);
  there_.insert(org.text);
  return true;
}

std::optional<http::Response> Folding::refuses(const http::Request& request, const http::Route& route) {
  if (!behind()) return std::nullopt;
  if (route.path == "/readyz") return not_yet("appends, the feed and organizations that are not all there wait");
  if (route.scope.empty()) return std::nullopt;
  const bool reads = route.method == http::Method::get;
  if (reads && (route.path.starts_with("/v1/models") || route.path == "/v1/tokens")) return std::nullopt;
  if (!reads || route.path.find("{org}") == std::string::npos) {
    return not_yet("nothing is recorded, followed or listed over all organizations");
  }
  const OrgId org(request.param("org"));
  const auto there = all_there(org);
  if (!there) return http::problem(there.error());
  if (*there) return std::nullopt;
  return not_yet("the organization \"" + org.text + "\" is not all there and is not answered for");
}

}  // namespace tenure::services
