#include "tools/measure/audit_table.h"

#include <fmt/core.h>

#include <stdexcept>
#include <vector>

namespace tenure::bench {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

}  // namespace

AuditTable::AuditTable(Bench& bench) : bench_(bench), postgres_(bench) {
  postgres_.run(
      "create table audit (id bigint generated always as identity, organization text not null,"
      " recorded_at timestamptz not null default now(), event json not null)");
  postgres_.run("create index on audit (organization, id)");
}

void AuditTable::insert(Row& row, std::size_t connections, const std::function<const std::string&()>& event) {
  Load load = postgres_.load(bench_, "insert into audit (organization, event) values ($1, $2)");
  load.connections = connections;
  std::vector<std::string> texts(connections);
  load.next = [&](std::size_t connection) {
    texts[connection] = postgres_.execution({"acme", event()});
    return std::string_view(texts[connection]);
  };
  load.answered = [this](std::size_t, unsigned status, std::string_view) { acknowledged_ += status == 200 ? 1 : 0; };
  postgres_.measure(row, load);
  cut_off_ += connections;
}

std::uint64_t AuditTable::rows(const std::string& organization) const {
  const auto counted =
      postgres_.run_prepared("select count(*) from audit where organization = $1", {{organization}}).at(0);
  return std::stoull(counted.at(0).at(0));
}

void AuditTable::check_inserts() const {
  const std::uint64_t found = rows("acme");
  if (found >= acknowledged_ && found <= acknowledged_ + cut_off_) return;
  throw std::runtime_error(fmt::format("postgresql: {} rows of {} that were acknowledged", found, acknowledged_));
}

std::chrono::duration<double> AuditTable::copy(const std::string& organization, GithubLog log) const {
  std::string line, piece;
  const auto begin = std::chrono::steady_clock::now();
  postgres_.copy("copy audit (organization, event) from stdin", [&] {
    piece.clear();
    for (line.clear(); piece.size() < piece_bytes && log.next(line); line.clear()) {
      line.pop_back();
      piece += organization;
      piece += '\t';
      append_copied(piece, line);
      piece += '\n';
    }
    return piece;
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (rows(organization) != log.lines()) throw std::runtime_error("postgresql: COPY did not take every line");
  return took;
}

std::string AuditTable::kept() { return "a table with a btree over organization and id; " + Postgres::tuning(); }

}  // namespace tenure::bench
