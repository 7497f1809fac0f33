#include "services/http/problem.h"

#include <array>
#include <cassert>

#include "services/http/utf8.h"

namespace tenure::http {
namespace {

struct Row {
  std::string_view code;
  unsigned status;
  std::string_view title;
};

// In the order of RefusalCode; a missing row fails to compile below.
constexpr std::array refusal_rows{
    Row{"malformed_json", 400, "The body is not JSON"},
    Row{"invalid_field", 400, "A field has a value that it cannot have"},
    Row{"unknown_field", 400, "A field is not known here"},
    Row{"missing_field", 400, "A field is missing"},
    Row{"unknown_type", 400, "The event type is not known"},
    Row{"unknown_org", 404, "The organization is not known"},
    Row{"unknown_model", 404, "The access model is not known"},
    Row{"unknown_member", 404, "The member is not known"},
    Row{"unknown_role", 404, "The role is not known"},
    Row{"unknown_permission", 404, "The permission is not known"},
    Row{"unknown_level", 404, "The level is not known"},
    Row{"unknown_group", 404, "The group is not known"},
    Row{"unknown_resource", 404, "The resource is not known"},
    Row{"unknown_event", 404, "The event is not known"},
    Row{"not_found", 404, "There is no such thing"},
    Row{"already_exists", 409, "It exists already"},
    Row{"in_the_future", 422, "The event lies in the future"},
    Row{"too_large", 413, "Something is larger than its limit"},
    Row{"id_reused", 409, "The id was used before with another body"},
    Row{"version_conflict", 412, "The organization is at another version"},
    Row{"not_allowed", 403, "The access model does not allow it"},
    Row{"invalid_cursor", 400, "The cursor is not one of ours"},
    Row{"review_ended", 409, "The review has ended"},
    Row{"stale_state", 409, "The hold is otherwise now"},
    Row{"unauthenticated", 401, "A valid token is needed"},
    Row{"forbidden", 403, "The token may not do this"},
};
static_assert(refusal_rows.size() == static_cast<std::size_t>(RefusalCode::forbidden) + 1);

// In the order of FailureCode.
constexpr std::array failure_rows{
    Row{"conflict", 409, "Another writer was faster"},
    Row{"disk_full", 507, "The disk is full"},
    Row{"corruption", 500, "Stored bytes are not what was written"},
    Row{"io", 500, "The disk failed"},
    Row{"locked", 503, "Another process has the store open"},
    Row{"wrong_format", 500, "The store has another format or key"},
    Row{"closed", 503, "The server is not taking work now"},
    Row{"not_found", 404, "There is no such thing"},
};
static_assert(failure_rows.size() == static_cast<std::size_t>(FailureCode::not_found) + 1);

const Row& row_of(RefusalCode code) { return refusal_rows[static_cast<std::size_t>(code)]; }
const Row& row_of(FailureCode code) { return failure_rows[static_cast<std::size_t>(code)]; }

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_shown_text(out, text);
}

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(number);
}

// What a refusal adds to the members that every problem has.
void append_circumstances(std::string& out, const Refusal& refusal) {
  if (!refusal.field.empty()) append_member(out, "field", refusal.field);
  if (!refusal.rule.empty()) append_member(out, "rule", refusal.rule);
  if (refusal.offset) append_number(out, "offset", *refusal.offset);
  if (refusal.index) append_number(out, "index", *refusal.index);
  if (refusal.version) append_number(out, "version", *refusal.version);
}

// The document without its closing brace, so that the caller can add members.
Response begin_problem(unsigned status, std::string_view code, std::string_view title, std::string_view detail) {
  Response response;
  response.status = status;
  response.content_type = problem_type;
  std::string& out = response.body;
  out.reserve(192 + title.size() + detail.size());
  out += "{\"type\":\"/problems/";
  out += code;
  out += '"';
  append_member(out, "title", title);
  append_number(out, "status", status);
  if (!detail.empty()) append_member(out, "detail", detail);
  append_member(out, "code", code);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

std::string_view code_text(RefusalCode code) { return row_of(code).code; }
std::string_view code_text(FailureCode code) { return row_of(code).code; }
unsigned status_of(RefusalCode code) { return row_of(code).status; }
unsigned status_of(FailureCode code) { return row_of(code).status; }

Response problem(const Refusal& refusal, std::optional<unsigned> status) {
  const Row& row = row_of(refusal.code);
  // That names no place: the body as a whole, up to a byte.
  const bool no_json = refusal.code == RefusalCode::malformed_json && refusal.field.empty() && refusal.offset;
  const std::string detail =
      no_json ? "The body is not JSON at byte " + std::to_string(*refusal.offset + 1) + ": " + refusal.because : "";
  Response response =
      begin_problem(status.value_or(row.status), row.code, row.title, no_json ? detail : refusal.because);
  append_circumstances(response.body, refusal);
  response.body += '}';
  return response;
}

Response problem(const Failure& failure, std::optional<unsigned> status) {
  const Row& row = row_of(failure.code);
  Response response = begin_problem(status.value_or(row.status), row.code, row.title, failure.because);
  response.body += '}';
  return response;
}

Response problem(const std::vector<Refusal>& refusals, std::optional<unsigned> status) {
  assert(!refusals.empty());
  Response response = problem(refusals.front(), status);
  std::string& out = response.body;
  out.back() = ',';
  out += "\"errors\":[";
  for (const Refusal& refusal : refusals) {
    if (out.back() != '[') out += ',';
    out += "{\"code\":\"";
    out += code_text(refusal.code);
    out += '"';
    append_member(out, "detail", refusal.because);
    append_circumstances(out, refusal);
    out += '}';
  }
  out += "]}";
  return response;
}

Response problem(unsigned status, std::string_view code, std::string_view title, std::string_view detail,
                 std::string_view field) {
  Response response = begin_problem(status, code, title, detail);
  if (!field.empty()) append_member(response.body, "field", field);
  response.body += '}';
  return response;
}

Response internal_problem() {
  return problem(500, "internal", "Something broke inside the server",
                 "The server met an error that it did not expect and has logged it. Retrying may help.");
}

Response busy_problem(std::string_view detail) { return problem(503, "busy", "The server has too much to do", detail); }

}  // namespace tenure::http
