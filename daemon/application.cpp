#include "application.hpp"

#include "admin/api.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "configuration.hpp"
#include "front_door.hpp"
#include "io/letter_keeper.hpp"
#include "io/relay_driver.hpp"
#include "io/supervisor.hpp"
#include "io/webhook.hpp"
#include "message_desk.hpp"
#include "operations.hpp"
#include "parameters.hpp"
#include "version.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <fstream>
#include <malloc.h>
#include <memory>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace postponed {

namespace {

using namespace std::chrono_literals;

constexpr auto store_silence = 25s; // the store's thread reports each second; longer than this it hangs

std::uint64_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class application {
 public:
  application(const std::string& file, config::settings settings, std::unique_ptr<store::store> held)
      : configuration_{file, std::move(settings)}, signals_{context_, SIGTERM, SIGINT}, hangups_{context_,
                                                                                                 SIGHUP},
        webhooks_{context_, {}}, driver_{context_,
                                         driver_parameters_from(configuration_.now()),
                                         std::move(held),
                                         {[this](const std::string&) { on_store_failed(); },
                                          [this] { on_stopped(); },
                                          [this](const relay::alert_event& event) { on_alert(event); },
                                          [this] { on_topology_refused(); }}},
        keeper_{context_,
                driver_.store(),
                keeper_parameters_from(configuration_.now()),
                {[this](const store::replayed& what, const std::string& dead_letter) {
                   driver_.on_replayed(what, dead_letter);
                 },
                 [this](std::string queue, std::size_t limit, io::peeker::taker done) {
                   driver_.take(std::move(queue), limit, std::move(done));
                 },
                 [this](std::uint64_t ticket, bool done) { driver_.settle(ticket, done); }}},
        operations_{driver_, keeper_, [this](const std::string& who) { return reload(who); }}, desk_{driver_},
        api_{[this] { return snapshot(); }, operations_,
             [this](std::string_view what, const log::fields& more) {
               log::info(what, more);
               events_.publish("changed", admin::event_data(what, more));
             },
             &desk_},
        supervisor_{context_, [this] {
                      return std::chrono::steady_clock::now() - driver_.store_seen() < store_silence;
                    }} {
    api_.tell_events_of(events_);
  }

  int run() {
    std::string why;
    if (!door_.prepare(settings().admin, why)) {
      log::error("cannot open the admin endpoint", {{"why", why}});
      return cli::cannot_start;
    }
    door_.accept();
    await_hangup();
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) begin_stop();
    });
    driver_.start();
    keeper_.start();
    log::info("postponed runs", {{"version", version},
                                 {"admin", door_.address()},
                                 {"store", settings().store.path},
                                 {"held", std::to_string(driver_.store_stats().held_messages)},
                                 {"routes", std::to_string(settings().routes.size())}});
    supervisor_.ready("running");
    while (context_.run_one() > 0) { // until nothing is left to do: every component was stopped
      if (!driver_.busy()) continue;
      context_.poll();
      std::this_thread::sleep_for(driver_.rest());
    }
    return code_;
  }

 private:
  const config::settings& settings() const { return configuration_.now(); }

  void await_hangup() {
    hangups_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      reload("SIGHUP");
      await_hangup();
    });
  }

  // All of it, or nothing.
  admin::reload_outcome reload(const std::string& who) {
    admin::reload_outcome result;
    std::vector<config::finding> findings;
    auto next = configuration_.read_again(findings);
    if (next && !prepare_door(next->admin, findings)) next.reset();
    for (const config::finding& each : findings)
      (each.level == config::finding::severity::error ? result.errors : result.warnings)
          .push_back(config::to_string(each));
    result.ok = next.has_value();
    for (const std::string& each : result.warnings)
      log::warning("configuration", {{"what", each}});
    for (const std::string& each : result.errors)
      log::error("the new configuration is refused; the old one stays", {{"why", each}, {"asked_by", who}});
    last_reload_ = {result.ok, io::read_clocks().wall, result.errors, result.warnings};
    if (!next) return result;
    configuration_.accept(std::move(*next));
    door_.accept();
    driver_.reload(driver_parameters_from(settings()));
    keeper_.reload(keeper_parameters_from(settings()));
    log::info("configuration reloaded", {{"asked_by", who},
                                         {"file", configuration_.file()},
                                         {"routes", std::to_string(settings().routes.size())}});
    return result;
  }

  // The new address is listened on before the old one is left. False: it cannot be.
  bool prepare_door(const config::admin_settings& to, std::vector<config::finding>& findings) {
    std::string why;
    if (door_.prepare(to, why)) return true;
    config::finding refused;
    refused.file = configuration_.file();
    refused.at = to.at;
    refused.what = "the admin endpoint cannot be so: " + why;
    refused.fix = "choose a free address of this host, and files that postponed may read";
    findings.push_back(std::move(refused));
    return false;
  }

  void on_alert(const relay::alert_event& event) {
    webhooks_.post(event);
    events_.publish("alert", admin::event_data(event.raised ? "alert" : "alert is over",
                                               {{"dead_letter", event.dead_letter}, {"queue", event.queue}}));
  }

  void begin_stop() {
    supervisor_.stopping();
    keeper_.stop();
    driver_.stop();
  }

  void on_store_failed() {
    code_ = cli::failed;
    begin_stop();
  }

  void on_topology_refused() {
    code_ = cli::cannot_start;
    begin_stop();
  }

  void on_stopped() {
    supervisor_.stop();
    door_.stop();
    webhooks_.stop();
    boost::system::error_code ignored;
    signals_.cancel(ignored);
    hangups_.cancel(ignored);
    log::info("stopped", {{"held", std::to_string(driver_.store_stats().held_messages)}});
  }

  admin::connection_state connection(const char* role, const io::link_status& from) const {
    return {role,         from.state,          from.broker,    from.server, from.last_error,
            from.blocked, from.blocked_reason, from.reconnects};
  }

  admin::snapshot snapshot() const {
    admin::snapshot shown;
    shown.version = version;
    shown.revision = revision;
    shown.now = io::read_clocks().wall;
    shown.started = started_;
    shown.connections = {connection("consume", driver_.consume_status()),
                         connection("publish", driver_.publish_status())};
    for (const io::relay_driver::intake_state& each : driver_.intake_states())
      if (each.of.is_route)
        shown.routes.push_back({each.of.name, each.of.queue, each.state.consuming ? "consuming" : "waiting",
                                each.state.problem});
    for (const auto& [name, count] : driver_.engine().count().routes)
      if (!count.configured && count.held_messages > 0)
        shown.routes.push_back({name, "", "orphan", "it is not in the configuration; what it holds waits"});
    shown.dead_letters = dead_letters();
    shown.letters = driver_.letter_totals();
    shown.reload = last_reload_;
    shown.topology.ready = driver_.topology().ready();
    using mode = config::topology_settings::mode_type;
    const mode how = settings().topology.mode;
    shown.topology.mode = how == mode::create ? "create" : how == mode::verify ? "verify" : "off";
    shown.topology.differences = driver_.topology().differences();
    shown.store = driver_.store_stats();
    shown.store_ok = driver_.failure().empty();
    shown.store_error = driver_.failure();
    shown.stopping = driver_.stopping();
    shown.resident_bytes = resident_bytes();
    shown.counters = driver_.engine().count();
    return shown;
  }

  // All of the file: those without a queue cannot be watched.
  std::vector<relay::watched_state> dead_letters() const {
    std::vector<relay::watched_state> all = driver_.watched();
    for (const config::dead_letter_settings& each : settings().dead_letters)
      if (each.queue.empty()) {
        all.emplace_back();
        all.back().name = each.name;
        all.back().note =
            "it names no queue in the configuration, so nothing is known of what became of them";
      }
    for (const io::relay_driver::intake_state& each : driver_.intake_states()) {
      if (each.of.is_route || each.state.consuming) continue;
      for (relay::watched_state& letter : all) // collected: the daemon is the queue's consumer
        if (letter.name == each.of.name) letter.problem = "not collecting: " + each.state.problem;
    }
    return all;
  }

  boost::asio::io_context context_{1}; // first: it outlives all that runs on it
  configuration configuration_;
  const wall_time started_ = io::read_clocks().wall;
  boost::asio::signal_set signals_;
  boost::asio::signal_set hangups_;
  io::webhooks webhooks_;
  io::relay_driver driver_;
  io::letter_keeper keeper_;
  operations operations_;
  message_desk desk_;
  admin::event_log events_;
  admin::api api_;
  admin::reload_state last_reload_;
  front_door door_{context_, api_};
  io::supervisor supervisor_;
  int code_ = cli::success;
};

// glibc as the budgets need it: large bodies go back to the system when they are freed, rather than leave
// holes; the store's thread has no arena of its own, which would map 64 MiB ahead, nor 8 MiB of stack.
void bound_memory() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 512 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
  pthread_attr_t threads;
  ::pthread_attr_init(&threads);
  ::pthread_attr_setstacksize(&threads, 1 << 20);
  ::pthread_setattr_default_np(&threads);
  ::pthread_attr_destroy(&threads);
}

} // namespace

int run_application(const std::string& file, config::settings settings) {
  bound_memory();
  std::string why;
  auto held = store::open_sqlite_store(store_options_from(settings), why);
  if (!held) {
    log::error("cannot open the store", {{"why", why}, {"error", held.error().message()}});
    return cli::cannot_start;
  }
  application daemon{file, std::move(settings), std::move(*held)};
  return daemon.run();
}

} // namespace postponed
