#include "services/http/accept.h"

#include <array>
#include <string>

#include "tests/catch.h"

using namespace tenure::http;

namespace {

constexpr std::array<std::string_view, 3> offers{"application/json", "text/csv", "application/x-ndjson"};

// The preferred offer, with a star where it is not named; "none".
std::string chosen(std::string_view accept) {
  const auto best = preferred(accept, offers);
  return best ? std::string(offers[best->offer]) + (best->by_name ? "" : " *") : "none";
}

}  // namespace

TEST_CASE("an Accept field prefers what it weighs most, names most closely and names first") {
  const std::string json = "application/json", csv = "text/csv", lines = "application/x-ndjson";
  struct Row {
    std::string accept, chosen;
  };
  const Row table[] = {
      {"", json + " *"},
      {"*/*", json + " *"},
      {"text/csv", csv},
      {"TEXT/CSV", csv},
      {"Application/X-NDJSON ; q=0.7", lines},
      {"text/csv;q=0", "none"},
      {"text/csv;q=0, */*", json + " *"},
      {"text/csv;q=0.000, application/x-ndjson;q=0.001", lines},
      {"text/csv;q=0.5, application/json;q=0.9", json},
      {"text/csv;q=0.5, application/json;q=0.499", csv},
      {"text/csv, application/json", csv},
      {"application/json, text/csv", json},
      {"text/csv, application/problem+json", csv},
      {"*/*, text/csv", csv},
      {"text/*", csv},
      {"text/*;q=0.2, application/*;q=0.1", csv},
      {"application/*, application/json;q=0.1", lines},
      {"text/csv; charset=utf-8; header=present", csv},
      {"text/csv;charset=\"a,b;q=0\";q=0.4, application/json;q=0.3", csv},
      {"text/csv ;Q=0.3,application/json;q=0.2", csv},
      {"\ttext/csv\t,\t,", csv},
      {"image/png", "none"},
      {"x-text/csv, text/csv-schema", "none"},
      {"text/csv/more", "none"},
      // What cannot be read says nothing, and where nothing can be read everything is taken.
      {"text/csv;q=2", json + " *"},
      {"text/csv;q=0.1234, application/x-ndjson", lines},
      {"text/csv;q=-1, application/x-ndjson", lines},
      {"text/csv;q=, application/x-ndjson", lines},
      {"csv", json + " *"},
      {"\"text/csv", "none"},
      {"text/csv;a=\"\\", csv},
  };
  for (const Row& row : table) {
    INFO(row.accept);
    CHECK(chosen(row.accept) == row.chosen);
  }
  CHECK_FALSE(preferred("*/*", {}).has_value());
}
