#include "services/api/review_preview.h"

#include "events/digest.h"

namespace tenure::services {

using review::Campaign;
using review::ItemIndex;

namespace {

// Under which what a dry run found is kept for its later pages: by what was asked, when, and as known when. No review
// has a space in its id.
std::string kept_as(const Request& request, const Pinned& pinned) {
  return "dry run " + to_hex(sha256(request.body)) + ' ' + std::to_string(pinned.position.value) + ' ' +
         std::to_string(pinned.when.at.us);
}

std::shared_ptr<Review> tried_review(Opened opened) {
  Campaign campaign({opened.review, opened.pinned, opened.as_of, opened.due_at}, std::move(opened.definition),
                    std::move(opened.population.items), std::move(opened.population.reviewer_sets));
  auto review = std::make_shared<Review>(Record{}, std::move(campaign), std::move(opened.population.holds));
  review->without_reviewer = opened.population.without_reviewer.size();
  review->warnings = std::move(opened.warnings);
  return review;
}

// A row of it: an item as in the list of a review, and where there are several stages, who would be asked in each.
void write_tried(JsonText& json, ItemRows& rows, const Campaign& campaign, ItemIndex item, Instant at) {
  const std::size_t stages = campaign.definition().stages.size();
  if (stages == 1) return rows.write(json, item, false);
  JsonText row, asked;
  rows.write(row, item, false);
  asked.open('[');
  for (std::size_t stage = 0; stage < stages; ++stage) {
    asked.open('[');
    for (const SubjectId& person : campaign.reviewers(item, stage, at)) asked.text(rows.shown().identity(person));
    asked.close(']');
  }
  std::string text = row.take();
  text.pop_back();  // its closing brace: one member more
  json.raw(text + ",\"stages\":" + asked.close(']').take() + '}');
}

// A page of what would be opened.
Response page_of(Parts& parts, Asking& asking, HeldReview& held) {
  Review& review = *held.review;
  const Campaign& campaign = *review.campaign;
  const OpenOrg& org = asking.org();
  const Pinned& pinned = asking.pinned();
  auto sight = Sight::at(parts, org, pinned.when.at, pinned.position);
  if (!sight) return http::problem(sight.error());
  ItemRows rows(parts, org, review, **sight);
  // A dry run makes nobody: whoever was only named here then is known by what was written.
  for (const Person& person : campaign.definition().people) {
    if (person.identity.empty()) continue;
    const auto known = parts.people.find(org.id, person.identity);
    if (!known) return http::problem(known.error());
    if (*known != person.subject) rows.shown().know(person.subject, person.identity);
  }
  JsonText json;
  json.open('{').field("dry_run", true).field("review", campaign.opening().review);
  asking.head(json);
  json.field("due_at", campaign.opening().due_at).field("total", static_cast<std::uint64_t>(campaign.items().size()));
  json.field("without_reviewer", static_cast<std::uint64_t>(review.without_reviewer));
  write_warnings(json, review.warnings);
  write_progress(json, rows.shown(), review, pinned.when.at);
  PageRows page(json, asking.request(), parts, pinned);
  auto item = static_cast<ItemIndex>(pinned.page.after);  // rows are numbered from 1
  for (; item < campaign.items().size() && !page.full(); ++item, page.wrote()) {
    write_tried(json, rows, campaign, item, pinned.when.at);
  }
  page.close(item < campaign.items().size() ? std::optional<std::uint64_t>(item) : std::nullopt);
  if (const auto failure = rows.failure()) return http::problem(*failure);
  return asking.finish(std::move(json.close('}')));
}

}  // namespace

Response preview(Parts& parts, Asking& asking, review::Definition definition, OpenWish wish, const Acting& acting) {
  ReviewDesk& desk = *parts.reviews;
  const Pinned& pinned = asking.pinned();
  const std::string name = kept_as(asking.request(), pinned);
  HeldReview held = pinned.page.after == 0 ? HeldReview{} : desk.reviews.tried(asking.org().id, name);
  if (!held) {
    wish.dry_run = {pinned.position, pinned.when.at};
    auto answer = desk.reviewing.open(asking.org(), std::move(definition), wish, acting);
    auto* opened = std::get_if<Opened>(&answer);
    if (!opened) return why_not_opened(answer);
    const bool more_pages = opened->items > pinned.page.limit;
    held.review = tried_review(std::move(*opened));
    if (more_pages) held = desk.reviews.keep_tried(asking.org().id, name, std::move(held.review));
  }
  return page_of(parts, asking, held);
}

Response why_not_opened(const Reviewing::OpenAnswer& no_opening) {
  if (const auto* failure = std::get_if<Failure>(&no_opening)) return http::problem(*failure);
  const auto& refusals = std::get<Refusals>(no_opening);
  const bool in_body = http::status_of(refusals.front().code) == 404;
  return http::problem(refusals, in_body ? std::optional(400U) : std::nullopt);
}

}  // namespace tenure::services
