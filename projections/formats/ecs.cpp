// Elastic Common Schema 8.11, as one JSON document. What ECS has no field for stands under `tenure`, in shapes that an
// index can keep apart: a field has one type whatever the event, and no field is named after a permission.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/digest.h"
#include "projections/formats/encoders.h"
#include "projections/formats/json_out.h"

namespace tenure::formats {

using nlohmann::json;

namespace {

// Objects become lists of "name=value": an index would else grow a field for every permission of every model.
void write_flat(JsonOut& out, std::string_view name, const json& values) {
  if (values.empty()) return;
  out.open(name, '{');
  for (const auto& [key, value] : values.items()) {
    if (left_out_of_after(key)) continue;
    if (!value.is_object()) {
      out.key(key).raw(dump(value));
      continue;
    }
    out.open(key, '[');
    for (const auto& grant : grants_of(values, key)) out.item(grant);
    out.close(']');
  }
  out.close('}');
}

void write_texts(JsonOut& out, std::string_view name, const std::vector<std::string_view>& texts) {
  if (texts.empty()) return;
  out.open(name, '[');
  for (const auto text : texts) out.item(text);
  out.close(']');
}

class EcsDocument {
 public:
  EcsDocument(const Shown& event, const Source& source, const std::optional<Digest>& hash)
      : event_(event), row_(row_of(event.type)), source_(source), hash_(hash ? to_hex(*hash) : std::string()) {}

  std::string written() {
    out_.open('{').text("@timestamp", event_.occurred_at).open("ecs", '{').text("version", "8.11.0").close('}');
    out_.text("message", sentence(row_, event_));
    event();
    user();
    group();
    out_.open("organization", '{').text("id", event_.org).text("name", event_.org).close('}');
    related();
    source();
    rule();
    out_.open("observer", '{').text("vendor", "Tenure").text("product", "Tenure").text("type", "audit");
    out_.some("version", source_.version).some("hostname", source_.host).close('}');
    own();
    return out_.close('}').take();
  }

 private:
  std::string_view of(std::string_view name) const { return text_of(event_.data, name); }
  bool denied() const { return row_.about == About::refused; }

  void event() {
    const std::string position = std::to_string(event_.position);
    out_.open("event", '{').text("kind", "event").open("category", '[').item("iam");
    if (row_.configuration) out_.item("configuration");
    out_.close(']').open("type", '[').item(row_.ecs_kind);
    if (!row_.ecs_change.empty()) out_.item(row_.ecs_change);
    out_.close(']').text("action", event_.type).text("outcome", denied() ? "failure" : "success");
    out_.text("id", position).number("sequence", static_cast<std::int64_t>(event_.position));
    out_.text("module", "tenure").text("dataset", "tenure.audit").text("provider", "tenure");
    out_.number("severity", event_.violation() ? 4 : static_cast<int>(row_.severity));
    out_.text("created", event_.recorded_at).some("code", denied() ? of("rule") : event_.rule);
    out_.some("reason", denied() ? of("because") : event_.reason).some("original", raw_text(event_)).close('}');
  }

  void person(std::string_view id) {
    out_.text("id", id).text("name", id);
    if (is_email(id)) out_.text("email", id);
  }

  // The person whom the event is about, if it is about one.
  std::string_view target() const {
    switch (row_.about) {
      case About::member:
      case About::membership:
      case About::assignment:
        return of("member");
      case About::ownership:
        return of("to");
      case About::organization:
        return of("owner");
      case About::grant:
        return principal_of(event_).member ? principal_of(event_).id : std::string_view();
      default:
        return {};
    }
  }

  // The direct role before, and the role that the event gives.
  std::string_view role_before() const {
    if (row_.about == About::ownership) return text_of(event_.before, "to_role");
    if (row_.deed == Deed::remove_role) return of("role");
    const bool held = row_.also == Also::arrival || row_.also == Also::departure || row_.also == Also::role_change;
    return held ? text_of(event_.before, "role") : std::string_view();
  }
  std::string_view role_after() const {
    if (row_.also == Also::acceptance) return text_of(event_.before, "role");
    const bool gives = row_.deed == Deed::assign_role || row_.also == Also::arrival;
    return gives ? of("role") : std::string_view();
  }

  void user() {
    out_.open("user", '{');
    person(event_.actor.id);
    if (const auto who = target(); !who.empty()) {
      const auto before = role_before(), after = role_after();
      out_.open("target", '{');
      person(who);
      if (!before.empty()) out_.open("roles", '[').item(before).close(']');
      if (row_.about == About::membership) {
        out_.open("group", '{').text("id", of("group")).text("name", of("group")).close('}');
      }
      out_.close('}');
      if (!after.empty()) {
        out_.open("changes", '{').text("name", who).open("roles", '[').item(after).close(']').close('}');
      }
    }
    out_.close('}');
  }

  void group() {
    std::string_view id = row_.about == About::group || row_.about == About::membership ? of("group") : "";
    if (row_.about == About::grant && !principal_of(event_).member) id = principal_of(event_).id;
    if (id.empty()) return;
    const auto name = of("name");
    out_.open("group", '{').text("id", id).text("name", name.empty() ? id : name).close('}');
  }

  void related() {
    std::vector<std::string_view> people{event_.actor.id, event_.approver.id, target(), of("from")};
    for (const auto member : texts_of(event_.before, "members")) people.push_back(member);
    std::sort(people.begin(), people.end());
    people.erase(std::unique(people.begin(), people.end()), people.end());
    if (!people.empty() && people.front().empty()) people.erase(people.begin());
    out_.open("related", '{');
    write_texts(out_, "user", people);
    if (is_ip()) out_.open("ip", '[').item(event_.source_ip).close(']');
    out_.close('}');
  }

  bool is_ip() const { return is_ipv4(event_.source_ip) || is_ipv6(event_.source_ip); }
  void source() {
    if (event_.source_ip.empty()) return;
    out_.open("source", '{').text("address", event_.source_ip);
    if (is_ip()) out_.text("ip", event_.source_ip);
    out_.close('}');
  }

  void rule() {
    const auto name = denied() ? of("rule") : event_.rule;
    if (name.empty()) return;
    out_.open("rule", '{').text("id", name).text("name", name);
    out_.some("description", denied() ? of("because") : event_.because).some("ruleset", event_.model);
    out_.some("version", event_.model_version).close('}');
  }

  void own() {
    out_.open("tenure", '{').number("position", static_cast<std::int64_t>(event_.position));
    out_.number("version", static_cast<std::int64_t>(event_.version)).some("store", source_.store);
    out_.some("verdict", event_.verdict).some("basis", event_.basis).some("actor_kind", event_.actor.kind);
    out_.some("approved_by", event_.approver.id).some("approver_kind", event_.approver.kind);
    out_.some("event_id", event_.id).some("ticket", event_.ticket).some("correlation_id", event_.correlation);
    out_.some("session", event_.session).some("channel", event_.channel);
    out_.some("record_sha256", hash_).some("prev_sha256", event_.prev);
    write_flat(out_, "before", event_.before);
    write_flat(out_, "after", event_.data);
    out_.close('}');
  }

  const Shown& event_;
  const Row& row_;
  const Source& source_;
  const std::string hash_;
  JsonOut out_{2'048};
};

}  // namespace

std::string ecs_message(const Shown& event, const Source& source, const std::optional<Digest>& hash) {
  return EcsDocument(event, source, hash).written();
}

}  // namespace tenure::formats
