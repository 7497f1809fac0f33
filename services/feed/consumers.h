// Named consumers of the feed: who they are, how far each has acknowledged, and who is connected as one.
//
// A consumer is made, reset and deleted by events of the reserved organization, so that its life is on record. How far
// it has acknowledged moves all the time and is no event: it is one row in the store, beside the views, written by the
// writer with its next commit and for all consumers together at most every ack_write_every. What was acknowledged and
// not yet written when the server dies is sent again: at least once, and never a gap. A row names the event
// that it builds on, so that one from before a reset or a deletion means nothing; a row that is lost to damage means
// that the consumer begins again where it was made or reset.
//
// One connection a consumer at a time: a newer one takes it over, and the older is told by its Attachment.
//
// Threads: any; one lock, which is never held while the store is waited for. `attach`, `reset` and `remove` wait for
// the writer: on the pool. The rest is memory alone. At most consumers_max consumers, and
// consumers_a_principal_max of one principal.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/append_queue.h"
#include "services/http/live.h"
#include "services/identities.h"

namespace tenure::services {

inline constexpr std::size_t consumers_max = 1'000;
// Of one principal, sinks left out: ten such take all that there are, and one of them cannot take them from the others.
inline constexpr std::size_t consumers_a_principal_max = 100;
inline constexpr std::size_t consumer_name_bytes_max = 128;
inline constexpr std::chrono::milliseconds ack_write_every{200};

struct Consumer {
  std::string name;
  std::string principal;  // whose tokens may use it
  Instant created_at;
  Position made;          // the event that made it: another one of its name has another
  Position since;         // the event that made or last reset it
  Position acknowledged;  // 0: nothing yet
  Position durable;       // of that, what is in the store: what may be told
  bool connected = false;
  bool sink = false;  // the server itself feeds it (services/push): nobody else follows, acknowledges or deletes it
  // What those tokens are limited to, sorted; empty: to nothing. One that sees less would move the consumer over events
  // that it was not sent, and so would one that sees more and was used in between.
  std::vector<std::string> orgs;
};

// One connection's hold on a consumer. The connection has one end, the registry the other.
struct Attachment {
  std::string consumer;
  Position next;                          // the first position to be sent
  std::atomic<bool> lost{false};          // taken over by another connection, reset or deleted
  std::atomic<std::uint64_t> durable{0};  // acknowledged and in the store
  std::atomic<std::uint64_t> sent{0};     // the newest position that went out
  std::mutex guard;
  http::Waker waker;  // under `guard`: told of both
};

class Consumers {
 public:
  Consumers(storage::Store& store, AppendQueue& appends) : store_(store), appends_(appends) {}

  // From the log and the rows; before anything else.
  Outcome<void> load(Identities& identities);

  // Connects as a consumer, which is made if there is none: it then begins at `first`. `orgs`: what the token is
  // limited to. A refusal: another principal's or for tokens that see something else (forbidden), or too many.
  using Attached = std::variant<std::shared_ptr<Attachment>, Refusal, Failure>;
  Attached attach(const std::string& name, Position first, std::vector<std::string> orgs, const Recording& by);
  // The same for a sink, which brings its consumer with it and takes it away; one event each. already_exists if there
  // is a consumer of that name. Connecting as it is memory alone, and null if it is no more.
  AppendResult make_for_sink(const event::SinkCreated& sink, const Recording& by);
  AppendResult remove_with_sink(const std::string& sink, const Recording& by);
  std::shared_ptr<Attachment> attach_sink(std::string_view name);
  void detach(const std::shared_ptr<Attachment>& attachment);
  // Everything up to `position` was received. False if the attachment is no longer the consumer's.
  bool acknowledge(const Attachment& attachment, Position position);
  // What follows is done to the very consumer that the caller saw and was allowed to move: not_found if it was deleted
  // since, also where another one has its name by now.
  //
  // An acknowledgement of whoever has no WebSocket; durable when it returns. invalid_cursor for a position that was not
  // sent to the consumer since it was made or reset (of what was sent before the server's start all is believed).
  using Acknowledged = std::variant<std::monostate, Refusal, Failure>;
  Acknowledged acknowledge(const Consumer& seen, Position position);
  // The next position that it is sent; whoever is connected as it is let go.
  AppendResult reset(const Consumer& seen, Position next, const Recording& by);
  AppendResult remove(const Consumer& seen, const Recording& by);

  std::vector<Consumer> all() const;
  std::optional<Consumer> find(std::string_view name) const;

  // By the feed's thread: hands the rows that have changed to the writer. Answers whether there were any.
  bool write_acknowledged();
  // Calls `told` when the first acknowledgement comes that is to be written.
  void on_acknowledged(std::function<void()> told) { told_ = std::move(told); }
  // Waits until all that was acknowledged is written or has failed.
  void flush();

 private:
  struct Entry {
    Consumer consumer;
    std::shared_ptr<Attachment> attached;
    Position written;  // in the store
    Position sent;     // by connections that are over, since it was made or reset

    Position sent_in_all() const;
  };
  struct Writing {
    std::string name;
    Position since, position;
  };

  void move_to(Entry& entry, Position position, bool& first);
  std::optional<Failure> wait_until_durable(const Consumer& seen, Position position);
  void let_go(Entry& entry);
  std::shared_ptr<Attachment> hold(Entry& entry);
  bool is_there(const Consumer& seen) const;
  AppendResult remove_by(EventPayload deleted, const Consumer& seen, const Recording& by);
  std::optional<Refusal> too_many(std::string_view field) const;
  std::optional<Refusal> too_many_of(const std::string& principal) const;
  void wrote(const std::vector<Writing>& rows, const Outcome<void>& done);

  storage::Store& store_;
  AppendQueue& appends_;
  std::function<void()> told_;
  std::mutex making_;  // one is made, reset or deleted at a time
  mutable std::mutex guard_;
  std::condition_variable written_;
  std::map<std::string, Entry, std::less<>> entries_;
  bool writing_ = false;                   // rows are with the writer
  std::uint64_t writings_ = 0;             // how many are over
  std::optional<Failure> writing_failed_;  // the last of them
  bool dirty_ = false;
};

// Why a token that is limited to `orgs` (empty: to nothing) may not move the consumer; nothing if it sees what the
// consumer is sent.
std::optional<Refusal> sees_otherwise(const Consumer& consumer, std::vector<std::string> orgs, std::string_view field);

// 1 to 128 letters, digits, '.', '_' and '-'.
Decided<void> check_consumer_name(std::string_view name, std::string_view field);

}  // namespace tenure::services
