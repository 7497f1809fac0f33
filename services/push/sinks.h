// Start here: the sinks, which push events to what does not follow the feed by itself: syslog collectors, Splunk's HTTP
// Event Collector, anything that takes lines of JSON over HTTP.
//
// A sink is made, paused, resumed and deleted by events of the reserved organization, and is a named consumer of the
// same name (services/feed/consumers.h), where its position is kept: it goes on behind what was taken, also after a
// crash. Its token is kept beside the log, sealed under a key of the master key's, and deleted with the sink; nothing
// shows it. A Delivery a sink does the work, all on one thread, so that one that hangs holds up no other.
//
// Threads: `load`, `start` and `stop` by the program, in this order; the rest from any, and what changes a sink waits
// for the writer: on the pool. At most sinks_max sinks.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "services/append_queue.h"
#include "services/push/delivery.h"
#include "services/push/sink.h"
#include "storage/people.h"

namespace tenure::services {

struct SinkWish {
  Sink sink;                         // its name, kind, url, format, filters
  std::optional<std::string> token;  // the secret
  Position first;                    // the first position that it is sent
};

struct SinkShown {
  Sink sink;
  SinkState state;
};

class Sinks {
 public:
  Sinks(Feed& feed, AppendQueue& appends, storage::People& people, Clock clock, std::string version,
        PushTimes times = {});
  ~Sinks();  // stops

  // From the log; after the consumers, before the feed starts.
  Outcome<void> load(Identities& identities);
  void start();
  // What is under way gets PushTimes::farewell to end.
  void stop();

  // already_exists if there is a sink or a consumer of that name, too_large past the limit.
  AppendResult create(const SinkWish& wish, const Recording& by);
  AppendResult pause(const std::string& name, bool yes, const Recording& by);
  AppendResult remove(const std::string& name, const Recording& by);

  std::vector<SinkShown> all() const;
  std::optional<SinkShown> find(std::string_view name) const;

 private:
  struct Entry {
    Sink sink;
    std::shared_ptr<Delivery> delivery;  // none before the start
  };

  void begin(Entry& entry);
  Outcome<void> apply(const Record& record, storage::Snapshot& snapshot, projections::OrgNumber number,
                      Identities& identities);
  std::optional<std::string> secret_of(const Sink& sink) const;
  Outcome<std::string> keep_secret(const std::string& secret);
  void run();

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  const std::shared_ptr<Door> door_;
  LineWriter log_;
  PushWorld world_;
  AppendQueue& appends_;
  storage::People& people_;
  std::thread thread_;

  std::mutex making_;  // one is made, changed or deleted at a time
  mutable std::mutex guard_;
  std::condition_variable ended_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::size_t running_ = 0;  // deliveries that have not come to their end
  bool started_ = false;
};

}  // namespace tenure::services
