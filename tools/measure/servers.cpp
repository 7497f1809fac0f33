#include "tools/measure/servers.h"

#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "tools/tenure/http_client.h"

namespace tenure::bench {
namespace {

constexpr std::chrono::seconds start_within{60};
constexpr std::chrono::seconds stop_within{60};

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error(what); }

std::vector<std::string> serve_command(const Bench& bench, const std::string& folder) {
  std::vector<std::string> command{bench.settings.tenure, "serve", "--listen", "127.0.0.1:0", "--data", folder};
  const auto& more = bench.settings.serve_options;
  // Nobody reads what it says after its first line.
  if (std::find(more.begin(), more.end(), "--log-level") == more.end()) {
    command.insert(command.end(), {"--log-level", "warn"});
  }
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

std::string body_of(const Outcome<HttpAnswer>& answer, unsigned expected, const std::string& asked) {
  if (!answer) give_up(asked + ": " + answer.error().because);
  if (answer->status == expected) return answer->body;
  give_up(asked + " was answered " + std::to_string(answer->status) + ": " + answer->body.substr(0, 500));
}

ServerAddress address_of(std::uint16_t port) { return {"127.0.0.1", std::to_string(port)}; }

}  // namespace

TenureServer::TenureServer(Bench& bench, const std::string& name)
    : folder_(bench.scratch.fresh(name)), child_(serve_command(bench, folder_)) {
  const std::string ready = child_.line(start_within);
  const std::string before = "http://127.0.0.1:";
  const auto from = ready.find(before);
  if (from == std::string::npos) give_up("tenure serve said: " + ready);
  port_ = static_cast<std::uint16_t>(std::stoul(ready.substr(from + before.size())));
  std::ifstream(folder_ + "/admin.token") >> token_;
  if (token_.empty()) give_up("no token in " + folder_);
  std::cerr << "  " << name << ": tenure serve is process " << child_.pid() << " on port " << port_ << "\n";
}

TenureServer::~TenureServer() {
  child_.kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TenureServer::halt() { child_.stop(stop_within); }

void TenureServer::stop() {
  halt();
  std::filesystem::remove_all(folder_);
}

std::uintmax_t TenureServer::bytes_on_disk() const {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::string TenureServer::get(const std::string& target) const {
  HttpQuestion question;
  question.target = target;
  question.token = token_;
  return body_of(http_request(address_of(port_), question), 200, "GET " + target);
}

std::string TenureServer::post(const std::string& target, const std::string& type, const std::string& body,
                               unsigned expected) const {
  HttpQuestion question;
  question.method = "POST";
  question.target = target;
  question.token = token_;
  question.body = body;
  question.headers.emplace_back("Content-Type", type);
  return body_of(http_request(address_of(port_), question), expected, "POST " + target);
}

std::string TenureServer::upload(const std::string& target, const std::function<std::string()>& source) const {
  HttpQuestion question;
  question.method = "POST";
  question.target = target;
  question.token = token_;
  question.headers.emplace_back("Content-Type", "application/x-ndjson");
  return body_of(http_upload(address_of(port_), question, source), 200, "POST " + target);
}

void TenureServer::make_org(const std::string& org, const std::string& occurred_at) const {
  post("/v1/orgs", "application/json",
       R"({"id":")" + org + R"(","model":"github","mode":"observe","occurred_at":")" + occurred_at + R"("})", 201);
}

std::uint64_t TenureServer::version_of(const std::string& org) const {
  return number_in(get("/v1/orgs/" + org), "version");
}

std::string TenureServer::get_request(const std::string& target) const {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token_ + "\r\n\r\n";
}

std::string TenureServer::post_head(const std::string& target, const std::string& type) const {
  return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token_ +
         "\r\nContent-Type: " + type + "\r\nContent-Length: ";
}

EchoServer::EchoServer(unsigned threads)
    : child_({std::filesystem::read_symlink("/proc/self/exe").string(), "echo-server", "--threads",
              std::to_string(threads)}) {
  port_ = static_cast<std::uint16_t>(std::stoul(child_.line(start_within)));
}

std::uint64_t number_in(const std::string& json, std::string_view path) {
  simdjson::dom::parser parser;
  std::uint64_t number = 0;
  if (parser.parse(json).at_pointer("/" + std::string(path)).get(number) != simdjson::SUCCESS) {
    give_up("no number " + std::string(path) + " in the answer " + json.substr(0, 500));
  }
  return number;
}

}  // namespace tenure::bench
