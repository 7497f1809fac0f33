#include "tools/measure/postgres.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr const char* programs = "/usr/lib/postgresql/15/bin/";
constexpr std::int32_t protocol_3 = 196'608;
constexpr std::size_t head_bytes = 5;  // a message's kind and the length behind it
constexpr std::string_view ready("Z\0\0\0\5I", 6);
constexpr std::string_view user = "bench", statement = "s";

// Durable as it comes, which is said again so that nothing else can say otherwise; memory, the write-ahead log and the
// costs of a disk without arms as its documentation advises for a machine like this.
constexpr std::array settings{"fsync=on",
                              "synchronous_commit=on",
                              "full_page_writes=on",
                              "shared_buffers=1GB",
                              "effective_cache_size=4GB",
                              "maintenance_work_mem=512MB",
                              "max_wal_size=8GB",
                              "checkpoint_timeout=15min",
                              "random_page_cost=1.1",
                              "max_parallel_workers_per_gather=0",
                              "plan_cache_mode=force_generic_plan",
                              "jit=off"};

std::int32_t number_at(std::string_view bytes, std::size_t at) {
  std::int32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return static_cast<std::int32_t>(ntohl(static_cast<std::uint32_t>(number)));
}

void append_number(std::string& out, std::size_t number) {
  const std::uint32_t bytes = htonl(static_cast<std::uint32_t>(number));
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

void append_short(std::string& out, std::size_t number) {
  const std::uint16_t bytes = htons(static_cast<std::uint16_t>(number));
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

void append_message(std::string& out, char kind, std::string_view content) {
  out += kind;
  append_number(out, content.size() + 4);
  out += content;
}

std::string with_end(std::string_view text) { return std::string(text) + '\0'; }

// The messages that are whole, one after the other, until `take` says no. Where it ended.
template <typename Take>
std::size_t each_message(std::string_view bytes, const Take& take) {
  std::size_t at = 0;
  while (bytes.size() >= at + head_bytes) {
    const std::size_t size = 1 + static_cast<std::size_t>(number_at(bytes, at + 1));
    if (bytes.size() < at + size) break;
    const char kind = bytes[at];
    const std::string_view content = bytes.substr(at + head_bytes, size - head_bytes);
    at += size;
    if (!take(kind, content)) break;
  }
  return at;
}

// Of an error's fields, which each have a letter in front, the one for people.
std::string_view reason_in(std::string_view error) {
  while (error.size() > 1 && error.front() != 'M') error.remove_prefix(std::min(error.size(), error.find('\0') + 1));
  return error.size() > 1 ? error.substr(1, error.find('\0') - 1) : "an error without a reason";
}

}  // namespace

Postgres::Postgres(Bench& bench) : SqlPeer(bench, "postgresql", "postgres") {
  const std::string store = server_.folder() + "/store";
  const std::string secret = server_.write("secret", server_.secret() + "\n");
  server_.finish({std::string(programs) + "initdb", "--pgdata=" + store, "--username=" + std::string(user),
                  "--auth=password", "--pwfile=" + secret, "--locale=C", "--encoding=UTF8", "--no-instructions"});
  std::vector<std::string> command{std::string(programs) + "postgres", "-D", store};
  for (const char* setting : settings) command.insert(command.end(), {"-c", setting});
  for (const std::string& setting : {std::string("listen_addresses=127.0.0.1"), fmt::format("port={}", server_.port()),
                                     std::string("unix_socket_directories="), std::string("timezone=UTC"),
                                     fmt::format("max_connections={}", bench.settings.connections + 20)}) {
    command.insert(command.end(), {"-c", setting});
  }
  server_.start(command);
  wait_until_ready();
}

std::string Postgres::tuning() {
  std::string text;
  for (const char* setting : settings) text += (text.empty() ? "" : ", ") + std::string(setting);
  return text;
}

void Postgres::sign_in(int socket) const {
  std::string content;
  append_number(content, protocol_3);
  content += with_end("user") + with_end(user) + with_end("database") + with_end("postgres") + '\0';
  std::string hello;
  append_number(hello, content.size() + 4);
  send_all(socket, hello + content);
  std::string in;
  for (bool is_ready = false; !is_ready;) {
    receive(socket, in);
    const std::size_t read = each_message(in, [&](char kind, std::string_view said) {
      if (kind == 'E') server_.give_up(std::string(reason_in(said)));
      if (kind == 'R' && number_at(said, 0) == 3) {  // it asks for the password as it is
        std::string password;
        append_message(password, 'p', with_end(server_.secret()));
        send_all(socket, password);
      }
      is_ready = kind == 'Z';
      return !is_ready;
    });
    in.erase(0, read);
  }
}

void Postgres::prepare(int socket, const std::string& sql) const {
  std::string content = with_end(statement) + with_end(sql), request, in;
  append_short(content, 0);  // it finds out the values' types itself
  append_message(request, 'P', content);
  append_message(request, 'S', "");
  send_all(socket, request);
  (void)answer(socket, in);
}

std::string Postgres::execution(const SqlRow& values) const {
  std::string content = '\0' + with_end(statement), request;
  append_short(content, 0);  // all values are texts
  append_short(content, values.size());
  for (const std::string& value : values) {
    append_number(content, value.size());
    content += value;
  }
  append_short(content, 0);  // and so is what comes back
  append_message(request, 'B', content);
  append_message(request, 'E', std::string(5, '\0'));  // all rows
  append_message(request, 'S', "");
  return request;
}

std::string Postgres::query(const std::string& sql) const {
  std::string request;
  append_message(request, 'Q', with_end(sql));
  return request;
}

std::optional<LoadAnswer> Postgres::first_answer(std::string_view bytes) const {
  // The end is looked at first: what came is then walked once and not with every piece.
  if (!bytes.ends_with(ready)) return std::nullopt;
  LoadAnswer answer{200, {}, 0};
  bool is_ready = false;
  answer.size = each_message(bytes, [&](char kind, std::string_view content) {
    if (kind == 'E' && answer.status == 200) {
      answer.status = 500;
      answer.body = reason_in(content);
    }
    is_ready = kind == 'Z';
    return !is_ready;
  });
  if (!is_ready) return std::nullopt;
  if (answer.status == 200) answer.body = bytes.substr(0, answer.size);
  return answer;
}

std::size_t Postgres::rows_in(std::string_view body) const {
  std::size_t rows = 0;
  each_message(body, [&](char kind, std::string_view) {
    rows += kind == 'D' ? 1 : 0;
    return true;
  });
  return rows;
}

std::vector<SqlRow> Postgres::rows_of(std::string_view body) const {
  std::vector<SqlRow> rows;
  each_message(body, [&](char kind, std::string_view content) {
    if (kind != 'D') return true;
    SqlRow& row = rows.emplace_back();
    for (std::size_t at = 2; at < content.size();) {
      const std::int32_t size = number_at(content, at);
      at += 4;
      row.emplace_back(size < 0 ? std::string_view() : content.substr(at, static_cast<std::size_t>(size)));
      at += row.back().size();
    }
    return true;
  });
  return rows;
}

void Postgres::copy(const std::string& sql, const std::function<std::string()>& source) const {
  const SqlSocket socket(server_.port());
  sign_in(socket.get());
  send_all(socket.get(), query(sql));
  std::string in;
  receive(socket.get(), in);
  if (in.front() != 'G') server_.give_up("COPY does not begin: " + in);
  std::string message;
  for (std::string piece = source(); !piece.empty(); piece = source()) {
    message.clear();
    append_message(message, 'd', piece);
    send_all(socket.get(), message);
  }
  message.clear();
  append_message(message, 'c', "");
  send_all(socket.get(), message);
  (void)answer(socket.get(), in);
}

void append_copied(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\') out += '\\';
    if (c == '\n' || c == '\t') {
      out += c == '\n' ? "\\n" : "\\t";
    } else {
      out += c;
    }
  }
}

}  // namespace tenure::bench
