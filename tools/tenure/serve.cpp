#include "tools/tenure/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <optional>

#include "services/openapi.h"
#include "services/program.h"
#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"
#include "tools/tenure/exit_codes.h"

namespace tenure {

namespace {

constexpr const char* store_hint =
    "`tenure verify` tells what is damaged; views, but not the log, are made anew by `tenure rebuild`.";
constexpr const char* keys_hint =
    "the keys of people's names and texts cannot be made anew, and `tenure verify` does not look at them: put "
    "the folder keys and the file master.key back from a backup of this server.";

int failed(const Failure& failure, const char* hint = store_hint) {
  std::cerr << "tenure: " << failure.because << "\n";
  if (failure.code == FailureCode::corruption) std::cerr << "tenure: " << hint << "\n";
  return failure.code == FailureCode::corruption ? exit_corrupt : exit_failed;
}

// What was made in a folder is there after a power cut.
bool sync_folder(const std::filesystem::path& folder) {
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool good = ::fsync(directory) == 0;
  ::close(directory);
  return good;
}

Outcome<void> make_folder(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) return fail(FailureCode::io, "cannot make the folder " + path + ": " + error.message());
  // A slash at the end is a name of its own.
  const auto folder = (std::filesystem::absolute(path, error) / "").lexically_normal().parent_path();
  if (made && !sync_folder(folder.parent_path())) return fail(FailureCode::io, "cannot keep the folder " + path);
  return {};
}

// For its owner's eyes only, also where a file of that name stood open to others.
bool write_secret(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const std::string line = text + "\n";
  const bool good = ::fchmod(file, 0600) == 0 &&
                    ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  ::close(file);
  return good && sync_folder(std::filesystem::path(path).parent_path());
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string url_of(const ServeOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(port);
}

services::ProgramOptions program_options_of(const ServeOptions& options) {
  services::ProgramOptions all;
  all.address = options.address;
  all.port = options.port;
  all.io_threads = options.io_threads;
  all.pool_threads = options.pool_threads;
  all.limits.drain_timeout = std::chrono::seconds(options.drain_seconds);
  all.demo = options.demo;
  all.version = TENURE_VERSION;
  all.host = host_name();
  all.scratch = options.data;
  all.openapi = std::string(openapi_document());
  return all;
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_serve(const ServeOptions& options) {
  // Taken by sigwait below; threads started from here on inherit the mask.
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  spdlog::set_level(spdlog::level::from_str(options.log_level));

  if (const auto made = make_folder(options.data); !made) return failed(made.error());
  const auto key =
      storage::load_or_make_master_key(options.master_key.empty() ? options.data + "/master.key" : options.master_key);
  if (!key) return failed(key.error(), keys_hint);
  storage::RocksSettings settings;
  settings.block_cache_bytes = std::size_t{options.cache_mb} << 20;
  auto store = storage::RocksStore::open(options.data + "/store", settings);
  if (!store) return failed(store.error());
  auto vault = storage::open_key_vault(options.data + "/keys");
  if (!vault) return failed(vault.error(), keys_hint);
  if (!sync_folder(options.data)) return failed(fail(FailureCode::io, "cannot keep the folder " + options.data));
  auto people = std::make_unique<storage::People>(std::move(*vault), *key);
  if (const auto fits = people->check_master(); !fits) return failed(fits.error(), keys_hint);

  services::ProgramOptions program_options = program_options_of(options);
  const auto say = [&options](const char* state, std::uint16_t port, const char* more) {
    std::cout << "tenure: " << state << " on " << url_of(options, port) << ", data in " << options.data << more
              << std::endl;
  };
  std::atomic<std::uint16_t> early_port{0};
  std::optional<Failure> not_folded;
  services::Program* running = nullptr;
  program_options.folding.begun = [&](std::uint16_t port) {
    early_port = port;
    say("listening", port, "; organizations are answered for as soon as their views are made anew");
  };
  program_options.folding.over = [&](const Outcome<void>& done) {
    // The first token of all is made below, and whoever hears that the server is ready looks for it.
    if (done) return running->has_tokens() ? say("ready", early_port, "") : void();
    // Wakes what waits for signals below.
    not_folded = done.error();
    ::kill(::getpid(), SIGTERM);
  };
  services::Program program(std::move(*store), std::move(people), program_options);
  running = &program;
  const auto port = program.start();
  if (!port) return failed(port.error());
  if (!program.has_tokens()) {
    if (const auto folded = program.wait_until_folded(); !folded) return failed(folded.error());
    const std::string file = options.data + "/admin.token";
    const auto made = program.make_admin_token([&](const std::string& secret) -> Outcome<void> {
      if (write_secret(file, secret)) return {};
      return fail(FailureCode::io, "cannot write " + file);
    });
    if (!made) return failed(made.error());
    say("ready", *port, "");
  } else if (early_port == 0) {
    say("ready", *port, "");
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  std::cout << "tenure: stopping" << std::endl;
  // Who stops a service by SIGTERM starts it again, as a rule; a person at a terminal does not.
  program.stop(signal == SIGTERM);
  return not_folded ? failed(*not_folded) : exit_ok;
}

}  // namespace tenure
