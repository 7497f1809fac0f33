// The program that SpiceDb starts: the library, what is in it, and its end.

#include <dlfcn.h>
#include <signal.h>
#include <simdjson.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "tools/measure/protobuf.h"
#include "tools/measure/spicedb.h"

namespace tenure::bench {
namespace {

constexpr std::size_t updates_a_write = 1'000;  // the most that it takes
constexpr const char* schema = R"(
definition user {}
definition organization {
  relation owner: user
  relation member: user
}
definition repository {
  relation organization: organization
  relation writer: user
  permission write = writer + organization->owner
})";

// The library's functions, whose answers are bytes or an error, both to be freed by it.
class Library {
 public:
  explicit Library(const std::string& path) : loaded_(::dlopen(path.c_str(), RTLD_NOW)) {
    if (loaded_ == nullptr) throw std::runtime_error(::dlerror());
  }

  // What it says of the instance that it starts, in JSON.
  std::string start() const { return function<char*(const char*)>("spicedb_start")("{}"); }

  void dispose(std::uint64_t handle) const { function<char*(unsigned long long)>("spicedb_dispose")(handle); }

  void call(const char* name, std::uint64_t handle, const std::string& message) const {
    unsigned char* out = nullptr;
    int size = 0;
    char* error = nullptr;
    function<void(unsigned long long, const unsigned char*, int, unsigned char**, int*, char**)>(name)(
        handle, reinterpret_cast<const unsigned char*>(message.data()), static_cast<int>(message.size()), &out, &size,
        &error);
    if (error != nullptr) throw std::runtime_error(std::string("spicedb: ") + error);
    if (out != nullptr) function<void(void*)>("spicedb_free_bytes")(out);
  }

 private:
  template <typename Signature>
  Signature* function(const char* name) const {
    void* found = ::dlsym(loaded_, name);
    if (found == nullptr) throw std::runtime_error(::dlerror());
    return reinterpret_cast<Signature*>(found);
  }

  void* loaded_;
};

std::string object(const std::string& type, const std::string& id) { return field(1, type) + field(2, id); }

// "type id relation type id"
std::string update_of(const std::string& line) {
  std::istringstream words(line);
  std::string type, id, relation, subject_type, subject;
  words >> type >> id >> relation >> subject_type >> subject;
  const std::string relationship =
      field(1, object(type, id)) + field(2, relation) + field(3, field(1, object(subject_type, subject)));
  constexpr unsigned touch = 2;
  return field(1, number_field(1, touch) + field(2, relationship));
}

}  // namespace

void serve_spicedb(const std::string& library_path, const std::string& relationships) {
  sigset_t end;
  ::sigemptyset(&end);
  ::sigaddset(&end, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &end, nullptr);
  const Library library(library_path);
  simdjson::dom::parser parser;
  const std::string started = library.start();
  const auto said = parser.parse(started)["data"];
  const std::uint64_t handle = said["handle"].get_uint64();
  if (std::string_view(said["streaming_transport"]) != "unix") throw std::runtime_error("spicedb: " + started);
  library.call("spicedb_schema_write_schema", handle, field(1, schema));
  std::ifstream lines(relationships);
  std::string updates;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    updates += update_of(line);
    if (++count % updates_a_write != 0) continue;
    library.call("spicedb_permissions_write_relationships", handle, updates);
    updates.clear();
  }
  if (!updates.empty()) library.call("spicedb_permissions_write_relationships", handle, updates);
  std::cout << std::string_view(said["streaming_address"]) << std::endl;
  int signal = 0;
  ::sigwait(&end, &signal);
  library.dispose(handle);
}

}  // namespace tenure::bench
