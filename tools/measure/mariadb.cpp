#include "tools/measure/mariadb.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr const char* server_program = "/usr/sbin/mariadbd";
constexpr const char* install_program = "/usr/bin/mariadb-install-db";
constexpr std::size_t head_bytes = 4;  // a packet's length and its number
constexpr std::size_t scramble_bytes = 20;
constexpr std::uint32_t last_prepared = 0xffff'ffff;
constexpr std::string_view user = "bench", database = "bench";

// PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB, LONG_PASSWORD, TRANSACTIONS
constexpr std::uint32_t capabilities = 0x200 | 0x8000 | 0x80000 | 0x8 | 0x1 | 0x2000;
constexpr char utf8mb4 = 45;

// Durable as it comes, which is said again; memory enough for everything, and no log of statements.
constexpr std::array settings{"--innodb-flush-log-at-trx-commit=1",  "--innodb-doublewrite=1",
                              "--innodb-buffer-pool-size=1G",        "--innodb-log-file-size=1G",
                              "--innodb-flush-method=O_DIRECT",      "--skip-log-bin",
                              "--system-versioning-insert-history=1"};

using Digest = std::array<unsigned char, scramble_bytes>;

Digest sha1(std::string_view bytes) {
  Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("mariadb: no SHA-1");
  }
  return digest;
}

std::string_view text_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

// What mysql_native_password wants: the password's digest, hidden by one of the scramble and the digest's digest.
std::string proof(const std::string& password, std::string_view scramble) {
  const Digest once = sha1(password), twice = sha1(text_of(once));
  const Digest mask = sha1(std::string(scramble) + std::string(text_of(twice)));
  std::string hidden;
  for (std::size_t i = 0; i < once.size(); ++i) hidden += static_cast<char>(once[i] ^ mask[i]);
  return hidden;
}

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
  for (; bytes > 0; --bytes, number >>= 8) out += static_cast<char>(number & 0xff);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  while (size-- > 0) number = number << 8 | static_cast<unsigned char>(bytes[at + size]);
  return number;
}

std::string packet(std::string_view content, unsigned number = 0) {
  std::string bytes;
  append_number(bytes, content.size(), 3);
  bytes += static_cast<char>(number);
  return bytes + std::string(content);
}

// A length and a text behind it; takes both from the front.
std::string_view take_text(std::string_view& bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const std::size_t wide = first < 0xfb ? 0 : first == 0xfc ? 2 : first == 0xfd ? 3 : 8;
  const std::uint64_t size = wide == 0 ? first : number_at(bytes, 1, wide);
  const std::string_view text = bytes.substr(1 + wide, size);
  bytes.remove_prefix(1 + wide + size);
  return text;
}

void append_text(std::string& out, std::string_view text) {
  if (text.size() < 0xfb) {
    out += static_cast<char>(text.size());
  } else {
    out += '\xfd';
    append_number(out, text.size(), 3);
  }
  out += text;
}

// The packets that are whole, one after the other, until `take` says no. Where it ended.
template <typename Take>
std::size_t each_packet(std::string_view bytes, const Take& take) {
  std::size_t at = 0;
  while (bytes.size() >= at + head_bytes) {
    const std::size_t size = head_bytes + number_at(bytes, at, 3);
    if (bytes.size() < at + size) break;
    const std::string_view content = bytes.substr(at + head_bytes, size - head_bytes);
    at += size;
    if (!take(content)) break;
  }
  return at;
}

bool is_error(std::string_view content) { return content.starts_with('\xff'); }
bool is_end(std::string_view content) { return content.starts_with('\xfe') && content.size() < 9; }

// The rows of an answer that has any: what stands between the second and the third end of a list, where the first list
// is the number of columns and the columns themselves.
template <typename Take>
void each_row(std::string_view body, const Take& take) {
  unsigned ends = 0;
  each_packet(body, [&](std::string_view content) {
    if (is_end(content)) return ++ends < 2;
    if (ends == 1) take(content);
    return true;
  });
}

std::string next_packet(int socket, std::string& in) {
  for (;;) {
    std::string content;
    const std::size_t read = each_packet(in, [&](std::string_view found) {
      content = found;
      return false;
    });
    in.erase(0, read);
    if (read > 0) return content;
    receive(socket, in);
  }
}

}  // namespace

MariaDb::MariaDb(Bench& bench) : SqlPeer(bench, "mariadb", "mysql") {
  const std::string store = server_.folder() + "/store";
  server_.need(server_program);
  server_.finish({install_program, "--no-defaults", "--datadir=" + store, "--skip-test-db"});
  const std::string first =
      server_.write("first.sql", fmt::format("create database {};\ncreate user {}@'127.0.0.1' identified by '{}';\n"
                                             "grant all on *.* to {}@'127.0.0.1';\n",
                                             database, user, server_.secret(), user));
  std::vector<std::string> command{server_program,
                                   "--no-defaults",
                                   "--datadir=" + store,
                                   "--socket=" + server_.folder() + "/socket",
                                   "--pid-file=" + server_.folder() + "/pid",
                                   "--bind-address=127.0.0.1",
                                   fmt::format("--port={}", server_.port()),
                                   "--skip-name-resolve",
                                   "--init-file=" + first,
                                   "--default-time-zone=+00:00",
                                   "--character-set-server=latin1",
                                   fmt::format("--max-connections={}", bench.settings.connections + 20)};
  command.insert(command.end(), settings.begin(), settings.end());
  server_.start(command);
  wait_until_ready();
}

std::string MariaDb::tuning() {
  std::string text;
  for (const std::string_view setting : settings) text += (text.empty() ? "" : ", ") + std::string(setting.substr(2));
  return text;
}

void MariaDb::sign_in(int socket) const {
  std::string in;
  const std::string hello = next_packet(socket, in);
  if (is_error(hello) || hello.front() != 10) server_.give_up("it does not greet: " + hello);
  // Behind the version: a number, the first 8 bytes of the scramble, 19 bytes of no concern, and the other 12.
  const std::size_t at = hello.find('\0') + 1 + 4;
  const std::string scramble = hello.substr(at, 8) + hello.substr(at + 27, 12);
  std::string content;
  append_number(content, capabilities, 4);
  append_number(content, 1 << 24, 4);
  content += utf8mb4 + std::string(23, '\0') + std::string(user) + '\0';
  append_text(content, proof(server_.secret(), scramble));
  content += std::string(database) + '\0' + "mysql_native_password" + '\0';
  send_all(socket, packet(content, 1));
  const std::string answered = next_packet(socket, in);
  if (answered.front() != 0) server_.give_up("it does not let us in: " + answered);
}

void MariaDb::prepare(int socket, const std::string& sql) const {
  send_all(socket, packet('\x16' + sql));
  std::string in;
  const std::string head = next_packet(socket, in);
  if (head.front() != 0) server_.give_up("it does not prepare: " + head.substr(0, 300));
  // The values and the columns, each a list with its end.
  for (const std::size_t at : {7, 5}) {
    if (number_at(head, at, 2) == 0) continue;
    while (!is_end(next_packet(socket, in))) {
    }
  }
}

std::string MariaDb::execution(const SqlRow& values) const {
  std::string content("\x17", 1);
  append_number(content, last_prepared, 4);
  append_number(content, 0, 1);  // no cursor
  append_number(content, 1, 4);
  content += std::string((values.size() + 7) / 8, '\0') + '\x01';  // none is null, and their types follow
  for (std::size_t i = 0; i < values.size(); ++i) content += std::string("\xfe\0", 2);
  for (const std::string& value : values) append_text(content, value);
  return packet(content);
}

std::string MariaDb::query(const std::string& sql) const { return packet('\x03' + sql); }

std::optional<LoadAnswer> MariaDb::first_answer(std::string_view bytes) const {
  LoadAnswer answer{200, {}, 0};
  unsigned ends = 0;
  bool is_whole = false, is_first = true;
  answer.size = each_packet(bytes, [&](std::string_view content) {
    if (is_error(content)) {
      answer.status = 500;
      answer.body = content.substr(3);
      is_whole = true;
    } else if (is_end(content)) {
      is_whole = ++ends == 2;
    } else {
      is_whole = is_first && content.starts_with('\0');  // done, and there are no rows
    }
    is_first = false;
    return !is_whole;
  });
  if (!is_whole) return std::nullopt;
  if (answer.status == 200) answer.body = bytes.substr(0, answer.size);
  return answer;
}

std::size_t MariaDb::rows_in(std::string_view body) const {
  std::size_t rows = 0;
  each_row(body, [&](std::string_view) { ++rows; });
  return rows;
}

std::vector<SqlRow> MariaDb::rows_of(std::string_view body) const {
  std::vector<SqlRow> rows;
  if (body.size() <= head_bytes || body[head_bytes] == '\0') return rows;
  const auto columns = static_cast<unsigned char>(body[head_bytes]);
  each_row(body, [&](std::string_view content) {
    // A zero and a bit for each column that is null, two bits in.
    content.remove_prefix(1 + (columns + 9U) / 8);
    SqlRow& row = rows.emplace_back();
    while (!content.empty()) row.emplace_back(take_text(content));
  });
  return rows;
}

}  // namespace tenure::bench
