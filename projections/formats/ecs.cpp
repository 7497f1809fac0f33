// Elastic Common Schema 8.11, as one JSON document. What ECS has no field for stands under `tenure`, in shapes that an
// index can keep apart: a field has one type whatever the event, and no field is named after a permission.
#include <algorithm>

#include "events/digest.h"
#include "events/wire/json_text.h"
#include "projections/formats/addresses.h"
#include "projections/formats/encoders.h"

namespace tenure::formats {

namespace {

void write_texts(JsonText& out, std::string_view name, const std::vector<std::string_view>& texts) {
  if (texts.empty()) return;
  out.open(name, '[');
  for (const auto text : texts) out.text(text);
  out.close(']');
}

class EcsDocument {
 public:
  EcsDocument(const Shown& event, const Told& told, const Source& source, const std::optional<Digest>& hash)
      : event_(event),
        told_(told.event()),
        row_(row_of(told_.type)),
        denied_(told.refused()),
        source_(source),
        hash_(hash ? to_hex(*hash) : std::string()) {}

  std::string written() {
    out_.open('{').field("@timestamp", event_.occurred_at).open("ecs", '{').field("version", "8.11.0").close('}');
    out_.field("message", sentence(row_, told_, denied_));
    event();
    user();
    group();
    out_.open("organization", '{').field("id", event_.org).field("name", event_.org).close('}');
    related();
    source();
    rule();
    out_.open("observer", '{').field("vendor", "Tenure").field("product", "Tenure").field("type", "audit");
    out_.some("version", source_.version).some("hostname", source_.host).close('}');
    own();
    return out_.close('}').take();
  }

 private:
  std::string_view of(std::string_view name) const { return text_of(told_.data, name); }
  std::string_view rule_name() const { return denied_ ? text_of(event_.data, "rule") : event_.rule; }
  std::string_view because() const { return denied_ ? text_of(event_.data, "because") : event_.because; }

  void event() {
    const std::string position = std::to_string(event_.position);
    out_.open("event", '{').field("kind", "event").open("category", '[').text("iam");
    if (row_.configuration) out_.text("configuration");
    out_.close(']').open("type", '[').text(row_.ecs_kind);
    if (!row_.ecs_change.empty()) out_.text(row_.ecs_change);
    out_.close(']').field("action", event_.type).field("outcome", denied_ ? "failure" : "success");
    out_.field("id", position).number("sequence", static_cast<std::int64_t>(event_.position));
    out_.field("module", "tenure").field("dataset", "tenure.audit").field("provider", "tenure");
    out_.number("severity", event_.violation() ? 4 : static_cast<int>(row_of(event_.type).severity));
    out_.field("created", event_.recorded_at).some("code", rule_name());
    out_.some("reason", denied_ ? because() : event_.reason).some("original", raw_text(event_)).close('}');
  }

  void person(std::string_view id) {
    out_.field("id", id).field("name", id);
    if (is_email(id)) out_.field("email", id);
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
      case About::review:
        return person_in_review(told_);
      case About::grant:
        return principal_of(told_).member ? principal_of(told_).id : std::string_view();
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
      if (!before.empty()) out_.open("roles", '[').text(before).close(']');
      if (row_.about == About::membership) {
        out_.open("group", '{').field("id", of("group")).field("name", of("group")).close('}');
      }
      out_.close('}');
      if (!after.empty()) {
        out_.open("changes", '{').open("roles", '[').text(after).close(']').close('}');
      }
    }
    out_.close('}');
  }

  void group() {
    std::string_view id = row_.about == About::group || row_.about == About::membership ? of("group") : "";
    if (row_.about == About::grant && !principal_of(told_).member) id = principal_of(told_).id;
    if (id.empty()) return;
    const auto name = of("name");
    out_.open("group", '{').field("id", id).field("name", name.empty() ? id : name).close('}');
  }

  void related() {
    std::vector<std::string_view> people{event_.actor.id, event_.approver.id, target()};
    // Of a report, "from" is when its period began.
    if (row_.about != About::access_report) people.push_back(of("from"));
    if (row_.about == About::review || row_.about == About::review_definition) {
      for (const char* field : {"member", "to", "reviewer"}) people.push_back(of(field));
      for (const auto person : texts_of(told_.data, "people")) people.push_back(person);
    }
    for (const auto member : texts_of(event_.before, "members")) people.push_back(member);
    std::sort(people.begin(), people.end());
    people.erase(std::unique(people.begin(), people.end()), people.end());
    if (!people.empty() && people.front().empty()) people.erase(people.begin());
    out_.open("related", '{');
    write_texts(out_, "user", people);
    if (is_ip()) out_.open("ip", '[').text(told_.source_ip).close(']');
    out_.close('}');
  }

  bool is_ip() const { return is_ipv4(told_.source_ip) || is_ipv6(told_.source_ip); }
  void source() {
    if (told_.source_ip.empty()) return;
    out_.open("source", '{').field("address", told_.source_ip);
    if (is_ip()) out_.field("ip", told_.source_ip);
    out_.close('}');
  }

  void rule() {
    const auto name = rule_name();
    if (name.empty()) return;
    out_.open("rule", '{').field("id", name).field("name", name);
    out_.some("description", because()).some("ruleset", event_.model);
    out_.some("version", event_.model_version).close('}');
  }

  void values(std::string_view name, const nlohmann::json& of) {
    if (const auto flat = flat_json(of); !flat.empty()) out_.key(name).raw(flat);
  }
  void own() {
    out_.open("tenure", '{').number("position", static_cast<std::int64_t>(event_.position));
    out_.number("version", static_cast<std::int64_t>(event_.version)).some("store", source_.store);
    out_.some("verdict", event_.verdict).some("basis", event_.basis).some("actor_kind", event_.actor.kind);
    out_.some("approved_by", event_.approver.id).some("approver_kind", event_.approver.kind);
    out_.some("event_id", told_.id).some("ticket", told_.ticket).some("correlation_id", told_.correlation);
    out_.some("session", told_.session).some("channel", event_.channel);
    out_.some("record_sha256", hash_).some("prev_sha256", event_.prev);
    values("before", event_.before);
    values("after", event_.data);
    if (denied_) {
      out_.some("attempt_reason", told_.reason);
      if (&told_ != &event_) values("attempted", told_.data);
    }
    out_.close('}');
  }

  const Shown& event_;
  const Shown& told_;
  const Row& row_;
  const bool denied_;
  const Source& source_;
  const std::string hash_;
  JsonText out_{2'048};
};

}  // namespace

std::string ecs_message(const Shown& event, const Source& source, const std::optional<Digest>& hash) {
  return EcsDocument(event, Told(event), source, hash).written();
}

}  // namespace tenure::formats
