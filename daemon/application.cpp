#include "application.hpp"

#include "admin/http_server.hpp"
#include "admin/routes.hpp"
#include "base/log.hpp"
#include "cli/command_line.hpp"
#include "io/relay_driver.hpp"
#include "io/supervisor.hpp"
#include "parameters.hpp"
#include "version.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <fstream>
#include <memory>
#include <unistd.h>

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
  application(const config::settings& settings, std::unique_ptr<store::store> held)
      : settings_{settings}, signals_{context_, SIGTERM, SIGINT}, driver_{context_,
                                                                          driver_parameters_from(settings),
                                                                          std::move(held),
                                                                          {[this](const std::string&) {
                                                                             on_store_failed();
                                                                           },
                                                                           [this] { on_stopped(); }}},
        server_{context_, [this](const admin::request& asked) { return admin::respond(asked, snapshot()); }},
        supervisor_{context_, [this] {
                      return std::chrono::steady_clock::now() - driver_.store_seen() < store_silence;
                    }} {}

  int run() {
    std::string why;
    if (!server_.listen(settings_.admin.host, settings_.admin.port, why)) {
      log::error("cannot open the admin endpoint", {{"why", why}});
      return cli::cannot_start;
    }
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) begin_stop();
    });
    driver_.start();
    log::info("postponed runs", {{"version", version},
                                 {"admin", "http://" + shown_host() + ":" + std::to_string(server_.port())},
                                 {"store", settings_.store.path},
                                 {"held", std::to_string(driver_.store_stats().held_messages)},
                                 {"routes", std::to_string(settings_.routes.size())}});
    supervisor_.ready("running");
    context_.run(); // until nothing is left to do: every component was stopped
    return code_;
  }

 private:
  std::string shown_host() const {
    const std::string& host = settings_.admin.host;
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
  }

  void begin_stop() {
    supervisor_.stopping();
    driver_.stop();
  }

  void on_store_failed() {
    code_ = cli::failed;
    begin_stop();
  }

  void on_stopped() {
    supervisor_.stop();
    server_.stop();
    boost::system::error_code ignored;
    signals_.cancel(ignored);
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
    shown.topology.ready = driver_.topology().ready();
    shown.topology.mode =
        settings_.topology.mode == config::topology_settings::mode_type::create ? "create" : "off";
    shown.topology.differences = driver_.topology().differences();
    shown.store = driver_.store_stats();
    shown.store_ok = driver_.failure().empty();
    shown.store_error = driver_.failure();
    shown.stopping = driver_.stopping();
    shown.resident_bytes = resident_bytes();
    shown.counters = driver_.engine().count();
    return shown;
  }

  const config::settings& settings_;
  boost::asio::io_context context_{1}; // first: it outlives all that runs on it
  const wall_time started_ = io::read_clocks().wall;
  boost::asio::signal_set signals_;
  io::relay_driver driver_;
  admin::http_server server_;
  io::supervisor supervisor_;
  int code_ = cli::success;
};

} // namespace

int run_application(const config::settings& settings) {
  std::string why;
  auto held = store::open_sqlite_store(store_options_from(settings), why);
  if (!held) {
    log::error("cannot open the store", {{"why", why}, {"error", held.error().message()}});
    return cli::cannot_start;
  }
  application daemon{settings, std::move(*held)};
  return daemon.run();
}

} // namespace postponed
