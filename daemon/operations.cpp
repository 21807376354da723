#include "operations.hpp"

#include "io/wall_timer.hpp"

#include <algorithm>
#include <utility>

namespace postponed {

namespace {

using admin::completion;
using admin::failure;

failure no_queue(const std::string& dead_letter) {
  return {failure::kind::conflict, "the dead letter " + dead_letter +
                                       " names no queue in the configuration: there is nothing to look into"};
}

constexpr std::size_t moved_at_once = 1000; // letters a transaction: the relay waits no longer than for that

} // namespace

std::optional<failure> operations::out_of_service() const {
  if (!driver_.failure().empty())
    return failure{failure::kind::failed, "the store failed: " + driver_.failure()};
  if (driver_.stopping()) return failure{failure::kind::unavailable, "postponed is stopping"};
  return std::nullopt;
}

std::optional<relay::watched_state> operations::watched_of(const std::string& dead_letter) const {
  for (relay::watched_state& each : driver_.watched())
    if (each.name == dead_letter) return std::move(each);
  return std::nullopt;
}

template <typename T, typename Ask>
void operations::ask(completion<T> done, Ask asked) {
  if (auto out = out_of_service()) return done(std::move(*out));
  driver_.store().ask(
      [asked = std::move(asked)](store::store& held) mutable { return asked(held.dead_letters()); },
      [done = std::move(done)](T&& value) { done(std::move(value)); });
}

// --- collected dead letters

void operations::find(store::letter_filter by, store::letter_id after, std::size_t limit,
                      completion<store::letter_page> done) {
  ask<store::letter_page>(std::move(done), [by = std::move(by), after, limit](store::letters& in) {
    return in.find(by, after, limit);
  });
}

void operations::get(store::letter_id id, completion<std::optional<store::letter>> done) {
  ask<std::optional<store::letter>>(std::move(done), [id](store::letters& in) { return in.get(id); });
}

void operations::groups(store::letter_filter by, completion<std::vector<store::letter_group>> done) {
  ask<std::vector<store::letter_group>>(std::move(done),
                                        [by = std::move(by)](store::letters& in) { return in.groups(by); });
}

void operations::count(store::letter_filter by, completion<std::uint64_t> done) {
  ask<std::uint64_t>(std::move(done), [by = std::move(by)](store::letters& in) { return in.count(by); });
}

void operations::totals(completion<std::vector<store::letter_totals>> done) {
  ask<std::vector<store::letter_totals>>(std::move(done), [](store::letters& in) { return in.totals(); });
}

void operations::move_all(std::shared_ptr<const mover> some, std::uint64_t so_far,
                          completion<std::uint64_t> done) {
  ask<std::uint64_t>(
      [this, some, so_far, done = std::move(done)](admin::outcome<std::uint64_t> moved) mutable {
        if (!moved) return done(std::move(moved));
        if (*moved < moved_at_once) return done(so_far + *moved);
        move_all(std::move(some), so_far + *moved, std::move(done));
      },
      [some](store::letters& in) { return (*some)(in); });
}

void operations::discard(store::letter_filter by, completion<std::uint64_t> done) {
  by.state = store::letter_state::kept;
  move_all(
      std::make_shared<const mover>([by = std::move(by), now = io::read_clocks().wall](store::letters& in) {
        return in.discard(by, moved_at_once, now);
      }),
      0, std::move(done));
}

void operations::restore(store::letter_filter by, completion<std::uint64_t> done) {
  by.state = store::letter_state::trash;
  move_all(
      std::make_shared<const mover>([by = std::move(by), now = io::read_clocks().wall](store::letters& in) {
        return in.restore(by, moved_at_once, now);
      }),
      0, std::move(done));
}

// --- sending again

void operations::replay(store::job::kind what, std::string dead_letter, relay::replay_spec spec,
                        completion<store::job> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  const auto answer = [done](const store::job& begun) { done(begun); };
  const wall_time now = io::read_clocks().wall;
  if (what == store::job::kind::replay) return keeper_.begin(std::move(spec), now, answer);
  const auto watched = watched_of(dead_letter);
  if (!watched) return done(no_queue(dead_letter));
  if (!watched->known)
    return done(failure{failure::kind::unavailable, "how many messages are in " + watched->queue +
                                                        " is not known yet: " + watched->problem});
  keeper_.begin_drain(std::move(spec), watched->depth, now, answer);
}

void operations::replay_one(store::letter_id id, proto::message content, std::optional<direct_target> to,
                            completion<void> done) {
  get(id, [this, id, content = std::move(content), to = std::move(to),
           done = std::move(done)](admin::outcome<std::optional<store::letter>> got) mutable {
    if (!got) return done(std::move(got.error()));
    const failure gone{failure::kind::not_found,
                       "message " + std::to_string(id) + " is gone: sent again or purged meanwhile"};
    if (!*got) return done(gone);
    keeper_.send_one(
        id, std::move(content), (*got)->dead_letter, std::move(to),
        [id, gone, done = std::move(done)](const store::replayed& what) {
          if (!what.held.empty()) return done(admin::outcome<void>{});
          if (what.skipped == 0) return done(gone);
          done(failure{failure::kind::invalid, "nothing tells where message " + std::to_string(id) +
                                                   " came from; say where to: \"to\": {\"queue\": ..}"});
        });
  });
}

void operations::jobs(completion<std::vector<store::job>> done) {
  done(keeper_.jobs());
}

void operations::job(std::int64_t id, completion<std::optional<store::job>> done) {
  done(keeper_.job(id));
}

void operations::change_job(std::int64_t id, admin::job_change to, completion<store::job> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  if (!keeper_.job(id))
    return done(failure{failure::kind::not_found, "there is no replay " + std::to_string(id)});
  std::string why_not;
  bool changed = false;
  const auto answer = [this, id, done] { done(*keeper_.job(id)); };
  switch (to) {
  case admin::job_change::pause:
    changed = keeper_.pause(id, why_not, answer);
    break;
  case admin::job_change::resume:
    changed = keeper_.resume(id, why_not, answer);
    break;
  case admin::job_change::stop:
    changed = keeper_.stop_job(id, why_not, answer);
    break;
  }
  if (!changed) done(failure{failure::kind::conflict, why_not});
}

// --- the rest

void operations::peek(std::string dead_letter, std::size_t limit, completion<admin::peeked> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  const auto known = watched_of(dead_letter);
  if (!known) return done(no_queue(dead_letter));
  driver_.peek(known->queue, limit, [done = std::move(done)](io::peeked&& found) {
    if (!found.problem.empty()) return done(failure{failure::kind::unavailable, found.problem});
    admin::peeked seen;
    seen.warning = std::move(found.warning);
    for (io::peeked::item& each : found.messages)
      seen.messages.push_back(std::move(each.content));
    done(std::move(seen));
  });
}

void operations::pause_route(std::string route, bool paused, std::string who, std::string why,
                             completion<void> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  store::route_pause what;
  what.route = route;
  what.paused = paused;
  what.who = std::move(who);
  what.why = std::move(why);
  what.since = io::read_clocks().wall;
  if (!driver_.pause(what, [done] { done(admin::outcome<void>{}); }))
    done(failure{failure::kind::not_found, "there is no route " + route});
}

void operations::reload(std::string who, completion<admin::reload_outcome> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  done(reload_(who));
}

void operations::topology(completion<std::vector<admin::topology_difference>> done) {
  if (auto out = out_of_service()) return done(std::move(*out));
  driver_.inspect_topology(
      [done = std::move(done)](boost::system::result<relay::topology_report, io::inspection_failure> found) {
        if (!found) return done(failure{failure::kind::unavailable, found.error().why});
        done(std::move(found->differences));
      });
}

} // namespace postponed
