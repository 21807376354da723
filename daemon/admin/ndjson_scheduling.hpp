// Messages by the thousand: lines of JSON in, one result line for each, in order, when it is durable. Takes
// bytes as they come and is the same for a whole body and for a stream. One thread; outlives every answer
// that is still to come, so keep it in a shared_ptr that `out` holds.
#pragma once

#include "admin/message_control.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postponed::admin {

class ndjson_scheduling : public std::enable_shared_from_this<ndjson_scheduling> {
 public:
  using output = std::function<void(std::string&& lines)>;

  // `out` is called with whole lines; the last call comes after finish() or abandon(), with idle() true.
  ndjson_scheduling(message_control& over, output out) : over_{over}, out_{std::move(out)} {}

  void feed(std::string_view bytes);
  void finish();  // what is left is the last line
  void abandon(); // what is left is no whole line, and is not taken; what was taken is still answered
  // Taken and not yet durable: whoever feeds should wait above some bound.
  std::size_t bytes_under_way() const { return bytes_; }
  bool idle() const { return finished_ && waiting_.empty(); }
  std::uint64_t held() const { return held_; }
  std::uint64_t refused() const { return refused_; }

 private:
  void close();
  struct entry {
    std::uint64_t line = 0;
    std::size_t bytes = 0;
    bool answered = false;
    std::string result;
  };
  void take(std::string_view line);
  void refuse(entry& one, unsigned status, std::string_view why);
  void on_answer(std::uint64_t line, const outcome<scheduled>& got);
  void write_results();

  message_control& over_;
  output out_;
  std::string rest_;          // of a line that has not ended
  bool skipping_ = false;     // the rest of one that is too long
  std::deque<entry> waiting_; // in the order of lines; the first is not answered yet, or about to be written
  std::uint64_t next_line_ = 1;
  std::size_t bytes_ = 0;
  bool taking_ = false; // results are written together, after
  bool finished_ = false;
  std::uint64_t held_ = 0, refused_ = 0;
};

} // namespace postponed::admin
