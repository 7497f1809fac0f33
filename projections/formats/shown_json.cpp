#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "events/instant.h"
#include "projections/formats/shown.h"

namespace tenure::formats {

using nlohmann::json;

namespace {

const json empty_object = json::object();

const json& object_of(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : empty_object;
}

std::uint64_t number_of(const json& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer() || *found < 0) return 0;
  return found->get<std::uint64_t>();
}

// Rounded down before 1970 too, so that an order of times stays an order.
std::int64_t ms_of(std::string_view rfc3339) {
  const auto at = parse_instant(rfc3339);
  if (!at) return 0;
  return at->us >= 0 ? at->us / 1'000 : -((-at->us + 999) / 1'000);
}

Who who_of(const json& object, std::string_view name) {
  const json& who = object_of(object, name);
  return {text_of(who, "kind"), text_of(who, "id")};
}

}  // namespace

std::string_view text_of(const json& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

std::vector<std::string_view> texts_of(const json& object, std::string_view name) {
  std::vector<std::string_view> texts;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return texts;
  texts.reserve(found->size());
  for (const json& item : *found) {
    if (item.is_string()) texts.push_back(item.get_ref<const std::string&>());
  }
  return texts;
}

std::vector<std::string> grants_of(const json& object, std::string_view name) {
  std::vector<std::string> grants;
  for (const auto& [permission, level] : object_of(object, name).items()) {
    if (level.is_string()) grants.push_back(permission + "=" + level.get_ref<const std::string&>());
  }
  return grants;
}

std::vector<std::string> grants_after(const Shown& event) {
  json after = json::object();
  if (const auto held = event.before.find("grants"); held != event.before.end() && held->is_object())
    after["grants"] = *held;
  if (const auto given = event.data.find("grants"); given != event.data.end() && given->is_object()) {
    for (const auto& [permission, level] : given->items()) after["grants"][permission] = level;
  }
  return grants_of(after, "grants");
}

bool has(const json& object, std::string_view name) { return object.contains(name); }

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Shown::Shown(const json& shown)
    : whole(shown),
      data(object_of(shown, "data")),
      before(object_of(shown, "before")),
      type(text_of(shown, "type")),
      org(text_of(shown, "org")),
      id(text_of(shown, "id")),
      basis(text_of(shown, "basis")),
      prev(text_of(shown, "prev")),
      occurred_at(text_of(shown, "occurred_at")),
      recorded_at(text_of(shown, "recorded_at")),
      occurred_ms(ms_of(occurred_at)),
      recorded_ms(ms_of(recorded_at)),
      position(number_of(shown, "position")),
      version(number_of(shown, "version")),
      actor(who_of(shown, "actor")),
      approver(who_of(shown, "approved_by")),
      reason(text_of(shown, "reason")),
      ticket(text_of(shown, "ticket")),
      correlation(text_of(shown, "correlation_id")),
      session(text_of(shown, "session")),
      source_ip(text_of(shown, "source_ip")) {
  const json& judged = object_of(shown, "verdict");
  verdict = text_of(judged, "result");
  rule = text_of(judged, "rule");
  because = text_of(judged, "because");
  const json& in_force = object_of(shown, "model");
  model = text_of(in_force, "id");
  model_version = text_of(in_force, "version");
  channel = text_of(object_of(shown, "recorded_by"), "channel");
}

namespace {

bool left_out_of_after(std::string_view name) {
  static constexpr std::array names{std::string_view("raw"), std::string_view("event"), std::string_view("document"),
                                    std::string_view("found"), std::string_view("hash")};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string after_json(const Shown& event) {
  const bool whole = std::none_of(event.data.items().begin(), event.data.items().end(),
                                  [](const auto& member) { return left_out_of_after(member.key()); });
  if (whole) return dump(event.data);
  json rest = json::object();
  for (const auto& [name, value] : event.data.items()) {
    if (!left_out_of_after(name)) rest[name] = value;
  }
  return dump(rest);
}

std::string flat_json(const json& values) {
  json flat = json::object();
  for (const auto& [name, value] : values.items()) {
    if (left_out_of_after(name)) continue;
    // What a refusal names, the end of a review counts: an index takes one kind.
    const std::string field = name == "refused" && value.is_number() ? "refused_count" : name;
    flat[field] = value.is_object() ? json(grants_of(values, name)) : value;
  }
  return flat.empty() ? std::string() : dump(flat);
}

std::string_view raw_text(const Shown& event) {
  const auto raw = text_of(event.data, "raw");
  return raw.empty() ? text_of(event.data, "event") : raw;
}

namespace {

// Nothing where the text is gone with a person who was erased.
std::unique_ptr<json> attempted(const Shown& record) {
  if (row_of(record.type).about != About::refused) return nullptr;
  json refused = json::parse(text_of(record.data, "event"), nullptr, false);
  if (!refused.is_object() || !refused.contains("type") || !refused.contains("data")) return nullptr;
  auto whole = std::make_unique<json>(record.whole);
  for (auto& [name, value] : refused.items()) {
    if (name != "occurred_at" && name != "actor" && name != "basis") (*whole)[name] = std::move(value);
  }
  return whole;
}

}  // namespace

Told::Told(const Shown& record)
    : record_(record),
      refused_(row_of(record.type).about == About::refused),
      attempted_(attempted(record)),
      other_(attempted_ ? std::make_unique<Shown>(*attempted_) : nullptr) {}

Told::~Told() = default;

PrincipalText principal_of(const Shown& event) {
  constexpr std::string_view member = "member:", group = "group:";
  const auto text = text_of(event.data, "principal");
  if (text.starts_with(member)) return {true, false, text.substr(member.size())};
  if (text.starts_with(group)) return {false, false, text.substr(group.size())};
  return {false, true, "everyone"};
}

std::string_view person_in_review(const Shown& event) {
  for (const char* field : {"member", "to", "reviewer"}) {
    if (const auto person = text_of(event.data, field); !person.empty()) return person;
  }
  return {};
}

Subject subject_of(const Row& row, const Shown& event) {
  const auto named = [&](std::string_view kind, std::string_view field) {
    return Subject{kind, std::string(text_of(event.data, field))};
  };
  switch (row.about) {
    case About::setting:
      return named("setting", "setting");
    case About::feature:
      return named("feature", "feature");
    case About::member:
    case About::membership:
    case About::assignment:
      return named("member", "member");
    case About::ownership:
      return named("member", "to");
    case About::role:
      return named("role", "role");
    case About::group:
      return named("group", "group");
    case About::grant: {
      const auto principal = principal_of(event);
      return {principal.member ? "member" : principal.everyone ? "everyone" : "group", std::string(principal.id)};
    }
    case About::resource:
      return named("resource", "resource");
    case About::event: {
      const auto position = event.data.find("position");
      return {"event", position != event.data.end() ? dump(*position) : std::string()};
    }
    case About::line:
      return named("log line", "action");
    case About::refused:
      return named("refused", "refused");
    case About::model:
      return named("model", "model");
    case About::token:
      return named("token", "token");
    case About::consumer:
      return named("consumer", "consumer");
    case About::sink:
      return named("sink", "sink");
    case About::sod_rule:
      return named("separation-of-duties rule", "rule");
    case About::finding:
      return named("finding", "finding");
    case About::review_definition:
      return named("review definition", "definition");
    case About::review:
      return named("access review", "review");
    case About::access_report:
      return named("access report", "report");
    case About::organization:
    case About::nothing_known:
      break;
  }
  return {"organization", std::string(event.org)};
}

namespace {

// What the event is about, in words.
std::string told(const Row& row, const Shown& event) {
  const auto text = [&](std::string_view name) { return std::string(text_of(event.data, name)); };
  switch (row.about) {
    case About::membership:
      return text("member") + ", group " + text("group");
    case About::assignment:
      return text("member") + ", " + text("resource");
    case About::ownership:
      return "from " + text("from") + " to " + text("to");
    case About::grant:
      return text("role") + " on " + text("on") + ", " + text("principal");
    case About::setting:
      return text("setting") + " is " + text("value");
    case About::member: {
      const auto role = text("role");
      return text("member") + (role.empty() ? "" : ", role " + role);
    }
    case About::review: {
      std::string out = text("review");
      for (const std::string_view part :
           {person_in_review(event), text_of(event.data, "decision"), text_of(event.data, "role")}) {
        if (!part.empty()) out += ", " + std::string(part);
      }
      return out;
    }
    case About::nothing_known:
      return std::string(event.type);
    default:
      return subject_of(row, event).id;
  }
}

}  // namespace

std::string sentence(const Row& row, const Shown& event, bool denied) {
  std::string out(denied ? "Denied: " : "");
  out += row.name;
  out += ": ";
  out += told(row, event);
  if (!event.actor.id.empty()) {
    out += ", by ";
    out += event.actor.id;
  }
  if (event.violation()) out += ", against the rule " + std::string(event.rule);
  return out;
}

}  // namespace tenure::formats
