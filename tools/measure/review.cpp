// An access review of 100,000 holds: opened, paged through, decided in bulk, and its reports as XLSX and PDF.
//
// Each round has a review of its own of the same organization, which is given up at the end. Memory is the server's:
// the kernel's mark of the most it had is set back before a report, and read after it.

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>

#include "tools/measure/download.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/servers.h"

namespace tenure::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t members_whole = 20'000, members_least = 100, holds_each = 5, groups = 50, repositories = 500;
constexpr std::size_t batch_events = 2'000, page_rows = 100, decisions_a_call = 1'000;
constexpr double open_s_max = 3, page_p99_ms_max = 20, decide_s_max = 5, report_s_max = 5, growth_mb_max = 100;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("review: " + what); }

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string member(std::size_t number) { return fmt::format("person-{}@acme.test", number); }

// An item as the list shows it: all that a decision needs.
struct Seen {
  std::string item, state;
  bool of_the_reviewer = false;
};

std::string text_at(simdjson::dom::element row, std::string_view name) {
  std::string_view text;
  if (row[name].get(text) != simdjson::SUCCESS) give_up("an item without " + std::string(name));
  return std::string(text);
}

// A page's items; where the next one begins, or nothing.
std::string read_page(const std::string& body, std::vector<Seen>& items) {
  simdjson::dom::parser parser;
  simdjson::dom::element page;
  simdjson::dom::array rows;
  if (parser.parse(body).get(page) != simdjson::SUCCESS || page["items"].get(rows) != simdjson::SUCCESS) {
    give_up("a page that is none: " + body.substr(0, 200));
  }
  for (const simdjson::dom::element row : rows) {
    items.push_back({text_at(row, "item"), text_at(row, "state"), text_at(row, "member") == member(0)});
  }
  std::string_view next;
  return page["next"].get(next) == simdjson::SUCCESS ? std::string(next) : std::string();
}

// Every one of a call must have been recorded.
void check_decided(const std::string& body, std::size_t wanted) {
  std::size_t found = 0;
  const std::string recorded = "\"status\":201";
  for (auto at = body.find(recorded); at != std::string::npos; at = body.find(recorded, at + 1)) ++found;
  if (found != wanted) give_up(fmt::format("{} of {} decisions recorded: {}", found, wanted, body.substr(0, 300)));
}

// What something cost: how long it took, and the CPU of both sides.
struct Spent {
  double seconds = 0, server_cpu = 0, client_cpu = 0;

  Spent& operator+=(const Spent& more) {
    seconds += more.seconds;
    server_cpu += more.server_cpu;
    client_cpu += more.client_cpu;
    return *this;
  }
};

template <class Does>
Spent spent_on(const TenureServer& server, const Does& does) {
  const double server_before = server.cost().cpu_seconds, client_before = own_cpu_seconds();
  const auto begin = Clock::now();
  does();
  const double seconds = seconds_since(begin);
  return {seconds, server.cost().cpu_seconds - server_before, own_cpu_seconds() - client_before};
}

// One figure a round: how long, beside its goal.
struct Timed {
  Row row;
  Verdict verdict;

  void take(std::size_t done, const Spent& spent) {
    const double seconds = spent.seconds;
    row.done += done;
    row.server_cpu_seconds += spent.server_cpu;
    row.client_cpu_seconds += spent.client_cpu;
    row.rates.push_back(static_cast<double>(done) / seconds);
    verdict.values.push_back(seconds);
  }
};

Timed timed(const std::string& what, const std::string& unit, std::optional<double> goal) {
  return {{what, unit}, {what, "s", {}, Bound::below, goal}};
}

class ReviewRun {
 public:
  explicit ReviewRun(Bench& bench)
      : bench_(bench),
        members_(bench.settings.scaled(members_whole, members_least) / groups * groups),
        server_(bench, "review") {
    load_team();
  }

  void round(unsigned number) {
    const std::string all = fmt::format("all-{}", number), some = fmt::format("some-{}", number);
    opening_.take(holds(), open(all, "{}", holds()));
    const std::vector<Seen> items = page_through(all);
    sheet_.take(holds(), report(all, "xlsx", &sheet_growth_));
    decide(all, items);
    decided_sheet_.take(holds() * 2, report(all, "xlsx", &decided_sheet_growth_));
    list_.take(holds(), report(all, "csv", &list_growth_, holds() + 1));
    std::string half;
    for (std::size_t group = 0; group < groups / 2; ++group) half += fmt::format("{}\"g-{}\"", group ? "," : "", group);
    open(some, R"({"kinds":["group"],"groups":[)" + half + "]}", members_ / 2);
    paper_.take(members_ / 2, report(some, "pdf", &paper_growth_));
    for (const std::string& review : {all, some}) {
      server_.post("/v1/orgs/acme/reviews/" + review + "/cancel", "application/json", "{}", 201);
    }
  }

  Section section() {
    Section section{"review", "an access review of everything that an organization's members hold", {}, {}, {}};
    section.settings = {
        {"organization", fmt::format("{} members, {} holds", number_text(static_cast<double>(members_)),
                                     number_text(static_cast<double>(holds())))},
        {"load", fmt::format("1 connection; {} rounds, each with a review of its own: pages of {} rows, {} decisions a "
                             "call, a PDF of {} items",
                             bench_.settings.rounds, page_rows, decisions_a_call, members_ / 2)}};
    const double p99_ms = static_cast<double>(pages_.latency.at(0.99).count()) / 1e6;
    section.rows = {opening_.row, pages_, deciding_.row, sheet_.row, decided_sheet_.row, list_.row, paper_.row};
    section.verdicts = {
        opening_.verdict,      {"a page, p99", "ms", {p99_ms}, Bound::below, page_p99_ms_max},
        deciding_.verdict,     sheet_.verdict,
        sheet_growth_,         decided_sheet_.verdict,
        decided_sheet_growth_, list_.verdict,
        list_growth_,          paper_.verdict,
        paper_growth_,         {"the server's memory, at the most", "MB", {peak_mb_}, Bound::below, {}}};
    return section;
  }

  void stop() { server_.stop(); }

 private:
  std::size_t holds() const { return members_ * holds_each; }

  // Each member has a role, a group and three repositories; the first is an owner, and asked about all others.
  void load_team() {
    server_.make_org("acme", "2020-01-01T00:00:00Z");
    std::string batch;
    std::size_t events = 0;
    const auto tell = [&](const char* type, const std::string& data) {
      batch += fmt::format(R"({{"type":"{}","actor":{{"kind":"system","id":"loader"}},"data":{{{}}}}})", type, data);
      batch += '\n';
      if (++events % batch_events == 0) send(batch);
    };
    for (std::size_t group = 0; group < groups; ++group) tell("group.created", fmt::format(R"("group":"g-{}")", group));
    for (std::size_t n = 0; n < members_; ++n) {
      tell("member.added", fmt::format(R"("member":"{}","role":"{}")", member(n), n == 0 ? "owner" : "member"));
      tell("group.member_added", fmt::format(R"("group":"g-{}","member":"{}")", n % groups, member(n)));
      for (std::size_t grant = 0; grant + 2 < holds_each; ++grant) {
        tell("role.granted", fmt::format(R"("principal":"member:{}","role":"{}","on":"repo:acme/r-{}")", member(n),
                                         grant == 0 ? "write" : "read", (n * 3 + grant) % repositories));
      }
    }
    send(batch);
    std::cerr << "  review: " << number_text(static_cast<double>(events)) << " events loaded\n";
  }

  void send(std::string& batch) {
    if (!batch.empty()) server_.post("/v1/orgs/acme/events", "application/x-ndjson", batch, 201);
    batch.clear();
  }

  // How long it took; the review must have that many items.
  Spent open(const std::string& id, const std::string& scope, std::size_t items) {
    const std::string body =
        fmt::format(R"({{"id":"{}","definition":{{"id":"bench","name":"Everything","justification":"never","scope":{},)"
                    R"("stages":[{{"reviewers":[{{"kind":"named","people":["{}"]}}],"fallback":["{}"]}}]}}}})",
                    id, scope, member(0), member(1));
    std::string answer;
    const Spent took =
        spent_on(server_, [&] { answer = server_.post("/v1/orgs/acme/reviews", "application/json", body, 201); });
    if (number_in(answer, "items") != items) give_up(fmt::format("not {} items: {}", items, answer));
    watch();
    return took;
  }

  std::vector<Seen> page_through(const std::string& review) {
    std::vector<Seen> items;
    std::string cursor;
    const Spent spent = spent_on(server_, [&] {
      do {
        const auto begin = Clock::now();
        const std::string page = server_.get(fmt::format("/v1/orgs/acme/reviews/{}/items?limit={}{}{}", review,
                                                         page_rows, cursor.empty() ? "" : "&cursor=", cursor));
        pages_.latency.add(Clock::now() - begin);
        ++pages_.done;
        cursor = read_page(page, items);
      } while (!cursor.empty());
    });
    const std::size_t pages = items.size() / page_rows;
    pages_.rates.push_back(static_cast<double>(pages) / spent.seconds);
    pages_.server_cpu_seconds += spent.server_cpu;
    pages_.client_cpu_seconds += spent.client_cpu;
    std::set<std::string_view> once;
    for (const Seen& one : items) once.insert(one.item);
    if (once.size() != holds()) give_up(fmt::format("{} items on the pages, not {}", once.size(), holds()));
    return items;
  }

  void decide(const std::string& review, const std::vector<Seen>& items) {
    const std::string target = fmt::format("/v1/orgs/acme/reviews/{}/decisions?reviewer=", review);
    Spent spent;
    for (const bool own : {false, true}) {
      std::vector<const Seen*> wanted;
      for (const Seen& one : items) {
        if (one.of_the_reviewer == own) wanted.push_back(&one);
      }
      for (std::size_t first = 0; first < wanted.size(); first += decisions_a_call) {
        const std::size_t end = std::min(wanted.size(), first + decisions_a_call);
        std::string body = "[";
        for (std::size_t n = first; n < end; ++n) {
          body += fmt::format(R"({}{{"item":"{}","state":"{}","decision":"{}"}})", n == first ? "" : ",",
                              wanted[n]->item, wanted[n]->state, own || n % 20 != 0 ? "keep" : "revoke");
        }
        body += ']';
        std::string answer;
        spent += spent_on(server_,
                          [&] { answer = server_.post(target + member(own ? 1 : 0), "application/json", body, 207); });
        check_decided(answer, end - first);
      }
    }
    deciding_.take(holds(), spent);
    watch();
    const std::string shown = server_.get("/v1/orgs/acme/reviews/" + review);
    if (number_in(shown, "progress/decided") != holds()) give_up("not all is decided: " + shown.substr(0, 500));
  }

  // How long it took to its last byte, and by how much the server's memory grew at the most.
  Spent report(const std::string& review, const std::string& format, Verdict* growth,
               std::optional<std::uint64_t> lines = {}) {
    const auto mark = fmt::format("/proc/{}/clear_refs", server_.pid());
    std::ofstream(mark) << "5" << std::flush;
    const double before = static_cast<double>(server_.cost().bytes) / 1e6;
    const std::string request =
        server_.get_request(fmt::format("/v1/orgs/acme/reviews/{}/report?format={}", review, format));
    Downloaded got;
    const Spent spent = spent_on(server_, [&] { got = download(server_.port(), request); });
    growth->values.push_back(std::max(0.0, static_cast<double>(server_.cost().peak_bytes) / 1e6 - before));
    if (lines && got.lines != *lines) give_up(fmt::format("{} lines of {}, not {}", got.lines, format, *lines));
    if (got.bytes < 10'000) give_up(fmt::format("a report of {} bytes", got.bytes));
    watch();
    return spent;
  }

  void watch() { peak_mb_ = std::max(peak_mb_, static_cast<double>(server_.cost().peak_bytes) / 1e6); }

  Bench& bench_;
  std::size_t members_;
  TenureServer server_;
  double peak_mb_ = 0;
  Row pages_{"a page of items", "pages/s"};
  Timed opening_ = timed("opening", "items/s", open_s_max);
  Timed deciding_ = timed("all decisions in bulk", "decisions/s", decide_s_max);
  Timed sheet_ = timed("XLSX, all items", "rows/s", report_s_max);
  Timed decided_sheet_ = timed("XLSX, all items and decisions", "rows/s", {});
  Timed list_ = timed("CSV, all items", "rows/s", report_s_max);
  Timed paper_ = timed("PDF, a tenth of the items", "rows/s", report_s_max);
  Verdict sheet_growth_{"memory grown by that XLSX", "MB", {}, Bound::below, growth_mb_max};
  Verdict decided_sheet_growth_{"memory grown by that with decisions", "MB", {}, Bound::below, growth_mb_max};
  Verdict list_growth_{"memory grown by that CSV", "MB", {}, Bound::below, growth_mb_max};
  Verdict paper_growth_{"memory grown by that PDF", "MB", {}, Bound::below, growth_mb_max};
};

}  // namespace

void measure_review(Bench& bench) {
  ReviewRun run(bench);
  for (unsigned round = 0; round < bench.settings.rounds; ++round) run.round(round);
  Section section = run.section();
  run.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
