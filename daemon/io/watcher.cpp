#include "io/watcher.hpp"

#include "base/log.hpp"
#include "io/wall_timer.hpp"
#include "proto/properties.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace postponed::io {

namespace {

constexpr std::uint16_t not_found = 404;

void log_alert(const relay::alert_event& event) {
  log::write(event.raised ? log::level::warning : log::level::info,
             event.raised ? "dead-letter alert" : "dead-letter alert is over",
             {{"dead_letter", event.dead_letter},
              {"queue", event.queue},
              {"kind", std::string{to_string(event.what.kind)}},
              {"value", relay::value_text(event.what.value)},
              {"threshold", relay::value_text(event.what.threshold)}});
}

} // namespace

watcher::watcher(boost::asio::io_context& context, handlers on, peeker::limits bounds,
                 std::chrono::milliseconds settle)
    : on_{std::move(on)}, settle_{settle}, peeker_{context, peeking_channel, bounds}, timer_{context} {}

void watcher::attach(broker_link& link) {
  link_ = &link;
  peeker_.attach(link);
}

bool watcher::takes(const proto::session_event& event) {
  const auto on = proto::channel_of(event);
  return on == channel || on == peeking_channel;
}

const relay::watched* watcher::find(const std::string& name) const {
  const auto at = watched_.find(name);
  return at == watched_.end() ? nullptr : &at->second;
}

void watcher::set(std::vector<relay::watched> wanted) {
  if (stopping_) return;
  const moment now = read_clocks();
  std::map<std::string, steady_time> due;
  watched_.clear();
  for (const relay::watched& each : wanted) {
    watched_.emplace(each.name, each);
    const auto before = due_.find(each.name);
    const steady_time latest = now.steady + each.poll; // a shorter poll begins at once
    due[each.name] = before != due_.end() ? std::min(before->second, latest) : now.steady;
  }
  due_ = std::move(due);
  watch_.set(std::move(wanted), now);
  tell();
  tick();
}

void watcher::on_up() {
  const steady_time settled = std::chrono::steady_clock::now() + settle_;
  for (auto& [name, at] : due_)
    at = settled;
  arm();
}

void watcher::on_down() {
  at_ = phase::closed;
  asking_ = false;
  asks_.clear();
  peeker_.on_down();
  for (const auto& [name, each] : watched_)
    if (!each.collect) watch_.on_problem(name, false, "not connected");
}

void watcher::arm() {
  if (stopping_ || due_.empty()) {
    timer_.cancel();
    return;
  }
  const auto first = std::min_element(
      due_.begin(), due_.end(), [](const auto& one, const auto& other) { return one.second < other.second; });
  timer_.expires_at(first->second);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopping_) tick();
  });
}

// Begins to ask after all that are due.
void watcher::tick() {
  const steady_time now = std::chrono::steady_clock::now();
  std::vector<std::string> collected;
  for (auto& [name, at] : due_) {
    if (at > now) continue;
    const relay::watched& each = watched_.at(name);
    at = now + std::max<microseconds>(each.poll, std::chrono::milliseconds{100});
    if (each.collect)
      collected.push_back(name);
    else if (!link_->is_open())
      watch_.on_problem(name, false, "not connected");
    else if (std::find(asks_.begin(), asks_.end(), name) == asks_.end())
      asks_.push_back(name);
  }
  if (!collected.empty() && !totals_under_way_) {
    totals_under_way_ = true;
    on_.totals([this, names = std::move(collected)](const std::vector<store::letter_totals>& totals) {
      totals_under_way_ = false;
      if (!stopping_) on_totals(names, totals);
    });
  }
  ask_next();
  arm();
}

void watcher::ask_next() {
  if (asking_ || asks_.empty() || stopping_ || !link_->is_open()) return;
  if (at_ == phase::closed) {
    at_ = phase::opening;
    link_->session().open_channel(channel);
    link_->flush();
  }
  if (at_ != phase::open) return;
  const relay::watched* const next = find(asks_.front());
  if (next == nullptr || next->collect) { // a reload took it
    asks_.pop_front();
    return ask_next();
  }
  asking_ = true;
  proto::queue_declaration look;
  look.name = next->queue;
  look.passive = true;
  link_->session().declare(channel, look);
  link_->flush();
}

void watcher::on_event(proto::session_event&& event) {
  using namespace proto::event;
  if (proto::channel_of(event) == peeking_channel) return peeker_.on_event(std::move(event));
  if (std::holds_alternative<channel_opened>(event)) {
    at_ = phase::open;
  } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
    on_closed(*closed);
  } else if (const auto* const answer = std::get_if<queue_declared>(&event)) {
    if (!std::exchange(asking_, false)) return;
    const std::string name = std::move(asks_.front());
    asks_.pop_front();
    // A reload may have given the name to another queue meanwhile.
    if (const relay::watched* const of = find(name); of != nullptr && of->queue == answer->queue)
      on_depth(name, answer->messages);
  }
  ask_next();
}

void watcher::on_closed(const proto::event::channel_closed& closed) {
  const std::string text = std::to_string(closed.code) + " " + closed.text;
  at_ = phase::closed;
  if (!std::exchange(asking_, false)) { // the channel itself is refused: not before the next poll
    for (const std::string& name : std::exchange(asks_, {}))
      on_problem(name, false, text);
    return;
  }
  const std::string name = std::move(asks_.front());
  asks_.pop_front();
  on_problem(name, closed.code == not_found, text);
}

void watcher::on_problem(const std::string& name, bool missing, const std::string& text) {
  const relay::watched* const of = find(name);
  if (of == nullptr) return;
  std::string& logged = problems_[name];
  if (logged != text) {
    log::warning(missing ? "a watched dead-letter queue does not exist"
                         : "a dead-letter queue cannot be watched",
                 {{"dead_letter", name}, {"queue", of->queue}, {"why", text}});
    logged = text;
  }
  watch_.on_problem(name, missing, text);
}

void watcher::on_depth(const std::string& name, std::uint64_t depth) {
  const relay::watched* const of = find(name);
  if (of == nullptr) return;
  if (problems_.erase(name) > 0)
    log::info("a dead-letter queue is watched again", {{"dead_letter", name}, {"queue", of->queue}});
  watch_.on_depth(name, depth, on_.arrivals(*of), read_clocks());
  tell();
  look_if_wanted(name);
}

void watcher::on_totals(const std::vector<std::string>& names,
                        const std::vector<store::letter_totals>& totals) {
  for (const std::string& name : names) {
    const relay::watched* const of = find(name);
    if (of == nullptr || !of->collect) continue;
    const auto found = std::find_if(totals.begin(), totals.end(), [&](const store::letter_totals& each) {
      return each.dead_letter == name;
    });
    const bool any = found != totals.end();
    const moment now = read_clocks();
    watch_.on_oldest(name, any ? found->oldest_died : std::nullopt, now);
    watch_.on_depth(name, any ? found->kept : 0, on_.arrivals(*of), now);
  }
  tell();
}

void watcher::tell() {
  for (const relay::alert_event& each : watch_.take_events()) {
    log_alert(each);
    if (on_.on_alert) on_.on_alert(each);
  }
}

// Learns the age of the oldest, where it is worth it.
void watcher::look_if_wanted(const std::string& name) {
  if (looking_.contains(name) || !watch_.wants_look(name, read_clocks())) return;
  looking_.insert(name);
  const std::string queue = watched_.at(name).queue;
  peeker_.peek(queue, 1, [this, name, queue](peeked&& found) {
    looking_.erase(name);
    const relay::watched* const of = find(name);
    // What went wrong shows at the next poll.
    if (stopping_ || !found.problem.empty() || of == nullptr || of->queue != queue) return;
    std::optional<std::string_view> head;
    if (!found.messages.empty()) head = found.messages.front().content.properties;
    watch_.on_head(name, head, read_clocks());
    tell();
  });
}

void watcher::stop() {
  stopping_ = true;
  timer_.cancel();
  peeker_.stop();
}

} // namespace postponed::io
