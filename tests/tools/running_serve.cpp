#include "tests/tools/running_serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tenure::test {

namespace {

std::string new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tenure-tools-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  return pattern;
}

std::string whole(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Starts the program with its three streams on the given descriptors.
pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int in, int out, int err) {
  arguments.insert(arguments.begin(), TENURE_BINARY);
  environment.emplace_back("PATH=/usr/bin:/bin");
  const auto argv = pointers(arguments), envp = pointers(environment);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid > 0) return pid;
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(127);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

int code_of(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

}  // namespace

Ran run_tenure(const std::vector<std::string>& arguments, const std::string& in,
               const std::vector<std::string>& environment) {
  const std::string folder = new_folder();
  std::ofstream(folder + "/in", std::ios::binary) << in;
  const int from = ::open((folder + "/in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = ::open((folder + "/out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err = ::open((folder + "/err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Ran ran;
  ran.code = code_of(spawn(arguments, environment, from, out, err));
  for (const int file : {from, out, err}) ::close(file);
  ran.out = whole(folder + "/out");
  ran.err = whole(folder + "/err");
  std::filesystem::remove_all(folder);
  return ran;
}

RunningServe::RunningServe(const std::vector<std::string>& options, const std::string& listen)
    : folder_(new_folder()), options_(options), listen_(listen) {
  start();
}

std::chrono::milliseconds RunningServe::start() {
  const auto before = std::chrono::steady_clock::now();
  std::vector<std::string> arguments{"serve", "--listen", listen_, "--data", folder_};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  int said[2];
  if (::pipe2(said, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_ = spawn(arguments, {}, nothing, said[1], 2);
  ::close(nothing);
  ::close(said[1]);
  // Its first line says where it is; the end of the pipe says that it died.
  std::string line;
  for (char c = 0; ::read(said[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(said[0]);
  const auto from = line.find("http://"), to = line.find(',');
  if (from == std::string::npos || to == std::string::npos) {
    throw DidNotStart(wait(), line);
  }
  url_ = line.substr(from, to - from);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
}

RunningServe::~RunningServe() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Ran RunningServe::run(const std::vector<std::string>& arguments, const std::string& in) const {
  return run_tenure(arguments, in, {"TENURE_URL=" + url_, "TENURE_DATA=" + folder_});
}

Ran RunningServe::run_stopped(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--data", folder_});
  return run_tenure(arguments);
}

int RunningServe::stop() {
  if (pid_ < 0) return -1;
  signal(SIGTERM);
  return wait();
}

void RunningServe::signal(int number) const { ::kill(pid_, number); }

int RunningServe::wait() {
  const int code = code_of(pid_);
  pid_ = -1;
  return code;
}

void RunningServe::kill() {
  signal(SIGKILL);
  wait();
}

ServerAddress RunningServe::address() const { return *server_address(url_); }

std::string RunningServe::token() const {
  std::string token;
  std::ifstream file(folder_ + "/admin.token");
  std::getline(file, token);
  return token;
}

}  // namespace tenure::test
