// Looks after collected dead letters while the daemon runs: goes on with the replays that are under way
// (relay/replays decides what is next), sends single ones again, and empties the trash of what was in it for
// long enough. The store does each piece in one transaction.
//
// Lives on the io_context's thread. Answers come later, and none once the store has failed; the keeper
// outlives them.
#pragma once

#include "io/store_worker.hpp"
#include "relay/replays.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace postponed::io {

// What the configuration says of dead letters, as far as the keeper needs it.
struct keeper_parameters {
  std::vector<std::string> routes; // by which letters may go back as if they had just become due
  struct trash {
    std::string dead_letter;
    microseconds keep{0};
  };
  std::vector<trash> trashes;
};

class letter_keeper {
 public:
  struct handlers {
    // Letters are held again: the relay is to know.
    std::function<void(const store::replayed&, const std::string& dead_letter)> on_replayed;
  };

  letter_keeper(boost::asio::io_context& context, store_worker& held, keeper_parameters limits, handlers on);
  letter_keeper(const letter_keeper&) = delete;
  letter_keeper& operator=(const letter_keeper&) = delete;

  void start();                          // replays that were running go on
  void reload(keeper_parameters limits); // for the pieces that come
  void stop();                           // no further piece is begun

  // Begins a replay of collected letters; answers the job when it is in the store.
  void begin(relay::replay_spec spec, wall_time now, std::function<void(const store::job&)> done);
  // Sends one again with this content. `done` is told how many were held: 0 where the letter is gone or
  // nothing tells where it came from (the latter counts as skipped).
  void send_one(store::letter_id id, proto::message content, std::string dead_letter,
                std::optional<direct_target> to, std::function<void(const store::replayed&)> done);

  // A person's word. False: `why_not` says in words why it cannot be.
  bool pause(std::int64_t id, std::string& why_not);
  bool resume(std::int64_t id, std::string& why_not);
  bool stop_job(std::int64_t id, std::string& why_not);
  std::vector<store::job> jobs() const { return replays_.jobs(); } // newest first
  std::optional<store::job> job(std::int64_t id) const { return replays_.job(id); }

 private:
  void go_on();
  void perform(relay::replays::step&& step);
  void write_updates();
  void empty_trashes();
  store::replay_target target_of(const relay::replay_spec& spec, const std::string& dead_letter) const;

  store_worker& store_;
  keeper_parameters limits_;
  handlers on_;
  relay::replays replays_;
  boost::asio::steady_timer wake_;
  boost::asio::steady_timer trash_;
  bool stopping_ = false;
};

} // namespace postponed::io
