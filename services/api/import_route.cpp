#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <memory>

#include "events/limits.h"
#include "events/wire/json_text.h"
#include "events/wire/record_wire.h"
#include "projections/facts.h"
#include "services/api/asked.h"
#include "services/import/github_audit.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;

// Events that are recorded together: enough to share a sync, few enough to keep in memory.
constexpr std::size_t import_batch_events = 2'000;
// Batches on their way at once: one is read, one decided, one made durable.
constexpr std::size_t import_batches_open_max = 2;
// Refused lines that the summary names; the rest is counted.
constexpr std::size_t refused_shown_max = 20;

std::string next_import_id(Instant now) {
  static std::atomic<std::uint64_t> count{0};
  return "import-" + std::to_string(now.us) + "-" + std::to_string(++count);
}

// What happened elsewhere was not let through by Tenure: an organization of mode `enforce`, whose events take effect
// when they are recorded, cannot take it.
std::optional<Response> refuses_imports(Parts& parts, const Request& request) {
  auto org = open_org(parts, request.param("org"));
  if (!org) return org.error().status == 404 ? std::nullopt : std::optional(org.error());  // 404: the import makes it
  projections::Facts facts(*org->snapshot, parts.names, parts.models, org->number, projections::Point::never());
  const auto* mode = facts.state(facts.org_entity()).find({projections::SlotKind::mode});
  if (facts.failure()) return http::problem(*facts.failure());
  if (!mode || mode->value != 1) return std::nullopt;
  return http::problem(refuse(RefusalCode::invalid_field,
                              "the organization is of mode \"enforce\" and takes no import; import into one of mode "
                              "\"observe\".",
                              "org"),
                       409);
}

// One import: lines in, batches of events out. What is there already (by id) is left as it is, so an import
// that broke off is resumed by sending the file again.
class GithubImport : public http::Upload {
 public:
  GithubImport(Parts& parts, const Request& request)
      : parts_(parts), org_(request.param("org")), by_(recording_of(request, Channel::import)) {
    by_.import_id = next_import_id(parts.now());
    const auto open = open_org(parts, org_.text);
    exists_ = open.has_value();
    if (!exists_) return;
    // The line that made the organization is known by the id of its first event.
    const auto position = open->snapshot->position_of(org_, Version(1));
    const auto stored = position ? open->snapshot->record(*position) : Outcome<storage::LogRecord>(position.error());
    const auto first = stored ? wire::read_record(stored->bytes, {}) : Outcome<Record>(stored.error());
    if (first && first->event.id) created_by_ = first->event.id->text;
  }

  std::optional<Response> chunk(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) {
        rest_ += bytes;
        if (rest_.size() <= limits::raw_line_bytes_max) return std::nullopt;
        return http::problem(refuse(RefusalCode::too_large, "line " + std::to_string(lines_ + 1) + " is longer than " +
                                                                std::to_string(limits::raw_line_bytes_max) +
                                                                " bytes; is it one event a line?"));
      }
      if (rest_.empty()) {
        line(bytes.substr(0, end));
      } else {
        rest_ += bytes.substr(0, end);
        line(rest_);
        rest_.clear();
      }
      bytes.remove_prefix(end + 1);
      if (events_.size() < import_batch_events) continue;
      if (auto failed = flush()) return failed;
    }
    return std::nullopt;
  }

  Response finish() override {
    if (!rest_.empty()) line(rest_);
    if (auto failed = flush()) return std::move(*failed);
    while (!open_.empty()) {
      if (auto failed = end_oldest()) return std::move(*failed);
    }
    JsonText json;
    json.open('{').field("import", by_.import_id).field("lines", lines_).field("events", recorded_);
    json.field("recorded_only", recorded_only_).field("not_followed", not_followed_).field("duplicates", duplicates_);
    json.field("organization_created", created_).field("from_position", first_.value).field("to_position", last_.value);
    json.field("refused_lines", refused_count_).key("refused").open('[');
    for (const auto& [number, because] : refused_)
      json.open('{').field("line", number).field("because", because).close('}');
    Response response;
    response.body = json.close(']').close('}').take();
    return response;
  }

 private:
  void line(std::string_view text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    ++lines_;
    if (text.find_first_not_of(" \t") == std::string_view::npos) return;
    auto read = read_github_audit_line(text);
    if (!read) return refuse_line(read.error().because);
    if (read->org != org_.text) {
      return refuse_line("the line is of organization \"" + read->org + "\", not \"" + org_.text + "\"");
    }
    if (!exists_) begin_org(*read);
    if (read->creates_org) {
      // The creation is the organization's own first event; a line that comes later than it is only kept.
      if (created_by_ == read->document_id) {
        duplicates_ += !created_;
        return;
      }
      Event kept;
      kept.id = EventId(read->document_id);
      kept.occurred_at = read->occurred_at;
      kept.actor = read->actor;
      kept.data = event::SourceRecorded{std::string(github_audit_source), "org.create", {std::string(text)}};
      read->events.push_back(std::move(kept));
      read->recorded_only = true;
    }
    recorded_only_ += read->recorded_only;
    not_followed_ += read->not_followed;
    std::move(read->events.begin(), read->events.end(), std::back_inserter(events_));
  }

  // History begins with the first line, whatever it is.
  void begin_org(const ImportedLine& first) {
    exists_ = true;
    event::OrgCreated created;
    created.model = ModelId(github_audit_model);
    Event event;
    event.data = std::move(created);
    event.occurred_at = first.occurred_at;
    event.actor = first.actor;
    if (first.creates_org) {
      event.id = EventId(first.document_id);
      created_by_ = first.document_id;
    }
    events_.insert(events_.begin(), std::move(event));
    created_ = true;
  }

  void refuse_line(std::string because) {
    ++refused_count_;
    if (refused_.size() < refused_shown_max) refused_.emplace_back(lines_, std::move(because));
  }

  std::optional<Response> flush() {
    if (events_.empty()) return std::nullopt;
    AppendRequest request;
    request.org = org_;
    request.by = by_;
    request.events = std::move(events_);
    events_.clear();
    auto answered = std::make_shared<std::promise<AppendResult>>();
    open_.push_back(answered->get_future());
    // The organization's own creation came before, in the same file: its line finds it by id.
    parts_.appends.submit(std::move(request),
                          [answered](AppendResult result) { answered->set_value(std::move(result)); });
    return open_.size() > import_batches_open_max ? end_oldest() : std::nullopt;
  }

  std::optional<Response> end_oldest() {
    const AppendResult result = open_.front().get();
    open_.pop_front();
    const auto* answer = std::get_if<AppendAnswer>(&result);
    if (!answer) return append_response(result);
    for (const Appended& item : answer->items) {
      duplicates_ += item.duplicate;
      if (item.duplicate) continue;
      ++recorded_;
      if (first_ == Position(0)) first_ = item.position;
      last_ = item.position;
    }
    return std::nullopt;
  }

  Parts& parts_;
  OrgId org_;
  Recording by_;
  bool exists_ = false, created_ = false;
  std::string created_by_;
  std::string rest_;
  std::vector<Event> events_;
  std::deque<std::future<AppendResult>> open_;  // batches that are not answered yet, the oldest first
  std::uint64_t lines_ = 0, recorded_ = 0, recorded_only_ = 0, not_followed_ = 0, duplicates_ = 0, refused_count_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> refused_;
  Position first_, last_;
};

}  // namespace

void add_import_route(http::Router& router, Parts& parts) {
  router.upload(
      http::Method::post, "/v1/orgs/{org}/import", "append",
      [&parts](Request& request) -> std::variant<std::unique_ptr<http::Upload>, Response> {
        if (const auto known = only_known(request, {"format"}); !known) return http::problem(known.error());
        const auto format = request.query("format").value_or("");
        if (format != "github-audit") {
          return http::problem(refuse(RefusalCode::invalid_field, "\"format\" must be github-audit.", "format"));
        }
        if (const auto* token = request.identity_as<Token>();
            !token->speaks_for("member") || !token->speaks_for("integration")) {
          return http::problem(refuse(RefusalCode::forbidden,
                                      "an import speaks for members and integrations; this token may not.", "format"));
        }
        if (auto refused = refuses_imports(parts, request)) return std::move(*refused);
        return std::make_unique<GithubImport>(parts, request);
      });
}

}  // namespace tenure::services
