// Start here: a running Tenure. Opens what is kept, builds the parts in order, listens, and takes them down again
// in the opposite order.
//
// Owned by `main` or a test; every call from one thread. `start` fails with what could not be opened, and where.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "events/result.h"
#include "services/http/limits.h"
#include "services/push/push_limits.h"

namespace tenure::storage {
class Store;
class People;
}  // namespace tenure::storage

namespace tenure::services {

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
};

class Program {
 public:
  Program(std::unique_ptr<storage::Store> store, std::unique_ptr<storage::People> people, ProgramOptions options);
  ~Program();

  // The port it listens on.
  Outcome<std::uint16_t> start();
  // A token for everything, made anew: what the first start writes to data/admin.token. `keep` gets the secret before
  // the token is recorded: whatever cuts a start off, no store has a token that nobody knows.
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
