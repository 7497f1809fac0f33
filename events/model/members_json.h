// Reading JSON objects with every fault and its place, for documents that people write by hand.
//
// A `Members` walks one object: each call takes one member by name and answers nothing (or a fallback) where
// the member is absent or wrong, having noted the fault. Names that nobody asked for are faults too.
// One thread; the JSON outlives the reader.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/model/access_model.h"

namespace tenure {

// The faults found so far; past faults_max the last one says that there are more, since nobody reads them all.
class ModelFaults {
 public:
  static constexpr std::size_t faults_max = 1000;

  void add(std::string pointer, std::string because);
  bool empty() const { return faults_.empty(); }
  std::vector<ModelFault> take() { return std::move(faults_); }

 private:
  std::vector<ModelFault> faults_;
};

// Identifiers of a model: 1 to 320 bytes without blanks and control characters.
bool is_model_identifier(std::string_view text);
// Names that stand before a colon or in a path: letters, digits, dot, dash, underscore; at most 64.
bool is_plain_name(std::string_view text);

std::string pointer_to(const std::string& pointer, std::string_view name);
std::string pointer_to(const std::string& pointer, std::size_t index);

class Members {
 public:
  enum class Need : std::uint8_t { required, optional };

  // `known` are the only names that may stand in the object. If `json` is no object, that is a fault and every
  // later call answers nothing, quietly.
  Members(ModelFaults& faults, const nlohmann::json& json, std::string pointer,
          std::initializer_list<std::string_view> known);

  bool is_object() const { return json_ != nullptr; }
  const std::string& pointer() const { return pointer_; }
  std::string at(std::string_view name) const { return pointer_to(pointer_, name); }
  void fault(std::string_view name, std::string because) { faults_.add(at(name), std::move(because)); }

  const nlohmann::json* find(std::string_view name, Need need = Need::optional);
  // Text of 1 to 4,096 bytes.
  std::optional<std::string> text(std::string_view name, Need need = Need::optional);
  std::optional<std::string> identifier(std::string_view name, Need need = Need::optional);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::int64_t> whole_number(std::string_view name, std::int64_t least, std::int64_t most);

  using Visit = std::function<void(const nlohmann::json& item, const std::string& pointer)>;
  using VisitNamed =
      std::function<void(const std::string& name, const nlohmann::json& item, const std::string& pointer)>;
  // Each item of an array member of at most `most` items.
  void each(std::string_view name, Need need, std::size_t most, const Visit& visit);
  // Each member of an object member, at most `most`.
  void each_named(std::string_view name, Need need, std::size_t most, const VisitNamed& visit);
  // Each text of an array of texts that is not empty; whatever is no text is a fault.
  void each_text(std::string_view name, std::size_t most,
                 const std::function<void(const std::string& text, const std::string& pointer)>& visit);

 private:
  ModelFaults& faults_;
  const nlohmann::json* json_ = nullptr;
  std::string pointer_;
};

}  // namespace tenure
