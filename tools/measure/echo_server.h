// The yardstick: the least HTTP server that Beast makes, answering every request with the same small JSON text.
//
// No routes, no checks, no limits. Call it in a process of its own, so that it competes for the cores as
// the real server does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace tenure::bench {

inline constexpr std::string_view echo_body = R"({"allowed":true,"level":"write","reach":"all"})";

// Listens on 127.0.0.1 on any free port, tells it to `listening`, and serves until the process ends.
void serve_echo(std::size_t io_threads, const std::function<void(std::uint16_t port)>& listening);

}  // namespace tenure::bench
