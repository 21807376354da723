#include "admin/events.hpp"

#include "admin/text_forms.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace postponed::admin {

namespace {

std::size_t size_of(const event& each) {
  return sizeof each + each.type.size() + each.data.size();
}

// Nothing where it is absent; 0, which is before all, where it is none of ours.
std::optional<std::uint64_t> last_id(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() ? id : 0;
}

} // namespace

std::string text_of(const event& from) {
  std::string text;
  if (from.id != 0) text += "id: " + std::to_string(from.id) + "\n";
  text += "event: " + from.type + "\n";
  std::string_view data = from.data;
  for (;;) { // a line of data each; a carriage return would end one too
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    text += "data: ";
    text += data.substr(0, end);
    text += "\n";
    if (end == data.size()) break;
    const bool both = data.substr(end, 2) == "\r\n";
    data.remove_prefix(end + (both ? 2 : 1));
  }
  return text + "\n";
}

std::string event_data(std::string_view what, const log::fields& more) {
  boost::json::object data{{"what", what}};
  for (const auto& [name, value] : more)
    data[name] = shown_text(value);
  return boost::json::serialize(data);
}

void event_log::publish(std::string type, std::string data) {
  latest_.push_back({next_++, std::move(type), std::move(data)});
  bytes_ += size_of(latest_.back());
  while (latest_.size() > most_ || (bytes_ > most_bytes_ && latest_.size() > 1)) {
    bytes_ -= size_of(latest_.front());
    latest_.pop_front();
  }
  const event what = latest_.back(); // a listener may publish
  const list now = *listeners_;      // and come and go
  for (const auto& each : now)
    if (std::find(listeners_->begin(), listeners_->end(), each) != listeners_->end()) (*each)(what);
}

event_feed::unsubscribe event_log::subscribe(std::optional<std::uint64_t> last, subscriber each) {
  const auto mine = std::make_shared<subscriber>(std::move(each));
  if (last) {
    const std::uint64_t first = latest_.empty() ? next_ : latest_.front().id;
    if (*last + 1 < first || *last >= next_) {
      last = 0; // what is remembered is all that can be told
      (*mine)({0, "missed", "{\"why\":\"what was asked for is no longer remembered\"}"});
    }
    const std::deque<event> remembered = latest_;
    for (const event& one : remembered)
      if (one.id > *last) (*mine)(one);
  }
  listeners_->push_back(mine);
  return [mine, weak = std::weak_ptr<list>{listeners_}] {
    if (const auto all = weak.lock()) all->remove(mine);
  };
}

void serve_events(event_feed& from, const request& asked, const std::shared_ptr<exchange>& to,
                  std::size_t most_bytes) {
  struct listener {
    std::shared_ptr<exchange> to; // null: it was dropped
    event_feed::unsubscribe leave;
  };
  const auto one = std::make_shared<listener>();
  one->to = to;
  const auto leave = [one] {
    one->to = nullptr;
    if (const auto unsubscribe = std::exchange(one->leave, nullptr)) unsubscribe();
  };
  // The header alone reaches nobody through some proxies; a comment does.
  to->begin({200, "text/event-stream", ": postponed\n\n", {{"X-Accel-Buffering", "no"}}}, ":\n\n");
  to->on_gone(leave);
  auto unsubscribe =
      from.subscribe(last_id(asked.last_event_id), [one, leave, most_bytes](const event& what) {
        if (!one->to) return;
        if (one->to->unwritten() <= most_bytes) return one->to->write(text_of(what));
        const auto slow = one->to;
        leave();
        slow->write(text_of({0, "closed", "{\"why\":\"too slow\"}"}));
        slow->end();
      });
  if (one->to)
    one->leave = std::move(unsubscribe);
  else
    unsubscribe(); // it was dropped over what is remembered
}

} // namespace postponed::admin
