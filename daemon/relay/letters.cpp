#include "relay/letters.hpp"

#include "base/fingerprint.hpp"
#include "proto/deaths.hpp"
#include "proto/watermill.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace postponed::relay {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A run of letters, digits, - and _ that names one thing and no kind of things.
bool is_id(std::string_view word) {
  const bool digits = std::any_of(word.begin(), word.end(), is_digit);
  if (!digits) return false;
  const bool hex = std::all_of(word.begin(), word.end(), [](char c) { return is_hex(c) || c == '-'; });
  const bool no_letters = std::none_of(word.begin(), word.end(), is_letter);
  return no_letters || (hex && word.size() >= 8) || word.size() >= 16;
}

// The text with ids and numbers replaced by #.
std::string shape_of(std::string_view text) {
  std::string shape;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (!is_letter(c) && !is_digit(c)) {
      shape += c;
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() &&
           (is_letter(text[end]) || is_digit(text[end]) || text[end] == '-' || text[end] == '_'))
      ++end;
    const std::string_view word = text.substr(i, end - i);
    i = end;
    if (is_id(word)) {
      shape += '#';
      continue;
    }
    for (std::size_t at = 0; at < word.size(); ++at) { // order42 is order#
      if (!is_digit(word[at]))
        shape += word[at];
      else if (at == 0 || !is_digit(word[at - 1]))
        shape += '#';
    }
  }
  return shape;
}

} // namespace

std::uint64_t group_of(std::string_view reason, std::string_view error) {
  return fingerprint_of({reason, shape_of(error)}).first;
}

store::letter letter_of(const dead_letter_parameters& from, proto::message&& content, wall_time now) {
  const proto::journey before = proto::journey_of(content.properties);
  const auto death = proto::death_of(content.properties, {}, from.queue);
  store::letter result;
  result.dead_letter = from.name;
  result.queue = from.queue;
  result.route = before.route;
  result.reason = before.reason;
  result.error = before.error;
  result.origin_queue = before.origin_queue;
  result.attempt = before.attempt.value_or(1);
  result.replays = before.replays;
  result.collected = now;
  result.died = before.buried.value_or(death && death->time ? *death->time : now);
  if (result.died > now) result.died = now; // a clock elsewhere
  result.first_seen = before.first_seen.value_or(result.died);
  if (before.was_buried()) {
    result.exchange = before.from_exchange;
    result.routing_key = before.from_routing_key;
  } else {
    result.exchange = death ? death->exchange : content.exchange;
    result.routing_key =
        death && !death->routing_keys.empty() ? death->routing_keys.front() : content.routing_key;
  }
  if (death) {
    if (result.origin_queue.empty()) result.origin_queue = death->queue;
    if (result.reason.empty()) result.reason = death->reason;
  }
  if (const auto poison = proto::poison_of(content.properties); poison && !before.was_buried()) {
    if (result.reason.empty()) result.reason = "poisoned";
    if (result.error.empty()) result.error = poison->reason;
  }
  result.group = group_of(result.reason, result.error);
  result.bytes = content.properties.size() + content.body.size();
  result.content = std::move(content);
  return result;
}

} // namespace postponed::relay
