#include "events/model/members_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/canonical_json.h"

namespace tenure {
namespace {

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

std::string no_such_member(std::initializer_list<std::string_view> known) {
  std::string text = "No such member is known here; known are ";
  for (const std::string_view& name : known) {
    if (&name != known.begin()) text += ", ";
    text += name;
  }
  return text + ".";
}

}  // namespace

void ModelFaults::add(std::string pointer, std::string because) {
  if (faults_.size() < faults_max) faults_.push_back({std::move(pointer), std::move(because)});
  if (faults_.size() == faults_max) faults_.push_back({"", "There are further faults, which are not listed."});
}

bool is_model_identifier(std::string_view text) {
  if (text.empty() || text.size() > limits::identifier_bytes_max) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
  });
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_plain_character);
}

std::string pointer_to(const std::string& pointer, std::string_view name) {
  std::string longer = pointer;
  append_json_pointer(longer, name);
  return longer;
}

std::string pointer_to(const std::string& pointer, std::size_t index) { return pointer + "/" + std::to_string(index); }

Members::Members(ModelFaults& faults, const nlohmann::json& json, std::string pointer,
                 std::initializer_list<std::string_view> known)
    : faults_(faults), pointer_(std::move(pointer)) {
  if (!json.is_object()) {
    faults_.add(pointer_, "An object should stand here.");
    return;
  }
  json_ = &json;
  for (const auto& member : json.items()) {
    if (std::find(known.begin(), known.end(), member.key()) == known.end()) {
      fault(member.key(), no_such_member(known));
    }
  }
}

const nlohmann::json* Members::find(std::string_view name, Need need) {
  if (!json_) return nullptr;
  const auto at = json_->find(name);
  if (at != json_->end()) return &*at;
  if (need == Need::required) fault(name, "This member is missing.");
  return nullptr;
}

std::optional<std::string> Members::text(std::string_view name, Need need) {
  const nlohmann::json* json = find(name, need);
  if (!json) return std::nullopt;
  if (json->is_string()) {
    const auto& text = json->get_ref<const std::string&>();
    if (!text.empty() && text.size() <= limits::text_bytes_max) return text;
  }
  fault(name, "Text of 1 to " + std::to_string(limits::text_bytes_max) + " bytes should stand here.");
  return std::nullopt;
}

std::optional<std::string> Members::identifier(std::string_view name, Need need) {
  auto found = text(name, need);
  if (!found || is_model_identifier(*found)) return found;
  fault(name, "An identifier has 1 to " + std::to_string(limits::identifier_bytes_max) +
                  " bytes and neither blanks nor control characters.");
  return std::nullopt;
}

std::optional<bool> Members::flag(std::string_view name) {
  const nlohmann::json* json = find(name);
  if (!json) return std::nullopt;
  if (json->is_boolean()) return json->get<bool>();
  fault(name, "true or false should stand here.");
  return std::nullopt;
}

std::optional<std::int64_t> Members::whole_number(std::string_view name, std::int64_t least, std::int64_t most) {
  const nlohmann::json* json = find(name);
  if (!json) return std::nullopt;
  // Up to 2^53-1 either kind of integer fits a signed one: the canonical form has refused larger ones.
  if (json->is_number_integer()) {
    const auto number = json->get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  fault(name, "A whole number from " + std::to_string(least) + " to " + std::to_string(most) + " should stand here.");
  return std::nullopt;
}

void Members::each(std::string_view name, Need need, std::size_t most, const Visit& visit) {
  const nlohmann::json* json = find(name, need);
  if (!json) return;
  if (!json->is_array()) return fault(name, "An array should stand here.");
  if (json->size() > most) return fault(name, "At most " + std::to_string(most) + " may stand here.");
  for (std::size_t i = 0; i < json->size(); ++i) visit((*json)[i], pointer_to(at(name), i));
}

void Members::each_named(std::string_view name, Need need, std::size_t most, const VisitNamed& visit) {
  const nlohmann::json* json = find(name, need);
  if (!json) return;
  if (!json->is_object()) return fault(name, "An object should stand here.");
  if (json->size() > most) return fault(name, "At most " + std::to_string(most) + " may stand here.");
  for (const auto& member : json->items()) visit(member.key(), member.value(), pointer_to(at(name), member.key()));
}

void Members::each_text(std::string_view name, std::size_t most,
                        const std::function<void(const std::string&, const std::string&)>& visit) {
  const nlohmann::json* json = find(name);
  if (json && json->is_array() && json->empty()) return fault(name, "An empty list says nothing; leave it out.");
  each(name, Need::optional, most, [&](const nlohmann::json& item, const std::string& pointer) {
    if (item.is_string()) return visit(item.get_ref<const std::string&>(), pointer);
    faults_.add(pointer, "Text should stand here.");
  });
}

}  // namespace tenure
