// The server's end of an exchange in pieces: what the handler writes goes to the wire in HTTP's chunks, what
// it asks to read is told to the connection, which reads. Internal to the server; on the io_context's thread.
//
// The connection calls close() before the wire goes, and waits until busy() is false.
#pragma once

#include "admin/exchange.hpp"
#include "admin/http_limits.hpp"
#include "admin/wire.hpp"

#include <functional>
#include <memory>
#include <string>

namespace postponed::admin {

class http_stream final : public exchange, public std::enable_shared_from_this<http_stream> {
 public:
  // `changed` is called when the connection should look again. `chunked`: false for HTTP/1.0, which has none.
  http_stream(wire& to, const http_limits& limits, bool chunked, std::function<void()> changed);

  // --- The handler's side ---
  void read(std::function<void(body_piece)> then) override;
  void begin(response head, std::string when_idle) override;
  void write(std::string piece) override;
  std::size_t unwritten() const override { return waiting_.size() + under_way_.size() - written_; }
  void when_written(std::size_t bytes, std::function<void()> then) override;
  void end() override;
  void on_gone(std::function<void()> then) override;

  // --- The connection's side ---
  bool wants_piece() const { return wanted_ != nullptr; }
  void give(body_piece piece);
  bool busy() const { return writing_; }
  bool finished() const { return finished_; } // ended, and all of it written
  bool broken() const { return wire_ == nullptr; }
  bool has_heartbeat() const { return begun_ && !ended_ && !when_idle_.empty(); }
  void beat(); // writes when_idle, if nothing is on its way
  void close();

 private:
  void add(std::string_view piece);
  void write_more();
  void on_written(const boost::system::error_code& error, std::size_t size);

  wire* wire_; // null: it is gone
  std::chrono::milliseconds patience_;
  bool chunked_;
  std::function<void()> changed_;
  std::function<void(body_piece)> wanted_;
  std::function<void()> gone_, drained_;
  std::size_t drained_at_ = 0;
  std::string when_idle_;
  std::string waiting_, under_way_; // as they go to the wire
  std::size_t written_ = 0;         // of under_way_
  bool begun_ = false, ended_ = false, writing_ = false, finished_ = false;
};

} // namespace postponed::admin
