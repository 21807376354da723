// What benchmarks of messages share: a publisher with a confirm window, a consumer that says how late each
// message is, percentiles. Blocking; a load runs in a child process, so that its time is not the measurer's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace postponed::bench {

// Runs `work` in a child process, which ends with the caller; its exit code 0 means success.
pid_t in_child(const std::function<void()>& work);
// Waits for it; throws std::runtime_error where it failed.
void expect_success(pid_t child);

// Of a process: user and system, all threads, so far. Throws std::runtime_error where there is none.
double processor_seconds(pid_t process);
// Of this process's children that ended and were waited for.
double processor_seconds_of_children();

// How much of the machine's processors nobody used since it was made; waiting for a disk counts as such. Of
// two runs of one program the one with less of it had the slower machine. Throws std::runtime_error without a
// /proc/stat.
class idle_share {
 public:
  idle_share() : from_{now()} {}
  double since() const; // 0 to 1; of a second or more: it is counted in hundredths of one

 private:
  struct ticks {
    double idle = 0, all = 0;
  };
  static ticks now();
  ticks from_;
};

// Where messages are published: a queue's name for the default exchange, or a key for another one.
struct target {
  target(std::string key, std::string to_exchange = {}) // by intention not explicit: most are queues
      : routing_key{std::move(key)}, exchange{std::move(to_exchange)} {}
  std::string routing_key, exchange;
};

// Publishes `count` messages of `size` bytes with a window of confirms; each body begins with the time at
// which it is due, in us. `delay_ms` says the delay of each, negative: no header. `rate` a second; 0: as fast
// as the window allows. Throws std::runtime_error.
// `properties` writes a delay into a message; by default as properties_with_delay(). `mandatory`: the broker
// is to return what it cannot route.
void publish(std::uint16_t port, const target& to, std::size_t count, std::size_t size,
             const std::function<std::int64_t(std::size_t)>& delay_ms, double rate,
             std::string (*properties)(std::int64_t) = nullptr, bool mandatory = false);

struct arrivals {
  std::vector<double> late_ms; // in the order of arrival
  std::vector<double> at_s;    // when each came, from the beginning of consume()
  std::uint64_t octets = 0;    // of bodies
  std::chrono::steady_clock::time_point last;
};
// Takes `count` of what publish() sent; throws std::runtime_error where none comes for so long.
arrivals consume(std::uint16_t port, const std::string& queue, std::size_t count,
                 std::chrono::seconds patience, std::uint16_t prefetch = 2000);

// A steady flow: a child process publishes `rate` a second for so many seconds to `from`, with delays of 1 to
// 5 s drawn at random; take() consumes them.
class steady_flow {
 public:
  steady_flow(std::uint16_t port, const target& from, double rate, std::size_t seconds,
              std::size_t size = 1024, std::string (*properties)(std::int64_t) = nullptr);
  // All of them out of `to`, and so many others; waits for the load. Once.
  arrivals take(const std::string& to, std::size_t others = 0);

 private:
  std::uint16_t port_;
  std::size_t count_;
  pid_t load_;
};

// A line for http_client's upload(): a message of `size` bytes due at `due_us` (UTC), whose body begins with
// that as those of publish() do.
std::string scheduled_line(const std::string& route, std::int64_t due_us, std::size_t size);

// The value below which that share lies; 0 of none.
double percentile(std::vector<double> values, double share);

} // namespace postponed::bench
