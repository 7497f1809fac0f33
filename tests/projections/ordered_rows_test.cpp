// Rows kept in neighbourhoods against a std::map of the same keys. The seed is printed; TENURE_SEED repeats a run.

#include "projections/ordered_rows.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "projections/interval.h"
#include "projections/list_rows.h"
#include "projections/row_sorts.h"
#include "tests/catch.h"

namespace {

using namespace tenure::projections;

using Expected = std::map<std::string, std::optional<std::string>, std::less<>>;

class Keys {
 public:
  explicit Keys(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  // Of one of a few lists, timelines and kinds of rows; most come behind all that came before.
  std::string next() {
    const bool behind = below(4) != 0;
    const std::uint64_t position = behind ? ++newest_ : 1 + below(newest_ + 1);
    std::string key = row_key(static_cast<OrgNumber>(1 + below(2)), Row::interval);
    switch (below(4)) {
      case 0:
        put_u64(key, position);
        break;
      case 1:
        key[kind_at] = static_cast<char>(Row::timeline);
        put_u32(key, static_cast<Number>(below(3)));
        key += 'S';
        put_u64(key, position);
        break;
      default:
        key = link_key(1, {ListKind::late, static_cast<Number>(below(2))}, {static_cast<std::int64_t>(position), 0},
                       RowKind::change, {static_cast<Number>(below(3)), 0});
    }
    return key;
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t newest_ = 0;
};

std::optional<std::string> text(const OrderedRows::Value& value) {
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

Expected all_of(const OrderedRows& rows) {
  Expected all;
  std::string last;
  rows.each([&](const OrderedRows::Row& row) {
    CHECK(last < row.key());
    last = row.key();
    all.emplace(row.key(), text(row.value()));
  });
  return all;
}

// The rest of a neighbourhood behind a key, and what comes before it, as both tell it.
void compare_around(const OrderedRows& rows, const Expected& expected, const std::string& key) {
  const std::string_view shared = std::string_view(key).substr(0, shared_bytes(key));
  auto it = expected.lower_bound(key);
  for (auto at = rows.lower_bound(key); const auto* row = at.next(); at.step(), ++it) {
    REQUIRE(it != expected.end());
    REQUIRE(row->key() == it->first);
    REQUIRE(text(row->value()) == it->second);
  }
  REQUIRE((it == expected.end() || !it->first.starts_with(shared)));
  auto before = expected.upper_bound(key);
  for (auto at = rows.upper_bound(shared, key); const auto* row = at.before(); at.back()) {
    REQUIRE(before != expected.begin());
    REQUIRE(row->key() == (--before)->first);
  }
  REQUIRE((before == expected.begin() || !std::prev(before)->first.starts_with(shared)));
}

}  // namespace

TEST_CASE("rows in neighbourhoods are found, walked through and undone as those of a map are") {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "ordered rows: TENURE_SEED=" << seed << "\n";
  Keys keys(seed);
  OrderedRows rows;
  Expected expected;
  std::size_t most = 0;  // rows of one neighbourhood at once
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<std::string, std::optional<OrderedRows::Row>>> done;
    const Expected at_mark = expected;
    for (std::uint64_t n = keys.below(2'000); n > 0; --n) {
      const std::string key = keys.next();
      const std::optional<std::string> value =
          keys.below(5) == 0 ? std::nullopt : std::optional(std::string(keys.below(40), 'v'));
      const auto before = rows.put(key, value ? OrderedRows::Value(*value) : std::nullopt);
      REQUIRE(before.has_value() == expected.contains(key));
      if (before) REQUIRE(text(before->value()) == expected[key]);
      expected[key] = value;
      done.emplace_back(key, before);
    }
    if (keys.below(3) == 0) {
      for (; !done.empty(); done.pop_back()) rows.undo(done.back().first, done.back().second);
      expected = at_mark;
    }
    REQUIRE(rows.size() == expected.size());
    REQUIRE(all_of(rows) == expected);
    for (int n = 0; n < 10; ++n) {
      const std::string key = keys.next(), to = keys.next();
      const auto* row = rows.find(key);
      REQUIRE((row != nullptr) == expected.contains(key));
      compare_around(rows, expected, key);
      std::vector<std::string_view> between;
      rows.add_keys(key, to, between);
      const auto first = expected.lower_bound(key), last = expected.lower_bound(std::max(key, to));
      REQUIRE(between.size() == static_cast<std::size_t>(std::distance(first, last)));
    }
    for (const auto& [key, value] : expected) {
      if (key[kind_at] != static_cast<char>(Row::interval)) continue;
      const std::string shared = key.substr(0, shared_bytes(key));
      most = std::max(most, static_cast<std::size_t>(
                                std::distance(expected.lower_bound(shared), expected.lower_bound(shared + '\xff'))));
      break;
    }
    if (round < 30 || keys.below(10) != 0) continue;
    OrderedRows other;
    other.swap(rows);
    REQUIRE(all_of(other) == expected);
    other.clear();
    REQUIRE(other.size() == 0);
    expected.clear();
  }
  CHECK(most > 2 * OrderedRows::block_rows_max);
}
