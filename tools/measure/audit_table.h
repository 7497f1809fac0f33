// What a team would otherwise keep its events in: a table of PostgreSQL with one index.
//
// One thread. Throws std::runtime_error where a row that was acknowledged is not there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "tools/measure/github_log.h"
#include "tools/measure/postgres.h"

namespace tenure::bench {

class AuditTable {
 public:
  explicit AuditTable(Bench& bench);

  // So many clients, each with a prepared INSERT of its own, one row a transaction: the next event, as JSON.
  void insert(Row& row, std::size_t connections, const std::function<const std::string&()>& event);
  // Every insert that was acknowledged is there, and nothing that was not sent. A run ends with inserts in flight, one
  // a connection, whose fate is open.
  void check_inserts() const;

  // All of a log's lines by COPY, made while they are sent. How long that took, to the answer, which comes after the
  // commit is synced.
  std::chrono::duration<double> copy(const std::string& organization, GithubLog log) const;

  void stop() { postgres_.server().stop(); }
  double cpu_seconds() { return postgres_.server().cpu_seconds(); }
  static std::string kept();

 private:
  std::uint64_t rows(const std::string& organization) const;

  Bench& bench_;
  Postgres postgres_;
  std::uint64_t acknowledged_ = 0, cut_off_ = 0;
};

}  // namespace tenure::bench
