#include "services/http/target.h"

#include "tests/catch.h"

using namespace tenure;
using namespace tenure::http;

namespace {

std::vector<std::string> segments_of(std::string_view target) {
  Request request;
  REQUIRE(read_target(target, request).has_value());
  std::vector<std::string> all;
  for (std::size_t i = 0; i < request.segment_count(); ++i) all.emplace_back(request.segment(i));
  return all;
}

std::string because(std::string_view target) {
  Request request;
  const auto read = read_target(target, request);
  return read ? "taken" : read.error().because;
}

}  // namespace

TEST_CASE("path segments are decoded after they are split, so an escaped slash stays inside its segment") {
  CHECK(segments_of("/v1/orgs/ac%20me") == std::vector<std::string>{"v1", "orgs", "ac me"});
  CHECK(segments_of("/v1/resources/repo:acme%2Fsite") == std::vector<std::string>{"v1", "resources", "repo:acme/site"});
  CHECK(segments_of("/%D1%97%D0%B6%D0%B0%D0%BA") == std::vector<std::string>{"їжак"});
  CHECK(segments_of("/") == std::vector<std::string>{""});
}

TEST_CASE("an empty segment is kept, so that it matches no route") {
  CHECK(segments_of("/v1//orgs") == std::vector<std::string>{"v1", "", "orgs"});
  CHECK(segments_of("/v1/") == std::vector<std::string>{"v1", ""});
  CHECK(segments_of("//evil/x") == std::vector<std::string>{"", "evil", "x"});
}

TEST_CASE("a plus in the query stays a plus, so that a zone offset survives") {
  Request request;
  REQUIRE(read_target("/x?at=2024-01-01T10:00:00+02:00&member=a%2Bb%40c&empty=&bare&at=2", request).has_value());
  CHECK(request.query("at") == "2024-01-01T10:00:00+02:00");
  CHECK(request.query("member") == "a+b@c");
  CHECK(request.query("empty") == "");
  CHECK(request.query("bare") == "");
  CHECK_FALSE(request.query("absent"));
  CHECK(request.query_times("at") == 2);
  CHECK(request.query_count() == 5);
  CHECK(request.query_at(4) == std::pair<std::string_view, std::string_view>("at", "2"));
}

TEST_CASE("a query that is empty has no parameters") {
  Request request;
  REQUIRE(read_target("/x?", request).has_value());
  CHECK(request.query_count() == 0);
}

TEST_CASE("a target in absolute form is read like its path") {
  CHECK(segments_of("http://127.0.0.1:7400/v1/orgs") == std::vector<std::string>{"v1", "orgs"});
  CHECK(segments_of("http://127.0.0.1") == std::vector<std::string>{""});
}

TEST_CASE("what is no clean target is refused with the reason") {
  using Catch::Matchers::Contains;
  CHECK_THAT(because("/a%00b"), Contains("NUL"));
  CHECK_THAT(because("/a?x=%00"), Contains("NUL"));
  CHECK_THAT(because("/a?%00=x"), Contains("NUL"));
  CHECK_THAT(because("/a%ff"), Contains("not UTF-8"));
  CHECK_THAT(because("/a?x=%C0%80"), Contains("not UTF-8"));
  CHECK_THAT(because("/a?x=%ED%A0%80"), Contains("not UTF-8"));
  CHECK_THAT(because("/a?x=%F4%90%80%80"), Contains("not UTF-8"));
  CHECK_THAT(because("/a/../b"), Contains("dot segments"));
  CHECK_THAT(because("/a/%2e%2E/b"), Contains("dot segments"));
  CHECK_THAT(because("/./b"), Contains("dot segments"));
  for (const char* bad : {"/a%zz", "/a%4", "", "*", "a/b", "/a b", "/a#b", "/\xD1\x97", "/a|b", "example.com:443"}) {
    INFO(bad);
    CHECK_THAT(because(bad), Contains("not a path"));
  }
}

TEST_CASE("a moved request keeps all of its text") {
  Request request;
  REQUIRE(read_target("/a?k=v", request).has_value());
  request.add_header("Host", "h");
  request.add_param("org", 0);
  const Request moved = std::move(request);
  CHECK(moved.param("org") == "a");
  CHECK(moved.query("k") == "v");
  CHECK(moved.header("hOST") == "h");
  CHECK(moved.target() == "/a?k=v");
}
