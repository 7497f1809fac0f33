// A history of role changes as a database would keep it: who held which role on what, from when until when. Made from
// the events themselves, so that it says the same.
//
// A plain value; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenure::bench {

struct HeldRole {
  std::string member, role, resource;
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> until_ms;  // none: still held
};

class HeldRoles {
 public:
  explicit HeldRoles(std::string organization) : organization_(std::move(organization)) {}

  // The next events, one a line; they must be of SwapHistory's types. Throws std::runtime_error otherwise.
  void take(std::string_view lines);
  // All of them, in order of their end; those that are still held come last.
  std::vector<HeldRole> all() const;

  // What an organization's own roles are held on.
  std::string whole_organization() const { return "org:" + organization_; }

 private:
  void begin(const std::string& member, const std::string& role, const std::string& resource, std::int64_t at_ms);
  void end(const std::string& member, const std::string& role, const std::string& resource, std::int64_t at_ms);

  std::string organization_;
  std::vector<HeldRole> ended_;
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> open_;  // member, role, resource
  std::map<std::string, std::string> roles_;                                        // in the organization, by member
};

}  // namespace tenure::bench
