// Start here: a running Tenure. Opens what is kept, builds the parts in order, listens, and takes them down again
// in the opposite order.
//
// Where the views are not up to the log (a new layout of theirs, a rebuild that broke off), it listens at once and
// makes them on a thread of its own: reads of organizations that are all there are answered, everything else is 503 and
// /readyz says how far it is (services/folding.h).
//
// Owned by `main` or a test; every call from one thread. `start` fails with what could not be opened, and where.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "events/ids.h"
#include "events/result.h"
#include "services/http/limits.h"
#include "services/push/push_limits.h"

namespace tenure::storage {
class Store;
class People;
}  // namespace tenure::storage

namespace tenure::services {

// Told while the views are made anew under the running server; on the folding thread, which waits for them.
struct FoldHooks {
  std::function<void(std::uint16_t port)> begun;                 // by `start`: it listens
  std::function<void(Position reached, Position head)> reached;  // after each commit, which is to be seen
  std::function<void(const Outcome<void>&)> over;  // all is there, or why not; not if it is stopped before
  std::size_t records_a_commit = 0;                // 0: as it thinks best
};

struct ProgramOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 7400;  // 0: any free one
  std::string openapi;
  unsigned io_threads = 2;
  unsigned pool_threads = 2;
  http::ServerLimits limits;
  std::chrono::milliseconds feed_heartbeat_every{5'000};
  PushTimes push_times;
  std::string version, host;  // of this program and machine, as SIEM formats tell them
  bool demo = false;
  std::string scratch;  // where reports are made: a folder on a disk with room
  FoldHooks folding;
};

class Program {
 public:
  Program(std::unique_ptr<storage::Store> store, std::unique_ptr<storage::People> people, ProgramOptions options);
  ~Program();

  // The port it listens on.
  Outcome<std::uint16_t> start();
  // Waits until the views are there; says why if they never will be.
  Outcome<void> wait_until_folded();
  // Once the views are there. A token for everything, made anew: what the first start writes to data/admin.token.
  // `keep` gets the secret before the token is recorded: whatever cuts a start off, no store has a token that nobody
  // knows.
  Outcome<std::string> make_admin_token(const std::function<Outcome<void>(const std::string& secret)>& keep = {});
  bool has_tokens() const;
  // Takes no new work, finishes what it has, closes the store. `restart`: those who follow the feed are told that it
  // comes back.
  void stop(bool restart = false);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::services
