#include "services/api/effects.h"

#include <map>

namespace tenure::services {

using projections::Difference;
using projections::DiffRow;
using projections::Grain;
using projections::Power;

namespace {

bool with_reach(const DiffRow& row) { return row.grain == Grain::overall || row.grain == Grain::asked; }

void power(JsonText& json, std::string_view name, const Power& power, bool with_reach) {
  json.key(name).open('{');
  if (power.level.empty()) {
    json.null("level");
  } else {
    json.field("level", power.level);
  }
  if (with_reach && power.index > 0) json.field("reach", projections::to_text(power.reach));
  json.close('}');
}

}  // namespace

std::string Effects::resource_of(const DiffRow& row) {
  switch (row.grain) {
    case Grain::asked:
      return diff_.permissions[row.permission].kind.empty() ? std::string() : to_text(*resource_);
    case Grain::every:
      return diff_.permissions[row.permission].kind + ":*";
    case Grain::one:
      return sides_.after.facts().name(row.resource).name;
    case Grain::overall:
      break;
  }
  return {};
}

void Effects::fields(JsonText& json, const DiffRow& row) {
  json.field("permission", diff_.permissions[row.permission].id.text);
  if (const std::string resource = resource_of(row); !resource.empty()) json.field("resource", resource);
  json.field("change", projections::to_text(row.difference));
  power(json, "before", row.before, with_reach(row));
  power(json, "after", row.after, with_reach(row));
}

void Effects::together(JsonText& json, const std::vector<const DiffRow*>& rows) {
  // In the order of permissions, resources and changes.
  using Held = std::pair<std::string_view, projections::Reach>;
  std::map<std::tuple<std::uint16_t, Grain, Number, Difference, Held, Held>, std::pair<const DiffRow*, std::size_t>>
      effects;
  std::size_t members = 0;
  Number last = 0;
  for (const DiffRow* row : rows) {
    members += row->member != last;
    last = row->member;
    const auto held = [&](const Power& power) {
      return Held(power.level, with_reach(*row) ? power.reach : projections::Reach::listed);
    };
    auto& effect =
        effects[{row->permission, row->grain, row->resource, row->difference, held(row->before), held(row->after)}];
    effect.first = row;
    ++effect.second;
  }
  json.field("members", std::uint64_t{members}).field("changes", std::uint64_t{rows.size()});
  json.key("effects").open('[');
  for (const auto& [key, effect] : effects) {
    json.open('{');
    fields(json, *effect.first);
    json.field("members", std::uint64_t{effect.second}).field("text", in_words(*effect.first, effect.second));
    json.close('}');
  }
  json.close(']');
}

std::string Effects::in_words(const DiffRow& row, std::size_t count) {
  const std::string permission = diff_.permissions[row.permission].id.text;
  const std::string resource = resource_of(row);
  const std::string members = std::to_string(count) + (count == 1 ? " member" : " members");
  const std::string on = resource.empty() ? "" : " on " + resource;
  const std::string level = row.after.index == 0 ? "no access" : std::string(row.after.level);
  const std::string now = permission + " (" + level + ")" + on;
  switch (row.difference) {
    case Difference::gained:
      return "gave " + members + " " + now;
    case Difference::lost:
      return "took " + permission + on + " from " + members;
    case Difference::raised:
      return "raised " + members + " to " + now;
    case Difference::lowered:
      return "lowered " + members + " to " + now;
    case Difference::kept:
      break;
  }
  return "left " + members + " " + now;
}

}  // namespace tenure::services
