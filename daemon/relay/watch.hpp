// What is known of each watched dead-letter queue, and when that is a reason to wake somebody: depth, age of
// the oldest, arrivals a minute; alerts by thresholds, with hysteresis. Pure: readings and `now` in, alerts
// out; io/watcher does the asking. One thread.
//
// The rate. Between two readings of the depth at least as many arrived as the depth grew, and at least as
// many as postponed itself sent there and had confirmed; the larger of the two counts, for what we sent shows
// in the depth as well. What others send while somebody drains the queue may be missed: the rate is never
// too high. It is the sum over the last minute (over the last reading, where readings are rarer), and before
// a minute was watched what came is still divided by a whole one.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::relay {

enum class alert_kind : std::uint8_t { depth, age, rate };
inline constexpr std::size_t alert_kinds = 3;
std::string_view to_string(alert_kind value); // on the wire of the webhooks and in metrics: never rename one

struct alert_policy {
  std::uint64_t depth = 0; // messages; 0: not asked for, as with the others
  microseconds age{0};     // of the oldest
  double rate = 0;         // arrivals a minute
  double clear = 0.8;      // an alert ends below this share of its threshold
  std::string webhook;     // empty: log and metrics only
};

// A dead letter of the file that has a queue.
struct watched {
  std::string name, queue;
  bool collect = false; // its messages are in the store: depth and age are those of the letters kept
  microseconds poll{std::chrono::seconds{10}};
  std::optional<alert_policy> alert;
};

// Values and thresholds are messages, seconds, or messages a minute.
struct alert {
  alert_kind kind = alert_kind::depth;
  double value = 0, threshold = 0;
  wall_time since{}; // when it was raised
};
std::string value_text(double value); // no exponent, at most three decimals: JSON takes it
struct alert_event {
  bool raised = false; // false: it is over
  std::string dead_letter, queue, webhook;
  alert what;
};

struct watched_state {
  std::string name, queue;
  bool collect = false;
  bool known = false;   // the depth was read at least once
  bool missing = false; // there is no such queue
  std::string problem;  // why it cannot be read; empty: it can
  std::string note;     // what cannot be told of it, and why
  std::uint64_t depth = 0;
  wall_time depth_at{};                  // when that was read
  std::optional<wall_time> oldest;       // when the oldest became a dead letter; nothing: empty or not known
  std::optional<double> rate_per_minute; // nothing until there are two readings
  std::vector<alert> alerts;             // those that are raised
};

// When a message became a dead letter, as its headers tell: postponed's own, else x-death.
std::optional<wall_time> died_at(std::string_view raw_properties, std::string_view dead_letter_queue);

// Whether the broker tells with a message how often it was delivered (x-delivery-count): it lies in a quorum
// queue, where brokers before 4.3 count every look against the delivery limit.
bool counts_deliveries(std::string_view raw_properties);

class watch {
 public:
  // What is known of those that stay is kept. An alert of one that goes, or that is no longer asked for,
  // ends.
  void set(std::vector<watched> all, moment now);
  std::vector<watched> all() const;

  // A reading. `arrived`: how many postponed sent there, or drew from there, since it started; it only grows.
  void on_depth(const std::string& name, std::uint64_t depth, std::uint64_t arrived, moment now);
  // The oldest of a collected one, from the store; nothing: there is none.
  void on_oldest(const std::string& name, std::optional<wall_time> oldest, moment now);
  // It could not be read. `missing`: there is no such queue.
  void on_problem(const std::string& name, bool missing, std::string problem);

  // Whether to look at the head of a queue that is not collected, to learn its age: at most once a minute,
  // where an alert needs it, it is not known, or the queue became shorter since. Never again once the head
  // counts deliveries.
  bool wants_look(const std::string& name, moment now) const;
  // The head's properties; nothing: the queue was empty.
  void on_head(const std::string& name, std::optional<std::string_view> raw_properties, moment now);

  std::vector<alert_event> take_events();
  std::vector<watched_state> state() const; // by name

 private:
  struct span { // between two readings
    steady_time from{}, to{};
    std::uint64_t arrivals = 0;
  };
  struct entry {
    watched what;
    watched_state shown;
    std::uint64_t arrived = 0;
    steady_time read_at{};
    std::deque<span> spans;
    std::optional<steady_time> looked_at;
    bool looks_cost = false;
    bool drained = false; // it became shorter since the look: the head is another
    std::array<std::optional<alert>, alert_kinds> raised;
  };

  entry* find(const std::string& name);
  void judge(entry& one, moment now);
  void judge(entry& one, alert_kind kind, std::optional<double> value, double threshold, moment now);
  void end(entry& one, alert_kind kind, double value);

  std::map<std::string, entry> entries_;
  std::vector<alert_event> events_;
};

} // namespace postponed::relay
