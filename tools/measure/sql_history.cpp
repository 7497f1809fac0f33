#include "tools/measure/sql_history.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/mariadb.h"
#include "tools/measure/postgres.h"

namespace tenure::bench {
namespace {

constexpr int admin = 5, write = 3, none = 0;  // levels, as the tables have them

int level_of(const HeldRole& role) {
  if (role.role == "owner") return admin;
  return role.role == "write" ? write : none;
}

constexpr std::string_view roles_table =
    "create table roles (id int primary key, role varchar(32) not null, resource varchar(128) not null,"
    " unique (role, resource))";

// A role on a resource by its number, which is what the history's keys have: numbers, since PostgreSQL was four times
// as slow with texts there.
std::string number_of(const std::string& role, const std::string& resource) {
  return "(select id from roles where role = " + role + " and resource = " + resource + ")";
}

class PostgresHistory : public SqlHistory {
 public:
  PostgresHistory(Bench& bench, const std::vector<HeldRole>& roles) : SqlHistory(std::make_unique<Postgres>(bench)) {
    load(roles, [&](const std::string& file) {
      peer_->run("create extension btree_gist");
      peer_->run(
          "create table held_roles (organization int not null, role int not null, resource text not null,"
          " member text not null, level smallint not null, valid tstzrange not null)");
      peer_->run("copy held_roles from '" + file + "'");
    });
    peer_->run("create index on held_roles using gist (organization, role, valid) include (member, level)");
    peer_->run("create index on held_roles (organization, member, resource) include (level, valid)");
    peer_->run("vacuum analyze");
    peer_->run("checkpoint");
  }

  std::string who_can() const override {
    const auto holders = [](const std::string& role) {
      return "select member, level from held_roles where organization = 1 and role = " + role +
             " and valid @> $2::timestamptz";
    };
    return "select member, max(level) from (" + holders(number_of("'owner'", "'org:acme'")) + " union all " +
           holders(number_of("'write'", "$1")) + ") as held group by member";
  }
  SqlRow who_can_values(const std::string& repository, std::int64_t at_ms) const override {
    return {repository, instant_text(at_ms)};
  }
  std::string can() const override {
    return "select coalesce(max(level), 0) from held_roles where organization = 1 and member = $1"
           " and resource in ('org:acme', $2) and valid @> $3::timestamptz";
  }
  SqlRow can_values(const std::string& member, const std::string& repository, std::int64_t at_ms) const override {
    return {member, repository, instant_text(at_ms)};
  }
  std::string kept() const override {
    return "a table with a tstzrange; GiST over organization, role (on a resource, numbered) and validity for who-can, "
           "btree over organization, member and resource for can, both with what is asked for included; prepared "
           "statements with generic plans; " +
           Postgres::tuning();
  }

 private:
  void append_validity(std::string& line, const HeldRole& role) const override {
    line += '[' + instant_text(role.from_ms) + ',' + (role.until_ms ? instant_text(*role.until_ms) : "") + ')';
  }
};

// The history's own times are given to MariaDB's system versioning by `system_versioning_insert_history`, which lets
// the start and end of a row be inserted. By one index the rows are in order of their end, by the other of their start:
// for an instant either half is read, and MariaDB chooses the smaller.
class MariaDbHistory : public SqlHistory {
 public:
  MariaDbHistory(Bench& bench, const std::vector<HeldRole>& roles) : SqlHistory(std::make_unique<MariaDb>(bench)) {
    load(roles, [&](const std::string& file) {
      peer_->run(
          "create table held_roles (organization int not null, role int not null, resource varchar(128) not null,"
          " member varchar(64) not null, level tinyint not null,"
          " valid_from timestamp(6) generated always as row start,"
          " valid_until timestamp(6) generated always as row end,"
          " period for system_time (valid_from, valid_until),"
          " primary key (organization, role, valid_until, member),"
          " key (organization, role, valid_from, valid_until, member, level)) with system versioning");
      peer_->run("load data infile '" + file +
                 "' into table held_roles (organization, role, resource, member, level, valid_from, valid_until)");
    });
    peer_->run("analyze table held_roles");
  }

  std::string who_can() const override {
    const auto holders = [](const std::string& role) {
      return "select member, level from held_roles for system_time as of timestamp ? where organization = 1 and role "
             "= " +
             role;
    };
    return "select member, cast(max(level) as char) from (" + holders(number_of("'owner'", "'org:acme'")) +
           " union all " + holders(number_of("'write'", "?")) + ") as held group by member";
  }
  SqlRow who_can_values(const std::string& repository, std::int64_t at_ms) const override {
    return {sql_instant(at_ms), sql_instant(at_ms), repository};
  }
  std::string can() const override {
    return "select cast(coalesce(max(level), 0) as char) from held_roles for system_time as of timestamp ?"
           " where organization = 1 and member = ? and resource in ('org:acme', ?)";
  }
  SqlRow can_values(const std::string& member, const std::string& repository, std::int64_t at_ms) const override {
    return {sql_instant(at_ms), member, repository};
  }
  std::string kept() const override {
    return "a table with system versioning, loaded with the history's own times (system_versioning_insert_history); "
           "clustered by organization, role (on a resource, numbered) and end, a covering index by start; " +
           MariaDb::tuning();
  }

 private:
  void append_validity(std::string& line, const HeldRole& role) const override {
    line += sql_instant(role.from_ms) + '\t' + (role.until_ms ? sql_instant(*role.until_ms) : still_held);
  }
  static std::string sql_instant(std::int64_t ms) {
    std::string text = instant_text(ms);
    text[text.find('T')] = ' ';
    text.pop_back();
    return text;
  }
  static constexpr const char* still_held = "2038-01-19 03:14:07.999999";  // the end of a row that has none
};

}  // namespace

bool SqlHistory::could(const std::vector<SqlRow>& rows) { return std::stoi(rows.at(0).at(0)) >= write; }

std::vector<std::string> SqlHistory::who_could(const std::vector<SqlRow>& rows) {
  std::vector<std::string> found;
  found.reserve(rows.size());
  for (const SqlRow& row : rows) {
    found.push_back(row.at(0) + ' ' + (row.at(1) == std::to_string(admin) ? "admin" : "write"));
  }
  std::sort(found.begin(), found.end());
  return found;
}

void SqlHistory::load(const std::vector<HeldRole>& roles, const std::function<void(const std::string& file)>& copy) {
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> numbers;
  const std::string path = peer_->server().write("history", "");
  std::ofstream file(path);
  std::string line, values;
  for (const HeldRole& role : roles) {
    const auto [at, is_new] = numbers.try_emplace({role.role, role.resource}, numbers.size() + 1);
    if (is_new) {
      values += fmt::format("{}({}, '{}', '{}')", values.empty() ? "" : ", ", at->second, role.role, role.resource);
    }
    line = fmt::format("1\t{}\t{}\t{}\t{}\t", at->second, role.resource, role.member, level_of(role));
    append_validity(line, role);
    file << line << '\n';
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
  peer_->run(std::string(roles_table));
  peer_->run("insert into roles values " + values);
  copy(path);
  std::filesystem::remove(path);
}

std::unique_ptr<SqlHistory> history_in_postgres(Bench& bench, const std::vector<HeldRole>& roles) {
  return std::make_unique<PostgresHistory>(bench, roles);
}

std::unique_ptr<SqlHistory> history_in_mariadb(Bench& bench, const std::vector<HeldRole>& roles) {
  return std::make_unique<MariaDbHistory>(bench, roles);
}

}  // namespace tenure::bench
