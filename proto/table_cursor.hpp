// Walks the fields of a header table or array in their wire form, without allocating.
//
// Internal to proto: read_table, and the paths that run once per message, stand on it. The cursor points into
// the caller's bytes. Pure; any thread. Every length is checked against the bytes that are there, nested ones
// too, so that what next() hands out can be copied or split further without fear. Source: AMQP 0-9-1
// section 4.2.5.5.
#pragma once

#include "proto/properties.hpp"

#include <string_view>

namespace postponed::proto {

class table_cursor {
 public:
  enum class form { table, array };

  explicit table_cursor(std::string_view bytes, form what = form::table) : rest_{bytes}, form_{what} {}

  // Steps to the next field. False at the end, and where the rest is malformed: see malformed().
  bool next();
  const field& current() const { return current_; }
  // The current field whole: name with its length, type, value.
  std::string_view encoded() const { return encoded_; }
  bool malformed() const { return malformed_; }

 private:
  bool fail();

  std::string_view rest_;
  std::string_view encoded_;
  field current_;
  form form_;
  bool malformed_ = false;
};

} // namespace postponed::proto
