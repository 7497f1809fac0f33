// MariaDB 10.11 as a private instance, and its protocol as far as the measurements speak it
// (https://mariadb.com/kb/en/clientserver-protocol/).
//
// One thread. What is not as it should be throws std::runtime_error.
#pragma once

#include <string>

#include "tools/measure/sql_peer.h"

namespace tenure::bench {

class MariaDb : public SqlPeer {
 public:
  explicit MariaDb(Bench& bench);

  void sign_in(int socket) const override;
  void prepare(int socket, const std::string& sql) const override;
  std::string execution(const SqlRow& values) const override;
  std::string query(const std::string& sql) const override;
  std::optional<LoadAnswer> first_answer(std::string_view bytes) const override;
  std::size_t rows_in(std::string_view body) const override;
  std::vector<SqlRow> rows_of(std::string_view body) const override;

  // What it is told beyond its defaults, for the report.
  static std::string tuning();
};

}  // namespace tenure::bench
