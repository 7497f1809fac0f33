// A made-up GitHub log sent to a server as an import, and the proof that all of it arrived.
//
// One thread; throws std::runtime_error when the summary or the organization is not as the log says.
#pragma once

#include <chrono>

#include "tools/measure/github_log.h"
#include "tools/measure/servers.h"

namespace tenure::bench {

// Sends all of the log, made while it is sent, and leaves it at its end. How long that took, from the first byte to the
// answer, which comes after everything is durable.
std::chrono::duration<double> import_log(const TenureServer& server, const std::string& org, GithubLog& log);

// The log's first lines once more: each must be known already.
void import_again(const TenureServer& server, const std::string& org, GithubLog log, std::size_t lines);

}  // namespace tenure::bench
