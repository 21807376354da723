#include "io/letter_keeper.hpp"

#include "base/log.hpp"
#include "io/wall_timer.hpp"
#include "relay/arrival.hpp"
#include "relay/letters.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
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
  wanted.created = wanted.updated = now;
  add(std::move(wanted), std::move(spec), true, std::move(done));
}

void letter_keeper::begin_drain(relay::replay_spec spec, std::uint64_t depth, wall_time now,
                                std::function<void(const store::job&)> done) {
  store::job wanted;
  wanted.what = store::job::kind::drain;
  wanted.created = wanted.updated = now;
  if (spec.limit == 0 || spec.limit > depth) spec.limit = depth;
  wanted.total = spec.limit;
  if (spec.limit == 0) wanted.at = store::job::state::done; // there is nothing
  add(std::move(wanted), std::move(spec), false, std::move(done));
}

// `counts`: the total is what matches now.
void letter_keeper::add(store::job&& wanted, relay::replay_spec&& spec, bool counts,
                        std::function<void(const store::job&)> done) {
  wanted.dead_letter = spec.by.dead_letter.value_or(std::string{});
  wanted.spec = relay::to_json(spec);
  store::letter_filter by = spec.by;
  const std::uint64_t limit = spec.limit;
  store_.ask(
      [by = std::move(by), wanted = std::move(wanted), limit,
       counts](store::store& held) mutable -> boost::system::result<store::job> {
        if (counts) {
          const auto matching = held.dead_letters().count(by);
          if (!matching) return matching.error();
          wanted.total = limit == 0 ? *matching : std::min(*matching, limit);
        }
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
  store::replay_target target = target_of(spec, dead_letter);
  store_.ask(
      [id, content = std::move(content), target = std::move(target)](store::store& held) mutable {
        return held.dead_letters().replay_edited(id, std::move(content), target, read_clocks().wall);
      },
      [this, dead_letter = std::move(dead_letter), done = std::move(done)](const store::replayed& what) {
        on_.on_replayed(what, dead_letter);
        done(what);
      });
}

// Does what is to be done now, and sleeps until there is more.
void letter_keeper::go_on() {
  write_updates(); // also while stopping: somebody may have been told
  if (stopping_) return;
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
  if (step.job.what == store::job::kind::drain) return drain(std::move(step));
  const std::string dead_letter = step.spec.by.dead_letter.value_or(std::string{});
  store::replay_target target = target_of(step.spec, dead_letter);
  store_.ask(
      [step = std::move(step),
       target = std::move(target)](store::store& held) mutable -> boost::system::result<piece> {
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
        answer_settled();
      });
}

void letter_keeper::failed(std::int64_t job, std::string why) {
  replays_.on_failed(job, std::move(why), std::chrono::steady_clock::now());
  go_on();
  answer_settled();
}

void letter_keeper::drain(relay::replays::step&& step) {
  const auto of = std::find_if(
      limits_.dead_letters.begin(), limits_.dead_letters.end(),
      [&](const relay::dead_letter_parameters& each) { return each.name == step.job.dead_letter; });
  if (of == limits_.dead_letters.end() || of->queue.empty() || of->collect) {
    // It waits: the next reload may bring the queue back.
    const std::int64_t id = step.job.id;
    boost::asio::post(wake_.get_executor(), [this, id] {
      failed(id,
             "the configuration no longer has a dead letter of that name with a queue that is not collected");
    });
    return;
  }
  on_.take(of->queue, step.limit, [this, step = std::move(step), from = *of](peeked&& got) mutable {
    if (!got.problem.empty()) return failed(step.job.id, got.problem);
    if (got.messages.empty()) {
      replays_.on_step(step.job, true);
      go_on();
      return answer_settled();
    }
    hold_drained(std::move(step), from, std::move(got));
  });
}

void letter_keeper::hold_drained(relay::replays::step&& step, const relay::dead_letter_parameters& from,
                                 peeked&& got) {
  const wall_time now = read_clocks().wall;
  std::vector<store::drained> taken;
  for (peeked::item& each : got.messages) {
    store::drained one;
    one.redelivered = each.redelivered;
    one.content = relay::delivered_as(from.queue, each.content);
    one.value = relay::letter_of(from, std::move(each.content), now);
    taken.push_back(std::move(one));
  }
  store::replay_target target = target_of(step.spec, from.name);
  store_.ask(
      [step = std::move(step), taken = std::move(taken), now,
       target = std::move(target)](store::store& held) mutable -> boost::system::result<piece> {
        step.job.updated = now;
        auto what = held.dead_letters().hold_drained(step.job, std::move(taken), target, now);
        if (!what) return what.error();
        return piece{std::move(step.job), std::move(*what)};
      },
      [this, name = from.name, empty = got.left == 0, ticket = got.ticket](const piece& made) {
        on_.settle(ticket, true);
        on_.on_replayed(made.what, name);
        replays_.on_step(made.job, empty);
        go_on();
        answer_settled();
      });
}

void letter_keeper::write_updates() {
  for (store::job& each : replays_.take_updates()) {
    each.updated = read_clocks().wall;
    log::info("replay", {{"job", std::to_string(each.id)},
                         {"state", std::string{relay::to_string(each.at)}},
                         {"done", std::to_string(each.done)},
                         {"total", std::to_string(each.total)}});
    ++writing_[each.id];
    store_.ask(
        [job = std::move(each)](store::store& held) -> boost::system::result<std::int64_t> {
          const auto written = held.dead_letters().update_job(job);
          if (!written) return written.error();
          return job.id;
        },
        [this](std::int64_t id) {
          if (const auto at = writing_.find(id); --at->second == 0) writing_.erase(at);
          answer_settled();
        });
  }
}

void letter_keeper::await(std::int64_t job, done_handler done) {
  awaiting_.emplace(job, std::move(done));
  go_on();
  answer_settled();
}

// What was said of a job is written: at once, or when the piece that is under way has said how far it came.
void letter_keeper::answer_settled() {
  for (auto at = awaiting_.begin(); at != awaiting_.end();) {
    if (writing_.contains(at->first) || replays_.under_way(at->first)) {
      ++at;
      continue;
    }
    const done_handler done = std::move(at->second);
    at = awaiting_.erase(at);
    done();
  }
}

void letter_keeper::empty_trashes() {
  if (stopping_) return;
  const wall_time now = read_clocks().wall;
  // Also of those that are not collected now: what was discarded before is still in the trash.
  for (const relay::dead_letter_parameters& each : limits_.dead_letters)
    store_.ask([name = each.name, before = now - each.trash](
                   store::store& held) { return held.dead_letters().purge(name, before, trash_piece); },
               [name = each.name](std::uint64_t purged) {
                 if (purged > 0)
                   log::info("emptied from the trash",
                             {{"dead_letter", name}, {"messages", std::to_string(purged)}});
               });
  trash_.expires_after(trash_period);
  trash_.async_wait([this](const boost::system::error_code& error) {
    if (!error) empty_trashes();
  });
}

bool letter_keeper::pause(std::int64_t id, std::string& why_not, done_handler done) {
  if (!replays_.pause(id, why_not)) return false;
  await(id, std::move(done));
  return true;
}

bool letter_keeper::resume(std::int64_t id, std::string& why_not, done_handler done) {
  if (!replays_.resume(id, why_not)) return false;
  await(id, std::move(done));
  return true;
}

bool letter_keeper::stop_job(std::int64_t id, std::string& why_not, done_handler done) {
  if (!replays_.stop(id, why_not)) return false;
  await(id, std::move(done));
  return true;
}

} // namespace postponed::io
