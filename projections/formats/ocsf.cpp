// OCSF 1.8.0 and 1.9.0-dev (schema.ocsf.io), valid against the schemas of the classes in ocsf_classes.h.
#include "events/digest.h"
#include "projections/formats/encoders.h"
#include "projections/formats/ocsf_classes.h"
#include "projections/formats/ocsf_objects.h"

namespace tenure::formats {

namespace {

std::string_view severity_caption(Severity severity) {
  switch (severity) {
    case Severity::informational:
      return "Informational";
    case Severity::low:
      return "Low";
    case Severity::medium:
      return "Medium";
    case Severity::high:
      break;
  }
  return "High";
}

// A refusal by the access model: which rule, and why.
struct Refusal {
  std::string_view rule, because;
};

// Whether the step's role is one that its user gets or had; an invitation's is neither yet.
bool holds_role(Deed deed) {
  return deed == Deed::create_user || deed == Deed::assign_role || deed == Deed::remove_role;
}

class OcsfRecord {
 public:
  OcsfRecord(const Shown& event, const Row& row, const Source& source, const std::optional<Digest>& hash, bool coming)
      : event_(event), row_(row), source_(source), coming_(coming), hash_(hash ? to_hex(*hash) : std::string()) {}

  // As what was refused instead of done; `code` is the type of the record.
  void refused(Refusal refusal, std::string_view code, std::string_view raw) {
    refusal_ = refusal;
    code_ = code;
    raw_ = raw;
  }

  std::vector<std::string> messages() {
    const auto steps = steps_of(row_, event_);
    std::vector<std::string> made;
    made.reserve(steps.size());
    said_ = sentence(row_, event_, refusal_.has_value());
    before_ = dump(event_.before);
    after_ = after_json(event_);
    for (const Step& step : steps) made.push_back(message(step, made.size() + 1));
    return made;
  }

 private:
  std::string message(const Step& step, std::size_t number) {
    const OcsfActivity& activity = ocsf_activity(step.deed, coming_);
    const auto as = static_cast<std::int64_t>(activity.in);
    const std::string_view called = activity.id == ocsf_other ? step.activity : activity.name;
    const Severity severity = event_.violation() ? Severity::high : refusal_ ? Severity::medium : row_.severity;
    JsonText out(2'560);
    out.open('{').number("activity_id", activity.id).field("activity_name", called);
    out.number("category_uid", 3).field("category_name", "Identity & Access Management");
    out.number("class_uid", as).field("class_name", caption(activity.in));
    out.number("type_uid", as * 100 + activity.id);
    out.field("type_name", std::string(caption(activity.in)) + ": " + std::string(activity.name));
    out.number("time", event_.occurred_ms).number("timezone_offset", 0);
    out.number("severity_id", static_cast<int>(severity)).field("severity", severity_caption(severity));
    out.number("status_id", refusal_ ? 2 : 1).field("status", refusal_ ? "Failure" : "Success");
    out.some("status_code", refusal_ ? refusal_->rule : event_.rule);
    out.some("status_detail", refusal_ ? refusal_->because : event_.because);
    out.field("message", said_);
    metadata(out, activity.in, number);
    write_actor(out, event_);
    write_source_endpoint(out, event_.source_ip);
    about(out, activity.in, step);
    control(out);
    if (came_with_1_9(activity.in)) attestation(out);
    write_observables(out, event_, step);
    if (const auto raw = raw_.empty() ? raw_text(event_) : raw_; !raw.empty() && number == 1) {
      out.field("raw_data", raw).number("raw_data_size", static_cast<std::int64_t>(raw.size()));
    }
    unmapped(out, step);
    return out.close('}').take();
  }

  void metadata(JsonText& out, OcsfClass in, std::size_t number) {
    const std::string position = std::to_string(event_.position);
    const bool attested = came_with_1_9(in) && !hash_.empty();
    out.open("metadata", '{').field("version", came_with_1_9(in) ? "1.9.0-dev" : "1.8.0");
    out.open("product", '{').field("uid", "tenure").field("name", "Tenure").field("vendor_name", "Tenure");
    out.some("version", source_.version).close('}');
    if (controlled() || attested) {
      out.open("profiles", '[');
      if (controlled()) out.text("security_control");
      if (attested) out.text("record_integrity");
      out.close(']');
    }
    out.field("uid", position + "." + std::to_string(number)).field("original_event_uid", position);
    out.number("sequence", static_cast<std::int64_t>(event_.position));
    out.field("correlation_uid", event_.correlation.empty() ? std::string_view(position) : event_.correlation);
    out.field("event_code", code_.empty() ? event_.type : code_).some("tenant_uid", event_.org);
    out.some("original_time", event_.occurred_at).number("logged_time", event_.recorded_ms);
    out.field("log_name", "tenure").open("reporter", '{').field("name", "Tenure").some("uid", source_.store);
    out.some("hostname", source_.host).close('}').close('}');
  }

  // What only some classes have, each its own.
  void about(JsonText& out, OcsfClass in, const Step& step) {
    switch (in) {
      case OcsfClass::account_change:
        write_user(out, "user", step.user, event_.org);
        break;
      case OcsfClass::user_access:
      case OcsfClass::user_management:
        write_user(out, "user", step.user, event_.org);
        if (in == OcsfClass::user_access || !step.privileges.empty()) write_privileges(out, step.privileges);
        if (in == OcsfClass::user_management && !step.role.empty() && holds_role(step.deed)) {
          out.open("iam_roles", '[').open('{').field("uid", step.role).field("name", step.role).close('}').close(']');
        }
        if (!step.resource.empty()) {
          out.open("resources", '[');
          write_resource(out, step.resource, event_.org);
          out.close(']');
        }
        break;
      case OcsfClass::group_management:
        write_group(out, "group", step.group, step.everyone, step.privileges);
        if (!step.subgroup.empty()) write_group(out, "subgroup", step.subgroup, false, {});
        if (!step.user.empty()) write_user(out, "user", step.user, event_.org);
        if (!step.privileges.empty()) write_privileges(out, step.privileges);
        if (!step.resource.empty()) write_resource(out.key("resource"), step.resource, event_.org);
        break;
      case OcsfClass::role_management:
        write_roles(out, event_, step);
        break;
      case OcsfClass::entity_management:
        write_entities(out, row_, event_, step);
        out.some("comment", event_.reason);
        break;
    }
  }

  bool controlled() const { return refusal_ || event_.violation(); }

  // What the access model said, where it said no: in `enforce` it stopped the action, in `observe` it only saw it.
  void control(JsonText& out) {
    if (!controlled()) return;
    out.number("action_id", refusal_ ? 2 : 3).field("action", refusal_ ? "Denied" : "Observed");
    out.number("disposition_id", refusal_ ? 2 : 15).field("disposition", refusal_ ? "Blocked" : "Detected");
    out.field("is_alert", true).open("authorizations", '[').open('{');
    out.field("decision", refusal_ ? "denied" : "violation").open("policy", '{').field("type", "access model");
    out.some("uid", refusal_ ? refusal_->rule : event_.rule).some("name", event_.model);
    out.some("version", event_.model_version).some("desc", refusal_ ? refusal_->because : event_.because);
    out.close('}').close('}').close(']');
  }

  // The organization's chain of records: what is attested is the stored record, not this message of it.
  void attestation(JsonText& out) {
    if (hash_.empty()) return;
    const std::string org(event_.org);
    out.open("attestation_list", '[').open('{').field("uid", org + "/" + std::to_string(event_.version));
    out.field("chain_uid", source_.store + "/" + org).some("authority_uid", source_.store);
    write_fingerprint(out, "fingerprint", hash_);
    if (event_.version > 1 && !event_.prev.empty()) {
      out.open("prev_event", '{').field("uid", org + "/" + std::to_string(event_.version - 1));
      write_fingerprint(out, "fingerprint", event_.prev);
      out.close('}');
    }
    out.close('}').close(']');
  }

  void unmapped(JsonText& out, const Step& step) {
    out.open("unmapped", '{');
    if (step.held) {
      out.open("before", '{').field("held", *step.held).close('}');
      out.open("after", '{').field("held", !*step.held).close('}');
    } else {
      out.key("before").raw(before_).key("after").raw(after_);
    }
    out.number("version", static_cast<std::int64_t>(event_.version)).some("basis", event_.basis);
    out.some("event_id", event_.id).some("reason", event_.reason).some("ticket", event_.ticket);
    if (!event_.approver.id.empty()) {
      out.open("approved_by", '{').field("kind", event_.approver.kind).field("id", event_.approver.id).close('}');
    }
    out.some("actor_kind", event_.actor.kind).some("channel", event_.channel);
    if (!refusal_) out.some("verdict", event_.verdict);
    out.some("model", event_.model).some("model_version", event_.model_version);
    out.some("record_sha256", hash_).some("prev_sha256", event_.prev).close('}');
  }

  const Shown& event_;
  const Row& row_;
  const Source& source_;
  const bool coming_;
  const std::string hash_;
  std::optional<Refusal> refusal_;
  std::string_view code_, raw_;
  std::string said_, before_, after_;
};

}  // namespace

std::vector<std::string> ocsf_messages(const Shown& event, const Source& source, const std::optional<Digest>& hash,
                                       bool coming) {
  const Told told(event);
  OcsfRecord record(told.event(), row_of(told.event().type), source, hash, coming);
  if (told.refused()) {
    record.refused({text_of(event.data, "rule"), text_of(event.data, "because")}, event.type, raw_text(event));
  }
  return record.messages();
}

}  // namespace tenure::formats
