// A GitHub organization's audit log, made up line by line in the form that services/import reads, together with what is
// so after each line: the second opinion on the answers of the server that imported it. Seeded: the same seed and
// length, the same log.
//
// The mix of actions is that of the real logs in ../shared/data/github-audit, with fewer new people (one in twenty
// lines), more changes of repository access, and one line in thirty that changes no access and is only kept.
// One thread. It shares no code with what it measures.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenure::bench {

class GithubLog {
 public:
  GithubLog(std::string org, std::uint64_t seed, std::size_t lines);

  // Adds the next line, with its end, to `out`; false when the log is over.
  bool next(std::string& out);

  // Of the lines so far.
  std::size_t lines() const { return line_; }
  std::size_t events() const { return events_; }                // records that they make, the creation among them
  std::size_t recorded_only() const { return recorded_only_; }  // those that change no access
  std::int64_t at_ms() const { return at_ms_; }
  // Of the whole log: its lines' times lie evenly from the first on.
  std::int64_t first_ms() const;
  std::int64_t last_ms() const;

  // What is so now. People and repositories are numbers from 0; levels 0 (none) to 5 (admin).
  std::size_t people() const { return people_.size(); }  // who were ever members
  std::size_t members() const { return members_.size(); }
  std::size_t repositories() const { return repositories_; }
  unsigned level(std::size_t person, std::size_t repository) const;
  // A repository that the person or one of their teams was given, if there is one; else any.
  std::size_t likely_repository(std::size_t person, std::mt19937_64& random) const;

  static std::string login(std::size_t person);
  std::string repository(std::size_t number) const;  // "acme/repo-7"
  static std::string_view level_name(unsigned level);

 private:
  using Grants = std::vector<std::pair<std::size_t, unsigned>>;  // repository and level
  static constexpr std::size_t nobody = SIZE_MAX;

  struct PersonState {
    bool owner = false;
    std::size_t place = nobody;  // in members_
    std::vector<std::size_t> teams;
    Grants grants;
  };
  struct TeamState {
    std::size_t parent = nobody;
    std::size_t children = 0;
    std::size_t place = nobody;  // in teams_alive_
    std::vector<std::size_t> members;
    Grants grants;
  };

  std::size_t pick(std::size_t below) { return random_() % below; }
  std::size_t pick_member() { return members_[pick(members_.size())]; }
  std::size_t pick_team() { return teams_alive_[pick(teams_alive_.size())]; }
  void join(std::size_t person);
  void leave(std::size_t person);
  void leave_team(std::size_t team, std::size_t person);
  unsigned team_level(std::size_t team, std::size_t repository) const;

  void begin_line(std::string_view action);
  void text(std::string_view name, std::string_view value);
  void team_text(std::string_view name, std::size_t team);
  void end_line(std::string& out);

  // Each writes one line, or answers false where the organization has nothing that it could happen to.
  bool add_someone(bool owner);
  bool take_back();
  bool remove_someone();
  bool change_owner();
  bool add_to_team();
  bool remove_from_team();
  bool create_team();
  bool destroy_team();
  bool move_team();
  bool grant(bool to_team);
  bool change_grant(bool of_team);
  bool revoke(bool from_team);
  bool change_base();
  bool something_else();
  bool one_of_many();
  void opening();

  std::string org_;
  std::mt19937_64 random_;
  std::size_t lines_, repositories_;
  std::size_t line_ = 0, events_ = 0, recorded_only_ = 0;
  std::int64_t at_ms_ = 0;
  unsigned base_ = 0;
  std::vector<PersonState> people_;
  std::vector<std::size_t> members_, owners_, gone_, teams_alive_;
  std::vector<TeamState> teams_;
  std::string json_;
};

}  // namespace tenure::bench
