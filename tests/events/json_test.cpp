#include <rapidcheck.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/canonical_json.h"
#include "events/wire/json_read.h"
#include "tests/catch.h"

using namespace tenure;

namespace {

std::string canonical(std::string_view text) {
  const auto value = read_json(text);
  REQUIRE(value.has_value());
  const auto out = canonical_json(*value);
  REQUIRE(out.has_value());
  return *out;
}

std::string number_of_bits(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  std::string out;
  append_json_number(out, value);
  return out;
}

struct Refused {
  std::string_view text;
  std::uint64_t offset;
};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("canonical JSON of a mixed value has no blanks, sorted names and ECMAScript numbers") {
  CHECK(canonical(R"({ "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                   "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] })") ==
        R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],)"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("names are sorted by UTF-16 code units, not by bytes") {
  CHECK(
      canonical(R"({"\u20ac":5,"\r":1,"\ufb33":7,"1":2,"\ud83d\ude00":6,"\u0080":3,"\u00f6":4})") ==
      "{\"\\r\":1,\"1\":2,\"\xC2\x80\":3,\"\xC3\xB6\":4,\"\xE2\x82\xAC\":5,\"\xF0\x9F\x98\x80\":6,\"\xEF\xAC\xB3\":7}");
  CHECK(canonical_less("a", "ab"));
  CHECK_FALSE(canonical_less("ab", "ab"));
  CHECK(canonical_less("\xF4\x8F\xBF\xBF", "\xEE\x80\x80"));  // U+10FFFF before U+E000
  CHECK(canonical_less("\xED\x9F\xBF", "\xF0\x90\x80\x80"));  // U+D7FF before U+10000
}

TEST_CASE("numbers are laid out as ECMAScript lays them out") {
  CHECK(number_of_bits(0x0000000000000000) == "0");
  CHECK(number_of_bits(0x8000000000000000) == "0");
  CHECK(number_of_bits(0x0000000000000001) == "5e-324");
  CHECK(number_of_bits(0x8000000000000001) == "-5e-324");
  CHECK(number_of_bits(0x7fefffffffffffff) == "1.7976931348623157e+308");
  CHECK(number_of_bits(0x4340000000000000) == "9007199254740992");
  CHECK(number_of_bits(0xc340000000000000) == "-9007199254740992");
  CHECK(number_of_bits(0x4430000000000000) == "295147905179352830000");
  CHECK(number_of_bits(0x44b52d02c7e14af5) == "9.999999999999997e+22");
  CHECK(number_of_bits(0x44b52d02c7e14af6) == "1e+23");
  CHECK(number_of_bits(0x44b52d02c7e14af7) == "1.0000000000000001e+23");
  CHECK(number_of_bits(0x444b1ae4d6e2ef4e) == "999999999999999700000");
  CHECK(number_of_bits(0x444b1ae4d6e2ef50) == "1e+21");
  CHECK(number_of_bits(0x3eb0c6f7a0b5ed8d) == "0.000001");
  CHECK(number_of_bits(0x3eb0c6f7a0b5ed8c) == "9.999999999999997e-7");
  CHECK(number_of_bits(0x41b3de4355555553) == "333333333.3333332");
  CHECK(number_of_bits(0xbecbf647612f3696) == "-0.0000033333333333333333");
  CHECK(number_of_bits(0x43143ff3c1cb0959) == "1424953923781206.2");
}

TEST_CASE("every finite double read back from its canonical text is the same double") {
  REQUIRE(rc::check("a number survives its canonical text", [](std::uint64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    RC_PRE(std::isfinite(value));
    RC_ASSERT(std::strtod(number_of_bits(bits).c_str(), nullptr) == value);
  }));
}

TEST_CASE("canonical text read and written again stays as it is, and the JSON library agrees on its meaning") {
  const std::string text = R"({"a":[1,-2,0.5,1e+21,""],"b":{"c":null,"d":false},"é":"\u0000\u001f\"\\/"})";
  CHECK(canonical(text) == text);
  CHECK(nlohmann::json::parse(canonical(text)) == nlohmann::json::parse(text));
  CHECK(canonical("9007199254740991") == "9007199254740991");
  CHECK(canonical("-9007199254740991") == "-9007199254740991");
  CHECK(canonical("-0.0") == "0");
}

TEST_CASE("what has no canonical form is refused with its place") {
  const auto place = [](const nlohmann::json& value) {
    const auto out = canonical_json(value, "/document");
    REQUIRE_FALSE(out.has_value());
    CHECK(out.error().code == RefusalCode::invalid_field);
    CHECK_FALSE(out.error().because.empty());
    return out.error().field;
  };
  CHECK(place({{"a", {1, 9007199254740992LL}}}) == "/document/a/1");
  CHECK(place({{"a/b~c", -9007199254740992LL}}) == "/document/a~1b~0c");
  CHECK(place(18446744073709551615ULL) == "/document");
  CHECK(place({{"a", 1e20}}) == "/document/a");
  CHECK(place({{"a", std::nan("")}}) == "/document/a");
  CHECK(place({{"a", "\xC3\x28"}}) == "/document/a");
  CHECK(place({{"\xFF", 1}}) == "/document/\xFF");
  nlohmann::json deep = 1;
  for (std::size_t i = 0; i < limits::json_depth_max; ++i) deep = nlohmann::json::array({deep});
  CHECK(canonical_json(deep).has_value());
  deep = nlohmann::json::array({deep});
  CHECK_FALSE(canonical_json(deep).has_value());
}

TEST_CASE("malformed JSON is refused with the offset of the first byte that cannot stand there") {
  const Refused cases[] = {
      {"", 0},
      {"   ", 3},
      {"\xEF\xBB\xBF{}", 0},
      {"{", 1},
      {"{\"a\"", 4},
      {"{\"a\" 1}", 5},
      {"{\"a\":}", 5},
      {"{\"a\":1,}", 7},
      {"{\"a\":1 \"b\":2}", 7},
      {"{a:1}", 1},
      {"{'a':1}", 1},
      {"[1,]", 3},
      {"[1 2]", 3},
      {"[1", 2},
      {"{} x", 3},
      {"{}{}", 2},
      {"tru", 3},
      {"trux", 3},
      {"nul]", 3},
      {"NaN", 0},
      {"01", 1},
      {"-", 1},
      {"-x", 1},
      {"1.", 2},
      {"1.x", 2},
      {"1e", 2},
      {"1e+", 3},
      {"+1", 0},
      {".5", 0},
      {"[1e400]", 1},
      {"\"abc", 4},
      {"\"a\nb\"", 2},
      {"\"a\\x\"", 3},
      {"\"\\u12g4\"", 5},
      {"\"\\ud800\"", 1},
      {"\"ab\\udc00\"", 3},
      {"\"\\ud800\\u0041\"", 1},
      {"\"a\xFF\"", 2},
      {"\"a\xC0\xAF\"", 2},
      {"\"\xED\xA0\x80\"", 1},
      {"\"\xF4\x90\x80\x80\"", 1},
      {"\"\xE2\x82", 1},
      {"// no\n1", 0},
      {"{\"a\":1,\"b\":2,\"a\":3}", 13},
      {"{\"a\":1,\"\\u0061\":3}", 7},
      {"{\"x\":{\"k\":1,\"k\":1}}", 12},
  };
  for (const Refused& refused : cases) {
    INFO(refused.text);
    const auto value = read_json(refused.text, "/document");
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().code == RefusalCode::malformed_json);
    CHECK(value.error().field == "/document");
    CHECK(value.error().offset == refused.offset);
    CHECK_FALSE(value.error().because.empty());
  }
}

TEST_CASE("a NUL byte is malformed wherever it stands outside an escape") {
  CHECK(read_json(std::string_view("\0", 1)).error().offset == 0U);
  CHECK(read_json(std::string_view("{}\0", 3)).error().offset == 2U);
  CHECK(read_json(std::string_view("\"a\0\"", 4)).error().offset == 2U);
}

TEST_CASE("JSON nested to the limit is read and one level more is refused where it begins") {
  CHECK(read_json(nested(limits::json_depth_max)).has_value());
  const auto deeper = read_json(nested(limits::json_depth_max + 1));
  REQUIRE_FALSE(deeper.has_value());
  CHECK(deeper.error().offset == limits::json_depth_max);
  CHECK_FALSE(read_json(std::string(1'000'000, '[')).has_value());
}

TEST_CASE("the same name in different objects is no duplicate") {
  CHECK(read_json(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})").has_value());
}

TEST_CASE("the walk and the JSON library agree on texts that were damaged in one place") {
  const std::string whole = R"({"a":[1,-2.5e3,"x\n\u00e9",{"b":null,"c":true}],"d":{"e":""}} )";
  REQUIRE(rc::check("damaged text", [&] {
    std::string text = whole;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::elementOf(std::string("{}[]\",:0 9-.eEtfnu\\\x01\x80\xC3/z"));
    const bool ours = read_json(text).has_value();
    const bool theirs = nlohmann::json::accept(text);
    // Only duplicate names make us stricter here.
    if (ours) RC_ASSERT(theirs);
    if (!ours && theirs) RC_ASSERT(find_json_fault(text)->because == "This name stands twice in one object.");
  }));
}

TEST_CASE("a character is escaped the same wherever it stands in a text of any length") {
  for (int c = 0; c < 0x80; ++c) {
    std::string alone;
    append_json_string(alone, std::string(1, static_cast<char>(c)));
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a'), written;
        text[at] = static_cast<char>(c);
        append_json_string(written, text);
        const std::string expected =
            '"' + std::string(at, 'a') + alone.substr(1, alone.size() - 2) + std::string(size - at - 1, 'a') + '"';
        if (written != expected) FAIL(written << " for " << expected);
      }
    }
  }
  std::string written;
  append_json_string(written, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\x80 beyond ASCII nothing is escaped");
  CHECK(written == "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\x80 beyond ASCII nothing is escaped\"");
}
