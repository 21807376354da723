// Asks after the watched dead-letter queues on the consuming connection, on two channels below those of
// io/consumers: one for passive declares, one to look into queues (io/peeker), since what fails costs its
// channel. What the answers mean is decided by relay/watch. Lives on the io_context's thread; after stop(),
// until that has run what is pending.
#pragma once

#include "io/broker_link.hpp"
#include "io/peeker.hpp"
#include "relay/watch.hpp"
#include "store/letters.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace postponed::io {

class watcher {
 public:
  static constexpr proto::channel_id channel = 1, peeking_channel = 2;

  using totals_taker = std::function<void(const std::vector<store::letter_totals>&)>;
  struct handlers {
    // How many messages postponed had confirmed by this dead letter, or drew from its queue where it is
    // collected; since the start, only growing.
    std::function<std::uint64_t(const relay::watched& of)> arrivals;
    // Asks the store for letters::totals(); answers later, on this thread, or never where the store failed.
    std::function<void(totals_taker answer)> totals;
    std::function<void(const relay::alert_event&)> on_alert; // it is in the log already
  };
  // `settle`: so long after connecting nothing is asked, for the topology may be on its way.
  watcher(boost::asio::io_context& context, handlers on, peeker::limits bounds = {},
          std::chrono::milliseconds settle = std::chrono::seconds{1});
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;
  void attach(broker_link& link); // before anything else

  // At the start, when the topology stands, and after a reload.
  void set(std::vector<relay::watched> wanted);
  static bool takes(const proto::session_event& event); // it belongs to one of our channels
  void on_up();                                         // event::opened came
  void on_event(proto::session_event&& event);
  void on_down();

  // Copies of the first messages of a queue, which stay where they are. `done` is called once, later.
  void peek(std::string queue, std::size_t limit, peeker::taker done) {
    peeker_.peek(std::move(queue), limit, std::move(done));
  }

  void stop(); // nothing is asked any more; peeks that wait are answered
  std::vector<relay::watched_state> state() const { return watch_.state(); }

 private:
  enum class phase : std::uint8_t { closed, opening, open };

  void tick();
  void arm();
  void ask_next();
  void look_if_wanted(const std::string& name);
  void on_depth(const std::string& name, std::uint64_t depth);
  void on_totals(const std::vector<std::string>& names, const std::vector<store::letter_totals>& totals);
  void on_closed(const proto::event::channel_closed& closed);
  void on_problem(const std::string& name, bool missing, const std::string& text);
  void tell();
  const relay::watched* find(const std::string& name) const;

  handlers on_;
  std::chrono::milliseconds settle_;
  relay::watch watch_;
  peeker peeker_;
  broker_link* link_ = nullptr;
  std::map<std::string, relay::watched> watched_;
  std::map<std::string, steady_time> due_;      // when each is asked after next
  std::map<std::string, std::string> problems_; // as logged
  std::set<std::string> looking_;               // their heads are being looked at
  std::deque<std::string> asks_;                // names; the first may be under way
  phase at_ = phase::closed;
  bool asking_ = false;
  bool totals_under_way_ = false;
  bool stopping_ = false;
  boost::asio::steady_timer timer_;
};

} // namespace postponed::io
