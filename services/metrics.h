// What the server counts, in the text form that Prometheus reads.
//
// An Observer of the HTTP server; every call is cheap and from any thread. `text` renders all of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/api/feed_asked.h"
#include "services/http/server.h"

namespace tenure::services {

struct SinkShown;

class Metrics : public http::Observer {
 public:
  Metrics();
  ~Metrics() override;

  void served(const http::Served& request) override;
  void connections(std::size_t open) override;
  void crashed(std::string_view route, std::string_view what) override;
  void abandoned(std::string_view route) override;

  // Numbers that are looked up when they are asked for.
  void watch_position(std::function<double()> position);
  void watch_folded(std::function<double()> position);
  void watch_memory(std::function<double()> bytes);
  void watch_feed(std::function<FeedFigures()> figures);
  void watch_consumers(std::function<std::map<std::string, Lag>()> lags);
  void watch_sinks(std::function<std::vector<SinkShown>()> sinks);
  std::string text();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::services
