#include "services/http/response_head.h"

#include <boost/beast/http/status.hpp>
#include <charconv>

namespace tenure::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_status_line(std::string& out, unsigned status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += ' ';
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  out.append(reason.data(), reason.size());
  out += "\r\n";
}

// A line break in a value would let a caller's text begin a field, or a response, of its own.
void append_value(std::string& out, std::string_view value) {
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
}

}  // namespace

void append_head(std::string& out, const Response& response, const HeadForm& form) {
  append_status_line(out, response.status);
  out += form.date;
  if (form.end != BodyEnd::has_none) {
    out += "Content-Type: ";
    out += response.content_type.text;
    out += "\r\n";
  }
  if (form.end == BodyEnd::by_length) {
    out += "Content-Length: ";
    append_number(out, form.length);
    out += "\r\n";
  } else if (form.end == BodyEnd::by_chunks) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!form.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!form.http11) {
    out += "Connection: keep-alive\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    append_value(out, name);
    out += ": ";
    append_value(out, value);
    out += "\r\n";
  }
  out += "\r\n";
}

std::string date_line(std::time_t now) {
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  return {text, size};
}

}  // namespace tenure::http
