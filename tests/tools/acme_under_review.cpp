#include "tests/tools/acme_under_review.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tenure::test {

namespace {

std::string line(const std::string& id, const std::string& action, const std::string& more) {
  return R"({"_document_id":")" + id + R"(","@timestamp":170000000)" + id + R"(000,"action":")" + action +
         R"(","actor":"ann","org":"acme")" + more + "}\n";
}

json by_ann(const char* type, const json& data) {
  return {{"type", type}, {"actor", {{"kind", "member"}, {"id", "ann"}}}, {"data", data}};
}

}  // namespace

void says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
}

std::string whole(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

Acme::Acme() {
  const std::string history = line("1", "org.create", "") +
                              line("2", "org.add_member", R"(,"user":"ann","permission":"admin")") +
                              line("3", "org.add_member", R"(,"user":"bob","permission":"read")");
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const json grant{{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:acme/web"}};
  REQUIRE(serve.run({"append", "acme", "-"}, by_ann("role.granted", grant).dump()).code == exit_ok);
}

std::string Acme::run(const std::vector<std::string>& arguments, const std::string& in) {
  const Ran ran = serve.run(arguments, in);
  INFO(ran.out << ran.err);
  REQUIRE(ran.code == exit_ok);
  return ran.out;
}

json Acme::ask(std::vector<std::string> arguments, const std::string& in) {
  arguments.insert(arguments.begin(), "--json");
  return json::parse(run(arguments, in));
}

std::string Acme::refused(const std::vector<std::string>& arguments, int code, const std::string& in) {
  const Ran ran = serve.run(arguments, in);
  INFO(ran.out << ran.err);
  CHECK(ran.code == code);
  return ran.err;
}

void Acme::grows_by(int members) {
  json events = json::array();
  for (int i = 1; i <= members; ++i) {
    events.push_back(by_ann("member.added", {{"member", "m" + std::to_string(i)}, {"role", "member"}}));
  }
  run({"append", "acme", "-"}, events.dump());
}

void Acme::define(const std::string& id) {
  const json stage{{"reviewers", {{{"kind", "holders_of"}, {"role", "owner"}}}}, {"fallback", {"bob"}}};
  const json definition{{"id", id}, {"name", "Quarterly"}, {"stages", {stage}}};
  says(run({"reviews", "define", "acme", "--file", "-", "--reason", "policy 7"}, definition.dump()),
       "Defined at position ");
}

json Acme::item(const std::string& review, const std::string& kind, const std::string& member) {
  const json all = ask({"reviews", "items", "acme", review, "--kind", kind, "--member", member});
  if (all.at("items").size() != 1) throw std::runtime_error("there is not one such item");
  return all.at("items").at(0);
}

void Acme::decide(const std::string& review, const std::string& kind, const std::string& member,
                  const std::string& decision, const std::string& reviewer) {
  const json one = item(review, kind, member);
  says(run({"reviews", "decide", "acme", review, one.at("item").get<std::string>(), decision, "--state",
            one.at("state").get<std::string>(), "--reviewer", reviewer, "--reason", "looked at"}),
       "Decided at position ");
}

}  // namespace tenure::test
