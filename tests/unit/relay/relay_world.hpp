// A whole world around the engine, with no broker and no waiting: a memory store, a broker whose answers a
// test chooses, and a clock that moves when told.
#pragma once

#include "proto/properties.hpp"
#include "relay/engine.hpp"
#include "support/memory_store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postponed::test {

using namespace std::chrono_literals;

struct published {
  relay::lane on = relay::lane::main;
  std::uint64_t tag = 0;
  std::string exchange, routing_key, properties, body;
  wall_time at{};

  std::string header(std::string_view name) const {
    const auto view = proto::properties_view::parse(properties);
    if (!view || !view->headers) return {};
    const auto fields = proto::read_table(*view->headers);
    if (!fields) return {};
    for (const proto::field& each : *fields)
      if (each.name == name) {
        if (const auto text = each.text()) return std::string{*text};
        if (const auto number = each.integer()) return std::to_string(*number);
      }
    return {};
  }
};

class relay_world {
 public:
  enum class answer { confirm, give_back, refuse, silence };
  using broker = std::function<answer(const published&)>;

  explicit relay_world(relay::parameters limits,
                       std::shared_ptr<memory_store> kept = std::make_shared<memory_store>())
      : held{std::move(kept)}, engine{std::move(limits), [] { return 0.5; }} {
    engine.start(held->stats());
  }

  static relay::route_parameters route(std::string name) {
    relay::route_parameters result;
    result.queue = name + ".later";
    result.release.queue = name + ".work";
    result.dead_letter.exchange = "dlx";
    result.dead_letter.routing_key = "dead.{route}.{reason}";
    result.publish_attempts = 3;
    result.name = std::move(name);
    return result;
  }
  static relay::parameters one_route() {
    relay::parameters limits;
    limits.routes = {route("orders")};
    return limits;
  }

  void open_lanes() {
    engine.on_lane_open(relay::lane::main, now);
    engine.on_lane_open(relay::lane::probe, now);
    settle();
  }
  // By itself, or closed by the broker with this code over something that was sent.
  void lose_connection(std::uint16_t code = 0, const std::string& text = {}) {
    engine.on_lane_lost(relay::lane::probe, code, text, now);
    engine.on_lane_lost(relay::lane::main, code, text, now);
    settle();
  }

  // A delivery with `x-delay` in milliseconds, or none.
  void deliver(std::optional<std::int64_t> delay_ms, std::string body = "body", std::size_t route_index = 0,
               bool redelivered = false, std::string message_id = {}) {
    proto::event::delivered each;
    each.channel = static_cast<proto::channel_id>(route_index + 1);
    each.tag = ++next_delivery_tag[route_index];
    each.redelivered = redelivered;
    each.content = message(delay_ms, std::move(body), message_id);
    engine.on_delivery(static_cast<relay::source_id>(route_index + 1), 1, std::move(each),
                       now); // numbered from 1
    settle();
  }
  static proto::message message(std::optional<std::int64_t> delay_ms, std::string body,
                                const std::string& message_id = {}) {
    proto::header_editor headers{{}};
    if (delay_ms) headers.set_integer("x-delay", *delay_ms);
    const std::string table = headers.encode();
    proto::properties_view view;
    if (!headers.empty()) view.headers = table;
    if (!message_id.empty()) view.message_id = message_id;
    return {"shop", "order.placed", proto::encode(view), std::move(body)};
  }

  // A delivery with these headers, as text (numbers where they look like it) or, with x-death, as a death in
  // a queue for a reason.
  struct death {
    std::string queue, reason;
  };
  void deliver_with(const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::optional<death>& died = std::nullopt, relay::source_id from = 1,
                    std::string body = "body", const std::string& message_id = {}) {
    proto::event::delivered each;
    each.tag = ++next_delivery_tag[from - 1];
    each.content = message_with(headers, died, std::move(body), message_id);
    engine.on_delivery(from, 1, std::move(each), now);
    settle();
  }
  static proto::message message_with(const std::vector<std::pair<std::string, std::string>>& headers,
                                     const std::optional<death>& died, std::string body,
                                     const std::string& message_id = {}) {
    proto::header_editor editor{{}};
    for (const auto& [name, value] : headers)
      if (!value.empty() && value.find_first_not_of("-0123456789") == std::string::npos)
        editor.set_integer(name, std::stoll(value));
      else
        editor.set_text(name, value);
    if (died) { // as a broker of 4.x has it at least; the array's form is proto's business
      editor.set_text("x-last-death-queue", died->queue);
      editor.set_text("x-last-death-reason", died->reason);
      editor.set_text("x-first-death-queue", died->queue);
      editor.set_text("x-first-death-reason", died->reason);
    }
    const std::string table = editor.encode();
    proto::properties_view view;
    if (!editor.empty()) view.headers = table;
    if (!message_id.empty()) view.message_id = message_id;
    return {"shop", "order.placed", proto::encode(view), std::move(body)};
  }
  // The application rejects what was published: it comes to the intake again, dead-lettered by the broker.
  void reject(const published& each, const std::string& queue, relay::source_id from = 1) {
    std::vector<std::pair<std::string, std::string>> headers;
    for (const char* const name : {"postponed-id", "postponed-attempt", "postponed-route",
                                   "postponed-first-seen", "postponed-hops", "postponed-replays"})
      if (const std::string value = each.header(name); !value.empty()) headers.emplace_back(name, value);
    deliver_with(headers, death{queue, "rejected"}, from, each.body);
  }
  // What was published leads back to an intake as it is.
  void bring_back(const published& each, relay::source_id from = 1) {
    proto::event::delivered again;
    again.tag = ++next_delivery_tag[from - 1];
    again.content = {each.exchange, each.routing_key, each.properties, each.body};
    engine.on_delivery(from, 1, std::move(again), now);
    settle();
  }

  // Does everything that can be done at this moment.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      relay::actions wanted;
      engine.run(now, wanted);
      for (relay::ack_action& each : wanted.acks)
        acks.push_back(each);
      for (relay::publish_action& each : wanted.publishes) {
        busy = true;
        publishes.push_back(
            {each.on, each.tag, each.exchange, each.routing_key, each.properties, each.body, now.wall});
        reply(publishes.back());
      }
      if (!wanted.reads.empty()) {
        busy = true;
        engine.on_read(wanted.reads, *held->read(wanted.reads));
      }
      if (wanted.load) {
        busy = true;
        engine.on_loaded(
            *held->load(wanted.load->after, wanted.load->until, wanted.load->limit, wanted.load->skip));
      }
      while (store_works && engine.has_batch()) {
        busy = true;
        auto outcome = held->commit(engine.take_batch(), now.wall);
        engine.on_committed(std::move(*outcome), 1.0);
      }
      for (relay::note& each : wanted.notes)
        notes.push_back(each.text);
    }
  }

  // Lets time pass, waking the engine whenever it asked to be woken.
  void pass(microseconds time) {
    const wall_time end = now.wall + time;
    while (true) {
      const auto wake = engine.next_wake(now);
      if (!wake || *wake > end) break;
      move_to(std::max(*wake, now.wall + 1us));
      settle();
    }
    if (now.wall < end) move_to(end);
    settle();
  }
  // The wall clock is set, the steady one goes on.
  void set_clock_back(microseconds by) {
    now.wall -= by;
    engine.on_clock_back(by);
    settle();
  }

  std::vector<published> to(const std::string& exchange, const std::string& routing_key) const {
    std::vector<published> result;
    for (const published& each : publishes)
      if (each.exchange == exchange && each.routing_key == routing_key) result.push_back(each);
    return result;
  }
  const relay::route_counters& count(const std::string& name = "orders") const {
    return engine.count().routes.at(name);
  }

  moment now{wall_time{std::chrono::hours{24 * 365 * 50}}, steady_time{1h}};
  std::shared_ptr<memory_store> held;
  relay::engine engine;
  broker on_publish = [](const published&) { return answer::confirm; };
  bool store_works = true;
  std::vector<published> publishes;
  std::vector<relay::ack_action> acks;
  std::vector<std::string> notes;
  std::map<std::size_t, std::uint64_t> next_delivery_tag;

 private:
  void move_to(wall_time to) {
    now.steady += std::chrono::duration_cast<steady_time::duration>(to - now.wall);
    now.wall = to;
  }
  void reply(const published& each) {
    switch (on_publish(each)) {
    case answer::confirm:
      engine.on_confirmed(each.on, each.tag, false, now);
      break;
    case answer::give_back:
      engine.on_returned(each.on, each.properties, 312, "NO_ROUTE");
      engine.on_confirmed(each.on, each.tag, false, now);
      break;
    case answer::refuse:
      engine.on_refused(each.on, each.tag, false, now);
      break;
    case answer::silence:
      break;
    }
  }
};

} // namespace postponed::test
