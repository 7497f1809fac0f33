// What a reviewer works through: the items of a review, and what is decided of them.
#include <nlohmann/json.hpp>

#include "events/wire/json_read.h"
#include "services/api/review_decision.h"
#include "services/api/review_rows.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using nlohmann::json;
using review::Campaign;
using review::ItemIndex;
using review::ItemStatus;

// Which items of a review are asked for.
struct Wish {
  std::optional<SubjectId> reviewer;  // only what waits for them
  std::optional<SubjectId> member;
  std::optional<std::string> status;
  std::optional<review::HoldKind> kind;
  bool changed = false, overdue = false, by_power = false;
};

bool wanted(const Campaign& campaign, const Wish& wish, ItemIndex i, Instant now) {
  const review::Item& item = campaign.items()[i];
  if (wish.member && item.member != *wish.member) return false;
  if (wish.kind && item.kind != *wish.kind) return false;
  // To work out how an item stands takes longest.
  if (wish.status && review::to_text(campaign.item_status(i)) != *wish.status) return false;
  if (wish.overdue && !campaign.overdue(i, now)) return false;
  return !wish.changed || campaign.state_now(i) != item.state || campaign.reopened(i);
}

// "view": mine, overdue (campaign.h), changed or all; with "reviewer" for whoever may look at another's.
boost::system::result<Wish, Response> wish_of(Parts& parts, const Request& request, const OpenOrg& org) {
  Wish wish;
  const auto person = [&](std::string_view identity) { return parts.people.find(org.id, identity); };
  const auto view = request.query("view").value_or("all");
  if (view != "all" && view != "mine" && view != "overdue" && view != "changed") {
    return no(refuse(RefusalCode::invalid_field, "\"view\" must be all, mine, overdue or changed.", "view"));
  }
  wish.changed = view == "changed";
  wish.overdue = view == "overdue";
  auto reviewer = request.query("reviewer");
  if (view == "mine" && !reviewer) reviewer = request.identity_as<Token>()->principal;
  if (reviewer) {
    const auto known = person(*reviewer);
    if (!known) return http::problem(known.error());
    wish.reviewer = known->value_or(SubjectId{});
  }
  if (const auto member = request.query("member")) {
    const auto known = person(*member);
    if (!known) return http::problem(known.error());
    if (!*known) {
      return missing(refuse(RefusalCode::unknown_member,
                            "the organization has never heard of \"" + std::string(*member) + "\".", "member"));
    }
    wish.member = **known;
  }
  if (const auto status = request.query("status")) {
    bool known = false;
    for (const auto each :
         {ItemStatus::open, ItemStatus::decided, ItemStatus::carried, ItemStatus::ended, ItemStatus::settled}) {
      known = known || review::to_text(each) == *status;
    }
    if (!known) {
      return no(
          refuse(RefusalCode::invalid_field, "\"status\" must be open, decided, carried, ended or settled.", "status"));
    }
    wish.status = std::string(*status);
  }
  if (const auto kind = request.query("kind")) {
    wish.kind = review::hold_kind_from(*kind);
    if (!wish.kind) {
      return no(refuse(RefusalCode::invalid_field, "\"kind\" must be role, group, grant or invitation.", "kind"));
    }
  }
  const auto by = request.query("by").value_or("member");
  if (by != "member" && by != "power") {
    return no(refuse(RefusalCode::invalid_field, "\"by\" must be member or power.", "by"));
  }
  wish.by_power = by == "power";
  return wish;
}

// A row's number: its place in the order asked for.
struct Row {
  std::uint64_t number = 0;
  ItemIndex item = 0;
};

std::vector<ItemIndex> in_order_of_power(const Review& review) {
  std::vector<ItemIndex> by_power(review.holds->size());
  for (ItemIndex i = 0; i < by_power.size(); ++i) by_power[i] = i;
  const auto power = [&](ItemIndex i) {
    const projections::Hold& hold = review.hold(i);
    return std::tuple(hold.kind, hold.of, hold.role, hold.member);
  };
  std::sort(by_power.begin(), by_power.end(), [&](ItemIndex a, ItemIndex b) { return power(a) < power(b); });
  return by_power;
}

// What somebody was asked in the last stage of a closed review, at its end.
template <class Take>
void each_asked_of(const Campaign& campaign, const SubjectId& reviewer, const Take& take) {
  const Instant end = campaign.stage_ends(campaign.stage());
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const auto asked = campaign.reviewers(i, campaign.stage(), end);
    if (std::find(asked.begin(), asked.end(), reviewer) != asked.end()) take(i);
  }
}

// A row's number counts in the whole population, so that it stays the same from page to page whatever is decided.
std::vector<Row> rows_of(Review& review, const Wish& wish, Instant now) {
  const Campaign& campaign = *review.campaign;
  std::vector<ItemIndex> asked;
  const auto take = [&](ItemIndex item) {
    if (wanted(campaign, wish, item, now)) asked.push_back(item);
  };
  if (wish.reviewer && campaign.status() == review::CampaignStatus::closed) {
    if (wish.overdue) each_asked_of(campaign, *wish.reviewer, take);
  } else if (wish.reviewer) {
    review.progress->follow(campaign, now);
    for (const ItemIndex item : review.progress->waiting_for(*wish.reviewer)) take(item);
  } else {
    asked.reserve(campaign.items().size());
    for (ItemIndex i = 0; i < campaign.items().size(); ++i) take(i);
  }
  std::vector<Row> rows;
  rows.reserve(asked.size());
  if (!wish.by_power) {
    for (const ItemIndex item : asked) rows.push_back({std::uint64_t{item} + 1, item});
    return rows;
  }
  if (!review.by_power) {
    review.by_power = std::make_shared<const std::vector<ItemIndex>>(in_order_of_power(review));
  }
  std::vector<bool> is_asked(campaign.items().size());
  for (const ItemIndex item : asked) is_asked[item] = true;
  for (std::uint64_t number = 1; const ItemIndex item : *review.by_power) {
    if (is_asked[item]) rows.push_back({number, item});
    ++number;
  }
  return rows;
}

Response list(Parts& parts, Request& request) {
  const auto known =
      only_known(request, {"view", "reviewer", "member", "status", "kind", "by", "detail", "limit", "cursor"});
  if (!known) return no(known.error());
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto wish = wish_of(parts, request, asking.org());
  if (!wish) return wish.error();
  const auto detail = asked_flag(request, "detail");
  if (!detail) return no(detail.error());
  auto review = review_of(parts, request, asking.org());
  if (!review) return review.error();
  Review& of = *review->review;
  const Instant now = parts.now();
  const auto rows = found_once<std::vector<Row>>(request, [&] { return rows_of(of, *wish, now); });
  const OpenOrg& org = review->on(asking.org());
  const auto sight = Sight::at(parts, org, of.at, of.seen);
  if (!sight) return http::problem(sight.error());
  ItemRows written(parts, org, of, **sight);
  auto response = asking.list(
      *rows, [](const Row& row) { return row.number; },
      [&](JsonText& json, const Row& row) { written.write(json, row.item, *detail); });
  if (const auto failure = written.failure()) return http::problem(*failure);
  return response;
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return no(known.error());
  auto org = open_org(parts, request);
  if (!org) return org.error();
  auto review = review_of(parts, request, *org);
  if (!review) return review.error();
  const auto item = (*review)->campaign->find(request.param("item"));
  if (!item) {
    return missing(refuse(RefusalCode::not_found,
                          "the review has no item \"" + std::string(request.param("item")) + "\".", "item"));
  }
  const OpenOrg& on = review->on(*org);
  const auto sight = Sight::at(parts, on, (*review)->at, (*review)->seen);
  if (!sight) return http::problem(sight.error());
  ItemRows written(parts, on, *review->review, **sight);
  JsonText json;
  written.write(json, *item, true);
  if (const auto failure = written.failure()) return http::problem(*failure);
  Response response;
  response.body = json.take();
  return response;
}

// ---- decisions -----------------------------------------------------------------------------------

// Whoever decides: the token's principal; another one where the token may decide for others.
boost::system::result<Actor, Response> reviewer_of(Parts& parts, const Request& request, Asking& asking,
                                                   const std::optional<std::string>& named) {
  const auto* token = request.identity_as<Token>();
  const std::string identity = named.value_or(token->principal);
  if (named && *named != token->principal && !token->may("review:any")) {
    return http::problem(refuse(RefusalCode::forbidden,
                                "a decision is the principal's own; a token with the scope \"review:any\" may decide "
                                "for others, and both are recorded.",
                                "reviewer"));
  }
  const auto member =
      parts.identities.member_of(*asking.org().snapshot, asking.org().id, asking.org().number, identity);
  if (!member) return http::problem(member.error());
  const bool is_member = *member != 0 && asking.facts().state(*member).exists();
  const ActorKind kind = is_member ? ActorKind::member : ActorKind::support;
  if (!token->speaks_for(to_text(kind))) {
    return http::problem(refuse(RefusalCode::forbidden,
                                "this token may not speak for actors of kind " + std::string(to_text(kind)) +
                                    ", and \"" + identity + "\" is one; use a token that may.",
                                "reviewer"));
  }
  return Actor{kind, Person{identity, {}}};
}

// A role that the body names and nobody has is the body's fault.
Response problem_of(const Refusal& refusal) {
  const bool in_body = refusal.code == RefusalCode::unknown_role;
  return http::problem(refusal, in_body ? std::optional(400U) : std::nullopt);
}

void write_made(JsonText& json, const WantedDecision& wanted, const DecisionMade& made) {
  json.open('{').field("item", wanted.item);
  if (made.refused) {
    const auto problem = problem_of(*made.refused);
    json.field("status", std::uint64_t{problem.status}).key("problem").raw(problem.body);
  } else {
    json.field("status", std::uint64_t{201}).field("position", made.position.value);
  }
  json.close('}');
}

Response decide(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {"reviewer"}); !known) return no(known.error());
  auto body = read_json(request.body, "");
  if (!body) return http::problem(body.error());
  const bool several = body->is_array();
  const std::size_t count = several ? body->size() : 1;
  if (count == 0 || count > Reviewing::decisions_max) {
    return no(refuse(RefusalCode::too_large, "a call takes 1 to " + std::to_string(Reviewing::decisions_max) +
                                                 " decisions; send the rest in another."));
  }
  std::vector<WantedDecision> wanted;
  Refusals faults;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = read_decision(several ? body->at(i) : *body, several ? "/" + std::to_string(i) : std::string());
    if (one) {
      wanted.push_back(std::move(*one));
    } else {
      faults.push_back(one.error());
      faults.back().index = i;
    }
  }
  if (!faults.empty()) return http::problem(faults, 400);
  Asking asking(parts, request);
  if (auto refused = asking.open()) return std::move(*refused);
  const auto named = request.query("reviewer");
  const auto reviewer = reviewer_of(parts, request, asking, named ? std::optional<std::string>(*named) : std::nullopt);
  if (!reviewer) return reviewer.error();
  auto review = review_of(parts, request, asking.org());
  if (!review) return review.error();
  if (const auto open = (*review)->campaign->may_change(); !open) return http::problem(open.error());
  const Acting acting{*reviewer, {}, {}, recording_of(request, Channel::api)};
  const auto made = parts.reviews->reviewing.decide(review->on(asking.org()), *review, wanted, acting);
  if (!made) return http::problem(made.error());
  Response response;
  if (!several && made->front().refused) return problem_of(*made->front().refused);
  JsonText json;
  if (!several) {
    write_made(json, wanted.front(), made->front());
    response.status = 201;
  } else {
    json.open('{').key("items").open('[');
    for (std::size_t i = 0; i < count; ++i) write_made(json, wanted[i], (*made)[i]);
    json.close(']').close('}');
    response.status = 207;
  }
  response.body = json.take();
  return response;
}

}  // namespace

void add_review_item_routes(http::Router& router, Parts& parts) {
  const std::string review = "/v1/orgs/{org}/reviews/{review}";
  router.blocking(http::Method::get, review + "/items", "read",
                  with_rows({"item",
                             "member",
                             "kind",
                             "role",
                             "group",
                             "on",
                             "status",
                             "reopened",
                             "state",
                             "since",
                             "granted.position",
                             "granted.actor.id",
                             "reviewers",
                             "result.outcome",
                             "result.because",
                             "result.role",
                             "result.by.position",
                             "result.by.actor.id",
                             "carried_over.review",
                             "granted.basis"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, review + "/items/{item}", "read", [&parts](Request& r) { return one(parts, r); });
  router.blocking(http::Method::post, review + "/decisions", "review",
                  [&parts](Request& r) { return decide(parts, r); });
}

}  // namespace tenure::services
