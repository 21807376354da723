// An exchange without a socket: what the handler says is kept, what it reads is what the test gives.
#pragma once

#include "admin/exchange.hpp"

#include <deque>
#include <optional>
#include <utility>

namespace postponed::test {

class fake_exchange final : public admin::exchange {
 public:
  std::optional<admin::response> head;
  std::string when_idle, written; // `written` with the head's body
  std::size_t not_taken = 0;      // what the test wants unwritten() to say
  bool ended = false;
  bool reads() const { return wanted_ != nullptr; }

  void give(std::string bytes, admin::body_piece::state what = admin::body_piece::state::more) {
    if (const auto then = std::exchange(wanted_, nullptr)) then({what, std::move(bytes)});
  }
  void take_all() {
    not_taken = 0;
    if (const auto then = std::exchange(drained_, nullptr)) then();
  }
  void go() {
    drained_ = nullptr;
    give({}, admin::body_piece::state::broken);
    if (const auto then = std::exchange(gone_, nullptr)) then();
  }

  void read(std::function<void(admin::body_piece)> then) override { wanted_ = std::move(then); }
  void begin(admin::response with, std::string idle) override {
    written = with.body;
    head = std::move(with);
    when_idle = std::move(idle);
  }
  void write(std::string piece) override { written += piece; }
  std::size_t unwritten() const override { return not_taken; }
  void when_written(std::size_t bytes, std::function<void()> then) override {
    if (not_taken <= bytes) return then();
    drained_ = std::move(then);
  }
  void end() override {
    ended = true;
    gone_ = nullptr;
    wanted_ = nullptr;
    drained_ = nullptr;
  }
  void on_gone(std::function<void()> then) override { gone_ = std::move(then); }

 private:
  std::function<void(admin::body_piece)> wanted_;
  std::function<void()> gone_, drained_;
};

} // namespace postponed::test
