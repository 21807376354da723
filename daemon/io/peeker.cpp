#include "io/peeker.hpp"

#include "relay/watch.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace postponed::io {

peeker::peeker(boost::asio::io_context& context, proto::channel_id channel, limits bounds)
    : context_{context}, channel_{channel}, limits_{bounds}, deadline_{context} {}

void peeker::peek(std::string queue, std::size_t limit, taker done) {
  add(std::move(queue), limit, false, std::move(done));
}

void peeker::take(std::string queue, std::size_t limit, taker done) {
  add(std::move(queue), limit, true, std::move(done));
}

void peeker::add(std::string queue, std::size_t limit, bool keeps, taker done) {
  job wanted;
  wanted.keeps = keeps;
  wanted.queue = std::move(queue);
  wanted.limit = std::max<std::size_t>(limit, 1);
  wanted.done = std::move(done);
  wanted.deadline = std::chrono::steady_clock::now() + limits_.answer;
  if (stopping_ || !link_->is_open()) {
    wanted.found.problem = "not connected";
    boost::asio::post(context_, [answer = std::move(wanted.done), found = std::move(wanted.found)]() mutable {
      answer(std::move(found));
    });
    return;
  }
  jobs_.push_back(std::move(wanted));
  if (jobs_.size() == 1) arm();
  next();
}

// Asks for a message, where nothing is under way.
void peeker::next() {
  if (jobs_.empty() || jobs_.front().asked || kept_ != 0 || stopping_ || !link_->is_open()) return;
  if (at_ == phase::open) {
    jobs_.front().asked = true;
    link_->session().get(channel_, jobs_.front().queue);
  } else if (at_ == phase::closed) {
    at_ = phase::opening;
    link_->session().open_channel(channel_);
  }
  link_->flush();
}

void peeker::on_event(proto::session_event&& event) {
  using namespace proto::event;
  if (std::holds_alternative<channel_opened>(event)) {
    at_ = phase::open;
  } else if (std::holds_alternative<channel_close_ok>(event)) {
    at_ = phase::closed;
  } else if (const auto* const closed = std::get_if<channel_closed>(&event)) {
    at_ = phase::closed;
    kept_ = 0;
    // Also where nothing was asked yet: a channel that cannot be opened would be tried for ever.
    if (!jobs_.empty()) finish(std::to_string(closed->code) + " " + closed->text);
  } else if (auto* const message = std::get_if<got>(&event)) {
    on_got(std::move(*message));
  } else if (std::holds_alternative<got_empty>(event)) {
    if (!jobs_.empty()) finish({});
  }
  next();
}

void peeker::on_got(proto::event::got&& got) {
  if (jobs_.empty()) return;
  job& one = jobs_.front();
  one.asked = false;
  one.last_tag = got.tag;
  one.found.left = got.messages;
  one.bytes += got.content.properties.size() + got.content.body.size();
  if (one.found.warning.empty() && relay::counts_deliveries(got.content.properties))
    one.found.warning =
        "this queue counts deliveries (a quorum queue): before RabbitMQ 4.3 each look counts "
        "as one, and a message that reaches the queue's delivery limit is dropped or moved on";
  one.found.messages.push_back({got.redelivered, std::move(got.content)});
  // On a slow way to the broker fewer are better than none in time.
  const bool half_spent = std::chrono::steady_clock::now() + limits_.answer / 2 >= one.deadline;
  if (one.found.messages.size() >= one.limit || one.bytes >= limits_.bytes || got.messages == 0 || half_spent)
    finish({});
}

// Gives back what it holds, and answers.
void peeker::finish(std::string problem) {
  job over = std::move(jobs_.front());
  jobs_.pop_front();
  const bool answers_messages = problem.empty() && !over.found.messages.empty();
  if (over.keeps && answers_messages) {
    kept_ = over.last_tag;
    over.found.ticket = ++tickets_;
  } else if (over.last_tag != 0 && at_ == phase::open && link_->is_open()) {
    link_->session().nack(channel_, over.last_tag, true, true);
    link_->flush();
  }
  if (!problem.empty()) over.found.messages.clear(); // they are back in the queue
  over.found.problem = std::move(problem);
  arm();
  boost::asio::post(context_, [answer = std::move(over.done), found = std::move(over.found)]() mutable {
    answer(std::move(found));
  });
}

void peeker::settle(std::uint64_t ticket, bool done) {
  if (ticket != tickets_) return; // the connection was lost since, and others were taken
  const std::uint64_t tag = std::exchange(kept_, 0);
  if (tag == 0 || at_ != phase::open || !link_->is_open())
    return next(); // the channel went, and they with it
  if (done)
    link_->session().ack(channel_, tag, true);
  else
    link_->session().nack(channel_, tag, true, true);
  link_->flush();
  next();
}

void peeker::fail_all(const std::string& problem) {
  while (!jobs_.empty())
    finish(problem);
}

void peeker::on_down() {
  at_ = phase::closed;
  kept_ = 0;
  fail_all("the connection to the broker was lost");
}

void peeker::stop() {
  stopping_ = true;
  fail_all("postponed is stopping");
}

void peeker::arm() {
  if (jobs_.empty()) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_at(jobs_.front().deadline);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error || jobs_.empty() || jobs_.front().deadline > std::chrono::steady_clock::now()) return;
    // An answer may be under way, which would be taken for the next one's.
    if (jobs_.front().asked && at_ == phase::open && link_->is_open()) {
      at_ = phase::closing;
      link_->session().close_channel(channel_);
      link_->flush();
    }
    finish("the broker did not answer in time");
    next();
  });
}

} // namespace postponed::io
