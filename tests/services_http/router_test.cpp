#include "services/http/router.h"

#include "services/http/target.h"
#include "tests/catch.h"

using namespace tenure::http;

namespace {

Request request_for(Method method, std::string_view target) {
  Request request;
  request.method = method;
  REQUIRE(read_target(target, request).has_value());
  return request;
}

Router example() {
  Router router;
  const LoopHandler nothing = [](Request&) { return Response(); };
  router.on_loop(Method::get, "/v1/orgs", "read", nothing);
  router.on_loop(Method::post, "/v1/orgs", "admin", nothing);
  router.on_loop(Method::get, "/v1/orgs/{org}/members/{member}", "read", nothing);
  router.on_loop(Method::get, "/v1/orgs/{org}/members/all", "read", nothing);
  router.on_loop(Method::get, "/v1/orgs/mine/groups", "read", nothing);
  return router;
}

std::string found(Method method, std::string_view target) {
  const Router router = example();
  Request request = request_for(method, target);
  const auto found = router.find(request);
  return found.endpoint ? found.endpoint->route.path : "allow:" + found.allow;
}

}  // namespace

TEST_CASE("a path finds its route and the route its parameters") {
  const Router router = example();
  Request request = request_for(Method::get, "/v1/orgs/acme/members/ana%40acme.test");
  const auto found = router.find(request);
  REQUIRE(found.endpoint);
  CHECK(found.endpoint->route.scope == "read");
  CHECK(request.param("org") == "acme");
  CHECK(request.param("member") == "ana@acme.test");
}

TEST_CASE("a written segment goes before a named one, and a dead end is left again") {
  CHECK(found(Method::get, "/v1/orgs/acme/members/all") == "/v1/orgs/{org}/members/all");
  CHECK(found(Method::get, "/v1/orgs/mine/groups") == "/v1/orgs/mine/groups");
  CHECK(found(Method::get, "/v1/orgs/mine/members/all") == "/v1/orgs/{org}/members/all");
}

TEST_CASE("an unknown path has no route, nor has one with an empty segment") {
  for (const char* path : {"/", "/v1", "/v1/orgs/", "/v1//orgs", "//v1/orgs", "/v1/orgs//members/x",
                           "/v1/orgs/a/members/", "/v1/orgs/a/members/b/c", "/V1/orgs"}) {
    INFO(path);
    CHECK(found(Method::get, path) == "allow:");
  }
}

TEST_CASE("a known path with another method says which methods it takes") {
  CHECK(found(Method::delete_, "/v1/orgs") == "allow:GET, HEAD, POST");
  CHECK(found(Method::other, "/v1/orgs/mine/groups") == "allow:GET, HEAD");
}

TEST_CASE("HEAD finds the route of GET") { CHECK(found(Method::head, "/v1/orgs") == "/v1/orgs"); }

TEST_CASE("the router lists its routes in the order they were added") {
  const Router router = example();
  REQUIRE(router.routes().size() == 5);
  CHECK(router.routes()[1].method == Method::post);
  CHECK(router.routes()[1].path == "/v1/orgs");
  CHECK(router.routes()[1].scope == "admin");
}
