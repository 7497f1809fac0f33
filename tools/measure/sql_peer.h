// A database as a peer: what the measurements ask of it, whichever it is. It is spoken to in its own protocol over
// plain sockets by the same load client as Tenure, so that a client library's cost is in neither's figures.
//
// One thread. What is not as it should be throws std::runtime_error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/load_client.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/private_server.h"

namespace tenure::bench {

using SqlRow = std::vector<std::string>;

// A socket to a server on 127.0.0.1, closed with the object.
class SqlSocket {
 public:
  explicit SqlSocket(std::uint16_t port);
  ~SqlSocket();
  SqlSocket(const SqlSocket&) = delete;
  int get() const { return socket_; }

 private:
  int socket_;
};

class SqlPeer {
 public:
  virtual ~SqlPeer() = default;

  // Over a new connection: who we are.
  virtual void sign_in(int socket) const = 0;
  // Makes `sql` the one statement that the connection has prepared.
  virtual void prepare(int socket, const std::string& sql) const = 0;
  // The request that runs the prepared statement with these values.
  virtual std::string execution(const SqlRow& values) const = 0;
  // The request that runs `sql`.
  virtual std::string query(const std::string& sql) const = 0;
  // The first answer in `bytes`, if all of it is there. Its status is 200, or 500 with the reason as its body.
  virtual std::optional<LoadAnswer> first_answer(std::string_view bytes) const = 0;
  // What the body of a prepared statement's answer holds, all of whose columns are texts.
  virtual std::size_t rows_in(std::string_view body) const = 0;
  virtual std::vector<SqlRow> rows_of(std::string_view body) const = 0;

  // One statement whose rows, if it has any, nobody wants; over a connection that is there for it alone.
  void run(const std::string& sql) const;
  // The rows of a prepared statement with each of these values.
  std::vector<std::vector<SqlRow>> run_prepared(const std::string& sql, const std::vector<SqlRow>& values) const;
  // A load on it whose connections have that statement prepared; `next` is the caller's.
  Load load(const Bench& bench, const std::string& statement) const;
  void measure(Row& row, const Load& load) const;

  PrivateServer& server() { return server_; }
  const std::string& name() const { return server_.name(); }

 protected:
  SqlPeer(Bench& bench, const std::string& name, const std::string& user) : server_(bench, name, user) {}
  // Until it lets us in.
  void wait_until_ready() const;
  // The next answer; throws when it is an error. `in` keeps what came.
  LoadAnswer answer(int socket, std::string& in) const;

  PrivateServer server_;
};

// Appends what comes next over a socket.
void receive(int socket, std::string& in);

}  // namespace tenure::bench
