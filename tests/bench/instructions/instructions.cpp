// Work of a fixed size, of which instructions and allocations are counted: `measured` is what
// `valgrind --tool=callgrind --toggle-collect=measured` collects. No clock, no socket, no disk: the same work
// every time.
//
//   instructions --list
//   instructions CASE       does it, and prints "CASE OPERATIONS ALLOCATIONS LARGE-ALLOCATIONS"
//
// tests/bench/check_instructions compares the counts with those in the tree.
#include "bench/instructions/counted_allocations.hpp"
#include "bench/instructions/relay_path.hpp"
#include "proto/headers.hpp"
#include "proto/properties.hpp"
#include "schedule/timer_wheel.hpp"

#include <fmt/core.h>

#include <functional>
#include <map>
#include <random>

using namespace postponed;
using namespace postponed::bench;

// A name of its own, not inlined: callgrind begins and ends here.
extern "C" [[gnu::noinline]] void measured(const std::function<void()>& work) {
  count_allocations(true);
  work();
  count_allocations(false);
}

namespace {

using namespace std::chrono_literals;

const wall_time start{std::chrono::hours{24 * 365 * 50}};

std::size_t codec_deliver() {
  constexpr std::size_t count = 2000, a_read = 50;
  test::scripted_broker peer;
  peer.open();
  peer.open_channel(1);
  amqp_basic_deliver_t deliver{};
  deliver.consumer_tag = test::bytes("postponed.orders");
  deliver.exchange = test::bytes("shop");
  deliver.routing_key = test::bytes("order.placed");
  std::string chunk;
  for (std::size_t i = 0; i < a_read; ++i) {
    deliver.delivery_tag = i + 1;
    chunk += test::method_frame(1, deliver) +
             test::content_frames(1, properties_of_a_message(1500), std::string(1024, 'x'));
  }
  std::size_t events = 0;
  const auto work = [&](std::size_t messages) {
    for (std::size_t i = 0; i < messages; i += a_read) {
      peer.client.receive(chunk, peer.now);
      events += peer.client.take_events().size();
    }
  };
  work(count);
  measured([&] { work(count); });
  return events == 2 * count ? count : 0;
}

std::size_t codec_publish() {
  constexpr std::size_t count = 4000, a_write = 50;
  test::scripted_broker peer;
  peer.open();
  peer.open_channel(1);
  const std::string properties = properties_of_a_message(1500), body(1024, 'x');
  std::size_t octets = 0;
  const auto work = [&](std::size_t messages) {
    for (std::size_t i = 0; i < messages; ++i) {
      peer.client.publish(1, "shop", "order.placed", properties, body, true);
      if (i % a_write != a_write - 1) continue;
      octets += peer.client.output().size();
      peer.client.output().clear();
    }
  };
  work(count);
  measured([&] { work(count); });
  return octets > 2 * count * body.size() ? count : 0;
}

std::size_t codec_properties() {
  constexpr std::size_t count = 4000;
  const std::string raw = properties_of_a_message(1500);
  proto::release_stamp stamp;
  stamp.id = "1a2b3c4-5d6e7f-01234567";
  stamp.route = "orders";
  const proto::delay_policy policy;
  std::size_t good = 0;
  measured([&] {
    for (std::size_t i = 0; i < count; ++i) {
      stamp.due = proto::read_due(raw, policy, start).due;
      good += proto::release_properties(raw, stamp).size() > raw.size() ? 1 : 0;
    }
  });
  return good;
}

std::size_t wheel_insert_expire() {
  constexpr std::size_t count = 200000;
  struct payload { // as in relay/horizon
    held_ref held;
    std::uint8_t what = 0;
  };
  std::mt19937_64 random{1};
  std::vector<wall_time> dues(count);
  for (wall_time& each : dues)
    each = start + microseconds{static_cast<std::int64_t>(random() % 5'000'000)};
  schedule::timer_wheel<payload> wheel;
  std::vector<schedule::timer_wheel<payload>::expired> out;
  std::size_t expired = 0;
  const auto work = [&] {
    wheel.advance(start, out);
    for (const wall_time due : dues)
      wheel.insert(due, {});
    for (wall_time now = start; now <= start + 5s; now += 1ms) {
      out.clear();
      wheel.advance(now, out);
      expired += out.size();
    }
  };
  work();
  measured(work);
  return expired == 2 * count ? count : 0;
}

std::size_t relay_whole_way(bool read_back) {
  constexpr std::size_t count = 4000;
  relay_path path{read_back};
  path.run(1500); // until something comes out as fast as it goes in
  const std::size_t before = path.done();
  measured([&] { path.run(count); });
  return path.done() - before;
}

const std::map<std::string_view, std::function<std::size_t()>> cases{
    {"codec.deliver", codec_deliver},
    {"codec.publish", codec_publish},
    {"codec.properties", codec_properties},
    {"wheel.insert_expire", wheel_insert_expire},
    {"relay.kept", [] { return relay_whole_way(false); }},
    {"relay.read_back", [] { return relay_whole_way(true); }}};

} // namespace

int main(int argc, char** argv) try {
  const std::string_view name = argc == 2 ? argv[1] : "";
  if (name == "--list") {
    for (const auto& [each, work] : cases)
      fmt::print("{}\n", each);
    return 0;
  }
  const auto found = cases.find(name);
  if (found == cases.end()) {
    fmt::print(stderr, "usage: instructions --list | CASE\n");
    return 2;
  }
  const std::size_t operations = found->second();
  if (operations == 0) {
    fmt::print(stderr, "instructions: {} did not do its work\n", name);
    return 1;
  }
  const allocation_count counted = allocations_counted();
  fmt::print("{} {} {} {}\n", name, operations, counted.all, counted.large);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "instructions: {}\n", error.what());
  return 1;
}
