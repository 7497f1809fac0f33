// A small client of Tenure's own HTTP interface, for the commands. One request a connection, one thread; each call
// blocks until the answer is there or a time limit has passed.
//
// Failure io: the server cannot be reached, stops answering or breaks off; `because` says what to do. An answer with an
// error status is an answer. Plain http to loopback only, until TLS comes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/result.h"

namespace tenure {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};

  // A field of the header, its name in any case; empty where there is none.
  std::string header(std::string_view name) const;
};

struct ServerAddress {
  std::string host;
  std::string port;
};
// "http://127.0.0.1:7400"; without a port it is 7400.
Outcome<ServerAddress> server_address(const std::string& url);

struct HttpQuestion {
  std::string method = "GET";
  std::string target;
  std::string token;  // empty: none is sent
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Gives the next piece of a body of unknown length; empty at the end.
using BodySource = std::function<std::string()>;

Outcome<HttpAnswer> http_request(const ServerAddress& server, const HttpQuestion& question);
// The body comes from `source` instead, piece by piece, and is never whole in memory. A server that answers before the
// end has refused: the rest is not sent and its answer is what comes back.
Outcome<HttpAnswer> http_upload(const ServerAddress& server, const HttpQuestion& question, const BodySource& source);

// The body of an answer of status 200 goes to `sink` instead, piece by piece, and is never whole in memory; one that
// breaks off is a failure, whatever came before.
Outcome<HttpAnswer> http_download(const ServerAddress& server, const HttpQuestion& question,
                                  const std::function<void(std::string_view)>& sink);

// For a path or query: everything but letters, digits and -._~ as %XX.
std::string percent_encoded(const std::string& text);

}  // namespace tenure
