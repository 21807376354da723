#include "io/letter_keeper.hpp"

#include "base/log.hpp"
#include "io/wall_timer.hpp"
#include "relay/parameters.hpp"

#include <utility>

namespace postponed::io {

namespace {

using namespace std::chrono_literals;

constexpr auto trash_period = 10s;
constexpr std::size_t trash_piece = 500; // letters a transaction

struct piece {
  store::job job;
  store::replayed what;
};

} // namespace

letter_keeper::letter_keeper(boost::asio::io_context& context, store_worker& held, keeper_parameters limits,
                             handlers on)
    : store_{held}, limits_{std::move(limits)}, on_{std::move(on)}, wake_{context}, trash_{context} {}

void letter_keeper::start() {
  store_.ask([](store::store& held) { return held.dead_letters().jobs(); },
             [this](const std::vector<store::job>& known) {
               replays_.load(known);
               for (const store::job& each : known)
                 if (each.at == store::job::state::running)
                   log::info("a replay goes on",
                             {{"job", std::to_string(each.id)}, {"done", std::to_string(each.done)}});
               go_on();
             });
  empty_trashes();
}

void letter_keeper::reload(keeper_parameters limits) {
  limits_ = std::move(limits);
}

void letter_keeper::stop() {
  stopping_ = true;
  wake_.cancel();
  trash_.cancel();
}

store::replay_target letter_keeper::target_of(const relay::replay_spec& spec,
                                              const std::string& dead_letter) const {
  return {spec.to, limits_.routes, relay::direct_route(dead_letter)};
}

void letter_keeper::begin(relay::replay_spec spec, wall_time now,
                          std::function<void(const store::job&)> done) {
  store::job wanted;
  wanted.what = store::job::kind::replay;
  wanted.dead_letter = spec.by.dead_letter.value_or(std::string{});
  wanted.spec = relay::to_json(spec);
  wanted.created = wanted.updated = now;
  const auto limit = spec.limit;
  store_.ask(
      [by = spec.by, wanted = std::move(wanted),
       limit](store::store& held) mutable -> boost::system::result<store::job> {
        const auto matching = held.dead_letters().count(by);
        if (!matching) return matching.error();
        wanted.total = limit == 0 ? *matching : std::min(*matching, limit);
        const auto id = held.dead_letters().add_job(wanted);
        if (!id) return id.error();
        wanted.id = *id;
        return std::move(wanted);
      },
      [this, spec = std::move(spec), done = std::move(done)](const store::job& begun) {
        replays_.add(begun, spec);
        done(begun);
        go_on();
      });
}

void letter_keeper::send_one(store::letter_id id, proto::message content, std::string dead_letter,
                             std::optional<direct_target> to,
                             std::function<void(const store::replayed&)> done) {
  relay::replay_spec spec;
  spec.to = std::move(to);
  store_.ask(
      [id, content = std::move(content), target = target_of(spec, dead_letter)](store::store& held) mutable {
        return held.dead_letters().replay_edited(id, std::move(content), target, read_clocks().wall);
      },
      [this, dead_letter = std::move(dead_letter), done = std::move(done)](const store::replayed& what) {
        on_.on_replayed(what, dead_letter);
        done(what);
      });
}

// Does what is to be done now, and sleeps until there is more.
void letter_keeper::go_on() {
  if (stopping_) return;
  write_updates();
  const steady_time now = std::chrono::steady_clock::now();
  for (relay::replays::step& each : replays_.take_steps(now))
    perform(std::move(each));
  const auto next = replays_.next_wake(now);
  if (!next) {
    wake_.cancel();
    return;
  }
  wake_.expires_at(std::max(*next, now + 1ms));
  wake_.async_wait([this](const boost::system::error_code& error) {
    if (!error) go_on();
  });
}

void letter_keeper::perform(relay::replays::step&& step) {
  const std::string dead_letter = step.spec.by.dead_letter.value_or(std::string{});
  store_.ask(
      [step = std::move(step), target = target_of(step.spec, dead_letter)](
          store::store& held) mutable -> boost::system::result<piece> {
        const wall_time now = read_clocks().wall;
        step.job.updated = now;
        auto what = held.dead_letters().replay(step.job, step.spec.by, target, step.limit, now);
        if (!what) return what.error();
        return piece{std::move(step.job), std::move(*what)};
      },
      [this, dead_letter](const piece& made) {
        on_.on_replayed(made.what, dead_letter);
        replays_.on_step(made.job, made.what.finished);
        go_on();
      });
}

void letter_keeper::write_updates() {
  for (store::job& each : replays_.take_updates()) {
    each.updated = read_clocks().wall;
    log::info("replay", {{"job", std::to_string(each.id)},
                         {"state", std::string{relay::to_string(each.at)}},
                         {"done", std::to_string(each.done)},
                         {"total", std::to_string(each.total)}});
    store_.ask(
        [job = std::move(each)](store::store& held) -> boost::system::result<std::int64_t> {
          const auto written = held.dead_letters().update_job(job);
          if (!written) return written.error();
          return job.id;
        },
        [](std::int64_t) {});
  }
}

void letter_keeper::empty_trashes() {
  if (stopping_) return;
  const wall_time now = read_clocks().wall;
  for (const keeper_parameters::trash& each : limits_.trashes)
    store_.ask([name = each.dead_letter, before = now - each.keep](
                   store::store& held) { return held.dead_letters().purge(name, before, trash_piece); },
               [name = each.dead_letter](std::uint64_t purged) {
                 if (purged > 0)
                   log::info("emptied from the trash",
                             {{"dead_letter", name}, {"messages", std::to_string(purged)}});
               });
  trash_.expires_after(trash_period);
  trash_.async_wait([this](const boost::system::error_code& error) {
    if (!error) empty_trashes();
  });
}

bool letter_keeper::pause(std::int64_t id, std::string& why_not) {
  if (!replays_.pause(id, why_not)) return false;
  go_on();
  return true;
}

bool letter_keeper::resume(std::int64_t id, std::string& why_not) {
  if (!replays_.resume(id, why_not)) return false;
  go_on();
  return true;
}

bool letter_keeper::stop_job(std::int64_t id, std::string& why_not) {
  if (!replays_.stop(id, why_not)) return false;
  go_on();
  return true;
}

} // namespace postponed::io
