#include "tools/measure/private_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

namespace tenure::bench {
namespace {

constexpr std::chrono::seconds finish_within{120}, stop_within{120};
constexpr const char* not_installed = "it is not installed; tools/bench --peers does that";
constexpr std::size_t log_end_bytes = 1'500;

bool is_root() { return ::geteuid() == 0; }

// Free when it was asked for; nobody else on this machine is expected to take it in the moment until it is used.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof end;
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&end), sizeof end) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&end), &size) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(end.sin_port);
}

std::string random_hex() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 4; ++i) text += fmt::format("{:08x}", random());
  return text;
}

std::string whole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// User and system time of a process, and of its children that have ended, in clock ticks.
std::uint64_t ticks_of(const std::string& pid) {
  const std::string stat = whole("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;  // it has ended meanwhile, and its parent has its time
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t sum = 0, ticks = 0;
  for (int i = 0; i < 4 && fields >> ticks; ++i) sum += ticks;
  return sum;
}

}  // namespace

PrivateServer::PrivateServer(Bench& bench, std::string name, std::string user)
    : name_(std::move(name)),
      user_(std::move(user)),
      folder_(bench.scratch.fresh(name_)),
      log_(folder_ + "/log"),
      secret_(random_hex()),
      port_(free_port()) {
  std::filesystem::create_directories(folder_);
  ::chmod(folder_.c_str(), 0700);
  if (!is_root()) return;
  if (::getpwnam(user_.c_str()) == nullptr) give_up(not_installed);
  // Passed through, not read.
  ::chmod(bench.scratch.folder().c_str(), 0711);
  hand_over(folder_);
}

PrivateServer::~PrivateServer() {
  try {
    stop();
  } catch (const std::exception&) {
    child_.reset();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PrivateServer::need(const std::string& program) const {
  if (!std::filesystem::exists(program)) give_up(not_installed);
}

// Root's powers go, what the program says goes into its log, and it ends when this program does: SIGQUIT, since a
// server that is killed leaves shared memory behind. All of it by exec, so that its process id is the child's.
std::vector<std::string> PrivateServer::as_user(const std::vector<std::string>& command) const {
  std::vector<std::string> all{"/bin/sh", "-c", "log=$1; shift; cd / && exec \"$@\" >>\"$log\" 2>&1", "sh", log_};
  if (is_root()) {
    all.insert(all.end(), {"/usr/bin/setpriv", "--reuid=" + user_, "--regid=" + user_, "--init-groups",
                           "--inh-caps=-all", "--no-new-privs", "--pdeathsig=QUIT", "--"});
  }
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

void PrivateServer::finish(const std::vector<std::string>& command) {
  need(command.front());
  try {
    Child(as_user(command)).finish(finish_within);
  } catch (const std::runtime_error&) {
    give_up(command.front() + " failed: " + log_end());
  }
}

void PrivateServer::start(const std::vector<std::string>& command) {
  need(command.front());
  child_.emplace(as_user(command), SIGQUIT);
}

void PrivateServer::stop() {
  if (!child_) return;
  child_->stop(stop_within);
  child_.reset();
  std::filesystem::remove_all(folder_);
}

std::string PrivateServer::write(const std::string& name, const std::string& text) const {
  const std::string path = folder_ + "/" + name;
  std::ofstream(path) << text;
  hand_over(path);
  ::chmod(path.c_str(), 0600);
  return path;
}

void PrivateServer::hand_over(const std::string& path) const {
  const passwd* user = is_root() ? ::getpwnam(user_.c_str()) : nullptr;
  if (user != nullptr && ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) give_up("cannot hand over " + path);
}

std::string PrivateServer::log_end() const {
  const std::string text = whole(log_);
  return text.size() <= log_end_bytes ? text : text.substr(text.size() - log_end_bytes);
}

double PrivateServer::cpu_seconds() const {
  const std::string own = std::to_string(child_->pid()), list = "/proc/" + own + "/task/" + own + "/children";
  for (;;) {
    const std::string children = whole(list);
    std::uint64_t ticks = ticks_of(own);
    std::istringstream pids(children);
    for (std::string pid; pids >> pid;) ticks += ticks_of(pid);
    // One that ended in between would be counted twice, or not at all.
    if (whole(list) == children) return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
}

void PrivateServer::give_up(const std::string& because) const { throw std::runtime_error(name_ + ": " + because); }

}  // namespace tenure::bench
