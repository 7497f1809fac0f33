#include "projections/formats/formats.h"

#include <array>
#include <utility>

#include "projections/formats/encoders.h"

namespace tenure::formats {

namespace {

constexpr std::array names{std::pair{Format::native, std::string_view("native")},
                           std::pair{Format::ocsf, std::string_view("ocsf")},
                           std::pair{Format::ocsf_1_9, std::string_view("ocsf-1.9")},
                           std::pair{Format::ecs, std::string_view("ecs")},
                           std::pair{Format::cef, std::string_view("cef")},
                           std::pair{Format::cloudevents, std::string_view("cloudevents")}};

}  // namespace

std::optional<Format> format_of(std::string_view name) {
  for (const auto& [format, called] : names) {
    if (called == name) return format;
  }
  return std::nullopt;
}

std::string_view name_of(Format format) {
  for (const auto& [one, called] : names) {
    if (one == format) return called;
  }
  return {};
}

bool is_json(Format format) { return format != Format::cef; }

std::vector<std::string> messages(Format format, const nlohmann::json& shown, const Source& source,
                                  const std::optional<Digest>& record_hash) {
  if (format == Format::native) return {dump(shown)};
  const Shown event(shown);
  switch (format) {
    case Format::ocsf:
    case Format::ocsf_1_9:
      return ocsf_messages(event, source, record_hash, format == Format::ocsf_1_9);
    case Format::ecs:
      return {ecs_message(event, source, record_hash)};
    case Format::cef:
      return {cef_message(event, source)};
    case Format::cloudevents:
    case Format::native:
      break;
  }
  return {cloud_event(event, source)};
}

}  // namespace tenure::formats
