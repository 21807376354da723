#include "message_desk.hpp"

#include "base/fingerprint.hpp"
#include "io/wall_timer.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace postponed {

namespace {

using namespace std::chrono_literals;
using admin::failure;
using kind = admin::failure::kind;
using standing = relay::engine::standing;

constexpr auto key_window = 24h;                 // of an idempotency key
constexpr std::size_t most_properties = 100'000; // bytes: they must fit a frame
constexpr auto patience = 1s;                    // a search answers what it has by then
constexpr std::size_t chunk = 500;               // changes of a bulk in one commit
constexpr std::size_t ids_at_once = 2000;

wall_time now() {
  return io::read_clocks().wall;
}

store::fingerprint as_fingerprint(const std::pair<std::uint64_t, std::uint64_t>& digest) {
  return {digest.first, digest.second};
}

failure refusal(kind what, std::string why) {
  return {what, std::move(why)};
}

std::string days_of(microseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::hours>(time).count()) + " h";
}

failure not_held(const held_id& id, bool was_given) {
  if (was_given)
    return refusal(kind::conflict,
                   "message " + to_string(id) + " is no longer held: it was released or cancelled");
  return refusal(kind::not_found, "there is no message " + to_string(id));
}

failure not_now(const held_id& id, standing why) {
  if (why == standing::in_flight)
    return refusal(kind::conflict, "message " + to_string(id) + " is being published at this moment");
  return refusal(kind::conflict, "message " + to_string(id) +
                                     " was published, and the connection was lost before the broker's answer:"
                                     " it may have been delivered, and is published again");
}

wall_time due_after(const admin::message_change& to, wall_time at) {
  if (to.due) return *to.due;
  return to.delay ? at + *to.delay : at;
}

} // namespace

const relay::route_parameters* message_desk::route_named(const std::string& name) const {
  const auto& routes = driver_.engine().limits().routes;
  const auto at =
      std::find_if(routes.begin(), routes.end(), [&](const auto& each) { return each.name == name; });
  return at == routes.end() ? nullptr : &*at;
}

std::string message_desk::why_not_scheduled(const admin::schedule_order& order, wall_time due,
                                            wall_time at) const {
  static const relay::route_parameters direct{};
  const relay::route_parameters* const route = order.route ? route_named(*order.route) : &direct;
  if (route == nullptr) {
    std::string names;
    for (const relay::route_parameters& each : driver_.engine().limits().routes)
      names += (names.empty() ? "" : ", ") + each.name;
    return "there is no route " + *order.route + "; there are " + (names.empty() ? "none" : names);
  }
  if (order.content.body.size() > route->max_size)
    return "the body has " + std::to_string(order.content.body.size()) + " bytes, and may have " +
           std::to_string(route->max_size);
  if (order.content.properties.size() > most_properties)
    return "properties and headers have " + std::to_string(order.content.properties.size()) +
           " bytes together, and may have " + std::to_string(most_properties);
  if (due - at > route->delay.max)
    return "it would be due in " + days_of(due - at) + ", and may be in " + days_of(route->delay.max) +
           (order.route ? " (max of the route)" : "");
  if (!order.route) return {};
  if (route->release.origin)
    return "route " + route->name +
           " releases to the queue where a message died, and this one died nowhere; "
           "name a queue instead";
  const bool own_address = !route->release.queue && !route->release.exchange;
  if (own_address && order.content.exchange.empty() && order.content.routing_key.empty())
    return "route " + route->name +
           " releases by the exchange and routing key that a message came with; name "
           "them instead of the route";
  return {};
}

void message_desk::schedule(admin::schedule_order order, admin::completion<admin::scheduled> done) {
  if (driver_.stopping()) return done(refusal(kind::unavailable, "the daemon is stopping"));
  const wall_time at = now();
  const relay::route_parameters* const route = order.route ? route_named(*order.route) : nullptr;
  if (!order.due && !order.delay && route != nullptr) order.delay = route->delay.by_default;
  const wall_time due = order.due ? *order.due : at + order.delay.value_or(microseconds{0});
  if (std::string why = why_not_scheduled(order, due, at); !why.empty())
    return done(refusal(kind::invalid, std::move(why)));
  store::insert_request request;
  held_record& record = request.record;
  record.due = std::max(due, at);
  record.relative = !order.due;
  record.first_seen = at;
  record.route = order.route.value_or(relay::scheduled_route);
  record.content = std::move(order.content);
  if (order.to) { // where it also goes if there is no dead letter
    record.content.exchange = order.to->exchange;
    record.content.routing_key = order.to->routing_key;
  }
  record.to = std::move(order.to);
  if (!order.idempotency_key.empty()) {
    request.dedup = as_fingerprint(fingerprint_of({"idempotency", order.idempotency_key}));
    request.dedup_until = at + key_window;
    request.content = as_fingerprint(fingerprint_of({order.request}));
  }
  driver_.schedule(std::move(request), [done = std::move(done)](const store::insert_outcome& outcome) {
    if (outcome.suppressed && !outcome.duplicate)
      return done(
          refusal(kind::invalid, "this idempotency key came with another request before, which is message " +
                                     to_string(outcome.held.id) + "; take a new key for a new message"));
    done(admin::scheduled{outcome.held.id, outcome.held.due, outcome.suppressed});
  });
}

void message_desk::list(store::message_filter by, store::horizon_position after, std::size_t limit,
                        admin::completion<store::message_page<store::held_summary>> done) {
  using page = store::message_page<store::held_summary>;
  struct search {
    store::message_filter by;
    std::size_t limit = 0;
    page found;
    steady_time give_up{};
    admin::completion<page> done;
    io::relay_driver* driver = nullptr;

    // Piece by piece, so that commits come between them.
    static void go_on(std::shared_ptr<search> self, store::horizon_position from) {
      const std::size_t wanted = self->limit - self->found.messages.size();
      const auto ask = [by = self->by, from, wanted](store::store& held) {
        return held.held().list(by, from, wanted);
      };
      self->driver->store().ask(ask, [self](page&& got) {
        page& found = self->found;
        found.next = got.next;
        std::move(got.messages.begin(), got.messages.end(), std::back_inserter(found.messages));
        const bool late = io::read_clocks().steady > self->give_up;
        if (!got.next || found.messages.size() >= self->limit || (late && !found.messages.empty()) ||
            io::read_clocks().steady > self->give_up + 20 * patience)
          return self->done(std::move(found));
        go_on(self, *got.next);
      });
    }
  };
  auto all = std::make_shared<search>();
  all->by = std::move(by);
  all->limit = limit;
  all->give_up = io::read_clocks().steady + patience;
  all->done = std::move(done);
  all->driver = &driver_;
  search::go_on(std::move(all), after);
}

void message_desk::get(held_id id, admin::completion<admin::message_view> done) {
  struct answer {
    std::optional<held_record> record;
    bool was_given = false;
  };
  const auto ask = [id](store::store& held) -> boost::system::result<answer> {
    auto record = held.held().get(id);
    if (!record) return record.error();
    return answer{std::move(*record), held.held().was_given(id)};
  };
  driver_.store().ask(ask, [this, id, done = std::move(done)](answer&& got) {
    admin::message_view view;
    if (got.record || got.was_given)
      for (const relay::history_event& each : driver_.engine().past().of(id.row))
        view.history.push_back({each.at, std::string{relay::to_string(each.what)}});
    if (!got.record && view.history.empty()) return done(not_held(id, got.was_given));
    if (got.record) view.bytes = got.record->content.body.size() + got.record->content.properties.size();
    view.record = std::move(got.record);
    done(std::move(view));
  });
}

std::string message_desk::why_not_moved(const std::string& route, wall_time due, wall_time at) const {
  const relay::route_parameters* const of = route_named(route);
  const microseconds most = of != nullptr ? of->delay.max : proto::delay_policy{}.max;
  if (due - at <= most) return {};
  return "it would be due in " + days_of(due - at) + ", and may be in " + days_of(most) +
         (of != nullptr ? " (max of route " + route + ")" : "");
}

std::string message_desk::why_not_released(const std::string& route) const {
  const auto& counted = driver_.engine().count().routes;
  const auto at = counted.find(route);
  if (at == counted.end() || !at->second.configured)
    return "its route " + route + " is not in the configuration; what it holds waits";
  if (at->second.paused) return "its route " + route + " is paused; resume it first";
  return {};
}

void message_desk::change(held_id id, admin::message_change to, admin::completion<admin::message_view> done) {
  if (driver_.stopping()) return done(refusal(kind::unavailable, "the daemon is stopping"));
  get(id, [this, id, to, done = std::move(done)](admin::outcome<admin::message_view> got) {
    if (!got) return done(got.error());
    if (!got->record) return done(not_held(id, true));
    apply(std::move(*got->record), to, done);
  });
}

void message_desk::apply(held_record record, const admin::message_change& to,
                         admin::completion<admin::message_view> done) {
  using change = admin::message_change::kind;
  const wall_time at = now();
  const wall_time due = std::max(due_after(to, at), at);
  if (to.what == change::reschedule)
    if (std::string why = why_not_moved(record.route, due, at); !why.empty())
      return done(refusal(kind::invalid, std::move(why)));
  if (to.what == change::release)
    if (std::string why = why_not_released(record.route); !why.empty())
      return done(refusal(kind::conflict, std::move(why)));
  const held_id id = record.id;
  store::held_change asked{0, id, {}};
  if (to.what != change::cancel) asked.due = due;
  const auto result = driver_.change(
      {asked}, [id, record = std::move(record), asked, done](const store::change_outcome& outcome) mutable {
        if (!outcome.held) return done(not_held(id, true));
        if (asked.due) {
          record.due = *asked.due;
          record.relative = false;
        }
        admin::message_view view;
        view.bytes = outcome.after.bytes;
        view.record = std::move(record);
        done(std::move(view));
      });
  if (result.front() != standing::free) done(not_now(id, result.front()));
}

// --- many

struct message_desk::bulk {
  admin::message_selection which;
  admin::message_change to;
  admin::completion<admin::bulk_outcome> done;
  std::vector<held_id> ids;
  std::size_t next = 0;    // of ids, to be changed
  std::size_t waiting = 0; // for commits
  admin::bulk_outcome result;
  wall_time due{};
};

void message_desk::change_all(admin::message_selection which, admin::message_change to,
                              admin::completion<admin::bulk_outcome> done) {
  if (driver_.stopping()) return done(refusal(kind::unavailable, "the daemon is stopping"));
  auto all = std::make_shared<bulk>();
  const wall_time at = now();
  all->due = std::max(due_after(to, at), at);
  if (to.what == admin::message_change::kind::reschedule)
    if (std::string why = why_not_moved(which.by.route.value_or(""), all->due, at); !why.empty())
      return done(refusal(kind::invalid, std::move(why)));
  if (to.what == admin::message_change::kind::release && which.by.route)
    if (std::string why = why_not_released(*which.by.route); !why.empty())
      return done(refusal(kind::conflict, std::move(why)));
  all->which = std::move(which);
  all->to = to;
  all->done = std::move(done);
  struct gathering {
    static void go_on(message_desk* desk, std::shared_ptr<bulk> self, store::horizon_position from) {
      const auto ask = [by = self->which.by, from](store::store& held) {
        return held.held().ids(by, from, ids_at_once);
      };
      desk->driver_.store().ask(ask, [desk, self](store::message_page<held_id>&& got) {
        self->ids.insert(self->ids.end(), got.messages.begin(), got.messages.end());
        if (got.next) return go_on(desk, self, *got.next);
        desk->gather(self);
      });
    }
  };
  gathering::go_on(this, std::move(all), {});
}

void message_desk::gather(std::shared_ptr<bulk> all) {
  // One that was moved while the list was read may stand in it twice.
  std::sort(all->ids.begin(), all->ids.end());
  all->ids.erase(std::unique(all->ids.begin(), all->ids.end()), all->ids.end());
  all->result.matched = all->ids.size();
  if (all->which.dry_run) return all->done(all->result);
  if (all->which.count && *all->which.count != all->result.matched)
    return all->done(refusal(kind::conflict, std::to_string(all->result.matched) + " messages match, not " +
                                                 std::to_string(*all->which.count) +
                                                 "; nothing was done: look again with dry_run"));
  proceed(all);
}

// One piece a commit, so that what flows is not kept waiting.
void message_desk::proceed(const std::shared_ptr<bulk>& all) {
  while (all->waiting == 0) {
    if (all->next == all->ids.size()) return all->done(all->result);
    if (driver_.stopping())
      return all->done(refusal(kind::unavailable, "the daemon is stopping; " +
                                                      std::to_string(all->result.changed) + " of " +
                                                      std::to_string(all->ids.size()) + " were changed"));
    std::vector<store::held_change> some;
    for (; some.size() < chunk && all->next < all->ids.size(); ++all->next) {
      store::held_change each{0, all->ids[all->next], {}};
      if (all->to.what != admin::message_change::kind::cancel) each.due = all->due;
      some.push_back(each);
    }
    const auto result = driver_.change(std::move(some), [this, all](const store::change_outcome& outcome) {
      ++(outcome.held ? all->result.changed : all->result.missed);
      if (--all->waiting == 0) proceed(all);
    });
    for (const standing each : result)
      ++(each == standing::free ? all->waiting : all->result.missed);
  }
}

void message_desk::calendar(store::calendar_query what,
                            admin::completion<std::vector<store::calendar_span>> done) {
  const auto ask = [what = std::move(what)](store::store& held) { return held.held().calendar(what); };
  driver_.store().ask(
      ask, [done = std::move(done)](std::vector<store::calendar_span>&& got) { done(std::move(got)); });
}

} // namespace postponed
