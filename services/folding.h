// The server while its views are made anew: how far that is, and whom it may answer meanwhile.
//
// The views hold some organizations whole by then, others in part and others not at all. One that they hold in part is
// never answered for: an answer would leave out what somebody could do. Whether an organization is all there is asked
// of one snapshot of both the log and the views: its head in the views, written with each commit of them, must be at
// the log's newest version of it. Nothing is recorded meanwhile, so what was all there once stays so, and whoever reads
// afterwards sees at least that.
//
// Owned by the program. One thread moves it on; `refuses` may be called on any, blocks for a few lookups where an
// organization is met for the first time, and costs one load when the views are there.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "services/http/router.h"
#include "storage/store.h"

namespace tenure::services {

class Folding {
 public:
  explicit Folding(storage::Store& store) : store_(store) {}

  void begin(Position reached, Position head);
  void reach(Position reached, Position head);
  // All views are there, and may be added to.
  void end() { behind_.store(false, std::memory_order_release); }

  bool behind() const { return behind_.load(std::memory_order_acquire); }
  // Events whose views are made, of all.
  std::uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  std::uint64_t all() const { return all_.load(std::memory_order_relaxed); }
  std::uint64_t percent() const { return all() == 0 ? 100 : done() * 100 / all(); }

  // Why a request must wait: 503, with how far it is. Asked before the request is answered, and after its token was
  // looked at.
  std::optional<http::Response> refuses(const http::Request& request, const http::Route& route);

 private:
  // Whether the views have each record of the organization; also of one that nobody has heard of.
  Outcome<bool> all_there(const OrgId& org);
  http::Response not_yet(const std::string& what) const;

  storage::Store& store_;
  std::atomic<bool> behind_{false};
  std::atomic<std::uint64_t> done_{0}, all_{0};
  std::mutex guard_;
  std::unordered_set<std::string> there_;  // organizations known to be all there
};

}  // namespace tenure::services
