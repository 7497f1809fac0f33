#include "tools/measure/spicedb.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "tools/measure/measured_load.h"
#include "tools/measure/protobuf.h"
#include "tools/measure/sockets.h"
#include "tools/measure/sql_peer.h"

namespace tenure::bench {
namespace {

constexpr std::chrono::seconds start_within{300}, stop_within{30};
constexpr std::size_t frame_head_bytes = 9, message_head_bytes = 5;
constexpr std::uint32_t window = 0x7fff'ffff;  // the most: nobody has to ask for more while measuring

enum Kind : unsigned char { frame_of_body, head, reset = 3, settings, going_away = 7, window_update };
constexpr unsigned char ends_stream = 1, ends_head = 4, acknowledges = 1;

[[noreturn]] void give_up(const std::string& because) { throw std::runtime_error("spicedb: " + because); }

// Its ids know neither @ nor a dot.
std::string id_of(std::string member) {
  std::replace(member.begin(), member.end(), '@', '|');
  std::replace(member.begin(), member.end(), '.', '/');
  return member;
}

std::string member_of(std::string id) {
  std::replace(id.begin(), id.end(), '|', '@');
  std::replace(id.begin(), id.end(), '/', '.');
  return id;
}

void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> 8 * bytes & 0xff);
}

std::string frame(Kind kind, unsigned char flags, std::uint32_t stream, std::string_view content) {
  std::string bytes;
  append_number(bytes, content.size(), 3);
  bytes += static_cast<char>(kind);
  bytes += static_cast<char>(flags);
  append_number(bytes, stream, 4);
  return bytes.append(content);
}

// A header field as it is, that nobody is to remember.
std::string header(std::string_view name, std::string_view value) {
  std::string bytes(1, '\0');
  bytes += static_cast<char>(name.size());
  bytes += name;
  bytes += static_cast<char>(value.size());
  return bytes.append(value);
}

std::string lookup(std::uint32_t stream, const std::string& repository) {
  static const std::string headers = header(":method", "POST") + header(":scheme", "http") +
                                     header(":path", "/authzed.api.v1.PermissionsService/LookupSubjects") +
                                     header(":authority", "localhost") + header("content-type", "application/grpc") +
                                     header("te", "trailers");
  const std::string asked =
      field(2, field(1, "repository") + field(2, repository)) + field(3, "write") + field(4, "user");
  std::string message(1, '\0');
  append_number(message, asked.size(), 4);
  return frame(head, ends_head, stream, headers) + frame(frame_of_body, ends_stream, stream, message + asked);
}

// The frames that are whole, one after the other. How many bytes they are.
template <typename Take>
std::size_t each_frame(std::string_view bytes, const Take& take) {
  std::size_t at = 0;
  while (bytes.size() >= at + frame_head_bytes) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 3; ++i) size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (bytes.size() < at + frame_head_bytes + size) break;
    take(static_cast<Kind>(bytes[at + 3]), static_cast<unsigned char>(bytes[at + 4]),
         bytes.substr(at + frame_head_bytes, size));
    at += frame_head_bytes + size;
  }
  return at;
}

// Who we are, and that all may be sent at once.
void greet(int socket) {
  std::string most, room;
  append_number(most, 4, 2);  // of a stream's window
  append_number(most, window, 4);
  append_number(room, window - 65'535, 4);
  send_all(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0, most) + frame(window_update, 0, 0, room));
  std::string in;
  for (bool is_greeted = false; !is_greeted;) {
    receive(socket, in);
    in.erase(0, each_frame(in, [&](Kind kind, unsigned char flags, std::string_view) {
               is_greeted = is_greeted || (kind == settings && (flags & acknowledges) == 0);
             }));
  }
  send_all(socket, frame(settings, acknowledges, 0, ""));
}

// Frames that belong to no question may stand anywhere, also behind the end; the rest must be whole for the next.
std::optional<LoadAnswer> first_answer(std::string_view bytes) {
  LoadAnswer answer{200, bytes, 0};
  bool is_whole = false, has_body = false;
  answer.size = each_frame(bytes, [&](Kind kind, unsigned char flags, std::string_view) {
    if (kind == reset || kind == going_away) give_up("it ended a stream");
    has_body = has_body || kind == frame_of_body;
    is_whole = is_whole || (kind <= head && (flags & ends_stream) != 0);
  });
  if (!is_whole || answer.size != bytes.size()) return std::nullopt;
  if (!has_body) answer.status = 500;
  return answer;
}

template <typename Take>
void each_message(std::string_view body, const Take& take) {
  std::string messages;
  each_frame(body, [&](Kind kind, unsigned char, std::string_view content) {
    if (kind == frame_of_body) messages += content;
  });
  for (std::string_view rest = messages; rest.size() >= message_head_bytes;) {
    std::size_t size = 0;
    for (std::size_t i = 1; i < message_head_bytes; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
    take(rest.substr(message_head_bytes, size));
    rest.remove_prefix(std::min(rest.size(), message_head_bytes + size));
  }
}

std::vector<std::string> command(Bench& bench, const std::vector<HeldRole>& roles) {
  const std::string folder = bench.scratch.fresh("spicedb");
  std::filesystem::create_directories(folder);
  std::ofstream file(folder + "/relationships");
  std::vector<std::string> repositories;
  for (const HeldRole& role : roles) {
    if (role.until_ms) continue;
    const std::size_t colon = role.resource.find(':');
    const std::string id = role.resource.substr(colon + 1);
    if (role.resource.starts_with("org:")) {
      file << "organization " << id << ' ' << role.role << " user " << id_of(role.member) << '\n';
      continue;
    }
    file << "repository " << id << " writer user " << id_of(role.member) << '\n';
    repositories.push_back(id);
  }
  std::sort(repositories.begin(), repositories.end());
  repositories.erase(std::unique(repositories.begin(), repositories.end()), repositories.end());
  for (const std::string& id : repositories) file << "repository " << id << " organization organization acme\n";
  if (!file.flush()) give_up("cannot write into " + folder);
  return {std::filesystem::read_symlink("/proc/self/exe").string(),
          "spicedb-server",
          "--library",
          bench.settings.spicedb,
          "--relationships",
          folder + "/relationships"};
}

}  // namespace

SpiceDb::SpiceDb(Bench& bench, const std::vector<HeldRole>& roles) : child_(command(bench, roles)) {
  socket_ = child_.line(start_within);
  std::cerr << "  spicedb: process " << child_.pid() << " on " << socket_ << "\n";
}

SpiceDb::~SpiceDb() {
  child_.kill();
  std::error_code ignored;
  if (!socket_.empty()) std::filesystem::remove(socket_, ignored);
}

void SpiceDb::stop() { child_.stop(stop_within); }

Load SpiceDb::load(const Bench& bench, const std::string& repository) {
  Load load = load_on(bench, 0);
  load.path = socket_;
  load.greet = greet;
  load.first_answer = first_answer;
  streams_.assign(load.connections, 0);
  requests_.resize(load.connections);
  load.next = [this, repository](std::size_t connection) {
    std::uint32_t& stream = streams_[connection];
    stream = stream == 0 ? 1 : stream + 2;
    return std::string_view(requests_[connection] = lookup(stream, repository));
  };
  return load;
}

std::vector<std::string> SpiceDb::ask(const std::string& repository) const {
  const int socket = connected(socket_);
  const std::unique_ptr<const int, void (*)(const int*)> closed(&socket, [](const int* open) { ::close(*open); });
  greet(socket);
  send_all(socket, lookup(1, repository));
  std::string in;
  std::optional<LoadAnswer> got;
  do receive(socket, in);
  while (!(got = first_answer(in)));
  std::vector<std::string> members;
  each_message(got->body, [&](std::string_view message) {
    members.push_back(member_of(std::string(field_in(field_in(message, 6), 1))));
  });
  std::sort(members.begin(), members.end());
  return members;
}

std::size_t SpiceDb::subjects_in(std::string_view body) {
  std::size_t count = 0;
  each_message(body, [&](std::string_view) { ++count; });
  return count;
}

}  // namespace tenure::bench
