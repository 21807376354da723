#include "io/topology_inspector.hpp"

#include "io/management_json.hpp"
#include "relay/topology_traps.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace postponed::io {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

constexpr proto::channel_id channel = 1;

} // namespace

// One question to a broker, from its beginning to `on_over`, which is called last, with what went wrong.
class topology_inspector::visit {
 public:
  using over = std::function<void(const std::string& problem)>;

  explicit visit(over on_over) : on_over_{std::move(on_over)} {}
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  virtual ~visit() = default;
  virtual void start() = 0;
  virtual void stop() = 0;

 protected:
  void end(const std::string& problem) { on_over_(problem); }

 private:
  over on_over_;
};

// Says a script to the broker.
class topology_inspector::broker_visit : public visit {
 public:
  broker_visit(asio::io_context& context, const inspector_parameters& by,
               std::shared_ptr<relay::topology_script> says, over on_over)
      : visit{std::move(on_over)}, addresses_{by.link.addresses.size()}, says_{std::move(says)},
        deadline_{context}, link_{context,
                                  with_role(by.link),
                                  {[this](proto::session_event&& event) { on_event(event); },
                                   [this] { on_batch(); }, [this](const link_down& why) { on_down(why); },
                                   [this](const std::string& why) { on_failed_attempt(why); }}} {
    deadline_.expires_after(by.deadline);
  }

  void start() override {
    deadline_.async_wait([this](const boost::system::error_code& error) {
      if (!error) leave("the broker did not answer in time");
    });
    link_.start();
  }
  void stop() override { leave("stopping"); }

 private:
  static link_parameters with_role(link_parameters limits) {
    limits.role = "topology";
    limits.reconnect = {50ms, 1s, 2.0, 0.0};
    return limits;
  }

  void on_event(const proto::session_event& event) {
    using namespace proto::event;
    if (leaving_) return;
    if (std::holds_alternative<opened>(event)) {
      failures_ = 0;
      link_.session().open_channel(channel);
    } else if (std::holds_alternative<channel_opened>(event)) {
      say_next();
    } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
      if (!under_way_.empty()) refused(closed->code, closed->text);
      link_.session().open_channel(channel);
    } else if (std::holds_alternative<exchange_declared>(event) ||
               std::holds_alternative<queue_declared>(event) || std::holds_alternative<queue_bound>(event)) {
      if (++answered_ < under_way_.size()) return;
      under_way_.clear();
      says_->on_done();
      say_next();
    }
  }

  void refused(std::uint16_t code, const std::string& text) {
    under_way_.clear();
    says_->on_refused(answered_, code, text);
  }

  void say_next() {
    answered_ = 0;
    under_way_ = says_->begin_next();
    if (under_way_.empty()) return leave({});
    struct visitor {
      proto::session& on;
      void operator()(const proto::binding_declaration& each) const { on.bind(channel, each); }
      void operator()(const proto::exchange_declaration& each) const { on.declare(channel, each); }
      void operator()(const proto::queue_declaration& each) const { on.declare(channel, each); }
    };
    for (const relay::topology_step& each : under_way_)
      std::visit(visitor{link_.session()}, each);
  }

  // A declaration may cost the connection: then the broker says so, and the rest goes on on the next one.
  void on_down(const link_down& why) {
    if (leaving_) return;
    if (!under_way_.empty() && why.code >= 501 && why.code != 541)
      refused(why.code, why.text);
    else
      leave("the connection to the broker was lost: " + why.text);
  }

  // Of the first connection each address is tried once.
  void on_failed_attempt(const std::string& why) {
    if (++failures_ >= addresses_ && under_way_.empty()) leave(why);
  }

  void leave(const std::string& problem) {
    if (leaving_) return;
    leaving_ = true;
    problem_ = problem;
    deadline_.cancel();
    link_.stop();
  }

  void on_batch() {
    if (leaving_ && link_.finished()) end(problem_);
  }

  std::size_t addresses_, failures_ = 0;
  std::shared_ptr<relay::topology_script> says_;
  std::vector<relay::topology_step> under_way_; // sent, and answered up to answered_
  std::size_t answered_ = 0;
  bool leaving_ = false;
  std::string problem_;
  asio::steady_timer deadline_;
  broker_link link_;
};

// Asks the management API for all that a virtual host has.
class topology_inspector::management_visit : public visit {
 public:
  management_visit(asio::io_context& context, const inspector_parameters& by, relay::wanted_topology wanted,
                   completion<relay::topology_report> done, over on_over)
      : visit{std::move(on_over)}, context_{context}, client_{context, *by.management},
        host_{percent_encoded(by.link.addresses.front().virtual_host)}, wanted_{std::move(wanted)},
        done_{std::move(done)} {}

  void start() override {
    asio::co_spawn(context_, run(), [this](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error); // a defect: let it end the process
      if (problem_.empty())
        done_(report());
      else
        done_(inspection_failure{problem_});
      end(problem_);
    });
  }
  void stop() override { client_.stop(); }

 private:
  using reader = std::string (*)(std::string_view, relay::seen_topology&);

  asio::awaitable<void> run() {
    problem_ = co_await read("exchanges", "?columns=name,type,durable,auto_delete,internal,arguments",
                             read_exchanges);
    if (problem_.empty())
      problem_ = co_await read(
          "queues", "?disable_stats=true&columns=name,durable,auto_delete,exclusive,arguments", read_queues);
    if (problem_.empty()) problem_ = co_await read("bindings", "", read_bindings);
    if (!problem_.empty()) co_return;
    // These take more rights than the others: without them the comparison is still worth something.
    std::string missed = co_await read("policies", "", read_policies);
    if (!missed.empty()) not_checked_.push_back("policies: " + missed);
    missed = co_await read("vhosts", "", read_virtual_host);
    if (!missed.empty())
      not_checked_.push_back("the virtual host's default queue type, taken for " + seen_.default_queue_type +
                             ": " + missed);
  }

  asio::awaitable<std::string> read(std::string what, std::string query, reader take) {
    std::string document;
    std::string problem = co_await client_.get("/api/" + what + "/" + host_ + query, document);
    if (problem.empty()) {
      problem = take(document, seen_);
      if (!problem.empty()) problem = "/api/" + what + " of the management API is not understood: " + problem;
    }
    co_return problem;
  }

  relay::topology_report report() {
    relay::topology_report to;
    to.source = "management API";
    to.differences = relay::compare(wanted_.steps, seen_);
    to.not_checked = std::move(not_checked_);
    to.warnings = relay::traps(wanted_, seen_, to.not_checked);
    return to;
  }

  asio::io_context& context_;
  management_client client_;
  std::string host_;
  relay::wanted_topology wanted_;
  relay::seen_topology seen_;
  std::vector<std::string> not_checked_;
  completion<relay::topology_report> done_;
  std::string problem_;
};

topology_inspector::topology_inspector(asio::io_context& context, std::function<void()> on_idle)
    : context_{context}, on_idle_{std::move(on_idle)} {}

topology_inspector::~topology_inspector() = default;

bool topology_inspector::begin(const inspector_parameters& by, std::string& refusal) const {
  if (stopping_) refusal = "postponed is stopping";
  if (visits_.size() >= by.at_once) refusal = "too many inspections are under way; try again";
  return refusal.empty();
}

void topology_inspector::inspect(inspector_parameters by, relay::wanted_topology wanted,
                                 completion<relay::topology_report> done) {
  std::string refusal;
  if (!begin(by, refusal)) {
    asio::post(context_, [done = std::move(done), refusal] { done(inspection_failure{refusal}); });
    return;
  }
  if (by.management) {
    auto room = std::make_shared<visit*>(nullptr);
    auto begun = std::make_unique<management_visit>(context_, by, std::move(wanted), std::move(done),
                                                    [this, room](const std::string&) { leave(*room); });
    *room = begun.get();
    return enter(std::move(begun));
  }
  auto probe = std::make_shared<relay::topology_probe>(std::move(wanted));
  auto room = std::make_shared<visit*>(nullptr);
  auto begun = std::make_unique<broker_visit>(
      context_, by, probe, [this, room, probe, done = std::move(done)](const std::string& problem) {
        leave(*room);
        if (problem.empty())
          done(probe->report());
        else
          done(inspection_failure{problem});
      });
  *room = begun.get();
  enter(std::move(begun));
}

void topology_inspector::create(inspector_parameters by, std::vector<relay::topology_step> steps,
                                completion<creation_report> done) {
  std::string refusal;
  if (!begin(by, refusal)) {
    asio::post(context_, [done = std::move(done), refusal] { done(inspection_failure{refusal}); });
    return;
  }
  auto creation = std::make_shared<relay::topology_creation>(std::move(steps));
  auto room = std::make_shared<visit*>(nullptr);
  auto begun = std::make_unique<broker_visit>(
      context_, by, creation, [this, room, creation, done = std::move(done)](const std::string& problem) {
        leave(*room);
        if (!problem.empty()) return done(inspection_failure{problem});
        creation_report made;
        made.made = creation->made();
        made.refused = creation->refused();
        done(std::move(made));
      });
  *room = begun.get();
  enter(std::move(begun));
}

void topology_inspector::enter(std::unique_ptr<visit> begun) {
  visits_.push_back(std::move(begun));
  visits_.back()->start();
}

// Not at once: it is one of its own handlers that calls us.
void topology_inspector::leave(visit* over) {
  asio::post(context_, [this, over] {
    std::erase_if(visits_, [over](const auto& each) { return each.get() == over; });
    if (visits_.empty() && on_idle_) on_idle_();
  });
}

void topology_inspector::stop() {
  stopping_ = true;
  for (const auto& each : visits_)
    each->stop();
}

} // namespace postponed::io
