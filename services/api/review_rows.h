// An item of an access review as JSON: whose hold it is and what it gives, how it stands, and what was said of it. Used
// by the routes of reviews alone; one thread, one request, the review in hand.
#pragma once

#include "projections/review/hold_story.h"
#include "services/api/review_asked.h"

namespace tenure::services {

class ItemRows {
 public:
  // `sight` sees the holds as they are now.
  ItemRows(Parts& parts, const OpenOrg& org, Review& review, Sight& sight)
      : parts_(parts), org_(org), review_(review), sight_(sight), shown_(parts, org) {}

  // One row of a list; `whole`: with what it gives and what limits that, what would end with it, what touched it since
  // it was last looked at, the findings that are about it, and what its facts suggest.
  void write(JsonText& json, review::ItemIndex item, bool whole);
  // {"role"|"group"|"on"…}: what is held.
  void held(JsonText& json, review::ItemIndex item);
  Shown& shown() { return shown_; }
  std::optional<Failure> failure() { return shown_.failure() ? shown_.failure() : sight_.facts().failure(); }

 private:
  void held(JsonText& json, const projections::Hold& hold);
  void said(JsonText& json, review::ItemIndex item);
  void gives(JsonText& json, review::ItemIndex item);
  void limits(JsonText& json, const projections::Hold& hold);
  void ended_with(JsonText& json, const projections::Hold& hold);
  void touched(JsonText& json, review::ItemIndex item);
  void changed(JsonText& json, review::ItemIndex item);
  void touches(JsonText& json, const std::vector<projections::HoldTouch>& touches);
  std::size_t findings(JsonText& json, review::ItemIndex item);
  void suggested(JsonText& json, review::ItemIndex item, std::size_t open_findings);

  Parts& parts_;
  const OpenOrg& org_;
  Review& review_;
  Sight& sight_;
  Shown shown_;
};

// "progress", "outcomes" and "reviewers": the counts and each reviewer's load, from all items as they stand.
void write_progress(JsonText& json, Shown& shown, const Review& review, Instant now);
// {"outcome","role"?,"because","decision"?}
void write_result(JsonText& json, Shown& shown, const review::Result& result);

}  // namespace tenure::services
