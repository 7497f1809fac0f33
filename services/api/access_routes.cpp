#include "services/api/asking.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

// ---- who-can and can -----------------------------------------------------------------------------

// One who can, without paths: those are found for the rows that are shown.
struct HolderRow {
  Number member = 0;
  LevelIndex level = 0;
  projections::Reach reach = projections::Reach::listed;
};

struct RangeRow {
  Number member = 0;
  std::vector<projections::Span> spans;
};

// How a span was held when it began, or when the range did if that was later.
void paths_of(Asking& asking, JsonText& json, const projections::Question& q, const RangeRow& row,
              const projections::Span& span) {
  const Instant at{std::max(span.open.us, asking.pinned().when.from.us)};
  Facts facts = asking.facts().moved_to(Point::end_of(at));
  const auto model = facts.model_at(facts.at());
  const auto permission = model ? model->permission(asking.model().permissions()[q.permission].id.text) : std::nullopt;
  if (!permission) return asking.note(facts.failure());
  Access access(std::move(facts), model);
  const auto held = access.effective(row.member, {*permission, 1, q.resource}, true);
  asking.paths(json, held.paths, *model, *permission);
  asking.note(access.facts().failure());
}

Response who_can_over(Asking& asking, const projections::Question& q, bool explain) {
  const Pinned& pinned = asking.pinned();
  projections::SpanQuestion question{asking.model().permissions()[q.permission].id, std::nullopt, q.resource};
  if (const auto level = asking.request().query("level")) question.level = LevelId(*level);
  const auto rows = found_once<std::vector<RangeRow>>(asking.request(), [&] {
    std::vector<RangeRow> found;
    if (asking.nothing_known()) return found;
    Facts facts = asking.facts().moved_to(Point{pinned.when.to.us, 0});
    for (const Number member : asking.access().candidates_over(q, pinned.when.from, pinned.when.to)) {
      asking.request().go_on();
      auto spans = projections::spans_of(facts, member, question, pinned.when.from, pinned.when.to);
      if (!spans.empty()) found.push_back({member, std::move(spans)});
    }
    asking.note(facts.failure());
    return found;
  });
  return asking.list(
      *rows, [](const RangeRow& r) { return std::uint64_t{r.member}; },
      [&](JsonText& json, const RangeRow& r) {
        // The row shows the highest level that was held within the range and its widest reach, each interval its own.
        const auto worth = [&](const projections::Span& span) {
          return std::pair(asking.height(question.permission.text, span.level), span.reach);
        };
        const auto best = std::max_element(r.spans.begin(), r.spans.end(),
                                           [&](const auto& a, const auto& b) { return worth(a) < worth(b); });
        json.open('{').field("member", asking.identity(r.member)).field("level", best->level);
        json.field("reach", projections::to_text(best->reach));
        if (explain) paths_of(asking, json, q, r, *best);
        json.key("intervals").open('[');
        for (const projections::Span& span : r.spans) {
          json.open('{').field("from", Instant{span.open.us});
          const bool open = span.close == Point::never();
          if (open) {
            json.null("to");
          } else {
            json.field("to", Instant{span.close.us});
          }
          json.field("level", span.level).field("opened_by", span.open.position);
          asking.basis(json, "opened_basis", span.open.position);
          if (open) {
            json.null("closed_by");
          } else {
            json.field("closed_by", span.close.position);
            asking.basis(json, "closed_basis", span.close.position);
          }
          if (explain) paths_of(asking, json, q, r, span);
          json.close('}');
        }
        json.close(']').close('}');
      });
}

Response who_can(Parts& parts, Request& request) {
  const auto known = only_known(request, {"permission", "level", "resource", "at", "on", "tz", "from", "to", "known_at",
                                          "explain", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto q = asking.question();
  if (!q) return no(q.error());
  asking.about(q->permission);
  const auto explain = asked_flag(request, "explain");
  if (!explain) return no(explain.error());
  if (asking.pinned().when.range) return who_can_over(asking, *q, *explain);
  const auto holders = found_once<std::vector<HolderRow>>(request, [&] {
    std::vector<HolderRow> found;
    if (asking.nothing_known()) return found;
    for (const projections::Holder& holder : asking.access().who_can(*q, false)) {
      found.push_back({holder.member, holder.effective.level, holder.effective.reach});
    }
    return found;
  });
  return asking.list(
      *holders, [](const HolderRow& h) { return std::uint64_t{h.member}; },
      [&](JsonText& json, const HolderRow& h) {
        json.open('{').field("member", asking.identity(h.member));
        json.field("level", asking.model().level_name(q->permission, h.level).text);
        json.field("reach", projections::to_text(h.reach));
        if (*explain) asking.paths(json, asking.access().effective(h.member, *q, true).paths);
        json.close('}');
      });
}

// Every reason for a no, and what would have to change.
void reasons(Asking& asking, JsonText& json, Number member, const projections::Question& q) {
  json.key("reasons").open('[');
  if (asking.nothing_known()) {
    json.open('{').field("reason", "unknown_time").field("because", "nothing is known of that time");
    json.field("change", "ask about a time within the history, or import what happened before").close('}');
  } else {
    for (const projections::Lack& lack : asking.access().lacks(member, q)) {
      json.open('{')
          .field("reason", lack.reason)
          .field("because", lack.because)
          .field("change", lack.change)
          .close('}');
    }
  }
  json.close(']');
}

// The no in one sentence; where what is known later makes it doubtful, in two.
std::string denied_because(Asking& asking, Number member, const projections::Question& q, const std::string& why) {
  if (asking.nothing_known()) return "nothing is known of that time";
  const auto later = asking.access().found_later(member, q);
  return (why.empty() ? "the level held is lower than the one asked for" : why) +
         (later ? "; " + later->because : std::string());
}

Response can(Parts& parts, Request& request) {
  const auto known = only_known(request, {"member", "permission", "level", "resource", "at", "known_at", "explain"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto q = asking.question();
  if (!q) return no(q.error());
  asking.about(q->permission);
  const auto name = request.query("member");
  if (!name) return no(refuse(RefusalCode::missing_field, "\"member\" is needed.", "member"));
  const auto member = asking.member(*name);
  if (!member) return member.error();
  const auto explain = asked_flag(request, "explain");
  if (!explain) return no(explain.error());
  projections::Effective effective;
  if (!asking.nothing_known()) effective = asking.access().effective(*member, *q, *explain);
  const bool allowed = effective.level >= q->level;
  JsonText json;
  json.open('{').field("allowed", allowed);
  json.field("level", asking.model().level_name(q->permission, effective.level).text);
  if (effective.level > 0) json.field("reach", projections::to_text(effective.reach));
  asking.head(json);
  if (*explain) asking.paths(json, effective.paths);
  if (!allowed) {
    json.field("denied_because", denied_because(asking, *member, *q, effective.denied_because));
    if (*explain) reasons(asking, json, *member, *q);
  }
  return asking.finish(std::move(json.close('}')));
}

}  // namespace

void add_access_routes(http::Router& router, Parts& parts) {
  const auto bound = [&parts](Response (*answer)(Parts&, Request&)) {
    return [&parts, answer](Request& request) { return answer(parts, request); };
  };
  constexpr auto get = http::Method::get;
  router.blocking(get, "/v1/orgs/{org}/who-can", "read",
                  with_rows({"member", "level", "reach", "intervals", "paths"}, bound(who_can)));
  // One member's power is a handful of lookups: quicker than the way to the pool and back.
  router.on_loop(get, "/v1/orgs/{org}/can", "read", bound(can));
}

}  // namespace tenure::services
