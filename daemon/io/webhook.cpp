#include "io/webhook.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <utility>

namespace postponed::io {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

using namespace std::chrono_literals;

double uniform01() {
  static thread_local std::mt19937_64 source{std::random_device{}()};
  return std::uniform_real_distribution<double>{0.0, 1.0}(source);
}

std::string request_of(const webhook_address& to, const std::string& document) {
  std::string text = "POST " + to.resource + " HTTP/1.1\r\nHost: " + to.authority +
                     "\r\nUser-Agent: postponed\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(document.size()) + "\r\nConnection: close\r\n";
  if (!to.authorization.empty()) text += "Authorization: " + to.authorization + "\r\n";
  return text + "\r\n" + document;
}

} // namespace

// One webhook. While something waits, a coroutine posts it.
class webhooks::endpoint {
 public:
  endpoint(asio::io_context& context, const webhook_parameters& limits, webhook_address to)
      : context_{context}, limits_{limits}, to_{std::move(to)}, pause_{context}, deadline_{context} {
    state_.target = to_.display;
  }

  void post(const relay::alert_event& event) {
    const auto same = [&](const relay::alert_event& other) {
      return other.dead_letter == event.dead_letter && other.what.kind == event.what.kind;
    };
    const auto under_way = posting_ ? waiting_.begin() + 1 : waiting_.begin();
    waiting_.erase(std::remove_if(under_way, waiting_.end(), same), waiting_.end());
    waiting_.push_back(event);
    if (waiting_.size() > limits_.waiting) {
      const auto oldest = posting_ ? waiting_.begin() + 1 : waiting_.begin();
      log::error("too many alerts wait for a webhook; the oldest is given up",
                 {{"webhook", to_.display}, {"dead_letter", oldest->dead_letter}});
      waiting_.erase(oldest);
    }
    pause_.cancel(); // it may be back: the news is worth an attempt
    if (running_) return;
    running_ = true;
    asio::co_spawn(context_, run(), [this](const std::exception_ptr& error) {
      running_ = false;
      if (error) std::rethrow_exception(error); // a defect: let it end the process
    });
  }

  void stop() {
    stopping_ = true;
    pause_.cancel();
    if (transport_) transport_->close();
    if (!waiting_.empty())
      log::warning("alerts were not told",
                   {{"webhook", to_.display}, {"alerts", std::to_string(waiting_.size())}});
  }

  bool finished() const { return !running_; }
  webhook_state state() const {
    webhook_state now = state_;
    now.waiting = waiting_.size();
    return now;
  }

 private:
  asio::awaitable<void> wait(microseconds time) {
    pause_.expires_after(time);
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable)); // cancelled: look again
  }

  asio::awaitable<void> run() {
    unsigned failures = 0;
    while (!stopping_ && !waiting_.empty()) {
      const std::string document = webhook_document(waiting_.front(), limits_.host);
      posting_ = true;
      std::string problem = co_await attempt(document);
      posting_ = false;
      if (stopping_) break;
      state_.last_error = problem;
      if (problem.empty()) {
        if (failures > 0) log::info("a webhook answers again", {{"webhook", to_.display}});
        failures = 0;
        ++state_.posted;
        waiting_.pop_front();
        continue;
      }
      ++state_.failed;
      ++failures;
      drop_if_superseded();
      const microseconds pause = schedule::delay_for(limits_.retry, failures, uniform01());
      log::warning("a webhook was not told of an alert",
                   {{"webhook", to_.display},
                    {"why", problem},
                    {"again_in_ms", std::to_string(pause.count() / 1000)}});
      co_await wait(pause);
    }
  }

  // While it was on its way, a newer one about the same may have come.
  void drop_if_superseded() {
    const relay::alert_event& first = waiting_.front();
    const bool superseded = std::any_of(waiting_.begin() + 1, waiting_.end(), [&](const auto& other) {
      return other.dead_letter == first.dead_letter && other.what.kind == first.what.kind;
    });
    if (superseded) waiting_.pop_front();
  }

  // Nothing, or why it did not work.
  asio::awaitable<std::string> attempt(const std::string& document) {
    transport_ = std::make_unique<transport>(context_);
    timed_out_ = false;
    attempting_ = true;
    bound(limits_.timeout);
    std::string problem;
    const boost::system::error_code connected =
        co_await transport_->connect(to_.host, to_.port, to_.tls ? &limits_.tls : nullptr, problem);
    if (connected) {
      problem += ": " + connected.message();
    } else {
      request_ = request_of(to_, document);
      problem = co_await exchange();
    }
    attempting_ = false;
    if (timed_out_) problem = "no answer within " + std::to_string(limits_.timeout.count()) + " ms";
    deadline_.cancel();
    transport_->close();
    while (writing_) // the write under way holds our request
      co_await wait(200ms);
    transport_.reset();
    co_return problem;
  }

  // Sends the request and reads the head of the answer: the rest does not matter.
  asio::awaitable<std::string> exchange() {
    writing_ = true;
    transport_->write(asio::buffer(request_), [this](const boost::system::error_code&) {
      writing_ = false;
      pause_.cancel();
    });
    http::response_parser<http::empty_body> parser;
    parser.skip(true);
    std::string heard;
    while (!parser.is_header_done()) {
      auto [error, size] = co_await transport_->read_some(asio::buffer(octets_));
      if (error) co_return "the connection was lost before the answer: " + error.message();
      heard.append(octets_.data(), size);
      boost::system::error_code wrong;
      heard.erase(0, parser.put(asio::buffer(heard), wrong));
      if (wrong && wrong != http::error::need_more) co_return "no HTTP answer: " + wrong.message();
    }
    const unsigned status = parser.get().result_int();
    if (status >= 200 && status < 300) co_return std::string{};
    const std::string reason{parser.get().reason()};
    co_return "it answered " + std::to_string(status) + (reason.empty() ? "" : " " + reason);
  }

  // Closing the socket ends what goes on with it. Again and again, for resolving a name cannot be ended, and
  // the connecting after it opens the socket anew.
  void bound(std::chrono::milliseconds time) {
    deadline_.expires_after(time);
    deadline_.async_wait([this](const boost::system::error_code& error) {
      if (error || !attempting_) return;
      timed_out_ = true;
      transport_->close();
      bound(100ms);
    });
  }

  asio::io_context& context_;
  const webhook_parameters& limits_;
  webhook_address to_;
  webhook_state state_;
  std::deque<relay::alert_event> waiting_; // the first is under way while posting_
  std::unique_ptr<transport> transport_;
  std::string request_;
  std::array<char, 4096> octets_{};
  asio::steady_timer pause_, deadline_;
  bool running_ = false, posting_ = false, attempting_ = false, writing_ = false;
  bool timed_out_ = false, stopping_ = false;
};

webhooks::webhooks(asio::io_context& context, webhook_parameters limits)
    : context_{context}, limits_{std::move(limits)} {
  boost::system::error_code ignored;
  if (limits_.host.empty()) limits_.host = asio::ip::host_name(ignored);
}

webhooks::~webhooks() = default;

void webhooks::post(const relay::alert_event& event) {
  if (event.webhook.empty() || stopping_) return;
  auto at = endpoints_.find(event.webhook);
  if (at == endpoints_.end()) {
    auto to = webhook_address_from(event.webhook);
    if (!to) {
      log::error("an alert has a webhook that is no address", {{"dead_letter", event.dead_letter}});
      return;
    }
    at = endpoints_.emplace(event.webhook, std::make_unique<endpoint>(context_, limits_, std::move(*to)))
             .first;
  }
  at->second->post(event);
}

void webhooks::stop() {
  stopping_ = true;
  for (auto& [url, each] : endpoints_)
    each->stop();
}

bool webhooks::finished() const {
  return std::all_of(endpoints_.begin(), endpoints_.end(),
                     [](const auto& each) { return each.second->finished(); });
}

std::vector<webhook_state> webhooks::state() const {
  std::vector<webhook_state> result;
  for (const auto& [url, each] : endpoints_)
    result.push_back(each->state());
  return result;
}

} // namespace postponed::io
