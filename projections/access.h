// Who could do what: effective permissions at a point, from facts and the access model in force.
//
// `Access` answers for one point and one knowledge. A member's level is the best over the direct
// role, the roles and scoped grants of their groups (and, where the model says so, of the groups above), their
// own scoped grants and what everyone has; then cut by membership, disablement, parent permission,
// feature, owner-only and assignment. Nothing is remembered from other points, so an answer rests on
// the facts alone.
//
// One thread. Errors stick in the facts: ask `facts().failure()` after the last answer.
// Complexity: `effective` follows the member's links; `who_can` the answer and the roles that exist.
#pragma once

#include <initializer_list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "projections/facts.h"

namespace tenure::projections {

// How far a chain is followed (a role's bases, deletions that moved its holders, resources in one another, inviters of
// inviters); a longer one is a cycle.
inline constexpr int chain_max = 32;

enum class Reach : std::uint8_t { listed = 1, assigned = 2, all = 3 };
std::string_view to_text(Reach reach);

// The kind of a scope's name: "repo" of "repo:acme/web" and of "repo:*".
inline std::string_view kind_of(std::string_view scope) { return scope.substr(0, scope.find(':')); }

enum class PathKind : std::uint8_t { role, group, grant, everyone };
std::string_view to_text(PathKind kind);

// One event on the way to a power: what it did, and which one it was.
struct Edge {
  std::string what;
  Point event;
};

struct Path {
  PathKind kind = PathKind::role;
  LevelIndex level = 0;
  Reach reach = Reach::all;
  std::vector<Edge> edges;
  // The role that gives it, and the event that made that role what it is; 0 for the model's own roles. Only when asked
  // to explain.
  std::string role;
  std::uint64_t defined_by = 0;
  // What has to be assigned to the member for it: a resource, or any of the permission's kind. Only when asked to
  // explain, and its edges say it.
  struct Assigned {
    Number resource = 0;  // 0: any
  };
  std::optional<Assigned> assigned;
};

// One reason for a no, and what would have to change for it to go.
struct Lack {
  std::string reason;   // a stable word: "no_member", "nothing_given", "disabled", …
  std::string because;  // one sentence
  std::string change;   // one sentence: what would have to change
};

// Why the answer is no, in one sentence; also where something is held that counts as less than was asked for.
struct Effective {
  LevelIndex level = 0;
  Reach reach = Reach::listed;
  std::vector<Path> paths;  // best first; only when asked to explain
  std::string denied_because;
};

struct Question {
  PermissionIndex permission = 0;
  LevelIndex level = 1;                // the least level that counts
  std::optional<ResourceId> resource;  // nothing: on at least one
};

struct Holder {
  Number member = 0;
  Effective effective;
};

class Access {
 public:
  Access(Facts facts, Models::Model model);
  Access(Access&&) = default;

  Facts& facts() { return facts_; }
  const AccessModel& model() const { return *model_; }
  bool has_model() const { return model_ != nullptr; }  // without one nothing may be asked

  // What the member has; `explain` fills paths and denied_because.
  Effective effective(Number member, const Question& question, bool explain);
  // Everyone who has at least the level, in order of member number.
  std::vector<Holder> who_can(const Question& question, bool explain);

  // Every reason why the member does not hold it, in a fixed order; none where they do (lacks.cpp).
  std::vector<Lack> lacks(Number member, const Question& question);
  // That what is missing may have been there: later the member, a group of theirs or everyone was found to have
  // something, and since when is unknown (found_later.cpp).
  std::optional<Lack> found_later(Number member, const Question& question);

  // Members whose direct role it is, their implied and moved ones followed; stops at `enough`.
  std::unordered_set<Number> holders(Number role, std::size_t enough, bool disabled_too);
  // The member's role now, its deletions followed; 0 if none.
  Number direct_role(Number member);
  bool active(Number member) { return facts_.state(member).exists(); }
  bool disabled(Number member) { return holds_area(disabled_in(member), 0); }
  // The areas in which the member is disabled, 0 for everywhere: by an event, or because whoever invited them was
  // disabled there then, where the model says that such invitees start so.
  std::vector<Number> disabled_in(Number member) { return disabled_in(member, facts_.at(), 0); }
  bool disabled_anywhere(Number member) { return !disabled_in(member).empty(); }
  // What a custom role's own definition says of a permission, by its creation or an edit: not what follows from its
  // base or from where the permission takes its level.
  std::optional<LevelIndex> stated_by(Number role, PermissionIndex permission);
  static bool holds_area(const std::vector<Number>& areas, Number area);
  // Whether the person has a role, groups, grants or assignments that stand, whether or not they count now.
  bool has_links(Number member);
  // Their own scoped grants that count, and what is assigned to them and exists, in order.
  std::vector<const Live*> grants_of(Number member);
  std::vector<Number> assignments_of(Number member);
  // Whether any of a kind is assigned to them, or counts so because they added it.
  bool any_assignment(const EntityState& member, const std::string& kind);
  // Groups whose membership counts, in order of number.
  std::vector<const Live*> groups_of(Number member);
  // The direct members of a group that exists.
  std::vector<Interval> members_of(Number group);
  // The same one by one, in no order; `each` asks nothing of the facts meanwhile.
  void each_member_of(Number group, const std::function<void(Number member)>& each);
  // Since when link, member and group have all been there, without a break.
  Point member_since(Number group, Number member);
  bool group_exists(Number group) { return facts_.state(group).exists(); }
  // The group's own role and the group above it, where they exist and have not ended since; 0 if none.
  Number group_role(Number group);
  Number group_parent(Number group);
  bool role_exists(Number role);
  // Whether a feature is on, by an event or else by the model; what depends on none is always on.
  bool feature_on(const std::string& feature);
  // Whether anybody has the role: a member, by whatever made it theirs, a group, or somebody on a scope.
  bool role_held(Number role);
  bool is_custom(Number role) { return !system_role(role) && custom_role_exists(role); }
  // The role that a link points at now, its deletions followed (each an edge), if that exists; else 0.
  Number resolve_role(Number role, Point link, std::vector<Edge>* edges);
  // The event since which a holder's link stands without a break: an end of what it points at breaks it (`others`, 0
  // for none), also when it is given again after that.
  Point standing_since(Number holder, const Live& link, std::initializer_list<Number> others);
  // What a link to a role pointed at by a point, the role's deletions until then followed, whether or not that role was
  // there; 0 if it was ended.
  Number role_then(Number role, Point link, Point then) { return kept_role(role, link, nullptr, then); }
  // The event since which a member's role has stood.
  Point role_since(Number member);
  // Whether the other end of a link has ended since.
  bool ended_since(Number other, Point link);
  // Whether an ending took nothing: a default role cannot be deleted.
  bool ended_nothing(Number other, Point ending);
  bool resource_exists(Number scope, Point link);
  // What a role grants; by name for a custom role whose level the model does not know.
  Cell cell(Number role, PermissionIndex permission);
  // Every role that exists: the model's (0 where the directory has no number yet) and custom ones.
  std::vector<Number> custom_roles();
  // The names that people see; empty where none was given.
  std::string custom_role_name(Number role);
  std::string group_name(Number group);

  // Roles whose holders have another one: implied ones, and deleted ones that were reassigned.
  std::vector<Number> roles_that_lead_elsewhere();
  // The event that made a custom role what it is: its creation, or the edit or reset behind it.
  std::uint64_t defined_by(Number role);
  // Whether a grant on one resource reaches its holder: where the cell depends on assignment, by what is assigned to
  // them.
  bool assigned_where_needed(const EntityState& member, Visibility visibility, Number resource);
  // The role that an implied one stands for (access_fold.h); any other is itself.
  Number named_role(Number role, Point link);
  // The single resources on which the member may hold something else than on every one of their kind: those that a
  // grant or an assignment that reaches the member names, and what lies in an assigned one. In order of number.
  std::vector<Number> own_resources(Number member);

  // Everyone in a group, or in one below it that has what it has.
  std::unordered_set<Number> members_with(Number group) {
    std::unordered_set<Number> members, seen;
    expand_group(group, members, seen);
    return members;
  }
  // Every member that may hold the power at some instant of [from, to): a superset.
  std::vector<Number> candidates_over(const Question& question, Instant from, Instant to);

 private:
  // A role that a setting's value gives everyone, and the event that set it; no position: it is the initial value.
  struct SettingGift {
    RoleIndex role = 0;
    Edge edge;
  };
  struct GroupLink {
    Number group = 0;
    std::vector<Edge> edges;
  };

  // A level by name, with the visibility that a base gave it; the permission's own where a role grants by itself.
  struct CustomGrant {
    std::string level;
    std::optional<Visibility> visibility;
  };

  std::optional<RoleIndex> system_role(Number role);
  bool custom_role_exists(Number role);
  bool made_nothing(Number role, Point creation);
  // The positions of those creations among a role's entries.
  std::unordered_set<std::uint64_t> creations_of_nothing(Number role, const std::vector<Entry>& entries);
  // The role as its own events made it, without creations that made nothing.
  EntityState custom_role_at(Number role, Point at);
  const Live* statement(const EntityState& role, const PermissionId& permission);
  std::optional<CustomGrant> custom_grant(Number role, const PermissionRule& permission, Point at, int depth);
  std::vector<Number> disabled_in(Number member, Point at, int depth);
  std::string role_name(Number role);
  // What a link to a role points at now, its deletions followed, whether or not that role exists; 0 if it was ended.
  Number kept_role(Number role, Point link, std::vector<Edge>* edges, Point until = Point::never());
  bool grant_counts(Number role, Number scope, Point link);
  bool group_counts(Number group, Point link);
  // Every group whose roles and grants the member has, once each and without edges.
  std::vector<GroupLink> all_groups_of(Number member);
  // The numbers of the scopes that matter to a question; those of the last one asked are kept.
  struct AskedScopes {
    std::string kind, resource;
    Number org = 0, any = 0, one = 0;
  };
  const AskedScopes& asked_scopes(const Question& question);
  std::optional<Reach> scope_reach(Number scope, const Question& question);
  std::optional<Reach> visible(const EntityState& member, Visibility visibility, const Question& question);
  bool assigned_to(const EntityState& member, Number resource);
  // Whether `is` holds for a resource that exists and is assigned to the member, or counts so because they added it.
  template <class Is>
  bool some_assigned(const EntityState& member, const Is& is);
  bool assigned_directly(const EntityState& member, Number resource);
  bool owned_by_creator(Number resource);
  // Whether a resource of the kind lies in the resource.
  bool holds_kind(Number resource, const std::string& kind, int depth);
  bool assigned_to_some(const EntityState& member, const std::string& kind);

  void add_role(std::vector<Path>& paths, const EntityState& member, Number role, Path path, const Question& question);
  void add_grants(std::vector<Path>& paths, const EntityState& member, Number holder, const Path& base,
                  const Question& question, bool explain);
  void add_everyone(std::vector<Path>& paths, const EntityState& member, const Question& question, bool explain);
  // Every way by which the member is given something of it, before anything is cut; in no order.
  std::vector<Path> ways(Number member, const Question& question, bool explain);
  void name_role(Path& path, Number role);
  // ---- what a path rests on beside its links (path_edges.cpp) ----
  // The same groups, one for each way to it.
  std::vector<GroupLink> ways_to_groups(Number member);
  // What has to be assigned where a cell reaches only what is assigned.
  std::optional<Path::Assigned> assigned_by_reach(Reach reach, Visibility visibility, const Question& question);
  std::optional<Path::Assigned> assigned_by_scope(const EntityState& member, Visibility visibility, Number scope);
  // The event by which a role, a group or a resource came to be there, where that was after a link to it was made: what
  // gave the power then was the coming.
  std::optional<Edge> coming(Number other, Point link);
  void add_coming(std::vector<Edge>& edges, Number other, Point link);
  // That the person is a member, by which invitations, and what is assigned to them; what they and the permission were
  // switched on by.
  void complete(Path& path, Number member, const Question& question);
  void add_membership(Path& path, const EntityState& member);
  void add_assignment(Path& path, Number member, const Question& question);
  // Since when one resource has been assigned to the member, or counted so; nothing where it is not.
  std::optional<Edge> assignment(Number member, Number resource);
  // The event that last ended being disabled so that the path was cut; nothing where none did.
  std::optional<Point> enabled_again(Number member, const Path& path, const Question& question);
  // The event since which a feature that the model begins without, or that was off, has been on.
  std::optional<Point> feature_since(const std::string& feature);
  // A tie or an assignment, and what it leads to.
  struct Tied {
    Edge edge;
    Number to = 0;
  };
  std::vector<Edge> with_comings(std::vector<Tied> ties);
  std::vector<Edge> way_to_resource(Number member, Number resource);
  std::vector<Edge> way_to_kind(Number member, const std::string& kind);
  bool add_ties_to_kind(std::vector<Tied>& ties, Number resource, const std::string& kind, int depth);
  Tied tie(Number resource, const Live& parent);
  // The setting's value, with the event that set it or the one from which the model says it; no position where neither
  // happened yet.
  Edge setting_edge(Edge edge);
  // The best level that the member is given, before anything is cut, and would have from what everyone has if enabled.
  LevelIndex given(Number member, const Question& question);
  // ---- what was found so later (found_later.cpp) ----
  // The groups that the member was put into, and those above them, whether or not they are there.
  std::vector<Number> groups_linked(Number member);
  // Whether an entity's state has already what an entry says of it.
  bool stands_already(Number entity, const Entry& entry);
  // What was found of an entity and did not stand yet, with nothing known in between; of the organization itself, what
  // everyone was granted.
  std::optional<Entry> first_found(Number entity, Point until);
  std::string found_in_words(Number entity, const Entry& found);
  // The level at which somebody who is disabled would have it from what everyone has; 0 for none.
  LevelIndex everyone_gives(Number member, const Question& question);
  // What would have to be assigned for a role that reaches the member to give it at that level.
  struct MissingAssignment {
    Number role = 0;
    std::string resource;  // by name; empty: any of the permission's kind
  };
  std::optional<MissingAssignment> missing_assignment(Number member, const Question& question);
  // Roles that would give it at that level, by name; at most a few.
  std::string roles_that_give(Number member, const Question& question);
  // What would have to be assigned or given: one sentence that begins with `give`, if it is a role.
  std::string change_by_giving(Number member, const Question& question, const std::string& give);
  // Why less is held than is asked for, whatever it counts as while its children are off; in a fixed order.
  std::vector<Lack> lacks_of_held(Number member, const Question& question);
  // What would have to change for the parent to be held as the permission needs it.
  std::string change_of_parent(Number member, const Question& question);
  // What the member has before a parent is counted as less because its children are off.
  Effective held(Number member, const Question& question, bool explain);
  // Whether the role gives it at that level, but not on everything whatever is assigned to its holder.
  bool gives_where_assigned(Number role, const Question& question);
  // Why nothing gives it: nothing does, only on what is assigned, or the text leaves it open.
  std::string nothing_because(Number member, const Question& question);
  // The areas in which being disabled cuts it, 0 for everywhere.
  std::vector<Number> disabled_for(Number member, const Question& question);
  bool owner_lacks(Number member, const Question& question);
  bool parent_lacks(Number member, const Question& question);
  // What is asked of the parent permission, which there is.
  Question parent_question(const Question& question);
  std::string disabled_because(Number area);
  std::string parent_because(const Question& question);
  // Empty if nothing cuts; else why everything is cut.
  std::string cut(Number member, const Question& question);

  // The roles whose cell reaches the level, and those that a deletion may turn into one.
  std::unordered_set<Number> roles_with(const Question& question);
  std::vector<Number> scopes_of(const Question& question);
  void expand_group(Number group, std::unordered_set<Number>& members, std::unordered_set<Number>& seen);
  std::unordered_set<Number> candidates(const Question& question);
  // The same answer as asking every candidate, from the lists (gather.cpp); in no promised order, without paths.
  struct Gathered;
  std::vector<Holder> who_can_from_lists(const Question& question);
  void gather_holders(Gathered& gathered, const std::unordered_set<Number>& roles, const Question& question);
  void gather_grants(Gathered& gathered, const std::unordered_set<Number>& roles, const Question& question);
  void gather_setting(Gathered& gathered, const Question& question);
  void gather(Gathered& gathered, const Interval& link, Number role, Reach reach, const Question& question);
  void cut_disabled(Gathered& gathered, const Question& question);
  std::optional<LevelIndex> sure_level(Number role, const Question& question);
  // Whether a setting may give everyone a role at some instant of [from, to).
  bool setting_over(const Question& question, Instant from, Instant to);
  // The roles that settings give everyone on every resource of the question's kind.
  std::vector<SettingGift> setting_gifts(const Question& question);

  Facts facts_;
  Models::Model model_;
  std::unordered_map<Number, std::optional<RoleIndex>> system_;
  std::unordered_map<std::uint64_t, Cell> cells_;
  std::optional<AskedScopes> scopes_;
  // What is assigned to a member of a kind, as an edge or more; that of the last one asked is kept.
  struct AnyAssigned {
    Number member = 0;
    std::string kind;
    std::vector<Edge> edges;
  };
  std::optional<AnyAssigned> any_assigned_;
};

}  // namespace tenure::projections
