#include "tests/services/feed_client.h"

namespace tenure::test {

using nlohmann::json;

Follower::Follower(const RunningProgram& program, const std::string& query, const std::string& token)
    : client_(std::make_unique<WsClient>(
          program.port(), "/v1/feed" + query,
          WsClient::Headers{{"Authorization", "Bearer " + (token.empty() ? program.token() : token)}})),
      hello_(json::parse(client_->read().value())) {}

json Follower::next(const std::string& type) {
  while (auto message = client_->read()) {
    last_ = *message;
    json said = json::parse(*message);
    if (said.at("type") == type) return said;
    if (said.contains("position") && said.contains("version")) events_.push_back(std::move(said));
  }
  return nullptr;
}

json Follower::event() {
  while (auto message = client_->read()) {
    last_ = *message;
    json said = json::parse(*message);
    if (said.contains("version")) return said;
  }
  return nullptr;
}

std::vector<std::uint64_t> Follower::positions(std::size_t count) {
  std::vector<std::uint64_t> all;
  while (all.size() < count) {
    const auto one = event();
    if (one.is_null()) break;
    all.push_back(one.at("position").get<std::uint64_t>());
  }
  return all;
}

void make_org(RunningProgram& program, const std::string& org) {
  const auto made =
      program.post("/v1/orgs", R"({"id":")" + org + R"(","model":"github","mode":"observe","owner":"ana"})");
  REQUIRE(made.status == 201);
}

std::uint64_t append(RunningProgram& program, const std::string& org, const std::string& member,
                     const std::string& actor) {
  const auto sent =
      program.post("/v1/orgs/" + org + "/events", R"({"type":"member.added","actor":{"kind":"member","id":")" + actor +
                                                      R"("},"data":{"member":")" + member + R"(","role":"member"}})");
  REQUIRE(sent.status == 201);
  return sent.json().at("items").at(0).at("position").get<std::uint64_t>();
}

std::string token_of(RunningProgram& program, const std::string& wish) {
  const auto made = program.post("/v1/tokens", wish);
  REQUIRE(made.status == 201);
  return made.json().at("secret").get<std::string>();
}

std::uint64_t newest(RunningProgram& program) {
  return program.get("/readyz").json().at("position").get<std::uint64_t>();
}

std::string unchunked(const std::string& body) {
  std::string out;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t line = body.find("\r\n", at);
    const std::size_t size = std::stoul(body.substr(at, line - at), nullptr, 16);
    out += body.substr(line + 2, size);
    at = line + 4 + size;
    if (size == 0) break;
  }
  return out;
}

std::vector<json> poll(RunningProgram& program, const std::string& query) {
  const auto answer = program.request("GET", "/v1/feed" + query, {}, {"Accept: application/x-ndjson"});
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  std::vector<json> lines;
  const std::string body = unchunked(answer.body);
  for (std::size_t at = 0, end = 0; (end = body.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(json::parse(body.substr(at, end - at)));
  }
  return lines;
}

}  // namespace tenure::test
