#include "services/http/target.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstddef>
#include <string>

#include "services/http/utf8.h"

namespace tenure::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c - 'A' + 10;
}

// `encoded` has passed the grammar, so every '%' is followed by two hex digits. '+' stays '+'.
std::string_view decode(std::string_view encoded, std::string& room) {
  if (encoded.find('%') == std::string_view::npos) return encoded;
  room.clear();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%') {
      room += static_cast<char>(hex_value(encoded[i + 1]) * 16 + hex_value(encoded[i + 2]));
      i += 2;
    } else {
      room += encoded[i];
    }
  }
  return room;
}

Refusal bad_target(std::string because) { return refuse(RefusalCode::invalid_field, std::move(because), "target"); }

Decided<void> check_text(std::string_view decoded, std::string_view what) {
  if (decoded.find('\0') != std::string_view::npos) {
    return bad_target("The " + std::string(what) + " has a NUL (%00) in it; leave it out.");
  }
  if (!is_utf8(decoded)) {
    return bad_target("The " + std::string(what) + " is not UTF-8 once its percent-escapes are decoded.");
  }
  return {};
}

// RFC 9112 asks servers to take "http://host/path" too; the host is not looked at, as with the Host field.
std::string_view without_origin(std::string_view target) {
  if (!same_name(target.substr(0, 7), "http://")) return target;
  const std::size_t path = target.find('/', 7);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

Decided<void> read_segments(std::string_view path, std::string& room, Request& request) {
  std::size_t at = 1;  // the path begins with '/'
  while (at <= path.size()) {
    std::size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    const std::string_view segment = decode(path.substr(at, end - at), room);
    if (auto ok = check_text(segment, "path"); !ok) return ok.error();
    if (segment == "." || segment == "..") {
      return bad_target("The path has a segment \"" + std::string(segment) +
                        "\"; write the path without dot segments.");
    }
    request.add_segment(segment);
    at = end + 1;
  }
  return {};
}

}  // namespace

Decided<void> read_target(std::string_view target, Request& request) {
  request.set_target(target);
  const auto url = boost::urls::parse_origin_form(without_origin(target));
  if (!url) {
    return bad_target(
        "The request target is not a path with an optional query (RFC 9112). Percent-encode everything but letters, "
        "digits and -._~ in names and values.");
  }
  std::string room;
  const auto path = url->encoded_path();
  if (auto ok = read_segments({path.data(), path.size()}, room, request); !ok) return ok.error();
  std::string name_room;
  // What is empty behind its '?' has no parameters, though for the grammar it has an empty one.
  if (url->encoded_query().empty()) return {};
  for (const auto& param : url->encoded_params()) {
    const std::string_view name = decode({param.key.data(), param.key.size()}, name_room);
    const std::string_view value = decode({param.value.data(), param.value.size()}, room);
    if (auto ok = check_text(name, "query"); !ok) return ok.error();
    if (auto ok = check_text(value, "query"); !ok) return ok.error();
    request.add_query(name, value);
  }
  return {};
}

}  // namespace tenure::http
