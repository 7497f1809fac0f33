#include "tools/measure/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tenure::bench {
namespace {

constexpr std::chrono::seconds patience{10};  // with a program whose kill signal is not SIGKILL

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error(what); }

std::mutex living_mutex;
std::map<pid_t, int> living;  // and their kill signals; guarded by living_mutex

void born(pid_t pid, int kill_signal) {
  const std::lock_guard lock(living_mutex);
  living.emplace(pid, kill_signal);
}
void gone(pid_t pid) {
  const std::lock_guard lock(living_mutex);
  living.erase(pid);
}

// TENURE_… in the environment would be options that no one sees in the report.
std::vector<char*> environment_without_options() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, "TENURE_", 7) != 0) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

// In the child: nothing of this program's but the pipe, and its end when this program ends.
[[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& envp, int out, pid_t parent) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // A group of its own: Ctrl-C goes to this program alone, which then ends its children.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (::getppid() == parent && nothing >= 0 && ::dup2(nothing, 0) >= 0 && ::dup2(out, 1) >= 0) {
    ::execve(argv[0], argv.data(), envp.data());
  }
  ::_exit(127);
}

std::uint64_t status_kib(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + ":");
  if (at == std::string::npos) give_up("/proc says nothing of " + name);
  return std::stoull(text.substr(at + name.size() + 2));
}

std::string whole(const std::string& path) {
  std::ifstream file(path);
  if (!file) give_up("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Child::Child(std::vector<std::string> arguments, int kill_signal)
    : program_(arguments.at(0)), kill_signal_(kill_signal) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) give_up("no pipe");
  const auto envp = environment_without_options();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(argv, envp, pipe[1], parent);
  if (pid_ > 0) born(pid_, kill_signal);
  ::close(pipe[1]);
  out_ = pipe[0];
  if (pid_ < 0) give_up("cannot start " + program_);
}

Child::~Child() {
  kill();
  ::close(out_);
}

std::string Child::line(std::chrono::seconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  std::string line;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waited{out_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waited, 1, static_cast<int>(left.count())) == 0) {
      give_up(program_ + " said nothing for " + std::to_string(most.count()) + " s");
    }
    char c = 0;
    const ssize_t n = ::read(out_, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) give_up(program_ + " ended" + (line.empty() ? "" : ", saying: " + line));
    if (c == '\n') return line;
    line += c;
  }
}

bool Child::ended(std::chrono::seconds most, int& status, Cost& cost) {
  rusage used{};
  const auto end = std::chrono::steady_clock::now() + most;
  for (;;) {
    const pid_t done = ::wait4(pid_, &status, WNOHANG, &used);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    cost.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    cost.peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
    if (done == pid_ || (done < 0 && errno != EINTR)) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Child::stop(std::chrono::seconds most) {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  (void)finish(most);
}

Cost Child::finish(std::chrono::seconds most) {
  int status = 0;
  Cost cost;
  if (!ended(most, status, cost)) {
    kill();
    give_up(program_ + " did not stop in " + std::to_string(most.count()) + " s");
  }
  gone(std::exchange(pid_, -1));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) give_up(program_ + " did not end well");
  return cost;
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, kill_signal_);
  int status = 0;
  Cost cost;
  if (kill_signal_ != SIGKILL && ended(patience, status, cost)) return gone(std::exchange(pid_, -1));
  ::kill(pid_, SIGKILL);
  const pid_t ended = std::exchange(pid_, -1);
  while (::waitpid(ended, &status, 0) < 0 && errno == EINTR) {
  }
  gone(ended);
}

void kill_children() {
  const std::lock_guard lock(living_mutex);
  for (const auto& [pid, kill_signal] : living) {
    ::kill(pid, kill_signal);
    int status = 0;
    (void)::waitpid(pid, &status, 0);
  }
}

Cost cost_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string status = whole(folder + "/status");
  Cost cost;
  cost.peak_bytes = status_kib(status, "VmHWM") * 1024;
  cost.bytes = status_kib(status, "VmRSS") * 1024;
  // Finer than the hundredths of a second in its `stat`.
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
    give_up("no clock of process " + std::to_string(pid));
  }
  cost.cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  return cost;
}

}  // namespace tenure::bench
