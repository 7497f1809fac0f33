#include "services/http/problem.h"

#include "services/http/utf8.h"
#include "tests/catch.h"

using namespace tenure;
using namespace tenure::http;

namespace {

std::string json(std::string_view text) {
  std::string out;
  append_shown_text(out, text);
  return out;
}

}  // namespace

TEST_CASE("a refusal becomes a problem document with everything that is known of it") {
  Refusal refusal = refuse(RefusalCode::malformed_json, "Byte 17 is not JSON.", "/data");
  refusal.offset = 17;
  refusal.index = 3;
  const Response response = problem(refusal);
  CHECK(response.status == 400);
  CHECK(response.content_type.text == "application/problem+json");
  CHECK(response.body ==
        R"({"type":"/problems/malformed_json","title":"The body is not JSON","status":400,)"
        R"("detail":"Byte 17 is not JSON.","code":"malformed_json","field":"/data","offset":17,"index":3})");
}

TEST_CASE("each refusal has its status, and the caller may choose another") {
  CHECK(problem(refuse(RefusalCode::version_conflict, "")).status == 412);
  CHECK(problem(refuse(RefusalCode::id_reused, "")).status == 409);
  CHECK(problem(refuse(RefusalCode::not_allowed, "")).status == 403);
  CHECK(problem(refuse(RefusalCode::too_large, "")).status == 413);
  CHECK(problem(refuse(RefusalCode::in_the_future, "")).status == 422);
  CHECK(problem(refuse(RefusalCode::unknown_org, "")).status == 404);
  CHECK(problem(refuse(RefusalCode::forbidden, "")).status == 403);
  const Response moved = problem(refuse(RefusalCode::unknown_role, "x"), 400);
  CHECK(moved.status == 400);
  CHECK_THAT(moved.body, Catch::Matchers::Contains("\"status\":400"));
}

TEST_CASE("an answer without a token says which kind of token is wanted") {
  const Response response = problem(refuse(RefusalCode::unauthenticated, "Send a token."));
  CHECK(response.status == 401);
  REQUIRE(response.headers.size() == 1);
  CHECK(response.headers[0] == std::pair<std::string, std::string>("WWW-Authenticate", "Bearer"));
}

TEST_CASE("failures of the machine keep apart what can be retried and what cannot") {
  CHECK(problem(fail(FailureCode::disk_full, "x")).status == 507);
  CHECK(problem(fail(FailureCode::conflict, "x")).status == 409);
  CHECK(problem(fail(FailureCode::corruption, "x")).status == 500);
  CHECK(problem(fail(FailureCode::io, "x")).status == 500);
  const Response closed = problem(fail(FailureCode::closed, "x"));
  CHECK(closed.status == 503);
  CHECK(closed.headers.at(0).first == "Retry-After");
}

TEST_CASE("a batch refused whole lists each bad event") {
  Refusal first = refuse(RefusalCode::unknown_field, "No such field.", "/colour");
  first.index = 1;
  Refusal second = refuse(RefusalCode::not_allowed, "Owners only.");
  second.index = 4;
  second.rule = "owner_only";
  const Response response = problem(std::vector{first, second});
  CHECK(response.status == 400);
  CHECK_THAT(response.body, Catch::Matchers::EndsWith(
                                R"("code":"unknown_field","field":"/colour","index":1,"errors":[)"
                                R"({"code":"unknown_field","detail":"No such field.","field":"/colour","index":1},)"
                                R"({"code":"not_allowed","detail":"Owners only.","rule":"owner_only","index":4}]})"));
}

TEST_CASE("a stale version names the current one") {
  Refusal refusal = refuse(RefusalCode::version_conflict, "Stale.");
  refusal.version = 42;
  CHECK_THAT(problem(refusal).body, Catch::Matchers::EndsWith(R"("version":42})"));
}

TEST_CASE("JSON text is escaped, and what is not UTF-8 in it is replaced") {
  CHECK(json("a\"b\\c\n\t\r\b\f") == R"("a\"b\\c\n\t\r\b\f")");
  CHECK(json(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
  CHECK(json("їж😀") == "\"їж😀\"");
  CHECK(json("a\xff"
             "b") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(json("\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("well-formed UTF-8 is told from overlong forms, surrogates and what lies past the last code point") {
  for (const char* good : {"", "abc", "é", "€", "😀", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"})
    CHECK(is_utf8(good));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "a\xC3(b"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}
