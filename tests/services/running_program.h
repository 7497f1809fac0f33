// A whole Tenure on a free loopback port with a store on disk, for tests that speak HTTP to it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "services/program.h"

namespace tenure::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower case names
  std::string body;
  nlohmann::json json() const;  // throws if it is not JSON
};

// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct RunningOptions {
  bool demo = false;
  http::ServerLimits limits;
  std::chrono::milliseconds feed_heartbeat{5'000};
  services::PushTimes push_times;
  std::string folder;  // of the store; empty: one that goes away with the program
  services::FoldHooks folding;
};

class RunningProgram {
 public:
  explicit RunningProgram(RunningOptions options = {});
  ~RunningProgram();

  // One request over a connection of its own. `headers` are lines without line ends.
  HttpAnswer request(const std::string& method, const std::string& target, const std::string& body = {},
                     std::vector<std::string> headers = {});
  HttpAnswer get(const std::string& target) { return request("GET", target); }
  HttpAnswer post(const std::string& target, const std::string& body, std::vector<std::string> headers = {}) {
    return request("POST", target, body, std::move(headers));
  }
  // As it is, without a token of ours.
  HttpAnswer raw(const std::string& bytes);
  // Sends it and goes away without waiting for an answer.
  void cut_off(const std::string& bytes);
  // `at_once` in one piece, then `slowly` a byte at a time until there is an answer.
  HttpAnswer drip(const std::string& at_once, const std::string& slowly);

  std::uint16_t port() const { return port_; }
  const std::string& token() const { return token_; }
  // The token of the requests from here on.
  void speak_as(std::string token) { token_ = std::move(token); }
  const std::string& folder() const { return options_.folder; }
  void stop(bool restart = false) {
    if (program_) program_->stop(restart);
    program_.reset();
  }
  void restart(services::FoldHooks folding = {});
  // Whether the views are all there in the end.
  bool wait_until_folded() { return program_->wait_until_folded().has_value(); }

 private:
  void start();

  TemporaryFolder own_folder_;
  RunningOptions options_;
  std::unique_ptr<services::Program> program_;
  std::uint16_t port_ = 0;
  std::string token_;
};

// For a query: everything but letters, digits and -._~ as %XX.
std::string percent(const std::string& text);

}  // namespace tenure::test
