#include "tools/measure/imported_log.h"

#include <fmt/core.h>

#include <stdexcept>

namespace tenure::bench {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

std::string send(const TenureServer& server, const std::string& org, GithubLog& log, std::size_t lines) {
  return server.upload("/v1/orgs/" + org + "/import?format=github-audit", [&] {
    std::string piece;
    piece.reserve(piece_bytes + 1'024);
    while (piece.size() < piece_bytes && log.lines() < lines && log.next(piece)) {
    }
    return piece;
  });
}

void expect(std::string_view what, std::uint64_t found, std::uint64_t wanted) {
  if (found == wanted) return;
  throw std::runtime_error(fmt::format("import: {} is {} and should be {}", what, found, wanted));
}

}  // namespace

std::chrono::duration<double> import_log(const TenureServer& server, const std::string& org, GithubLog& log) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string summary = send(server, org, log, SIZE_MAX);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  expect("the number of lines", number_in(summary, "lines"), log.lines());
  expect("the number of events", number_in(summary, "events"), log.events());
  expect("the number of lines that are only kept", number_in(summary, "recorded_only"), log.recorded_only());
  expect("the number of refused lines", number_in(summary, "refused_lines"), 0);
  expect("the number of duplicates", number_in(summary, "duplicates"), 0);
  expect("the organization's version", server.version_of(org), log.events());
  expect("the number of members", number_in(server.get("/v1/orgs/" + org + "/members?limit=1"), "total"),
         log.members());
  return took;
}

void import_again(const TenureServer& server, const std::string& org, GithubLog log, std::size_t lines) {
  const std::uint64_t version = server.version_of(org);
  const std::string summary = send(server, org, log, lines);
  expect("the number of events, sent again,", number_in(summary, "events"), 0);
  expect("the number of duplicates", number_in(summary, "duplicates"), log.events());
  expect("the organization's version", server.version_of(org), version);
}

}  // namespace tenure::bench
