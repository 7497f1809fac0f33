#include "services/http/request_reader.h"

#include "tests/catch.h"

using namespace tenure::http;

namespace {

// Reads one request as a connection would, `piece` bytes at a time. "refused STATUS", "unfinished", or what it says.
std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  const ServerLimits limits;
  RequestReader reader(limits);
  std::size_t from = 0;
  std::size_t to = 0;
  bool in_head = true;
  while (to < bytes.size()) {
    to = std::min(to + piece, bytes.size());
    Progress progress = Progress::more;
    std::size_t taken = 0;
    if (in_head) {
      progress = reader.read_head(bytes.substr(from, to - from), taken);
      from += taken;
      in_head = progress == Progress::more;
    }
    if (!in_head && progress != Progress::refused && !reader.complete()) {
      progress = reader.read_body(bytes.substr(from, to - from), taken, reader.request().body);
      from += taken;
    }
    if (progress == Progress::refused) return "refused " + std::to_string(reader.refusal().status);
    if (!in_head && reader.complete()) {
      return std::string(reader.request().target()) + " [" + reader.request().body + "] rest " +
             std::to_string(bytes.size() - from);
    }
  }
  return "unfinished";
}

}  // namespace

TEST_CASE("a request means the same in whatever pieces it arrives") {
  const std::string begin = "POST /x?a=b HTTP/1.1\r\nHost: t\r\n";
  const std::vector<std::pair<std::string, std::string>> requests = {
      {begin + "Content-Length: 5\r\n\r\nhello", "/x?a=b [hello] rest 0"},
      {begin + "\r\n", "/x?a=b [] rest 0"},
      {begin + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n", "/x?a=b [hello!] rest 0"},
      {begin + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: y\r\nU: z\r\n\r\n", "/x?a=b [x] rest 0"},
      {begin + "Transfer-Encoding: chunked\r\n\r\nnot hex\r\n", "refused 400"},
      {begin + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", "refused 400"},
      {begin + "Content-Length: 5\r\n\r\nhell", "unfinished"},
  };
  for (const auto& [bytes, expected] : requests) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      INFO(bytes << " in pieces of " << piece);
      CHECK(read_in_pieces(bytes, piece) == expected);
    }
  }
}

TEST_CASE(
    "a chunked body that is empty can arrive byte by byte (found by fuzzing: the parser's assertion ended the "
    "program)") {
  const std::string begin = "POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t piece = 1; piece <= 80; ++piece) {
    CHECK(read_in_pieces(begin + "0\r\n\r\n", piece) == "/x [] rest 0");
    CHECK(read_in_pieces(begin + "0\r\nT: x\r\n\r\n", piece) == "/x [] rest 0");
    CHECK(read_in_pieces(begin + "0\r\n", piece) == "unfinished");
    CHECK(read_in_pieces(begin + "0;a\r\n\r\n", piece) == "/x [] rest 0");
  }
}
