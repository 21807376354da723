// Looks after collected dead letters while the daemon runs: goes on with the replays that are under way
// (relay/replays decides what is next), sends single ones again, and empties the trash of what was in it for
// long enough. The store does each piece in one transaction. A drain is a replay of what lies in a queue that
// is not collected: its pieces are taken from the queue, held, and only then acked.
//
// Lives on the io_context's thread. Answers come later, and none once the store has failed; the keeper
// outlives them.
#pragma once

#include "io/peeker.hpp"
#include "io/store_worker.hpp"
#include "relay/parameters.hpp"
#include "relay/replays.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postponed::io {

// What the configuration says of dead letters, as far as the keeper needs it.
struct keeper_parameters {
  std::vector<std::string> routes; // by which letters may go back as if they had just become due
  std::vector<relay::dead_letter_parameters> dead_letters;
};

class letter_keeper {
 public:
  struct handlers {
    // Letters are held again: the relay is to know.
    std::function<void(const store::replayed&, const std::string& dead_letter)> on_replayed;
    // For drains: takes up to `limit` messages from the head of a queue, and settles them (peeker::take).
    std::function<void(std::string queue, std::size_t limit, peeker::taker done)> take;
    std::function<void(std::uint64_t ticket, bool done)> settle;
  };

  letter_keeper(boost::asio::io_context& context, store_worker& held, keeper_parameters limits, handlers on);
  letter_keeper(const letter_keeper&) = delete;
  letter_keeper& operator=(const letter_keeper&) = delete;

  void start();                          // replays that were running go on
  void reload(keeper_parameters limits); // for the pieces that come
  void stop();                           // no further piece is begun

  // Begins a replay of collected letters; answers the job when it is in the store.
  void begin(relay::replay_spec spec, wall_time now, std::function<void(const store::job&)> done);
  // Begins a drain of the dead letter's queue, of `depth` messages at most: those that come while it goes on
  // may be the same ones, failed again.
  void begin_drain(relay::replay_spec spec, std::uint64_t depth, wall_time now,
                   std::function<void(const store::job&)> done);
  // Sends one again with this content. `done` is told how many were held: 0 where the letter is gone or
  // nothing tells where it came from (the latter counts as skipped).
  void send_one(store::letter_id id, proto::message content, std::string dead_letter,
                std::optional<direct_target> to, std::function<void(const store::replayed&)> done);

  // A person's word, answered when it is in the store. False: `why_not` says in words why it cannot be.
  using done_handler = std::function<void()>;
  bool pause(std::int64_t id, std::string& why_not, done_handler done);
  bool resume(std::int64_t id, std::string& why_not, done_handler done);
  bool stop_job(std::int64_t id, std::string& why_not, done_handler done);
  std::vector<store::job> jobs() const { return replays_.jobs(); } // newest first
  std::optional<store::job> job(std::int64_t id) const { return replays_.job(id); }

 private:
  void go_on();
  void add(store::job&& wanted, relay::replay_spec&& spec, bool counts,
           std::function<void(const store::job&)> done);
  void perform(relay::replays::step&& step);
  void drain(relay::replays::step&& step);
  void hold_drained(relay::replays::step&& step, const relay::dead_letter_parameters& from, peeked&& got);
  void failed(std::int64_t job, std::string why);
  void await(std::int64_t job, done_handler done);
  void answer_settled();
  void write_updates();
  void empty_trashes();
  store::replay_target target_of(const relay::replay_spec& spec, const std::string& dead_letter) const;

  store_worker& store_;
  keeper_parameters limits_;
  handlers on_;
  relay::replays replays_;
  std::multimap<std::int64_t, done_handler> awaiting_; // by job
  std::map<std::int64_t, std::size_t> writing_;        // updates of it that are on their way
  boost::asio::steady_timer wake_;
  boost::asio::steady_timer trash_;
  bool stopping_ = false;
};

} // namespace postponed::io
