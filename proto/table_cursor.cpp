#include "proto/table_cursor.hpp"

#include "proto/octets.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace postponed::proto {

namespace {

// The given table is level 1. RabbitMQ sets no limit; ours keeps hostile nesting off the stack.
constexpr int deepest = 64;

std::optional<std::size_t> value_size(char type, std::string_view at, int level);

// True where `content` is made of whole fields.
bool well_formed(std::string_view content, bool named, int level) {
  if (level > deepest) return false;
  while (!content.empty()) {
    if (named) {
      const std::size_t name = 1 + std::size_t{static_cast<unsigned char>(content.front())};
      if (content.size() < name) return false;
      content.remove_prefix(name);
    }
    if (content.empty()) return false;
    const char type = content.front();
    content.remove_prefix(1);
    const auto size = value_size(type, content, level);
    if (!size) return false;
    content.remove_prefix(*size);
  }
  return true;
}

// The size of the encoded value that starts at `at`; nothing where it is not all there. `level` is its
// holder's.
std::optional<std::size_t> value_size(char type, std::string_view at, int level) {
  std::size_t size = 0;
  switch (type) {
  case 'V':
    size = 0;
    break;
  case 't':
  case 'b':
  case 'B':
    size = 1;
    break;
  case 's':
  case 'u':
    size = 2;
    break;
  case 'I':
  case 'i':
  case 'f':
    size = 4;
    break;
  case 'D':
    size = 5;
    break;
  case 'l':
  case 'L':
  case 'd':
  case 'T':
    size = 8;
    break;
  case 'S':
  case 'x':
  case 'A':
  case 'F': {
    if (at.size() < 4) return std::nullopt;
    size = std::size_t{4} + load_octets<std::uint32_t>(at);
    if (at.size() < size) return std::nullopt;
    const bool holds_fields = type == 'A' || type == 'F';
    if (holds_fields && !well_formed(at.substr(4, size - 4), type == 'F', level + 1)) return std::nullopt;
    break;
  }
  default:
    return std::nullopt;
  }
  if (at.size() < size) return std::nullopt;
  return size;
}

} // namespace

bool table_cursor::fail() {
  malformed_ = true;
  rest_ = {};
  return false;
}

bool table_cursor::next() {
  if (rest_.empty()) return false;
  std::size_t at = 0;
  field found;
  if (form_ == form::table) {
    const std::size_t name = static_cast<unsigned char>(rest_.front());
    if (rest_.size() < 1 + name) return fail();
    found.name = rest_.substr(1, name);
    at = 1 + name;
  }
  if (rest_.size() <= at) return fail();
  found.type = rest_[at++];
  const auto size = value_size(found.type, rest_.substr(at), 1);
  if (!size) return fail();
  found.value = rest_.substr(at, *size);
  current_ = found;
  encoded_ = rest_.substr(0, at + *size);
  rest_.remove_prefix(at + *size);
  return true;
}

} // namespace postponed::proto
