// Pages of a stream that are made while the client takes the one before.
#include "services/api/page_ahead.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/catch.h"

namespace {

using namespace tenure;
using services::PageAhead;

http::Response page_of(const std::string& cursor) {
  http::Response page;
  page.body = "page of " + cursor;
  return page;
}

}  // namespace

TEST_CASE("a page that was made ahead is not asked for again") {
  int asked = 0;
  PageAhead ahead([&](const std::string& cursor) { return ++asked, page_of(cursor); });
  ahead.make();  // nothing is wanted
  CHECK(asked == 0);
  ahead.want("a");
  ahead.make();
  ahead.make();
  CHECK(asked == 1);
  CHECK(ahead.take("a")->body == "page of a");
  CHECK(asked == 1);
  // And one that nobody came to make is made by who takes it.
  ahead.want("b");
  CHECK(ahead.take("b")->body == "page of b");
  CHECK(asked == 2);
  CHECK(ahead.take("c")->body == "page of c");
}

TEST_CASE("what was made ahead for another cursor is not taken for the page") {
  PageAhead ahead(page_of);
  ahead.want("wrong");
  ahead.make();
  CHECK(ahead.take("right")->body == "page of right");
  ahead.want("next");
  CHECK(ahead.take("next")->body == "page of next");
}

TEST_CASE("what making a page ahead meets is thrown to who takes it, once") {
  bool fails = true;
  PageAhead ahead([&](const std::string& cursor) {
    if (fails) throw std::runtime_error("no " + cursor);
    return page_of(cursor);
  });
  ahead.want("a");
  ahead.make();
  CHECK_THROWS_AS(ahead.take("a"), std::runtime_error);
  fails = false;
  ahead.want("b");
  CHECK(ahead.take("b")->body == "page of b");
}

TEST_CASE("who comes for a page that is in the making is told so, and does not wait") {
  std::promise<void> begun, go_on;
  PageAhead ahead([&](const std::string& cursor) {
    begun.set_value();
    go_on.get_future().wait();
    return page_of(cursor);
  });
  ahead.want("a");
  std::thread maker([&] { ahead.make(); });
  begun.get_future().wait();
  CHECK_FALSE(ahead.take("a").has_value());
  go_on.set_value();
  maker.join();
  CHECK(ahead.take("a")->body == "page of a");
}

TEST_CASE("pages come in order, each asked for once, whoever makes them") {
  std::atomic<int> asked{0}, at_once{0};
  std::atomic<bool> overlapped{false}, over{false};
  PageAhead ahead([&](const std::string& cursor) {
    if (++at_once > 1) overlapped = true;
    ++asked;
    std::this_thread::yield();
    --at_once;
    return page_of(cursor);
  });
  std::vector<std::thread> makers;
  for (int i = 0; i < 3; ++i) {
    makers.emplace_back([&] {
      while (!over) ahead.make();
    });
  }
  constexpr int pages = 2'000;
  for (int i = 0; i < pages; ++i) {
    ahead.want(std::to_string(i));
    if (i % 3 == 0) std::this_thread::yield();
    auto page = ahead.take(std::to_string(i));
    while (!page) {
      std::this_thread::yield();
      page = ahead.take(std::to_string(i));
    }
    REQUIRE(page->body == "page of " + std::to_string(i));
  }
  over = true;
  for (auto& maker : makers) maker.join();
  CHECK(asked == pages);
  CHECK_FALSE(overlapped);
}
