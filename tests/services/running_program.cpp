#include "tests/services/running_program.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"

namespace tenure::test {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tenure-test-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

nlohmann::json HttpAnswer::json() const { return nlohmann::json::parse(body); }

RunningProgram::RunningProgram(RunningOptions options) : options_(std::move(options)) {
  if (options_.folder.empty()) options_.folder = own_folder_.path();
  std::filesystem::create_directories(options_.folder);
  start();
  const auto token = program_->make_admin_token();
  if (!token) throw std::runtime_error(token.error().because);
  token_ = *token;
}

RunningProgram::~RunningProgram() = default;

void RunningProgram::start() {
  const auto key = storage::load_or_make_master_key(folder() + "/master.key");
  auto store = storage::RocksStore::open(folder() + "/store");
  auto vault = storage::open_key_vault(folder() + "/keys");
  if (!key || !store || !vault) throw std::runtime_error("the store does not open");
  services::ProgramOptions options;
  options.port = 0;
  options.demo = options_.demo;
  options.limits = options_.limits;
  options.feed_heartbeat_every = options_.feed_heartbeat;
  options.push_times = options_.push_times;
  options.folding = options_.folding;
  program_ = std::make_unique<services::Program>(std::move(*store),
                                                 std::make_unique<storage::People>(std::move(*vault), *key), options);
  const auto port = program_->start();
  if (!port) throw std::runtime_error(port.error().because);
  port_ = *port;
}

void RunningProgram::restart(services::FoldHooks folding) {
  stop();
  options_.folding = std::move(folding);
  start();
}

HttpAnswer RunningProgram::request(const std::string& method, const std::string& target, const std::string& body,
                                   std::vector<std::string> headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  text += "Authorization: Bearer " + token_ + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  for (const auto& header : headers) text += header + "\r\n";
  return raw(text + "\r\n" + body);
}

namespace {

// A socket of a test: every wait ends.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{120, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  bool has_answer_within(int milliseconds) const {
    pollfd waiting{socket_, POLLIN, 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
  }
  std::string read_all() const {
    std::string all;
    char buffer[65536];
    for (ssize_t n; (n = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }

 private:
  int socket_;
};

HttpAnswer answer_of(const std::string& all) {
  HttpAnswer answer;
  const auto head_end = all.find("\r\n\r\n");
  if (head_end == std::string::npos) return answer;
  answer.status = std::stoi(all.substr(9, 3));
  answer.body = all.substr(head_end + 4);
  std::size_t line = all.find("\r\n") + 2;
  while (line < head_end) {
    const auto end = all.find("\r\n", line);
    const auto colon = all.find(':', line);
    std::string name = all.substr(line, colon - line);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = all.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  return answer;
}

}  // namespace

HttpAnswer RunningProgram::raw(const std::string& bytes) {
  const Client client(port_);
  (void)client.send(bytes);  // a server that refuses early closes before it has read all: its answer is there
  return answer_of(client.read_all());
}

void RunningProgram::cut_off(const std::string& bytes) {
  const Client client(port_);
  (void)client.send(bytes);
}

HttpAnswer RunningProgram::drip(const std::string& at_once, const std::string& slowly) {
  const Client client(port_);
  if (!client.send(at_once)) return {};
  for (const char& c : slowly) {
    if (client.has_answer_within(10) || !client.send({&c, 1})) break;
  }
  return answer_of(client.read_all());
}

std::string percent(const std::string& text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += {'%', digits[c >> 4], digits[c & 15]};
    }
  }
  return out;
}

}  // namespace tenure::test
