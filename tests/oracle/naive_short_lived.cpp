// Powers that were given and taken again soon after, by the holder's own events: a fold of its own, that keeps who has
// been given what and compares the powers before and after each event.
#include "tests/oracle/naive_short_lived.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

using Power = std::pair<std::string, std::string>;  // the holder ("member:ann", "group:g", "everyone") and what it is

class Fold {
 public:
  Fold(const std::vector<json>& models, const json* first) : models_(models), model_(first) {}

  void take(const Fact& fact, std::int64_t within_us, std::vector<ShortLived>& found) {
    data_ = fact.event.contains("data") ? fact.event.at("data") : json::object();
    type_ = text(fact.event, "type");
    now_ = fact.occurred_us;
    own_.clear();
    // Whether what is granted to somebody who is not there is a power, the model says under which it is taken.
    const bool outsiders = says(*model_, "outsiders_hold_scoped_grants", false);
    const bool inherit = model_->contains("groups") && says(model_->at("groups"), "inherit_from_parents", false);
    apply(fact);
    for (const bool with_outsiders : {false, true}) {
      const std::set<Power> after = powers(with_outsiders);
      auto& given = given_[with_outsiders];
      for (auto had = given.begin(); had != given.end();) {
        if (after.count(had->first) > 0) {
          ++had;
          continue;
        }
        const auto& [holder, what] = had->first;
        const auto& [given_us, found_so] = had->second;
        const bool idle = what.rfind("parent ", 0) == 0 && !inherit;
        const bool soon = !found_so && now_ - given_us <= within_us;
        if (outsiders == with_outsiders && own_.count(holder) > 0 && !idle && soon) {
          found.push_back({fact.position, now_, holder, what, given_us});
        }
        had = given.erase(had);
      }
      const bool found_so = text_or_none(fact.event, "basis") == "baseline";
      for (const Power& power : after) given.emplace(power, std::pair(now_, found_so));
    }
  }

 private:
  struct Offer {
    std::string role;
    std::vector<std::string> groups;
    std::optional<std::int64_t> expires_us;
  };

  std::string member(const char* name = "member") const { return "member:" + folded(text(data_, name)); }
  std::string group() const { return "group:" + text(data_, "group"); }

  void apply(const Fact& fact) {
    if (type_.rfind("org.", 0) == 0) return organization(fact);
    if (type_.rfind("member.", 0) == 0 || type_.rfind("invitation.", 0) == 0) return people();
    if (type_ == "ownership.transferred") return ownership();
    if (type_.rfind("group.", 0) == 0) return groups();
    if (type_.rfind("role.", 0) == 0) return roles();
    if (type_ == "resource.removed") {
      const std::string resource = text(data_, "resource");
      std::erase_if(links_, [&](const auto& link) { return link.second == "assigned " + resource; });
      std::erase_if(grants_, [&](const auto& grant) { return grant.second.second == resource; });
    }
    if (type_ == "assignment.added") links_.insert({member(), "assigned " + text(data_, "resource")});
    if (type_ == "assignment.removed") {
      own_.insert(member());
      links_.erase({member(), "assigned " + text(data_, "resource")});
    }
  }

  void organization(const Fact& fact) {
    if (type_ == "org.created" || type_ == "org.model_changed") model_ = &models_.at(fact.model);
    if (type_ == "org.setting_changed") {
      own_.insert("everyone");
      settings_[text(data_, "setting")] = text(data_, "value");
    }
    if (type_ == "org.created" && data_.contains("owner")) {
      exists_.insert(member("owner"));
      give(member("owner"), owner_role(*model_));
    }
    if (type_ != "org.deleted") return;
    own_.insert("everyone");
    exists_.clear();
    roles_.clear();
    links_.clear();
    grants_.clear();
    offers_.clear();
    settings_.clear();
  }

  void give(const std::string& holder, const std::string& role) {
    own_.insert(holder);
    roles_[holder] = role;
  }
  void end(const std::string& holder) {
    own_.insert(holder);
    exists_.erase(holder);
    roles_.erase(holder);
    std::erase_if(links_, [&](const auto& link) { return link.first == holder; });
    std::erase_if(grants_, [&](const auto& grant) { return grant.first == holder; });
  }

  void people() {
    const std::string who = member();
    if (type_ == "member.added") {
      exists_.insert(who);
      if (data_.contains("role")) give(who, text(data_, "role"));
    } else if (type_ == "member.removed") {
      end(who);
    } else if (type_ == "member.role_changed") {
      give(who, text(data_, "role"));
    } else if (type_ == "member.invited") {
      Offer offer{text_or_none(data_, "role"), {}, {}};
      if (data_.contains("groups")) offer.groups = data_.at("groups").get<std::vector<std::string>>();
      if (data_.contains("expires_at")) offer.expires_us = instant_us(text(data_, "expires_at"));
      offers_[who].push_back(offer);
    } else if (type_.rfind("invitation.", 0) == 0) {
      if (type_ == "invitation.accepted") accept(who);
      offers_.erase(who);
    }
  }

  void accept(const std::string& who) {
    exists_.insert(who);
    auto& all = offers_[who];
    std::vector<Offer> offers = all;
    std::erase_if(offers, [&](const Offer& offer) { return offer.expires_us && *offer.expires_us <= now_; });
    if (offers.empty()) offers = all;  // too late, and let in all the same
    if (offers.empty()) return;
    if (!offers.back().role.empty()) give(who, offers.back().role);
    for (const std::string& joined : offers.back().groups) links_.insert({who, "group " + joined});
  }

  void ownership() {
    const std::string former = data_.contains("previous_owner_role") ? text(data_, "previous_owner_role")
                                                                     : text_or_none(*model_, "former_owner_role");
    give(member("from"), former);
    give(member("to"), owner_role(*model_));
  }

  void groups() {
    if (type_ == "group.created" || type_ == "group.edited") {
      if (type_ == "group.created") exists_.insert(group());
      if (data_.contains("role")) give(group(), data_.at("role").is_null() ? "" : text(data_, "role"));
      if (data_.contains("parent")) put_in_parent();
    } else if (type_ == "group.deleted") {
      end(group());
      std::erase_if(links_, [&](const auto& link) {
        return link.second == "group " + text(data_, "group") || link.second == "parent " + text(data_, "group");
      });
    } else if (type_ == "group.member_added") {
      links_.insert({member(), "group " + text(data_, "group")});
    } else if (type_ == "group.member_removed") {
      own_.insert(member());
      links_.erase({member(), "group " + text(data_, "group")});
    }
  }

  void put_in_parent() {
    own_.insert(group());
    std::erase_if(links_,
                  [&](const auto& link) { return link.first == group() && link.second.rfind("parent ", 0) == 0; });
    if (!data_.at("parent").is_null()) links_.insert({group(), "parent " + text(data_, "parent")});
  }

  void roles() {
    const std::string role = text(data_, "role");
    const bool of_model = entry(*model_, "roles", role) != nullptr;  // cannot be deleted
    if (type_ == "role.deleted" && !of_model) {
      // Nobody's own event; those whom it moves hold what nobody gave them.
      std::erase_if(roles_, [&](const auto& held) { return held.second == role; });
      std::erase_if(grants_, [&](const auto& grant) { return grant.second.first == role; });
    }
    if (type_ != "role.granted" && type_ != "role.revoked") return;
    std::string principal = text(data_, "principal");
    if (principal.rfind("member:", 0) == 0) principal = folded(principal);
    const std::pair grant(principal, std::pair(role, text(data_, "on")));
    if (type_ == "role.granted") grants_.insert(grant);
    if (type_ == "role.revoked") {
      own_.insert(principal);
      grants_.erase(grant);
    }
  }

  std::set<Power> powers(bool with_outsiders) const {
    std::set<Power> all;
    for (const auto& [holder, role] : roles_) {
      if (!role.empty() && exists_.count(holder) > 0) all.insert({holder, "role " + role});
    }
    for (const auto& link : links_) {
      if (exists_.count(link.first) > 0) all.insert(link);
    }
    for (const auto& [holder, grant] : grants_) {
      const bool needs_holder = holder.rfind("group:", 0) == 0 || (holder.rfind("member:", 0) == 0 && !with_outsiders);
      if (!needs_holder || exists_.count(holder) > 0) {
        all.insert({holder, "role " + grant.first + " on " + grant.second});
      }
    }
    // What a setting gives before anybody set it was given by nobody.
    for (const auto& [id, value] : settings_) {
      const json* setting = entry(*model_, "settings", id);
      if (setting == nullptr || !setting->at("values").contains(value)) continue;
      const json& role = setting->at("values").at(value);
      if (role.is_null()) continue;
      all.insert({"everyone", "role " + role.get<std::string>() + " on " + text(*setting, "on_kind") + ":*"});
    }
    return all;
  }

  const std::vector<json>& models_;
  const json* model_;
  json data_;
  std::string type_;
  std::int64_t now_ = 0;
  std::set<std::string> own_;  // whose own event the one in hand is
  std::set<std::string> exists_;
  std::map<std::string, std::string> roles_;
  std::set<Power> links_;
  std::set<std::pair<std::string, std::pair<std::string, std::string>>> grants_;
  std::map<std::string, std::vector<Offer>> offers_;
  std::map<std::string, std::string> settings_;
  // By whether outsiders hold what they were granted: when it was given, and whether it was only found so then.
  std::map<bool, std::map<Power, std::pair<std::int64_t, bool>>> given_;
};

}  // namespace

std::vector<ShortLived> short_lived(const std::vector<const Fact*>& facts, const std::vector<json>& models,
                                    std::int64_t at_us, std::int64_t within_us) {
  std::vector<ShortLived> found;
  // Until the organization's creation its first model holds.
  const json* first = &models.front();
  for (const Fact* fact : facts) {
    if (text(fact->event, "type") != "org.created") continue;
    first = &models.at(fact->model);
    break;
  }
  Fold fold(models, first);
  for (const Fact* fact : facts) {
    if (fact->occurred_us <= at_us) fold.take(*fact, within_us, found);
  }
  return found;
}

}  // namespace tenure::oracle
