// What happens in the daemon, told to those who listen at GET /api/v1/events (server-sent events, WHATWG HTML
// section 9.2). On the io_context's thread; outlives the exchanges that it was given.
#pragma once

#include "admin/exchange.hpp"
#include "base/log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

struct event {
  std::uint64_t id = 0; // ascending; 0: none
  std::string type;     // one word
  std::string data;     // JSON, or any text
};

// Where events come from.
class event_feed {
 public:
  virtual ~event_feed() = default;
  using subscriber = std::function<void(const event&)>;
  using unsubscribe = std::function<void()>;
  // First, at once, what is remembered after `last`; then what comes, as it comes. The subscriber may
  // unsubscribe while it is called.
  virtual unsubscribe subscribe(std::optional<std::uint64_t> last, subscriber each) = 0;
};

// A feed that remembers the latest: so many events, and bytes of them. Who comes back for what is forgotten
// is told by an event `missed`, as is who comes with an id of before a restart.
class event_log final : public event_feed {
 public:
  explicit event_log(std::size_t most = 1000, std::size_t most_bytes = std::size_t{1} << 20)
      : most_{most}, most_bytes_{most_bytes} {}

  void publish(std::string type, std::string data);
  unsubscribe subscribe(std::optional<std::uint64_t> last, subscriber each) override;
  std::size_t listeners() const { return listeners_->size(); }

 private:
  using list = std::list<std::shared_ptr<subscriber>>;

  std::size_t most_, most_bytes_;
  std::deque<event> latest_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
  std::shared_ptr<list> listeners_ = std::make_shared<list>(); // those who unsubscribe late find it
};

// One listener. Who does not read as fast as things happen is told so by a last event, `closed`, and dropped
// when `most_bytes` wait; what it has missed it can ask for with Last-Event-ID.
void serve_events(event_feed& from, const request& asked, const std::shared_ptr<exchange>& to,
                  std::size_t most_bytes = std::size_t{256} << 10);

// {"what": what, name: value, ..}: what the log says of something, as an event's data.
std::string event_data(std::string_view what, const log::fields& more);

// id, event and data lines, and the empty line.
std::string text_of(const event& from);

} // namespace postponed::admin
