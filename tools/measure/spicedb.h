// SpiceDB as a peer for "who can do that now": the library that its npm package ships, loaded by this same program once
// more, and LookupSubjects over gRPC as the measurements speak it (HTTP/2 and protocol buffers, RFC 9113 and
// https://buf.build/authzed/api).
//
// One thread. What is not as it should be throws std::runtime_error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/bench.h"
#include "tools/measure/child.h"
#include "tools/measure/held_roles.h"
#include "tools/measure/load_client.h"

namespace tenure::bench {

// What the started program does: loads the library and a file of relationships into its memory, says on what socket it
// answers, and serves until SIGTERM.
void serve_spicedb(const std::string& library, const std::string& relationships);

class SpiceDb {
 public:
  // With the roles that are still held: who may write to a repository is its writers and the organization's owners.
  SpiceDb(Bench& bench, const std::vector<HeldRole>& roles);
  ~SpiceDb();
  SpiceDb(const SpiceDb&) = delete;

  // A closed loop that asks who can write to the repository ("acme/repo-0") all the time.
  Load load(const Bench& bench, const std::string& repository);
  // The same, once: the members, in order.
  std::vector<std::string> ask(const std::string& repository) const;
  // How many subjects the body of an answer holds.
  static std::size_t subjects_in(std::string_view body);

  pid_t pid() const { return child_.pid(); }
  void stop();

 private:
  Child child_;
  std::string socket_;
  std::vector<std::uint32_t> streams_;  // the last of each connection
  std::vector<std::string> requests_;
};

}  // namespace tenure::bench
