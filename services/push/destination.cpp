#include "services/push/destination.h"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <utility>

#include "services/push/push_limits.h"

namespace tenure::services {

namespace {

constexpr std::array kinds{std::pair{SinkKind::syslog, std::string_view("syslog")},
                           std::pair{SinkKind::splunk_hec, std::string_view("splunk_hec")},
                           std::pair{SinkKind::ndjson, std::string_view("ndjson")}};

std::string_view schemes_of(SinkKind kind) {
  return kind == SinkKind::syslog ? "tcp://HOST:PORT or tls://HOST:PORT" : "http://HOST/PATH or https://HOST/PATH";
}

template <class Text>
std::string_view plain(const Text& text) {
  return {text.data(), text.size()};
}

}  // namespace

std::optional<SinkKind> sink_kind_of(std::string_view name) {
  for (const auto& [kind, called] : kinds) {
    if (called == name) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(SinkKind kind) {
  for (const auto& [one, called] : kinds) {
    if (one == kind) return called;
  }
  return {};
}

Decided<Destination> parse_destination(SinkKind kind, std::string_view url, std::string_view field) {
  const auto no = [&](const std::string& because) {
    return refuse(RefusalCode::invalid_field, "\"url\" " + because, std::string(field));
  };
  const std::string wanted = "a " + std::string(name_of(kind)) + " sink has " + std::string(schemes_of(kind)) + ".";
  if (url.size() > url_bytes_max) {
    return refuse(RefusalCode::too_large, "\"url\" may have " + std::to_string(url_bytes_max) + " bytes.",
                  std::string(field));
  }
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed) return no("is not a URL; " + wanted);
  const bool syslog = kind == SinkKind::syslog;
  const std::string_view scheme = plain(parsed->scheme());
  Destination to;
  to.tls = scheme == (syslog ? "tls" : "https");
  if (!to.tls && scheme != (syslog ? "tcp" : "http")) return no("begins with another scheme; " + wanted);
  if (parsed->has_userinfo()) {
    return no("has a user or password in it, which would be shown to all who may see the sink; give a \"token\".");
  }
  if (parsed->has_fragment()) return no("has a fragment (#…), which is never sent; leave it out.");
  to.host = parsed->host_type() == boost::urls::host_type::ipv6 ? std::string(plain(parsed->encoded_host()))
                                                                : std::string(parsed->host());
  if (to.host.size() > 2 && to.host.front() == '[') to.host = to.host.substr(1, to.host.size() - 2);
  if (to.host.empty()) return no("names no host; " + wanted);
  to.port = parsed->port_number();
  if (to.port == 0 && (syslog || parsed->has_port())) return no("needs a port from 1 to 65535; " + wanted);
  if (to.port == 0) to.port = to.tls ? 443 : 80;
  to.authority = plain(parsed->encoded_host_and_port());
  to.target = plain(parsed->encoded_target());
  const bool bare = to.target.empty() || to.target == "/";
  if (syslog && !bare) return no("has a path, which syslog has no place for; " + wanted);
  if (bare) to.target = kind == SinkKind::splunk_hec ? "/services/collector/event" : "/";
  if (to.target.front() != '/') to.target.insert(0, "/");
  return to;
}

}  // namespace tenure::services
