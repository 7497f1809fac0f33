// Options of `tenure serve` by flag, environment and file, and what the command line refuses.
#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;

// A TOML file that goes away with the object.
class TomlFile {
 public:
  explicit TomlFile(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenure-toml-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream(path()) << text;
  }
  ~TomlFile() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/tenure.toml"; }

 private:
  std::string folder_;
};

// What `serve` says against the address it was given: it names the refused one, so it shows which source won.
std::string refused_listen(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  const Ran ran = run_tenure(arguments, {}, environment);
  CHECK(ran.code == exit_usage);
  return ran.err;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("serve --help names every option with its default, and --help the exit codes") {
  const Ran serve = run_tenure({"serve", "--help"});
  CHECK(serve.code == exit_ok);
  for (const char* text : {"--listen", "127.0.0.1:7400", "--data", "./data", "--master-key", "DATA/master.key",
                           "--demo", "--config", "--io-threads", "--pool-threads", "--cache-mb", "96", "--log-level",
                           "info", "--drain-seconds", "10", "TENURE_LISTEN", "TENURE_CACHE_MB", "TENURE_CONFIG"}) {
    INFO(text);
    CHECK(has(serve.out, text));
  }
  const Ran all = run_tenure({"--help"});
  CHECK(has(all.out, exit_code_table));
  for (const char* command :
       {"serve", "import", "append", "who-can", "can", "members", "events", "models", "token", "rebuild", "verify"}) {
    INFO(command);
    CHECK(has(all.out, command));
  }
}

TEST_CASE("flags are stronger than the environment, and the environment than the file") {
  // A port that is none is refused in three different ways to tell which one was read.
  const TomlFile file("listen = \"127.0.0.1:file\"\ncache_mb = 4\n");
  const std::string from_file = refused_listen({"serve", "--config", file.path()}, {});
  CHECK(has(from_file, "cache"));
  const std::string from_environment =
      refused_listen({"serve", "--config", file.path()}, {"TENURE_CACHE_MB=64", "TENURE_LISTEN=10.0.0.1:1"});
  CHECK(has(from_environment, "no TLS yet"));
  const std::string from_flag = refused_listen({"serve", "--config", file.path(), "--listen", "127.0.0.1:99999"},
                                               {"TENURE_CACHE_MB=64", "TENURE_LISTEN=10.0.0.1:1"});
  CHECK(has(from_flag, "needs a port"));
}

TEST_CASE("a file's options take effect where nothing stronger is said") {
  const TomlFile file("demo = true\nio-threads = 2\n");
  const RunningServe serve({"--config", file.path()});
  CHECK(serve.run({"members", "demo"}).code == exit_ok);
}

TEST_CASE("an unknown or ill-kinded key of the file is named with its file and line") {
  const TomlFile unknown("demo = false\n\ncache = 5\n");
  const Ran ran = run_tenure({"serve", "--config", unknown.path()});
  CHECK(ran.code == exit_usage);
  CHECK(has(ran.err, unknown.path() + ":3: \"cache\""));
  const TomlFile list("demo = [1]\n");
  CHECK(has(run_tenure({"serve", "--config", list.path()}).err, ":1: \"demo\" must be"));
  const TomlFile broken("demo = \n");
  CHECK(run_tenure({"serve", "--config", broken.path()}).code == exit_usage);
  CHECK(run_tenure({"serve", "--config", "/nowhere/at/all"}).code == exit_usage);
}

TEST_CASE(
    "client commands find url, token and data in the file that the server reads too, unless something stronger says") {
  const RunningServe serve({"--demo"});
  std::ifstream secret(serve.folder() + "/admin.token");
  std::string token;
  std::getline(secret, token);
  const std::string url = "url = \"" + serve.url() + "\"\n", for_serve = "listen = \"127.0.0.1:1\"\ncache_mb = 64\n";
  const TomlFile whole(url + "token = \"" + token + "\"\n" + for_serve);
  const auto members = [](const std::string& file, const std::vector<std::string>& more,
                          const std::vector<std::string>& environment) {
    std::vector<std::string> arguments{"members", "demo", "--config", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tenure(arguments, {}, environment).code;
  };
  CHECK(members(whole.path(), {}, {}) == exit_ok);
  CHECK(run_tenure({"members", "demo"}, {}, {"TENURE_CONFIG=" + whole.path()}).code == exit_ok);
  CHECK(run_tenure({"token", "list", "--config", whole.path()}).code == exit_ok);
  CHECK(members(whole.path(), {"--url", "http://127.0.0.1:1"}, {}) == exit_unreachable);
  CHECK(members(whole.path(), {}, {"TENURE_URL=http://127.0.0.1:1"}) == exit_unreachable);
  CHECK(members(whole.path(), {"--token", "tnr_0"}, {}) == exit_forbidden);
  CHECK(members(whole.path(), {}, {"TENURE_TOKEN=tnr_0"}) == exit_forbidden);
  const TomlFile folder(url + "data = \"" + serve.folder() + "\"\n");
  CHECK(members(folder.path(), {}, {}) == exit_ok);
  CHECK(members(folder.path(), {"--data", "/nowhere"}, {}) == exit_forbidden);
  CHECK(run_tenure({"verify", "--config", folder.path()}).code == exit_failed);  // in use: it is that folder

  const TomlFile unknown(url + "tokens = 1\n");
  const Ran ran = run_tenure({"members", "demo", "--config", unknown.path()});
  CHECK(ran.code == exit_usage);
  CHECK(has(ran.err, unknown.path() + ":2: \"tokens\""));
  const TomlFile itself("config = \"other.toml\"\n");
  CHECK(run_tenure({"members", "demo", "--config", itself.path()}).code == exit_usage);
}

TEST_CASE("what is not loopback is not listened on") {
  for (const char* address :
       {"0.0.0.0:7400", "192.168.1.1:7400", "example.org:7400", "7400", "127.0.0.1:", "127.0.0.1:x"}) {
    INFO(address);
    const Ran ran = run_tenure({"serve", "--listen", address});
    CHECK(ran.code == exit_usage);
    CHECK(has(ran.err, "--listen"));
  }
}

TEST_CASE("a command line that cannot be understood is refused as such") {
  CHECK(run_tenure({}).code == exit_usage);
  CHECK(run_tenure({"no-such-command"}).code == exit_usage);
  CHECK(run_tenure({"who-can", "acme"}).code == exit_usage);
  CHECK(run_tenure({"members", "acme", "--no-such-option"}).code == exit_usage);
  CHECK(run_tenure({"token"}).code == exit_usage);
}

TEST_CASE("a server's address is read from a URL without a path") {
  const auto parts = [](const char* url) {
    const auto address = server_address(url);
    return address ? address->host + " " + address->port : std::string("refused");
  };
  CHECK(parts("http://127.0.0.1:7401") == "127.0.0.1 7401");
  CHECK(parts("http://localhost/") == "localhost 7400");
  CHECK(parts("http://[::1]:7401") == "::1 7401");
  CHECK(parts("http://[::1]") == "::1 7400");
  for (const char* url :
       {"https://127.0.0.1", "127.0.0.1:7400", "http://", "http://a:b", "http://a:", "http://a/b", "http://:1"}) {
    INFO(url);
    CHECK(parts(url) == "refused");
  }
}
