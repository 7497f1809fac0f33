// A client that appends as fast as it is answered and remembers what was acknowledged. For tests of what is left of
// that after the server was killed, stopped, or without room.
//
// `run` on a thread of its own until a request gets no answer or `stop` is called; the rest after it has returned.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/tenure/http_client.h"

namespace tenure::test {

// One request's worth of events, in client form, all with ids.
struct Sent {
  std::string org;
  std::string body;
  std::vector<std::string> ids;
};

struct Kept {
  std::string org;
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  bool operator==(const Kept&) const = default;
};
using KeptById = std::map<std::string, Kept>;

class Sender {
 public:
  // Ids begin with `name`, which no other sender has; batches go to the organizations in turn, with a pause between.
  Sender(ServerAddress server, std::string token, std::string name, std::vector<std::string> orgs,
         std::chrono::milliseconds pause = {});

  void run();
  void stop() { stopping_ = true; }
  // From another thread: returns once a request was acknowledged or `run` has ended.
  void wait_until_heard() const { heard_.wait(false); }

  // What was acknowledged, and the requests that were answered 201; statuses other than that are counted.
  const KeptById& kept() const { return kept_; }
  const std::vector<Sent>& acknowledged() const { return acknowledged_; }
  const std::map<unsigned, std::size_t>& others() const { return others_; }
  // The request that got no answer, if any: it may have been recorded or not.
  const std::vector<Sent>& in_doubt() const { return in_doubt_; }

 private:
  Sent next();
  void send_until_no_answer();
  void tell_that_it_was_heard();

  ServerAddress server_;
  std::string token_, name_;
  std::vector<std::string> orgs_;
  std::chrono::milliseconds pause_;
  std::uint64_t count_ = 0;
  std::atomic<bool> stopping_{false}, heard_{false};
  KeptById kept_;
  std::vector<Sent> acknowledged_, in_doubt_;
  std::map<unsigned, std::size_t> others_;
};

// Sends it (again); the answer's places by id. Throws what was said where it was not 201.
KeptById send(const ServerAddress& server, const std::string& token, const Sent& sent);
// Every event with an id that the organization's list shows, by id.
KeptById listed(const ServerAddress& server, const std::string& token, const std::string& org);

}  // namespace tenure::test
