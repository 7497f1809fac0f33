// A small client of Tenure's own HTTP interface, for the commands. Synchronous; one request a connection.
//
// Failure io: the server cannot be reached or stops answering; `because` says what to do. An answer with an error
// status is an answer. Plain http to loopback only, until TLS comes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "events/result.h"

namespace tenure {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

struct ServerAddress {
  std::string host;
  std::string port;
};
// "http://127.0.0.1:7400".
Outcome<ServerAddress> server_address(const std::string& url);

// Gives the next piece of a body of unknown length; empty at the end.
using BodySource = std::function<std::string()>;

Outcome<HttpAnswer> http_request(const ServerAddress& server, const std::string& token, const std::string& method,
                                 const std::string& target, const std::string& body = {},
                                 const std::string& extra_header = {});
Outcome<HttpAnswer> http_upload(const ServerAddress& server, const std::string& token, const std::string& target,
                                const BodySource& source);
// For a path or query: everything but letters, digits and -._~ as %XX.
std::string percent_encoded(const std::string& text);

}  // namespace tenure
