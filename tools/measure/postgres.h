// PostgreSQL 15 as a private instance, and its protocol, version 3, as far as the measurements speak it
// (https://www.postgresql.org/docs/15/protocol.html).
//
// One thread. What is not as it should be throws std::runtime_error.
#pragma once

#include <string>

#include "tools/measure/sql_peer.h"

namespace tenure::bench {

class Postgres : public SqlPeer {
 public:
  explicit Postgres(Bench& bench);

  void sign_in(int socket) const override;
  void prepare(int socket, const std::string& sql) const override;
  std::string execution(const SqlRow& values) const override;
  std::string query(const std::string& sql) const override;
  std::optional<LoadAnswer> first_answer(std::string_view bytes) const override;
  std::size_t rows_in(std::string_view body) const override;
  std::vector<SqlRow> rows_of(std::string_view body) const override;

  // COPY … FROM STDIN of lines in its text format, piece by piece; the source gives an empty one at the end.
  void copy(const std::string& sql, const std::function<std::string()>& source) const;

  // What it is told beyond its defaults, for the report.
  static std::string tuning();
};

// A value as COPY's text format has it.
void append_copied(std::string& out, std::string_view value);

}  // namespace tenure::bench
