// A history of held roles in a database, in the form that its documentation has for histories, and what Tenure is asked
// of the same history as prepared statements.
//
// One thread; throws std::runtime_error where the database does not do as it should.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/measure/held_roles.h"
#include "tools/measure/sql_peer.h"

namespace tenure::bench {

class SqlHistory {
 public:
  virtual ~SqlHistory() = default;

  // Who could write to a repository at an instant, each once with their highest level.
  virtual std::string who_can() const = 0;
  virtual SqlRow who_can_values(const std::string& repository, std::int64_t at_ms) const = 0;
  // Whether a member could.
  virtual std::string can() const = 0;
  virtual SqlRow can_values(const std::string& member, const std::string& repository, std::int64_t at_ms) const = 0;
  // How the history is kept, for the report.
  virtual std::string kept() const = 0;

  SqlPeer& peer() { return *peer_; }
  // An answer to `can`.
  static bool could(const std::vector<SqlRow>& rows);
  // The rows of an answer to `who_can` as "member level", in order.
  static std::vector<std::string> who_could(const std::vector<SqlRow>& rows);

 protected:
  explicit SqlHistory(std::unique_ptr<SqlPeer> peer) : peer_(std::move(peer)) {}
  // Makes the table of roles and their numbers, writes a file of rows that the database may read (organization, role's
  // number, resource, member, level, validity, with tabs between) and has it copied.
  void load(const std::vector<HeldRole>& roles, const std::function<void(const std::string& file)>& copy);
  virtual void append_validity(std::string& line, const HeldRole& role) const = 0;

  std::unique_ptr<SqlPeer> peer_;
};

std::unique_ptr<SqlHistory> history_in_postgres(Bench& bench, const std::vector<HeldRole>& roles);
std::unique_ptr<SqlHistory> history_in_mariadb(Bench& bench, const std::vector<HeldRole>& roles);

}  // namespace tenure::bench
