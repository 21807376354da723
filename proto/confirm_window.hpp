// Pairs publisher confirms with what was published: tag -> record, on one opening of one channel.
//
// RabbitMQ confirms out of order and `multiple`; basic.return comes before the ack of its message and carries
// no tag (it is correlated by the message's postponed-id, here the key). A return wins over the ack that
// follows it. Pure; one thread. Tags come from session::publish and count up from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace postponed::proto {

class confirm_window {
 public:
  enum class outcome { confirmed, returned, refused, unknown };
  struct settled {
    std::uint64_t key = 0; // the caller's
    outcome result = outcome::unknown;
    std::uint16_t code = 0; // of the return
    std::string text;       // of the return
  };

  // `tag` must be greater than every tag added since the last on_lost(); a key stands in the window at most
  // once. `bytes` counts towards bytes().
  void add(std::uint64_t tag, std::uint64_t key, std::size_t bytes);
  // Remembers that the message `key` was returned; false where it is not in the window. O(size) at worst:
  // returns are rare, and an index by key would cost every message a node.
  bool on_returned(std::uint64_t key, std::uint16_t code, std::string text);
  // Settles a tag, or with `multiple` every tag up to it (0: all), into `out`. An unknown tag settles
  // nothing.
  void on_confirmed(std::uint64_t tag, bool multiple, std::vector<settled>& out);
  void on_refused(std::uint64_t tag, bool multiple, std::vector<settled>& out);
  // Forgets a message whose confirm is no longer waited for: a late answer to it settles nothing. O(size).
  void abandon(std::uint64_t key);
  // The channel or connection is gone: everything left is `unknown`, oldest first (returned ones stay
  // returned). Tags count from 1 again.
  void on_lost(std::vector<settled>& out);

  std::size_t size() const { return live_; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return live_ == 0; }

 private:
  struct entry {
    std::uint64_t key = 0;
    std::size_t bytes = 0;
    bool live = false;
  };
  struct return_note {
    std::uint16_t code = 0;
    std::string text;
  };
  void settle(std::uint64_t tag, bool multiple, outcome result, std::vector<settled>& out);
  void settle_one(entry& slot, outcome result, std::vector<settled>& out);
  entry* find(std::uint64_t key); // the live one
  void trim();

  // entries_[i] has the tag first_tag_ + i. Behind an unsettled front, settled places stay until it goes:
  // memory is bounded by what is published within the owner's confirm deadline.
  std::deque<entry> entries_;
  std::uint64_t first_tag_ = 1;
  std::size_t live_ = 0;
  std::size_t bytes_ = 0;
  std::unordered_map<std::uint64_t, return_note> returned_;
};

} // namespace postponed::proto
