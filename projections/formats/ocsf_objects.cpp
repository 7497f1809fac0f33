#include "projections/formats/ocsf_objects.h"

#include "projections/formats/addresses.h"

namespace tenure::formats {

namespace {

struct Caption {
  int id;
  std::string_view name;
};

// OCSF user.type_id of each kind of actor.
Caption user_type(std::string_view kind) {
  if (kind == "member") return {1, "User"};
  if (kind == "system") return {3, "System"};
  if (kind == "integration") return {4, "Service"};
  if (kind == "support") return {99, "Support"};
  return {0, "Unknown"};
}

void write_org(JsonText& out, std::string_view org) {
  out.open("org", '{').field("uid", org).field("name", org).close('}');
}

void write_person(JsonText& out, std::string_view name, std::string_view id, Caption type, std::string_view org) {
  out.open(name, '{').field("uid", id).field("name", id);
  if (is_email(id)) out.field("email_addr", id);
  out.number("type_id", type.id).field("type", type.name);
  if (!org.empty()) write_org(out, org);
  out.close('}');
}

// What a managed entity is called by what the event is about; OCSF has numbers for organizations and policies.
Caption entity_type(About about) {
  switch (about) {
    case About::organization:
      return {4, "Organization"};
    case About::setting:
    case About::model:
    case About::sod_rule:
      return {5, "Policy"};
    case About::feature:
      return {99, "Feature"};
    case About::role:
      return {99, "Role"};
    case About::resource:
      return {99, "Resource"};
    case About::event:
      return {99, "Event"};
    case About::line:
      return {99, "Log Line"};
    case About::token:
      return {99, "Token"};
    case About::consumer:
      return {99, "Feed Consumer"};
    case About::sink:
      return {99, "Sink"};
    case About::finding:
      return {99, "Finding"};
    case About::refused:
      return {99, "Action"};
    case About::review_definition:
      return {99, "Access Review Definition"};
    case About::review:
      return {99, "Access Review"};
    case About::access_report:
      return {99, "Access Report"};
    default:
      return {0, "Unknown"};
  }
}

std::string_view entity_name(const Row& row, const Shown& event, const Subject& subject) {
  if (row.about == About::role || row.about == About::sod_rule) {
    if (const auto name = text_of(event.data, "name"); !name.empty()) return name;
  }
  return row.about == About::nothing_known ? event.type : std::string_view(subject.id);
}

void write_entity(JsonText& out, std::string_view name, const Row& row, const Shown& event, const std::string& values) {
  const Subject subject = subject_of(row, event);
  const Caption type = entity_type(row.about);
  out.open(name, '{').field("uid", subject.id).field("name", entity_name(row, event, subject));
  out.number("type_id", type.id).field("type", type.name);
  if (row.about == About::organization) write_org(out, event.org);
  if (type.id == 5) {
    out.open("policy", '{').field("uid", subject.id).field("name", subject.id);
    out.some("version", text_of(event.data, "version")).close('}');
  }
  if (row.about == About::model) out.some("version", text_of(event.data, "version"));
  const bool owned = row.about == About::token || row.about == About::consumer || row.about == About::sink;
  if (const auto principal = text_of(event.data, "principal"); owned && !principal.empty()) {
    write_person(out, "user", principal, {0, "Unknown"}, {});
  }
  if (!values.empty()) out.key("data").raw(values);
  out.close('}');
}

void write_role(JsonText& out, std::string_view name, std::string_view role, std::string_view called,
                const std::vector<std::string>& privileges) {
  out.open(name, '{').field("uid", role).field("name", called.empty() ? role : called);
  if (!privileges.empty()) write_privileges(out, privileges);
  out.close('}');
}

}  // namespace

void write_user(JsonText& out, std::string_view name, std::string_view id, std::string_view org) {
  write_person(out, name, id, {1, "User"}, org);
}

void write_actor(JsonText& out, const Shown& event) {
  out.open("actor", '{');
  write_person(out, "user", event.actor.id, user_type(event.actor.kind), {});
  if (!event.session.empty()) out.open("session", '{').field("uid", event.session).close('}');
  out.close('}');
}

void write_source_endpoint(JsonText& out, std::string_view address) {
  if (address.empty()) return;
  const bool ip = is_ipv4(address) || is_ipv6(address);
  out.open("src_endpoint", '{').field(ip ? "ip" : "name", address).close('}');
}

void write_privileges(JsonText& out, const std::vector<std::string>& privileges) {
  out.open("privileges", '[');
  for (const std::string& privilege : privileges) out.text(privilege);
  out.close(']');
}

void write_group(JsonText& out, std::string_view name, std::string_view id, bool everyone,
                 const std::vector<std::string>& privileges) {
  out.open(name, '{').field("uid", id).field("name", id);
  if (everyone) out.field("type", "everyone");
  if (!privileges.empty()) write_privileges(out, privileges);
  out.close('}');
}

void write_resource(JsonText& out, std::string_view resource, std::string_view org) {
  const auto colon = resource.find(':');
  out.open('{');
  if (colon == std::string_view::npos) {
    out.field("uid", org).field("name", org).field("type", "Organization");
  } else {
    out.field("uid", resource).field("name", resource.substr(colon + 1)).field("type", resource.substr(0, colon));
  }
  out.number("role_id", 1).field("role", "Target").close('}');
}

void write_entities(JsonText& out, const Row& row, const Shown& event, const Step& step) {
  const bool update = step.deed == Deed::update_entity || step.deed == Deed::update_role;
  write_entity(out, "entity", row, event, update ? dump(event.before) : std::string());
  if (update) write_entity(out, "entity_result", row, event, after_json(event));
}

void write_roles(JsonText& out, const Shown& event, const Step& step) {
  const auto called = text_of(event.data, "name");
  if (step.deed == Deed::create_role) return write_role(out, "iam_role", step.role, called, step.privileges);
  write_role(out, "iam_role", step.role, {}, grants_of(event.before, "grants"));
  if (step.deed != Deed::update_role || event.type == "role.reset") return;
  write_role(out, "updated_role", step.role, called, grants_after(event));
}

void write_observables(JsonText& out, const Shown& event, const Step& step) {
  const auto one = [&](std::string_view name, Caption type, std::string_view value) {
    if (value.empty()) return;
    out.open('{')
        .field("name", name)
        .number("type_id", type.id)
        .field("type", type.name)
        .field("value", value)
        .close('}');
  };
  constexpr Caption user_name{4, "User Name"}, ip{2, "IP Address"}, email{5, "Email Address"};
  out.open("observables", '[');
  one("actor.user.name", user_name, event.actor.id);
  if (is_email(event.actor.id)) one("actor.user.email_addr", email, event.actor.id);
  one("user.name", user_name, step.user);
  if (is_email(step.user)) one("user.email_addr", email, step.user);
  if (is_ipv4(event.source_ip) || is_ipv6(event.source_ip)) one("src_endpoint.ip", ip, event.source_ip);
  out.close(']');
}

void write_fingerprint(JsonText& out, std::string_view name, std::string_view hex) {
  out.open(name, '{').number("algorithm_id", 3).field("algorithm", "SHA-256");
  out.number("encoding_id", 1).field("encoding", "Hex").number("serialization_id", 2).field("serialization", "JCS");
  out.field("value", hex).close('}');
}

}  // namespace tenure::formats
