// What people do over the admin endpoint, done to the running daemon: admin/control over the driver, the
// keeper of letters and the configuration. One thread; outlives the answers that are still to come.
#pragma once

#include "admin/control.hpp"
#include "io/letter_keeper.hpp"
#include "io/relay_driver.hpp"

#include <functional>
#include <memory>
#include <string>

namespace postponed {

class operations final : public admin::control {
 public:
  // Reads the configuration again on behalf of `who`.
  using reloader = std::function<admin::reload_outcome(const std::string& who)>;

  operations(io::relay_driver& driver, io::letter_keeper& keeper, reloader reload)
      : driver_{driver}, keeper_{keeper}, reload_{std::move(reload)} {}

  void find(store::letter_filter by, store::letter_id after, std::size_t limit,
            admin::completion<store::letter_page> done) override;
  void get(store::letter_id id, admin::completion<std::optional<store::letter>> done) override;
  void groups(store::letter_filter by, admin::completion<std::vector<store::letter_group>> done) override;
  void count(store::letter_filter by, admin::completion<std::uint64_t> done) override;
  void totals(admin::completion<std::vector<store::letter_totals>> done) override;
  void discard(store::letter_filter by, admin::completion<std::uint64_t> done) override;
  void restore(store::letter_filter by, admin::completion<std::uint64_t> done) override;

  void replay(store::job::kind what, std::string dead_letter, relay::replay_spec spec,
              admin::completion<store::job> done) override;
  void replay_one(store::letter_id id, proto::message content, std::optional<direct_target> to,
                  admin::completion<void> done) override;
  void jobs(admin::completion<std::vector<store::job>> done) override;
  void job(std::int64_t id, admin::completion<std::optional<store::job>> done) override;
  void change_job(std::int64_t id, admin::job_change to, admin::completion<store::job> done) override;

  void peek(std::string dead_letter, std::size_t limit, admin::completion<admin::peeked> done) override;
  void pause_route(std::string route, bool paused, std::string who, std::string why,
                   admin::completion<void> done) override;
  void reload(std::string who, admin::completion<admin::reload_outcome> done) override;
  void topology(admin::completion<std::vector<admin::topology_difference>> done) override;

 private:
  // Nothing, or why nothing can be asked of the store any more.
  std::optional<admin::failure> out_of_service() const;
  std::optional<relay::watched_state> watched_of(const std::string& dead_letter) const;
  template <typename T, typename Ask>
  void ask(admin::completion<T> done, Ask asked);
  // Moves letters piece by piece until none is left that matches; what came before counts.
  using mover = std::function<boost::system::result<std::uint64_t>(store::letters&)>;
  void move_all(std::shared_ptr<const mover> some, std::uint64_t so_far,
                admin::completion<std::uint64_t> done);

  io::relay_driver& driver_;
  io::letter_keeper& keeper_;
  reloader reload_;
};

} // namespace postponed
