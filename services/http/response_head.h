// The bytes of a response's head. Inside services/http only. Pure; any thread.
#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "services/http/response.h"

namespace tenure::http {

// How the client learns where the body ends.
enum class BodyEnd { by_length, by_chunks, by_close, has_none };

struct HeadForm {
  BodyEnd end = BodyEnd::by_length;
  std::size_t length = 0;  // with by_length
  bool keep_alive = true;
  bool http11 = true;
  std::string_view date;  // a whole "Date: …\r\n" line
};

void append_head(std::string& out, const Response& response, const HeadForm& form);

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
std::string date_line(std::time_t now);

}  // namespace tenure::http
