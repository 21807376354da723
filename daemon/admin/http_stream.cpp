#include "admin/http_stream.hpp"

#include "admin/http_forms.hpp"

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace postponed::admin {

namespace asio = boost::asio;

http_stream::http_stream(wire& to, const http_limits& limits, bool chunked, std::function<void()> changed)
    : wire_{&to}, patience_{limits.patience}, chunked_{chunked}, changed_{std::move(changed)} {}

void http_stream::read(std::function<void(body_piece)> then) {
  assert(!wanted_);
  if (broken() || ended_) return;
  wanted_ = std::move(then);
  changed_();
}

void http_stream::give(body_piece piece) {
  if (const auto then = std::exchange(wanted_, nullptr)) then(std::move(piece));
}

void http_stream::begin(response head, std::string when_idle) {
  assert(!begun_);
  if (broken()) return;
  begun_ = true;
  when_idle_ = std::move(when_idle);
  waiting_ = head_of_stream(head, chunked_);
  add(head.body);
  write_more();
}

void http_stream::write(std::string piece) {
  assert(begun_ || broken());
  if (broken() || ended_) return;
  add(piece);
  write_more();
}

void http_stream::add(std::string_view piece) {
  if (piece.empty()) return; // an empty chunk would be the end
  if (!chunked_) {
    waiting_ += piece;
    return;
  }
  fmt::format_to(std::back_inserter(waiting_), "{:x}\r\n", piece.size());
  waiting_ += piece;
  waiting_ += "\r\n";
}

void http_stream::when_written(std::size_t bytes, std::function<void()> then) {
  if (broken()) return;
  if (unwritten() <= bytes) return then();
  drained_at_ = bytes;
  drained_ = std::move(then);
}

void http_stream::end() {
  assert(begun_ || broken());
  if (broken() || ended_) return;
  ended_ = true;
  wanted_ = nullptr;
  gone_ = nullptr;
  if (chunked_) waiting_ += "0\r\n\r\n";
  write_more();
}

void http_stream::on_gone(std::function<void()> then) {
  if (!broken() && !ended_) gone_ = std::move(then);
}

void http_stream::beat() {
  if (broken() || !has_heartbeat() || unwritten() > 0) return;
  write(when_idle_);
}

void http_stream::write_more() {
  if (writing_ || broken()) return;
  if (unwritten() == 0) {
    finished_ = ended_;
    if (finished_) changed_();
    return;
  }
  writing_ = true;
  if (under_way_.empty()) under_way_ = std::exchange(waiting_, {});
  // By what the peer takes, not by the whole of it: who is slow and goes on is not cut off.
  wire_->write_within(patience_);
  wire_->async_write_some(asio::buffer(under_way_) + written_,
                          [self = shared_from_this()](const boost::system::error_code& error,
                                                      std::size_t size) { self->on_written(error, size); });
}

void http_stream::on_written(const boost::system::error_code& error, std::size_t size) {
  writing_ = false;
  if (error || broken()) {
    close();
    return changed_();
  }
  wire_->write_done();
  written_ += size;
  if (written_ == under_way_.size()) {
    under_way_.clear();
    written_ = 0;
  }
  write_more();
  if (drained_ && unwritten() <= drained_at_)
    if (const auto then = std::exchange(drained_, nullptr)) then();
}

void http_stream::close() {
  if (broken()) return;
  wire_ = nullptr;
  waiting_.clear();
  drained_ = nullptr; // what it holds may hold this
  const auto gone = std::exchange(gone_, nullptr);
  give({body_piece::state::broken, {}});
  if (gone) gone();
}

} // namespace postponed::admin
