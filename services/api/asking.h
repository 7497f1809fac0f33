// One question about who could do what: the organization, the instant, the knowledge and the page that its answer
// rests on, and the writing of that answer. Used by the routes alone; one thread, one request.
#pragma once

#include <map>

#include "events/wire/record_wire.h"
#include "projections/spans.h"
#include "projections/story.h"
#include "services/api/page.h"

namespace tenure::services {

using http::Request;
using http::Response;
using projections::Access;
using projections::EntityKind;
using projections::Facts;
using projections::Interval;
using projections::ListKind;
using projections::Number;
using projections::Point;

// What a question about a resource of another kind is answered.
inline Refusal no_such_kind(const std::string& kind, const AccessModel& model) {
  std::string kinds;
  for (const ResourceKind& each : model.resource_kinds()) kinds += (kinds.empty() ? "" : ", ") + each.id;
  return refuse(RefusalCode::unknown_resource,
                "the model has no resources of kind \"" + kind + "\"; " +
                    (kinds.empty() ? "it has no kinds of resources." : "its kinds are " + kinds + "."),
                "resource");
}

// One question about one organization: everything that its answer rests on.
class Asking {
 public:
  Asking(Parts& parts, Request& request) : parts_(parts), request_(request) {}

  // Opens the organization and reads when, as known when, and which page; `at` is when where the body says it. A
  // Response is a no.
  std::optional<Response> open(std::optional<Instant> at = {}) {
    auto org = open_org(parts_, request_);
    if (!org) return org.error();
    org_ = std::move(*org);
    if (org_.id == tenure_org) {
      return http::problem(refuse(RefusalCode::not_found,
                                  "\"" + tenure_org.text +
                                      "\" has no members and no access model: it keeps what belongs "
                                      "to no organization; its /events can be read.",
                                  "org"),
                           404);
    }
    const auto pinned = asked_page(request_, parts_, *org_.snapshot);
    if (!pinned) return pinned.error();
    pinned_ = *pinned;
    if (at) pinned_.when.at = *at;
    const auto earliest = projections::earliest_known(*org_.snapshot, org_.number, org_.head, pinned_.known);
    if (!earliest) return http::problem(earliest.error());
    earliest_ = *earliest;
    auto facts = Facts::known_at(*org_.snapshot, parts_.names, parts_.models, org_.number, org_.head,
                                 Point::end_of(pinned_.when.at), pinned_.known);
    if (!facts) return http::problem(facts.error());
    facts->read_through(parts_.timelines, org_.head.position);
    model_ = facts->model_at(facts->at());
    if (!model_ && !facts->failure()) {
      // Nothing was known yet: the names in the question are still those of the organization's model.
      Facts now(*org_.snapshot, parts_.names, parts_.models, org_.number, Point::never());
      model_ = now.model_at(now.at());
    }
    if (!model_) {
      return http::problem(facts->failure().value_or(
          fail(FailureCode::corruption, "the organization's access model cannot be read; run `tenure verify`")));
    }
    access_.emplace(std::move(*facts), model_);
    return std::nullopt;
  }

  bool before_history() const {
    const Instant first = pinned_.when.range ? pinned_.when.from : pinned_.when.at;
    return other_side_unknown_ || !earliest_ || first < *earliest_;
  }
  // Nothing of what is asked for lies within the history.
  bool nothing_known() const {
    return !earliest_ || (pinned_.when.range ? pinned_.when.to <= *earliest_ : pinned_.when.at < *earliest_);
  }

  // permission, level and resource of the query.
  Decided<projections::Question> question() {
    projections::Question q;
    const auto permission = request_.query("permission");
    if (!permission) return refuse(RefusalCode::missing_field, "\"permission\" is needed.", "permission");
    auto index = model_->permission(*permission);
    if (!index && pinned_.when.range) index = of_another_model(*permission);
    if (!index) {
      return refuse(RefusalCode::unknown_permission,
                    "the model " + model_->id().text + " has no permission \"" + std::string(*permission) +
                        "\"; GET /v1/models/" + model_->id().text + " lists them.",
                    "permission");
    }
    q.permission = *index;
    if (const auto level = request_.query("level")) {
      const auto found = height(*permission, *level);
      if (!found) {
        return refuse(
            RefusalCode::unknown_level,
            "\"" + std::string(*level) + "\" is not a level of that permission: " + levels_of(*permission) + ".",
            "level");
      }
      q.level = std::max<LevelIndex>(*found, 1);
    }
    if (const auto resource = request_.query("resource")) {
      auto parsed = parse_resource(*resource, "resource");
      if (!parsed) return parsed.error();
      const bool is_kind = std::any_of(models().begin(), models().end(), [&](const auto& model) {
        return model->resource_kind(parsed->kind) != nullptr;
      });
      if (!is_kind) {
        return no_such_kind(parsed->kind, *model_);
      }
      q.resource = std::move(*parsed);
    }
    return q;
  }

  // How high a level of a permission stands; over a range, in the newest of its models that has it.
  std::optional<LevelIndex> height(std::string_view permission, std::string_view level) {
    for (const auto& model : models()) {
      const auto index = model->permission(permission);
      if (const auto found = index ? model->level(*index, level) : std::nullopt) return found;
    }
    return std::nullopt;
  }

  void head(JsonText& json) const {
    json.field("as_of", pinned_.when.at).field("position", pinned_.position.value);
    if (pinned_.when.range) json.field("from", pinned_.when.from).field("to", pinned_.when.to);
    if (compared_) {
      json.field("known_from", compared_->first.value).field("known_to", compared_->second.value);
    } else if (pinned_.known != pinned_.position) {
      json.field("known_at", pinned_.known.value);
    }
    if (earliest_) {
      json.field("history_from", *earliest_);
    } else {
      json.null("history_from");
    }
    json.field("before_history", before_history());
  }

  std::string identity(Number member) {
    auto identity = parts_.identities.of_member(*org_.snapshot, org_.id, org_.number, member);
    if (identity) return std::move(*identity);
    if (!failure_) failure_ = identity.error();
    return {};
  }

  // The member of a name in the question; a Response is a no, 404 where the organization has never heard of them.
  boost::system::result<Number, Response> member(std::string_view name) {
    const auto number = parts_.identities.member_of(*org_.snapshot, org_.id, org_.number, name);
    if (!number) return http::problem(number.error());
    using Member = boost::system::result<Number, Response>;
    const auto heard = *number == 0 ? Outcome<bool>(false) : heard_of_member(*number);
    if (!heard) return http::problem(heard.error());
    if (*heard) return Member(boost::system::in_place_value, *number);
    return never_heard_of(RefusalCode::unknown_member, name, "member", *number != 0);
  }
  // The same of a group.
  boost::system::result<Number, Response> group(std::string_view name) {
    const Number number = facts().number(EntityKind::group, name);
    using Group = boost::system::result<Number, Response>;
    if (number != 0 && heard_of_group(number)) return Group(boost::system::in_place_value, number);
    if (const auto failure = facts().failure() ? facts().failure() : failure_) return http::problem(*failure);
    return never_heard_of(RefusalCode::unknown_group, name, "group", number != 0);
  }

  // A list of rows in order of their number; `row` writes one as JSON.
  template <class Rows, class NumberOf, class Row>
  Response list(const Rows& rows, const NumberOf& number_of, const Row& row) {
    return list(rows, number_of, row, [](JsonText&) {});
  }
  // `more` writes what the answer says beside its rows.
  template <class Rows, class NumberOf, class Row, class More>
  Response list(const Rows& rows, const NumberOf& number_of, const Row& row, const More& more) {
    JsonText json;
    json.open('{');
    head(json);
    json.field("total", static_cast<std::uint64_t>(rows.size()));
    more(json);
    PageRows(json, request_, parts_, pinned_).write(rows, number_of, row);
    return finish(std::move(json.close('}')));
  }

  // What went wrong beside the answer's own reading; the first counts.
  void note(const std::optional<Failure>& failure) {
    if (!failure_) failure_ = failure;
  }

  Response finish(JsonText json) {
    if (failure_) return http::problem(*failure_);
    if (access_ && access_->facts().failure()) return http::problem(*access_->facts().failure());
    Response response;
    response.body = json.take();
    return response;
  }

  void paths(JsonText& json, const std::vector<projections::Path>& paths) {
    this->paths(json, paths, *model_, question_permission_);
  }
  // The same under another model's levels: the one that was in force then.
  void paths(JsonText& json, const std::vector<projections::Path>& paths, const AccessModel& model,
             PermissionIndex permission) {
    json.key("paths").open('[');
    for (const projections::Path& path : paths) {
      json.open('{').field("kind", projections::to_text(path.kind));
      json.field("level", model.level_name(permission, path.level).text);
      json.field("reach", projections::to_text(path.reach)).key("edges").open('[');
      for (const projections::Edge& edge : path.edges) this->edge(json, edge);
      json.close(']').key("role").open('{').field("id", path.role);
      if (path.defined_by != 0) {
        json.field("kind", "custom").field("defined_by", path.defined_by);
      } else {
        json.field("kind", "system");
      }
      json.close('}').key("model").open('{').field("id", model.id().text).field("version", model.version());
      json.close('}').close('}');
    }
    json.close(']');
  }

  // A record of the log; nothing where it cannot be read, which is noted.
  std::optional<Record> record(std::uint64_t position) {
    const auto stored = org_.snapshot->record(Position(position));
    auto record = stored ? wire::read_record(stored->bytes, [&](const Digest& h) { return org_.snapshot->blob(h); })
                         : Outcome<Record>(stored.error());
    if (record) return std::move(*record);
    note(record.error());
    return std::nullopt;
  }

  // An event as what caused a change: its type, time, actor, approver and reason.
  void event(JsonText& json, std::uint64_t position) {
    json.open('{');
    event_fields(json, position, true);
    json.close('}');
  }

  // The instant since which something has been so. Where the event of that point tells what was found so, the instant
  // is when it was found, and `since_basis` says that.
  void since(JsonText& json, Point point) {
    json.field("since", Instant{point.us});
    basis(json, "since_basis", point.position);
  }
  // The basis of an event that is named by its position alone; nothing for what happened.
  void basis(JsonText& json, std::string_view field, std::uint64_t position) {
    if (facts().found_so(position)) json.field(field, to_text(Basis::baseline));
  }

  Parts& parts() { return parts_; }
  Request& request() { return request_; }
  OpenOrg& org() { return org_; }
  Access& access() { return *access_; }
  Facts& facts() { return access_->facts(); }
  const Pinned& pinned() const { return pinned_; }
  const AccessModel& model() const { return *model_; }
  projections::Models::Model shared_model() const { return model_; }
  // The answer compares what was known at two positions; the history is the second one's, and the time is before it
  // where it was before what either knew.
  void compares(Position from, Position to) {
    compared_ = {from, to};
    const auto earliest = projections::earliest_known(*org_.snapshot, org_.number, org_.head, to);
    const auto earlier = projections::earliest_known(*org_.snapshot, org_.number, org_.head, from);
    if (!earliest || !earlier) return note(earliest ? earlier.error() : earliest.error());
    earliest_ = *earliest;
    other_side_unknown_ = !*earlier || pinned_.when.at < **earlier;
  }
  void about(PermissionIndex permission) { question_permission_ = permission; }

 private:
  // The newest position that the answer knows of.
  Position known() const { return compared_ ? compared_->second : pinned_.known; }
  bool known_is_all() const { return known() >= org_.head.position; }
  // Whether any record that is known names them.
  Outcome<bool> heard_of_member(Number member) {
    if (known_is_all()) return true;
    const auto first = projections::first_named(*org_.snapshot, org_.number, member);
    return first ? Outcome<bool>(*first <= known()) : Outcome<bool>(first.error());
  }
  bool heard_of_group(Number group) {
    if (known_is_all()) return true;
    for (const projections::Entry& entry : facts().all_entries(group)) {
      if (entry.at.position <= known().value) return true;
    }
    // It may have been named without being there: as a parent, for an invitation, by a member or by a grant.
    Access all(facts().moved_to(Point::never()), model_);
    const auto touches = projections::touches_of(all, {projections::SubjectKind::group, group, {}},
                                                 [this](std::uint64_t position) { return record(position); });
    note(all.facts().failure());
    return std::any_of(touches.begin(), touches.end(), [](const projections::Touch& touch) { return touch.own; });
  }
  Response never_heard_of(RefusalCode code, std::string_view name, const char* field, bool by_then) const {
    const std::string when = by_then ? "as of position " + std::to_string(known().value) + ", " : "";
    return http::problem(
        refuse(code,
               when + "the organization " + (by_then ? "had" : "has") + " never heard of \"" + std::string(name) +
                   "\"; " + (by_then ? "ask with a later \"known_at\"." : "check the spelling."),
               field),
        404);
  }
  // The models that are in force at some time of what is asked, the newest first.
  const std::vector<projections::Models::Model>& models() {
    if (models_.empty() && pinned_.when.range) models_ = facts().models_over(pinned_.when.from, pinned_.when.to);
    if (models_.empty()) models_.push_back(model_);
    return models_;
  }
  // The levels of a permission in these models, each once.
  std::string levels_of(std::string_view permission) {
    std::vector<std::string> levels;
    for (const auto& model : models()) {
      const auto index = model->permission(permission);
      if (!index) continue;
      for (const LevelId& level : model->scales()[model->permissions()[*index].scale].levels) {
        if (std::find(levels.begin(), levels.end(), level.text) == levels.end()) levels.push_back(level.text);
      }
    }
    std::string text;
    for (const std::string& level : levels) text += (text.empty() ? "" : ", ") + level;
    return text;
  }
  // Over a range: a permission that only another model of the range has is asked about under that one.
  std::optional<PermissionIndex> of_another_model(std::string_view permission) {
    for (const auto& model : models()) {
      const auto index = model->permission(permission);
      if (!index) continue;
      model_ = model;
      access_.emplace(facts().moved_to(facts().at()), model_);
      return index;
    }
    return std::nullopt;
  }
  void edge(JsonText& json, const projections::Edge& edge) {
    json.open('{').field("what", edge.what);
    event_fields(json, edge.event.position, false);
    json.close('}');
  }
  // Who did it, when and why; `typed`: what kind of event it was. Many rows of a page tell of the same few events.
  void event_fields(JsonText& json, std::uint64_t position, bool typed) {
    if (events_told_.size() == events_told_max) events_told_.clear();
    const auto [told, is_new] = events_told_.try_emplace({position, typed});
    if (is_new) {
      JsonText fields;
      write_event_fields(fields, position, typed);
      told->second = fields.take();
    }
    json.raw(told->second);
  }
  void write_event_fields(JsonText& json, std::uint64_t position, bool typed) {
    json.field("position", position);
    const auto record = this->record(position);
    if (!record) return;
    if (typed) json.field("type", type_name(record->event.data));
    json.field("occurred_at", *record->event.occurred_at);
    if (record->event.basis == Basis::baseline) json.field("basis", to_text(Basis::baseline));
    actor(json, "actor", record->event.actor);
    if (record->event.approved_by) actor(json, "approved_by", *record->event.approved_by);
    if (record->event.reason) reason(json, *record);
  }
  void actor(JsonText& json, std::string_view name, const Actor& actor) {
    std::string id = actor.who.identity;
    if (actor.is_person()) {
      const auto known = parts_.identities.of_subject(*org_.snapshot, org_.id, org_.number, actor.who.subject);
      if (known) {
        id = *known;
      } else if (!failure_) {
        failure_ = known.error();
      }
    }
    json.key(name).open('{').field("kind", to_text(actor.kind)).field("id", id).close('}');
  }
  void reason(JsonText& json, const Record& record) {
    const auto owner = parts_.identities.owner_of_texts(record);
    const auto text = owner ? parts_.people.open(org_.id, *owner, record.event.reason->text)
                            : Outcome<std::optional<std::string>>(owner.error());
    if (text && *text) json.field("reason", **text);
    if (!text && !failure_) failure_ = text.error();
  }

  Parts& parts_;
  Request& request_;
  OpenOrg org_;
  Pinned pinned_;
  std::optional<Instant> earliest_;
  bool other_side_unknown_ = false;  // of what the answer compares
  projections::Models::Model model_;
  std::vector<projections::Models::Model> models_;  // once they were asked for
  std::optional<Access> access_;
  std::optional<Failure> failure_;
  PermissionIndex question_permission_ = 0;
  std::optional<std::pair<Position, Position>> compared_;
  static constexpr std::size_t events_told_max = 1'000;
  std::map<std::pair<std::uint64_t, bool>, std::string> events_told_;  // the fields, as they were written
};

inline Response no(const Refusal& refusal) { return http::problem(refusal, 400); }
inline Response missing(const Refusal& refusal) { return http::problem(refusal, 404); }

}  // namespace tenure::services
