// What changed in who can do what: between two instants, or between what was known then and what is known now.
#include <algorithm>
#include <future>
#include <map>
#include <thread>

#include "services/api/effects.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using projections::Diff;
using projections::DiffQuestion;
using projections::DiffRow;
using projections::MembersToCompare;
using projections::Sides;

// Below that a thread costs more than it saves; above, what is asked of the past must not take every processor.
constexpr std::size_t members_a_thread_min = 2'000, threads_max = 4;

using Refused = std::optional<Response>;

// One diff that is asked for.
class DiffAsked {
 public:
  DiffAsked(Parts& parts, Request& request) : asking_(parts, request), request_(request) {}

  // A Response is a no.
  Refused open() {
    if (auto refused = which_times()) return refused;
    if (auto refused = asking_.open()) return refused;
    if (auto refused = open_sides()) return refused;
    if (auto refused = question()) return refused;
    diff_ = found_once<Diff>(request_, [this] { return compared(); });
    effects_.emplace(*sides_, *diff_, question_.resource);
    asking_.note(sides_->failure());
    asking_.note(diff_->failure);
    if (diff_->too_many) {
      return no(
          refuse(RefusalCode::too_large, "there are more than " + std::to_string(projections::diff_rows_max) +
                                             " changes; ask about one member, one permission or a shorter time."));
    }
    return std::nullopt;
  }

  Response answer() { return by_cause_ ? causes() : changes(); }

 private:
  struct Cause {
    std::uint64_t position = 0;
    std::vector<const DiffRow*> rows;
  };

  Refused which_times() {
    const auto known = only_known(request_, {"from", "to", "known_at", "at", "known_from", "known_to", "member",
                                             "permission", "resource", "overall", "by", "cause", "limit", "cursor"});
    if (!known) return no(known.error());
    const bool in_knowledge = request_.query("known_from").has_value();
    for (const char* name : {"from", "to"}) {
      if (request_.query(name).has_value() != in_knowledge) continue;
      return no(refuse(in_knowledge ? RefusalCode::invalid_field : RefusalCode::missing_field,
                       "give \"from\" and \"to\", or to compare what was known of one instant \"known_from\" with "
                       "\"known_to\" and \"at\".",
                       name));
    }
    for (const char* name : {"at", "known_to"}) {
      if (in_knowledge || !request_.query(name)) continue;
      return no(refuse(RefusalCode::invalid_field, std::string("\"") + name + "\" goes with \"known_from\".", name));
    }
    if (in_knowledge && request_.query("known_at")) {
      return no(refuse(RefusalCode::invalid_field, "\"known_at\" does not go with \"known_from\".", "known_at"));
    }
    return std::nullopt;
  }

  Outcome<Facts> facts_of(const OpenOrg& org, Position known) {
    Parts& parts = asking_.parts();
    auto facts = Facts::known_at(*org.snapshot, parts.names, parts.models, org.number, org.head,
                                 Point::end_of(asking_.pinned().when.at), known);
    if (facts) facts->read_through(parts.timelines, org.head.position);
    return facts;
  }

  boost::system::result<Facts, Response> facts_known(Position known) {
    auto facts = facts_of(asking_.org(), known);
    if (!facts) return http::problem(facts.error());
    return std::move(*facts);
  }

  // Before anything was known the names of the question are those of the organization's model.
  Access access_over(Facts facts) {
    auto model = facts.model_at(facts.at());
    return Access(std::move(facts), model ? std::move(model) : asking_.shared_model());
  }

  Sides two_instants(Facts& facts) {
    const When& when = asking_.pinned().when;
    facts.compare_instants();
    return {
        access_over(facts.moved_to(Point::end_of(when.from))), access_over(facts.moved_to(Point::end_of(when.to))), {}};
  }

  Refused open_sides() {
    const Pinned& pinned = asking_.pinned();
    if (pinned.when.range) {
      sides_.emplace(two_instants(asking_.facts()));
      return std::nullopt;
    }
    const auto from = asked_known(request_, *asking_.org().snapshot, "known_from");
    if (!from) return from.error();
    const auto to = asked_known(request_, *asking_.org().snapshot, "known_to");
    if (!to) return to.error();
    known_from_ = *from;
    known_to_ = request_.query("known_to") ? std::min(*to, pinned.position) : pinned.known;
    if (known_to_ < known_from_) {
      return no(refuse(RefusalCode::invalid_field, "\"known_to\" must not be before \"known_from\".", "known_to"));
    }
    asking_.compares(known_from_, known_to_);
    auto before = facts_known(known_from_), after = facts_known(known_to_);
    if (!before) return before.error();
    if (!after) return after.error();
    // `known` of the facts of now is the greatest number; a diff needs the position itself.
    after->know_at_most(known_to_);
    before->know_at_most(known_from_);
    sides_.emplace(Sides{access_over(std::move(*before)), access_over(std::move(*after)),
                         [this](std::uint64_t known) -> Outcome<Facts> {
                           auto facts = facts_known(Position(known));
                           if (!facts) return fail(FailureCode::io, "what was known in between cannot be read");
                           return std::move(*facts);
                         }});
    return std::nullopt;
  }

  // Two instants are compared by several threads, where many members are to be asked: each has a part of them.
  Diff compared() {
    if (question_.member || !asking_.pinned().when.range) return projections::diff_of(*sides_, question_);
    const auto members = projections::members_to_compare(*sides_);
    const std::size_t count = members.fully.size() + members.partly.size();
    const std::size_t threads = std::min(
        {count / members_a_thread_min, threads_max, static_cast<std::size_t>(std::thread::hardware_concurrency())});
    if (threads < 2) return projections::diff_of(*sides_, question_, members);
    std::vector<std::future<Diff>> others;
    for (std::size_t i = 1; i < threads; ++i) {
      others.push_back(std::async(std::launch::async,
                                  [this, part = part_of(members, i, threads)] { return compared_beside(part); }));
    }
    std::vector<Diff> parts{projections::diff_of(*sides_, question_, part_of(members, 0, threads))};
    for (auto& other : others) parts.push_back(other.get());
    return projections::together(std::move(parts));
  }

  static MembersToCompare part_of(const MembersToCompare& all, std::size_t part, std::size_t of) {
    const auto slice = [&](const std::vector<Number>& numbers) {
      const auto at = [&](std::size_t i) {
        return numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() * i / of);
      };
      return std::vector<Number>(at(part), at(part + 1));
    };
    return {slice(all.fully), slice(all.partly), all.permissions};
  }

  // On a thread of its own, with sides of its own: a later snapshot may have more, but not as known at the same
  // position.
  Diff compared_beside(const MembersToCompare& members) {
    const auto failed = [](const Failure& failure) {
      Diff diff;
      diff.failure = failure;
      return diff;
    };
    const auto org = open_org(asking_.parts(), asking_.org().id.text);
    if (!org) return failed(fail(FailureCode::io, "the organization cannot be read a second time"));
    auto facts = facts_of(*org, asking_.pinned().known);
    if (!facts) return failed(facts.error());
    Sides sides = two_instants(*facts);
    Diff diff = projections::diff_of(sides, question_, members);
    if (const auto failure = sides.failure(); failure && !diff.failure) diff.failure = failure;
    return diff;
  }

  Refused question() {
    if (const auto name = request_.query("member")) {
      const auto member = asking_.member(*name);
      if (!member) return member.error();
      question_.member = *member;
    }
    if (const auto name = request_.query("permission")) {
      const AccessModel &before = sides_->before.model(), &after = sides_->after.model();
      if (!before.permission(*name) && !after.permission(*name)) {
        return no(refuse(RefusalCode::unknown_permission,
                         "the model " + after.id().text + " has no permission \"" + std::string(*name) +
                             "\"; GET /v1/models/" + after.id().text + " lists them.",
                         "permission"));
      }
      question_.permission = PermissionId(*name);
    }
    if (const auto name = request_.query("resource")) {
      auto parsed = parse_resource(*name, "resource");
      if (!parsed) return no(parsed.error());
      if (!sides_->after.model().resource_kind(parsed->kind) && !sides_->before.model().resource_kind(parsed->kind)) {
        return no(no_such_kind(parsed->kind, sides_->after.model()));
      }
      question_.resource = std::move(*parsed);
    }
    question_.meanwhile = [this] { request_.go_on(); };
    return form();
  }

  // What the answer is to look like.
  Refused form() {
    const auto overall = asked_flag(request_, "overall");
    if (!overall) return no(overall.error());
    question_.only_overall = *overall;
    const auto by = request_.query("by").value_or(request_.query("cause") ? "change" : "cause");
    if (by != "cause" && by != "change") {
      return no(refuse(RefusalCode::invalid_field, "\"by\" must be cause or change.", "by"));
    }
    by_cause_ = by == "cause";
    if (const auto text = request_.query("cause")) {
      question_.cause = whole_number(*text);
      if (!question_.cause)
        return no(refuse(RefusalCode::invalid_field, "\"cause\" must be an event's position.", "cause"));
    }
    return std::nullopt;
  }

  // Every change of a member, one by one.
  Response changes() {
    std::uint64_t ordinal = 0;
    std::vector<std::pair<std::uint64_t, const DiffRow*>> rows;
    for (const DiffRow& row : diff_->rows) rows.emplace_back(++ordinal, &row);
    return asking_.list(
        rows, [](const auto& row) { return row.first; },
        [&](JsonText& json, const auto& row) {
          json.open('{').field("member", asking_.identity(row.second->member));
          effects_->fields(json, *row.second);
          asking_.event(json.key("cause"), row.second->cause);
          json.close('}');
        });
  }

  Response causes() {
    std::map<std::uint64_t, Cause> by_position;
    for (const DiffRow& row : diff_->rows) by_position[row.cause].rows.push_back(&row);
    std::vector<Cause> rows;
    rows.reserve(by_position.size());
    for (auto& [position, cause] : by_position) rows.push_back({position, std::move(cause.rows)});
    return asking_.list(
        rows, [](const Cause& cause) { return cause.position; },
        [&](JsonText& json, const Cause& cause) { this->cause(json, cause); });
  }

  void cause(JsonText& json, const Cause& cause) {
    asking_.event(json.open('{').key("cause"), cause.position);
    effects_->together(json, cause.rows);
    json.close('}');
  }

  Asking asking_;
  Request& request_;
  std::optional<Sides> sides_;
  DiffQuestion question_;
  bool by_cause_ = true;
  Position known_from_, known_to_;
  std::shared_ptr<const Diff> diff_;
  std::optional<Effects> effects_;
};

}  // namespace

void add_diff_routes(http::Router& router, Parts& parts) {
  const auto diff = [&parts](Request& request) {
    DiffAsked asked(parts, request);
    if (auto refused = asked.open()) return std::move(*refused);
    return asked.answer();
  };
  // Of a row by cause some columns are empty, of one by change others.
  router.blocking(http::Method::get, "/v1/orgs/{org}/diff", "read",
                  with_rows({"member", "change", "permission", "resource", "before.level", "before.reach",
                             "after.level", "after.reach", "cause.position", "cause.type", "cause.occurred_at",
                             "cause.actor.kind", "cause.actor.id", "cause.approved_by.id", "cause.reason", "members",
                             "changes", "effects", "cause.basis"},
                            diff));
}

}  // namespace tenure::services
