// Reports of reviews and on access, as JSON, CSV, XLSX and PDF; and the tasks that a closed review leaves.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "services/api/review_rows.h"
#include "services/api/rows.h"
#include "services/reports/spool.h"
#include "services/reports/write.h"
#include "services/reviews/access_report.h"
#include "services/reviews/review_report.h"
#include "services/reviews/tasks.h"

namespace tenure::services {

namespace {

using reports::Document;

// ---- as a file -----------------------------------------------------------------------------------

// What is written whole and then sent, so that a report that cannot be made is a clear no.
class ReportFile {
 public:
  ReportFile(Parts& parts, const Request& request) : parts_(parts), request_(request) {}

  Response of(const Document& document, const std::string& name) {
    const auto format = request_.query("format").value_or("json");
    const auto table = request_.query("table");
    if (table && format != "csv") {
      return no(refuse(RefusalCode::invalid_field, "\"table\" goes with format=csv, which has one table.", "table"));
    }
    const auto folder =
        parts_.scratch.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parts_.scratch);
    auto spool = reports::Spool::open(folder);
    if (!spool) return http::problem(spool.error());
    const auto sink = [&](std::string_view bytes) { return spool->write(bytes); };
    Response response;
    Outcome<void> done;
    std::string ending(format);
    if (format == "json") {
      done = write_json(document, sink);
    } else if (format == "csv") {
      const auto wanted = table.value_or(document.tables.front().id);
      std::vector<reports::Table> tables = document.tables;
      tables.push_back(summary_of(document));
      const auto it =
          std::find_if(tables.begin(), tables.end(), [&](const reports::Table& each) { return each.id == wanted; });
      if (it == tables.end()) return no_table(tables);
      response.content_type = http::MediaType("text/csv; charset=utf-8; header=present");
      ending = it->id + ".csv";
      done = write_csv(*it, sink);
    } else if (format == "xlsx") {
      response.content_type = http::MediaType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
      done = write_xlsx(document, folder, sink);
    } else if (format == "pdf") {
      response.content_type = http::MediaType("application/pdf");
      done = write_pdf(document, sink);
    } else {
      return no(refuse(RefusalCode::invalid_field, "\"format\" must be json, csv, xlsx or pdf.", "format"));
    }
    if (!done) return http::problem(done.error());
    if (format != "json") {
      response.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + name + "." + ending + "\"");
    }
    const auto kept = std::make_shared<reports::Spool>(std::move(*spool));
    response.more = [kept](std::string& chunk) {
      const auto more = kept->read(chunk);
      if (!more) throw std::runtime_error(more.error().because);
      return *more;
    };
    return response;
  }

 private:
  static Response no_table(const std::vector<reports::Table>& tables) {
    std::string names;
    for (const reports::Table& each : tables) names += (names.empty() ? "" : ", ") + each.id;
    return no(refuse(RefusalCode::invalid_field, "the report has no such table; it has " + names + ".", "table"));
  }

  Parts& parts_;
  const Request& request_;
};

Response of_review(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"format", "table", "position"}); !known) return no(known.error());
  auto opened = open_org(parts, request);
  if (!opened) return opened.error();
  auto org = std::make_shared<OpenOrg>(std::move(*opened));
  Position position = org->head.position;
  if (const auto text = request.query("position")) {
    const auto number = whole_number(*text);
    if (!number || *number == 0 || *number > org->snapshot->head().value) {
      return no(refuse(RefusalCode::invalid_field,
                       "\"position\" must be one of the log, 1 to " + std::to_string(org->snapshot->head().value) + ".",
                       "position"));
    }
    position = Position(*number);
  }
  const std::string id(request.param("review"));
  const auto document = review_report(parts, org, id, position);
  if (!document) return http::problem(document.error());
  if (!*document) {
    return missing(refuse(RefusalCode::not_found, "there was no review \"" + id + "\" at that position.", "review"));
  }
  return ReportFile(parts, request).of(**document, id);
}

// ---- on access -----------------------------------------------------------------------------------

Response make_report(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto said = Said::read(request, {"definition", "id", "period_days"});
  if (!said) return said.error();
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  if (auto refused = said->settle_actor(asking)) return std::move(*refused);
  const auto& body = said->body();
  OpenWish wish;
  wish.by_definition = body.contains("definition");
  review::Definition definition;
  definition.id = "access";
  if (wish.by_definition) {
    const auto name = text_field(body, "definition", "/definition");
    if (!name) return no(name.error());
    auto kept = parts.reviews->reviews.definition(asking.org(), *name);
    if (!kept) return http::problem(kept.error());
    if (!*kept || (*kept)->definition.purpose != review::Purpose::access_report) {
      return no(refuse(RefusalCode::not_found,
                       "there is no definition \"" + *name + "\" whose purpose is access_report.", "/definition"));
    }
    definition = std::move((*kept)->definition);
  }
  if (body.contains("period_days")) {
    const auto& days = body.at("period_days");
    if (!days.is_number_unsigned() || days.get<std::uint64_t>() == 0 || days.get<std::uint64_t>() > review::days_max ||
        wish.by_definition) {
      return no(refuse(RefusalCode::invalid_field,
                       "\"period_days\" must be 1 to " + std::to_string(review::days_max) +
                           ", and goes without \"definition\", which says its own.",
                       "/period_days"));
    }
    definition.period_days = days.get<std::uint64_t>();
  }
  if (body.contains("id")) {
    const auto id = text_field(body, "id", "/id");
    if (!id) return no(id.error());
    if (!review::is_review_id(*id)) {
      return no(refuse(RefusalCode::invalid_field,
                       "\"id\" stands in addresses: letters, digits, dots, dashes and underscores.", "/id"));
    }
    wish.review = *id;
  }
  return append_response(parts.reviews->reviewing.report(asking.org(), definition, wish, acting_of(request, *said)));
}

Response list_reports(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto all = parts.reviews->reviews.reports(asking.org(), asking.pinned().known);
  if (!all) return http::problem(all.error());
  Shown shown(parts, asking.org());
  auto response = asking.list(
      *all, [](const Record& record) { return record.position.value; },
      [&](JsonText& json, const Record& record) {
        const auto& reported = std::get<event::AccessReported>(record.event.data);
        json.open('{').field("id", reported.report);
        if (reported.definition) json.field("definition", *reported.definition);
        json.field("as_of", reported.as_of).field("from", reported.from);
        if (reported.scheduled_for) json.field("scheduled_for", *reported.scheduled_for);
        json.field("position", record.position.value).field("pinned", reported.pinned.value);
        shown.actor(json, "made_by", record.event.actor);
        json.close('}');
      });
  return shown.failure() ? http::problem(*shown.failure()) : std::move(response);
}

Response one_report(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"format", "table"}); !known) return no(known.error());
  auto opened = open_org(parts, request);
  if (!opened) return opened.error();
  auto org = std::make_shared<OpenOrg>(std::move(*opened));
  const std::string id(request.param("report"));
  const auto all = parts.reviews->reviews.reports(*org, org->head.position);
  if (!all) return http::problem(all.error());
  for (const Record& record : *all) {
    if (std::get<event::AccessReported>(record.event.data).report != id) continue;
    const auto report = access_report(parts, org, record);
    if (const auto* failure = std::get_if<Failure>(&report)) return http::problem(*failure);
    if (const auto* refusal = std::get_if<Refusal>(&report)) return http::problem(*refusal);
    return ReportFile(parts, request).of(std::get<Document>(report), id);
  }
  return missing(refuse(RefusalCode::not_found,
                        "there is no report \"" + id + "\"; GET /v1/orgs/" + org->id.text + "/reports lists them.",
                        "report"));
}

// ---- tasks ---------------------------------------------------------------------------------------

void write_still_held(JsonText& json, Sight& now, const Task& task) {
  json.key("still_held").open('[');
  for (const projections::StillHeld& held : task.still_held) {
    json.open('{').field("permission", held.power.permission.text).field("level", held.level.text);
    json.field("on", held.power.scope == 0 ? std::string("org") : now.facts().name(held.power.scope).name);
    json.field("reach", projections::to_text(held.reach)).key("paths").open('[');
    for (const projections::Path& path : held.paths) {
      json.open('{').field("kind", projections::to_text(path.kind)).field("role", path.role).key("edges").open('[');
      for (const projections::Edge& edge : path.edges) {
        json.open('{').field("what", edge.what).field("position", edge.event.position).close('}');
      }
      json.close(']').close('}');
    }
    json.close(']').close('}');
  }
  json.close(']');
}

Response tasks(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"status", "limit", "cursor"}); !known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto status = request.query("status");
  if (status && *status != "open" && *status != "overdue" && *status != "done") {
    return no(refuse(RefusalCode::invalid_field, "\"status\" must be open, overdue or done.", "status"));
  }
  auto review = review_of(parts, request, asking.org());
  if (!review) return review.error();
  Review& of = *review->review;
  const OpenOrg& org = review->on(asking.org());
  const auto decided = Sight::at(parts, org, of.at, of.seen);
  const auto now = Sight::at(parts, org, parts.now(), org.head.position);
  if (!decided) return http::problem(decided.error());
  if (!now) return http::problem(now.error());
  auto all = tasks_of(org, of, **decided, **now);
  if (!all) return http::problem(all.error());
  if (status) std::erase_if(*all, [&](const Task& task) { return to_text(task.status) != *status; });
  ItemRows rows(parts, org, of, **decided);
  auto response = asking.list(
      *all, [](const Task& task) { return std::uint64_t{task.item} + 1; },
      [&](JsonText& json, const Task& task) {
        const review::Item& item = of.campaign->items()[task.item];
        json.open('{').field("item", item.id).field("member", rows.shown().identity(item.member));
        rows.held(json, task.item);
        write_result(json, rows.shown(), task.result);
        json.field("status", to_text(task.status)).field("due_at", task.due_at);
        if (!task.owner.empty()) json.field("owner", rows.shown().identity(task.owner));
        write_still_held(json, **now, task);
        json.close('}');
      });
  if (const auto failure = rows.failure()) return http::problem(*failure);
  return response;
}

}  // namespace

void add_report_routes(http::Router& router, Parts& parts) {
  const std::string org = "/v1/orgs/{org}", review = org + "/reviews/{review}";
  router.blocking(http::Method::get, review + "/report", "read", [&parts](Request& r) { return of_review(parts, r); });
  router.blocking(http::Method::get, review + "/tasks", "read",
                  with_rows({"item", "member", "kind", "role", "group", "on", "result.outcome", "result.role", "status",
                             "owner", "due_at", "still_held"},
                            [&parts](Request& r) { return tasks(parts, r); }));
  router.blocking(http::Method::post, org + "/reports", "review",
                  [&parts](Request& r) { return make_report(parts, r); });
  router.blocking(http::Method::get, org + "/reports", "read",
                  with_rows({"id", "definition", "as_of", "from", "scheduled_for", "position", "pinned", "made_by"},
                            [&parts](Request& r) { return list_reports(parts, r); }));
  router.blocking(http::Method::get, org + "/reports/{report}", "read",
                  [&parts](Request& r) { return one_report(parts, r); });
}

}  // namespace tenure::services
