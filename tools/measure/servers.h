// The servers that are measured, each a child process on a free port of 127.0.0.1.
//
// One thread. Every call throws std::runtime_error when the server does not do as it should.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tools/measure/bench.h"
#include "tools/measure/child.h"

namespace tenure::bench {

// The built `tenure serve` with a new store. Stopped with SIGTERM and its store removed by `stop`, or with the object.
class TenureServer {
 public:
  // `name` tells its folder from others.
  TenureServer(Bench& bench, const std::string& name);
  ~TenureServer();
  TenureServer(const TenureServer&) = delete;

  // The body of the answer, whose status must be the expected one.
  std::string get(const std::string& target) const;
  std::string post(const std::string& target, const std::string& type, const std::string& body,
                   unsigned expected) const;
  // A body of unknown length, piece by piece; the source gives an empty one at the end.
  std::string upload(const std::string& target, const std::function<std::string()>& source) const;

  void make_org(const std::string& org, const std::string& occurred_at) const;
  std::uint64_t version_of(const std::string& org) const;

  // The head of a request, whole: for a GET that is all of it.
  std::string get_request(const std::string& target) const;
  // The head of a POST up to the number of its body's bytes, which the caller writes, and an empty line.
  std::string post_head(const std::string& target, const std::string& type) const;

  void stop();
  // Stopped as by `stop`, but the store stays until the object goes.
  void halt();
  // What its store takes, keys of people and all, once it is halted. Tables that were not merged yet are in it as they
  // are.
  std::uintmax_t bytes_on_disk() const;

  const std::string& folder() const { return folder_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return child_.pid(); }
  Cost cost() const { return cost_of(child_.pid()); }

 private:
  std::string folder_;
  Child child_;
  std::uint16_t port_ = 0;
  std::string token_;
};

// echo_server.h in this same program, started once more.
class EchoServer {
 public:
  explicit EchoServer(unsigned threads);

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return child_.pid(); }

 private:
  Child child_;
  std::uint16_t port_ = 0;
};

// A whole number in a JSON object, by its path ("items/0/version"); throws when it is not there.
std::uint64_t number_in(const std::string& json, std::string_view path);

}  // namespace tenure::bench
