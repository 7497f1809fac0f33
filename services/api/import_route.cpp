#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <utility>

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

// Events that are recorded together: enough to share a sync, few enough to keep in memory, and so are their lines.
constexpr std::size_t import_batch_events = 2'000, import_batch_bytes = std::size_t{4} << 20;
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
std::optional<Response> refuses_imports(Parts& parts, std::string_view name) {
  auto org = open_org(parts, name);
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

// Lines that are recorded together, and what they come to.
struct LineBatch {
  struct Line {
    std::uint64_t number;
    std::size_t text_end, events_end;  // in `text` and `events`; they begin where the line before ends
  };
  std::vector<Event> events;
  std::vector<Line> lines;
  std::string text;
  std::uint64_t recorded_only = 0, not_followed = 0, duplicates = 0;
  bool creates = false;

  std::string_view text_of(std::size_t line) const {
    const std::size_t begin = line == 0 ? 0 : lines[line - 1].text_end;
    return std::string_view(text).substr(begin, lines[line].text_end - begin);
  }
  // The line that makes the organization goes alone: the creation is taken or refused as one with what stands beside
  // it.
  bool is_full() const { return creates || events.size() >= import_batch_events || text.size() >= import_batch_bytes; }
};

// One import: lines in, batches of events out. What is there already (by id) is left as it is, so an import
// that broke off is resumed by sending the file again. A line that is refused, be it by the log, is named and left out;
// all others are recorded.
class GithubImport : public http::Upload {
 public:
  GithubImport(Parts& parts, const Request& request)
      : parts_(parts),
        token_(token_of(request)),
        org_(request.param("org")),
        by_(recording_of(request, Channel::import)) {
    by_.import_id = next_import_id(parts.now());
    look_at_org();
  }

  std::optional<Response> chunk(std::string_view bytes) override {
    // Lines that fill no batch come for as long as somebody sends them.
    if (auto ended = token_ended(*token_, parts_.now())) return ended;
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) {
        keep(bytes);
        return std::nullopt;
      }
      if (rest_.empty() && !too_long_) {
        line(bytes.substr(0, end));
      } else {
        keep(bytes.substr(0, end));
        end_line();
      }
      bytes.remove_prefix(end + 1);
      if (!batch_.is_full()) continue;
      if (auto failed = flush()) return failed;
    }
    return std::nullopt;
  }

  Response finish() override {
    if (!rest_.empty() || too_long_) end_line();
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
  // A batch on its way.
  struct Sent {
    LineBatch batch;  // its events are the log's now
    std::future<AppendResult> answer;
  };

  void look_at_org() {
    auto open = open_org(parts_, org_.text);
    exists_ = open.has_value();
    if (!exists_) return;
    projections::Facts facts(*open->snapshot, parts_.names, parts_.models, open->number, projections::Point::never());
    const auto model = facts.model_at(facts.at());
    knows_levels_ = !model || knows_github_roles(*model);
    // The line that made the organization is known by the id of its first event.
    const auto position = open->snapshot->position_of(org_, Version(1));
    const auto stored = position ? open->snapshot->record(*position) : Outcome<storage::LogRecord>(position.error());
    const auto first = stored ? wire::read_record(stored->bytes, {}) : Outcome<Record>(stored.error());
    if (first && first->event.id) created_by_ = first->event.id->text;
  }

  // A part of a line whose end has not come yet. Of one that is too long nothing is kept.
  void keep(std::string_view part) {
    if (!too_long_) rest_ += part;
    too_long_ = too_long_ || rest_.size() > limits::raw_line_bytes_max;
    if (too_long_) rest_.clear();
  }

  void end_line() {
    if (std::exchange(too_long_, false)) {
      return refuse_line(++lines_, "it is longer than " + std::to_string(limits::raw_line_bytes_max) +
                                       " bytes; is it one event a line?");
    }
    line(rest_);
    rest_.clear();
  }

  void line(std::string_view text) {
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    ++lines_;
    if (text.find_first_not_of(" \t") != std::string_view::npos) add(batch_, lines_, text);
  }

  void add(LineBatch& batch, std::uint64_t number, std::string_view text) {
    auto read = read_github_audit_line(text);
    if (!read) return refuse_line(number, read.error().because);
    // The log would say so too; but history does not begin with such a line.
    if (const Instant now = parts_.now(); read->occurred_at.us > now.us + limits::future_us_max) {
      return refuse_line(number, "its time is " + format_instant(read->occurred_at) +
                                     ", more than 5 minutes ahead of " + format_instant(now));
    }
    if (read->org != org_.text) {
      return refuse_line(number, "the line is of organization \"" + read->org + "\", not \"" + org_.text + "\"");
    }
    if (!exists_) begin_org(batch, *read);
    if (read->creates_org) {
      // The creation is the organization's own first event; a line that comes later than it is only kept.
      if (created_by_ == read->document_id) {
        batch.duplicates += !batch.creates;
        return note(batch, number, text);
      }
      Event kept;
      kept.id = EventId(read->document_id);
      kept.occurred_at = read->occurred_at;
      kept.actor = read->actor;
      kept.data = event::SourceRecorded{std::string(github_audit_source), "org.create", {std::string(text)}};
      read->events.push_back(std::move(kept));
      read->recorded_only = true;
    }
    batch.recorded_only += read->recorded_only;
    batch.not_followed += is_not_followed(*read);
    std::move(read->events.begin(), read->events.end(), std::back_inserter(batch.events));
    note(batch, number, text);
  }

  // Where the organization's model is another, what a line gives means there something else, or nothing.
  bool is_not_followed(const ImportedLine& line) const {
    return line.not_followed || (!knows_levels_ && !line.recorded_only);
  }

  static void note(LineBatch& batch, std::uint64_t number, std::string_view text) {
    batch.text += text;
    batch.lines.push_back({number, batch.text.size(), batch.events.size()});
  }

  // History begins with the first line, whatever it is.
  void begin_org(LineBatch& batch, const ImportedLine& first) {
    exists_ = batch.creates = true;
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
    batch.events.insert(batch.events.begin(), std::move(event));
  }

  void refuse_line(std::uint64_t number, std::string because) {
    ++refused_count_;
    const auto place = std::upper_bound(refused_.begin(), refused_.end(), number,
                                        [](std::uint64_t one, const auto& other) { return one < other.first; });
    refused_.emplace(place, number, std::move(because));
    if (refused_.size() > refused_shown_max) refused_.pop_back();
  }

  std::optional<Response> flush() {
    if (auto ended = token_ended(*token_, parts_.now())) return ended;
    send(std::exchange(batch_, {}));
    // Until the organization is there, nothing else can be recorded of it.
    const bool creates = !open_.empty() && open_.back().batch.creates;
    while (open_.size() > (creates ? 0 : import_batches_open_max)) {
      if (auto failed = end_oldest()) return failed;
    }
    return std::nullopt;
  }

  void send(LineBatch batch) {
    if (batch.events.empty()) return count(batch);
    AppendRequest request;
    request.org = org_;
    request.by = by_;
    request.events = std::exchange(batch.events, {});
    if (!batch.creates) {
      std::size_t last = 0;
      for (const LineBatch::Line& line : batch.lines) {
        if (line.events_end > last) request.parts.push_back(last = line.events_end);
      }
    }
    auto answered = std::make_shared<std::promise<AppendResult>>();
    open_.push_back({std::move(batch), answered->get_future()});
    parts_.appends.submit(std::move(request),
                          [answered](AppendResult result) { answered->set_value(std::move(result)); });
  }

  void count(const LineBatch& batch) {
    recorded_only_ += batch.recorded_only;
    not_followed_ += batch.not_followed;
    duplicates_ += batch.duplicates;
  }

  std::optional<Response> end_oldest() {
    Sent sent = std::move(open_.front());
    open_.pop_front();
    const AppendResult result = sent.answer.get();
    if (const auto* refusals = std::get_if<Refusals>(&result)) {
      return begin_again(sent.batch, *refusals);
    }
    const auto* answer = std::get_if<AppendAnswer>(&result);
    if (!answer) return append_response(result);
    leave_out(sent.batch, answer->left_out);
    count(sent.batch);
    created_ = created_ || sent.batch.creates;
    for (const Appended& item : answer->items) {
      duplicates_ += item.duplicate;
      if (item.duplicate) continue;
      ++recorded_;
      if (first_ == Position(0)) first_ = item.position;
      last_ = item.position;
    }
    return std::nullopt;
  }

  // The line of a batch that an event is of; none for one that is of none.
  static const LineBatch::Line* line_of(const LineBatch& batch, std::uint64_t event) {
    const auto line = std::upper_bound(batch.lines.begin(), batch.lines.end(), event,
                                       [](std::uint64_t i, const LineBatch::Line& one) { return i < one.events_end; });
    return line == batch.lines.end() ? nullptr : &*line;
  }

  // Names the lines that the log refused, and reads again what they were counted as.
  std::set<std::uint64_t> leave_out(LineBatch& batch, const Refusals& refusals) {
    std::set<std::uint64_t> numbers;
    for (const Refusal& refusal : refusals) {
      const auto* line = refusal.index ? line_of(batch, *refusal.index) : nullptr;
      if (!line || !numbers.insert(line->number).second) continue;
      refuse_line(line->number, refusal.because);
      const auto read = read_github_audit_line(batch.text_of(static_cast<std::size_t>(line - batch.lines.data())));
      if (!read) continue;
      batch.recorded_only -= std::min<std::uint64_t>(batch.recorded_only, read->recorded_only || read->creates_org);
      batch.not_followed -= std::min<std::uint64_t>(batch.not_followed, is_not_followed(*read));
    }
    return numbers;
  }

  // The line that was to make the organization was refused: somebody else was faster, or it is wrong, and then the next
  // one begins. Nothing else is under way.
  std::optional<Response> begin_again(LineBatch& batch, const Refusals& refusals) {
    std::set<std::uint64_t> wrong;
    if (batch.creates && refusals.front().code == RefusalCode::already_exists) {
      if (auto refused = refuses_imports(parts_, org_.text)) return refused;
    } else {
      wrong = leave_out(batch, refusals);
      if (!batch.creates || wrong.empty()) return append_response(refusals);
    }
    created_by_.clear();
    look_at_org();
    LineBatch rest;
    for (std::size_t i = 0; i < batch.lines.size(); ++i) {
      if (!wrong.contains(batch.lines[i].number)) add(rest, batch.lines[i].number, batch.text_of(i));
    }
    send(std::move(rest));
    return std::nullopt;
  }

  Parts& parts_;
  std::shared_ptr<const Token> token_;
  OrgId org_;
  Recording by_;
  bool exists_ = false, created_ = false;  // with the batches under way; by this import
  bool knows_levels_ = true;               // the organization's model
  std::string created_by_;
  std::string rest_;       // of a line whose end has not come yet
  bool too_long_ = false;  // that line is
  LineBatch batch_;
  std::deque<Sent> open_;  // batches that are not answered yet, the oldest first
  std::uint64_t lines_ = 0, recorded_ = 0, recorded_only_ = 0, not_followed_ = 0, duplicates_ = 0, refused_count_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> refused_;  // the first of them, by line
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
        if (auto refused = refuses_imports(parts, request.param("org"))) return std::move(*refused);
        return std::make_unique<GithubImport>(parts, request);
      });
}

}  // namespace tenure::services
