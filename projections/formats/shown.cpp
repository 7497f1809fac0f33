#include "projections/formats/shown.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "events/instant.h"

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

bool left_out_of_after(std::string_view name) {
  static constexpr std::array names{std::string_view("raw"), std::string_view("event"), std::string_view("document"),
                                    std::string_view("hash")};
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

std::string_view raw_text(const Shown& event) {
  const auto raw = text_of(event.data, "raw");
  return raw.empty() ? text_of(event.data, "event") : raw;
}

PrincipalText principal_of(const Shown& event) {
  constexpr std::string_view member = "member:", group = "group:";
  const auto text = text_of(event.data, "principal");
  if (text.starts_with(member)) return {true, false, text.substr(member.size())};
  if (text.starts_with(group)) return {false, false, text.substr(group.size())};
  return {false, true, "everyone"};
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
    case About::nothing_known:
      return std::string(event.type);
    default:
      return subject_of(row, event).id;
  }
}

}  // namespace

std::string sentence(const Row& row, const Shown& event) {
  std::string out(row.name);
  out += ": ";
  out += told(row, event);
  if (!event.actor.id.empty()) {
    out += ", by ";
    out += event.actor.id;
  }
  if (event.violation()) out += ", against the rule " + std::string(event.rule);
  return out;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || number > 255 || digits > 3 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) return text.empty();
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
  }
  return false;
}

// RFC 4291 section 2.2: eight groups of one to four hex digits; "::" stands for one group of zeros or more, once; the
// last two groups may be written as IPv4.
bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  if (text.starts_with("::")) {
    shortened = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const auto digits = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
    if (digits < text.size() && text[digits] == '.') {
      groups += 2;
      return is_ipv4(text) && (shortened ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4 || ++groups > 8) return false;
    text.remove_prefix(digits);
    if (text.empty()) return shortened ? groups < 8 : groups == 8;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text.front() != ':') continue;
    if (shortened) return false;
    shortened = true;
    text.remove_prefix(1);
    if (text.empty()) return groups < 8;
  }
}

bool is_email(std::string_view text) {
  const auto letter = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); };
  const auto all = [&](std::string_view part, std::string_view also) {
    return !part.empty() && std::all_of(part.begin(), part.end(),
                                        [&](char c) { return letter(c) || also.find(c) != std::string_view::npos; });
  };
  const auto at = text.find('@');
  if (at == std::string_view::npos) return false;
  const auto domain = text.substr(at + 1);
  const auto dot = domain.find('.');
  return dot != std::string_view::npos && all(text.substr(0, at), "!#$%&'*+-/=?^_`{|}~.") &&
         all(domain.substr(0, dot), "-") && all(domain.substr(dot + 1), "-.");
}

}  // namespace tenure::formats
