// A body of lines of JSON, as many as there are, from an exchange in pieces to ndjson_scheduling and back: at
// most so many bytes are under way to the store, and so many wait for the peer to read; until then nothing
// more is read. On the io_context's thread; keeps itself until every line that was taken is answered.
#pragma once

#include "admin/exchange.hpp"
#include "admin/message_control.hpp"
#include "admin/ndjson_scheduling.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace postponed::admin {

class ndjson_upload : public std::enable_shared_from_this<ndjson_upload> {
 public:
  // Called once at the end, also where the peer has gone: lines that are held, and lines that were refused.
  using summary = std::function<void(std::uint64_t held, std::uint64_t refused)>;

  static void begin(message_control& over, std::shared_ptr<exchange> with, summary done);

 private:
  ndjson_upload(std::shared_ptr<exchange> with, summary done);
  void proceed(); // reads on, if there is room
  void on_piece(const body_piece& got);
  void on_results(std::string&& lines);

  std::shared_ptr<exchange> with_;
  summary done_;
  std::shared_ptr<ndjson_scheduling> work_; // null: it is over
  bool reading_ = false;                    // or waiting for the peer to take what was written
  bool last_ = false;                       // nothing more comes
};

} // namespace postponed::admin
