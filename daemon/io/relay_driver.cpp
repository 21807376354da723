#include "io/relay_driver.hpp"

#include "base/log.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <random>
#include <utility>

namespace postponed::io {

namespace {

// Of the consuming connection: after the watcher's, before the consumers'.
constexpr proto::channel_id draining_channel = 3;

double uniform01() {
  static thread_local std::mt19937_64 source{std::random_device{}()};
  return std::uniform_real_distribution<double>{0.0, 1.0}(source);
}

link_parameters with_role(link_parameters limits, std::string role) {
  limits.role = std::move(role);
  return limits;
}

log::level level_of(relay::note::level value) {
  switch (value) {
  case relay::note::level::info:
    return log::level::info;
  case relay::note::level::warning:
    return log::level::warning;
  case relay::note::level::error:
    return log::level::error;
  }
  return log::level::info;
}

} // namespace

relay_driver::relay_driver(boost::asio::io_context& context, driver_parameters limits,
                           std::unique_ptr<store::store> held, handlers on)
    : context_{context}, limits_{std::move(limits)}, on_{std::move(on)}, engine_{limits_.relay, uniform01},
      topology_{limits_.topology}, stats_{held->stats()},
      consumers_{context,
                 [this](relay::source_id from, std::uint64_t epoch, proto::event::delivered&& delivery) {
                   ++moved_;
                   engine_.on_delivery(from, epoch, std::move(delivery), read_clocks());
                 },
                 [this](relay::source_id from) { return engine_.pending_from(from); }},
      watcher_{context,
               {[this](const relay::watched& of) { return arrivals(of); },
                [this](watcher::totals_taker answer) { ask_totals(std::move(answer)); },
                [this](const relay::alert_event& event) {
                  if (on_.on_alert) on_.on_alert(event);
                }}},
      drainer_{context, draining_channel, {}}, publisher_{engine_, topology_,
                                                          [this] {
                                                            consumers_.set(engine_.sources(),
                                                                           limits_.prefetch);
                                                            consumers_.allow();
                                                            watcher_.set(limits_.watched);
                                                          },
                                                          [this] { verify_topology(); }},
      inspector_{context, [this] { check_stopped(); }}, verify_again_{context},
      consume_link_{context,
                    with_role(limits_.link, "consume"),
                    {[this](proto::session_event&& event) { on_consume_event(std::move(event)); },
                     [this] { pump(); },
                     [this](const link_down&) {
                       consumers_.on_down();
                       watcher_.on_down();
                       drainer_.on_down();
                       pump();
                     }}},
      publish_link_{context,
                    with_role(limits_.link, "publish"),
                    {[this](proto::session_event&& event) { publisher_.on_event(std::move(event)); },
                     [this] { pump(); },
                     [this](const link_down& why) {
                       publisher_.on_down(why);
                       pump();
                     }}},
      clock_{context, [this](microseconds stepped) { on_clock(stepped); }}, linger_{context}, drain_{
                                                                                                  context} {
  consumers_.attach(consume_link_);
  watcher_.attach(consume_link_);
  drainer_.attach(consume_link_);
  publisher_.attach(publish_link_);
  publisher_.set_verifying(limits_.verify_topology);
  engine_.start(stats_);
  store_worker::handlers told;
  told.on_committed = [this](store::commit_outcome&& outcome, double milliseconds) {
    commit_under_way_ = false;
    if (failed_) return;
    engine_.on_committed(std::move(outcome), milliseconds, read_clocks().wall);
    for (const auto& done : std::exchange(committing_, {}))
      done();
    tell_people();
    pump();
  };
  told.on_loaded = [this](store::horizon_page&& page) {
    engine_.on_loaded(page);
    pump();
  };
  told.on_read = [this](std::vector<held_id>&& asked, std::vector<held_record>&& found) {
    engine_.on_read(asked, std::move(found));
    pump();
  };
  told.on_stats = [this](const store::store_stats& stats) {
    stats_ = stats;
    store_seen_ = std::chrono::steady_clock::now();
  };
  told.on_failed = [this](const std::string& why) { on_failed(why); };
  worker_ = std::make_unique<store_worker>(context, std::move(held), std::move(told));
}

relay_driver::~relay_driver() = default;

void relay_driver::start() {
  clock_.start();
  watcher_.set(limits_.watched);
  publish_link_.start();
  consume_link_.start();
  pump();
}

void relay_driver::reload(driver_parameters limits) {
  if (stopping_ || failed_) return;
  const bool links_changed = !limits.link.same_broker(limits_.link) || limits.prefetch != limits_.prefetch;
  limits_ = std::move(limits);
  engine_.reload(limits_.relay);
  // The intakes follow when the topology stands: consuming a queue that is not declared yet would cost a
  // second.
  ++verification_; // an answer that is still to come is about the former file
  publisher_.set_verifying(limits_.verify_topology);
  publisher_.declare(limits_.topology);
  if (links_changed) {
    publish_link_.reconnect(with_role(limits_.link, "publish"));
    consume_link_.reconnect(with_role(limits_.link, "consume"));
  }
  pump();
}

bool relay_driver::pause(const store::route_pause& what, std::function<void()> done) {
  if (!engine_.pause(what)) return false;
  awaiting_.push_back(std::move(done));
  pump();
  return true;
}

void relay_driver::on_replayed(const store::replayed& what, const std::string& dead_letter) {
  if (failed_) return;
  engine_.on_replayed(what, dead_letter);
  pump();
}

void relay_driver::on_consume_event(proto::session_event&& event) {
  if (watcher::takes(event)) return watcher_.on_event(std::move(event));
  if (proto::channel_of(event) == draining_channel) return drainer_.on_event(std::move(event));
  const bool up = std::holds_alternative<proto::event::opened>(event);
  consumers_.on_event(std::move(event));
  if (up) watcher_.on_up();
}

// How many came to a dead letter that postponed knows of.
std::uint64_t relay_driver::arrivals(const relay::watched& of) const {
  const relay::counters& count = engine_.count();
  if (of.collect) {
    const auto at = count.dead_letters.find(of.name);
    return at == count.dead_letters.end() ? 0 : at->second.collected;
  }
  std::uint64_t sum = 0;
  const auto add = [&](const std::string& route) {
    const auto at = count.routes.find(route);
    if (at == count.routes.end()) return;
    for (const auto& [why, messages] : at->second.dead_lettered)
      sum += messages;
  };
  for (const relay::route_parameters& each : engine_.limits().routes)
    if (each.dead_letter_name == of.name) add(each.name);
  add(relay::direct_route(of.name));
  return sum;
}

void relay_driver::ask_totals(watcher::totals_taker answer) {
  worker_->ask([](store::store& held) { return held.dead_letters().totals(); },
               [this, answer = std::move(answer)](std::vector<store::letter_totals>&& totals) {
                 totals_ = std::move(totals);
                 answer(totals_);
               });
}

std::vector<relay::engine::standing> relay_driver::change(std::vector<store::held_change> what,
                                                          const change_done& done) {
  for (store::held_change& each : what)
    each.token = next_token_++;
  const auto result = engine_.change(what);
  for (std::size_t i = 0; i < what.size(); ++i)
    if (result[i] == relay::engine::standing::free) changing_[what[i].token] = done;
  pump_soon();
  return result;
}

void relay_driver::schedule(store::insert_request&& request, schedule_done done) {
  request.token = next_token_++;
  scheduling_[request.token] = std::move(done);
  engine_.schedule(std::move(request));
  pump_soon();
}

void relay_driver::tell_people() {
  for (const store::change_outcome& each : engine_.take_changed())
    changing_.extract(each.token).mapped()(each);
  for (const store::insert_outcome& each : engine_.take_scheduled())
    scheduling_.extract(each.token).mapped()(each);
}

// Once for all that people ask in one go.
void relay_driver::pump_soon() {
  if (std::exchange(pump_posted_, true)) return;
  boost::asio::post(context_, [this] {
    pump_posted_ = false;
    pump();
  });
}

std::vector<relay_driver::intake_state> relay_driver::intake_states() const {
  std::vector<intake_state> result;
  for (relay::source& each : engine_.sources()) {
    consumers::state state = consumers_.state_of(each.id);
    result.push_back({std::move(each), std::move(state)});
  }
  return result;
}

void relay_driver::pump() {
  if (stopped_ || failed_) {
    check_stopped();
    return;
  }
  const moment now = read_clocks();
  engine_.run(now, wanted_);
  perform(wanted_);
  commit_when_worth_it();
  consume_link_.pause_reading(engine_.unacked_bytes() > limits_.intake_bytes);
  clock_.arm(engine_.next_wake(now));
  check_stopped();
}

void relay_driver::perform(relay::actions& wanted) {
  moved_ += wanted.publishes.size();
  for (relay::publish_action& each : wanted.publishes) {
    publisher_.publish(each);
    std::string{}.swap(each.body); // it stands in the output now: not both of all of them
  }
  if (!wanted.publishes.empty()) publish_link_.flush();
  for (const relay::ack_action& each : wanted.acks)
    consumers_.ack(each.from, each.epoch, each.tag);
  if (!wanted.acks.empty()) {
    consumers_.retire();
    consume_link_.flush();
  }
  if (!wanted.reads.empty()) worker_->read(std::exchange(wanted.reads, {}));
  if (wanted.load)
    worker_->load(wanted.load->after, wanted.load->until, wanted.load->limit, std::move(wanted.load->skip));
  for (const relay::note& each : wanted.notes)
    log::write(level_of(each.severity), each.text, {each.fields.begin(), each.fields.end()});
  wanted.publishes.clear();
  wanted.acks.clear();
  wanted.load.reset();
  wanted.notes.clear();
}

void relay_driver::commit_when_worth_it() {
  if (!engine_.has_batch()) return;
  const steady_time now = read_clocks().steady;
  const steady_time due = gathering_.due(engine_.waited_for(), now);
  if (commit_under_way_) return;
  // While nothing more is given to us before what we have is acked, there is no company to wait for.
  const bool no_more =
      engine_.unacked() >= limits_.prefetch || engine_.unacked_bytes() > limits_.intake_bytes;
  if (due <= now || no_more || engine_.batch_rows() >= limits_.batch_rows || stopping_) {
    submit();
    return;
  }
  if (lingering_ && linger_.expiry() <= due) return;
  lingering_ = true;
  linger_.expires_at(due);
  linger_.async_wait([this](const boost::system::error_code& error) {
    if (error) return; // set anew, or the end
    lingering_ = false;
    if (!failed_) commit_when_worth_it();
  });
}

void relay_driver::submit() {
  commit_under_way_ = true;
  committing_ = std::exchange(awaiting_, {});
  gathering_.submitted(engine_.waited_for(), read_clocks().steady);
  worker_->commit(engine_.take_batch());
}

bool relay_driver::busy() {
  if (moved_ > 0) count_moved(read_clocks().steady);
  return busy_;
}

void relay_driver::count_moved(steady_time now) {
  wakes_.on_moved(std::exchange(moved_, 0), now);
  busy_ = wakes_.busy(now);
}

steady_time::duration relay_driver::rest() {
  const steady_time now = read_clocks().steady;
  count_moved(now);
  // Half of the confirm window: as much may be in flight to one destination.
  const auto limit = std::min<std::size_t>(limits_.prefetch, limits_.relay.confirm_window / 2);
  return wakes_.rest(limit, now, lingering_ ? linger_.expiry() : steady_time::max());
}

void relay_driver::on_clock(microseconds stepped) {
  if (stepped != microseconds{0}) {
    log::warning("the wall clock was set", {{"by_ms", std::to_string(stepped.count() / 1000)}});
    engine_.on_clock_jump();
    if (stepped < microseconds{0}) engine_.on_clock_back(-stepped);
  }
  pump();
}

void relay_driver::on_failed(const std::string& why) {
  if (failed_) return;
  failed_ = true;
  failure_ = why;
  log::error("the store failed; nothing more is acked", {{"why", why}});
  on_.on_failed(why);
}

void relay_driver::stop() {
  if (stopping_) return;
  stopping_ = true;
  log::info("stopping", {{"in_flight", std::to_string(engine_.in_flight())}});
  engine_.stop();
  watcher_.stop();
  drainer_.stop();
  consumers_.stop();
  drain_.expires_after(limits_.drain_deadline);
  drain_.async_wait([this](const boost::system::error_code& error) {
    if (error || closing_) return;
    log::warning("not all confirms came in time; the rest is published again after the next start",
                 {{"in_flight", std::to_string(engine_.in_flight())}});
    close_links();
  });
  pump();
}

void relay_driver::close_links() {
  closing_ = true;
  verify_again_.cancel();
  inspector_.stop();
  consume_link_.stop();
  publish_link_.stop();
}

void relay_driver::check_stopped() {
  if (!stopping_ || stopped_) return;
  if (!closing_) {
    if (failed_ || (consumers_.stopped() && engine_.drained() && !commit_under_way_)) close_links();
    return;
  }
  if (!consume_link_.finished() || !publish_link_.finished() || !inspector_.finished()) return;
  stopped_ = true;
  drain_.cancel();
  linger_.cancel();
  clock_.stop();
  // Losing the connections may have left something to mark; it is not lost, only repeated.
  boost::asio::post(context_, [this] {
    worker_->stop();
    on_.on_stopped();
  });
}

} // namespace postponed::io
