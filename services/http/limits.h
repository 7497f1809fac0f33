// Every limit of the HTTP server, with its unit and its reason. Plain values: copied into the server when it is
// made and never changed afterwards, so any thread may read them. Tests shorten them; the defaults are what users run.
#pragma once

#include <chrono>
#include <cstddef>

namespace tenure::http {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

struct ServerLimits {
  // A request body that is kept whole in memory. Streaming uploads have no such limit. Past it: 413.
  std::size_t body_bytes_max = 16 * mebibyte;
  // The same of GET and HEAD, where a body means nothing: some clients send an empty object. So small that it
  // is not counted below, and whoever has no token, which reads only, takes no room from those who send. Past it: 413.
  std::size_t unasked_body_bytes_max = 8 * kibibyte;
  // All bodies in memory together, so that many large ones at once cannot exhaust it. Past it: 503.
  std::size_t bodies_bytes_max = 64 * mebibyte;
  // Streaming uploads at once, and of them those of one identity (Request), so that nobody takes all. Each may hold
  // what its taker keeps of it: an import up to three batches of 4 MiB of lines and their events, and a line. Past it:
  // 503.
  std::size_t uploads_max = 8;
  std::size_t uploads_of_one_max = 4;
  // Request line and header fields. A bearer token, a cursor and a proxy's additions fit many times over. Past it: 431.
  std::size_t head_bytes_max = 16 * kibibyte;
  // Header fields are searched one by one; a browser behind two proxies sends about 40. Past it: 431.
  std::size_t head_fields_max = 128;
  // Open connections. Each costs about 10 KiB when idle. Past it: 503 and close, and accepting goes on.
  std::size_t connections_max = 4096;
  // From the first byte of a request to the end of its head; a head is one packet or two. Past it: 408.
  std::chrono::milliseconds head_timeout{10'000};
  // A body may take this long at any speed...
  std::chrono::milliseconds body_grace{10'000};
  // ...and after that must have arrived at this speed on average. Time that the server spends is not counted. Else:
  // 408.
  std::size_t body_bytes_per_second_min = 16 * kibibyte;
  // A kept-alive connection without a request. Longer than common clients keep one in their pool.
  std::chrono::milliseconds idle_timeout{60'000};
  // The client takes no byte of the answer for this long: it is gone. The connection is cut.
  std::chrono::milliseconds write_timeout{30'000};
  // After a refusal sent before the request was read to its end, what still comes is read and thrown away for this
  // long, because closing at once would reset the connection and could take the answer with it.
  std::chrono::milliseconds linger_timeout{2'000};
  // A live answer's client says nothing for this long: an empty ping goes out, so that a proxy between sees traffic and
  // a client that is gone is noticed. Proxies commonly close what is silent for 30 s or 60 s.
  std::chrono::milliseconds live_ping_every{20'000};
  // A live answer's client neither takes what waits for it nor says anything for this long: it is let go. Three pings.
  std::chrono::milliseconds live_progress_timeout{60'000};
  // One message of a WebSocket's client. What clients have to say here is a line; past it: close code 1009.
  std::size_t live_message_bytes_max = 64 * kibibyte;
  // What a stream gives its connection at a time. A single message that is longer goes out alone.
  std::size_t live_buffer_bytes_max = 256 * kibibyte;
  // `stop` waits this long for requests in flight before it cuts them.
  std::chrono::milliseconds drain_timeout{10'000};
};

}  // namespace tenure::http
