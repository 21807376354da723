#include "store/sqlite/record_codec.hpp"

#include <cassert>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace postponed::store::sqlite {

namespace {

constexpr char version = 2;
constexpr std::size_t fixed_size = 43;
constexpr int relative = 1, has_target = 2; // flags

template <typename T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return static_cast<T>(value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

bool take_text(std::string_view& bytes, std::string& text) {
  if (bytes.size() < 4) return false;
  const auto size = get<std::uint32_t>(bytes, 0);
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  text.assign(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return true;
}

} // namespace

std::string encode_head(const held_record& record, std::uint32_t route) {
  const proto::message& content = record.content;
  std::string out;
  out.reserve(fixed_size + 16 + content.exchange.size() + content.routing_key.size() + record.error.size() +
              content.properties.size());
  out += version;
  out += static_cast<char>((record.relative ? relative : 0) | (record.to ? has_target : 0));
  out += static_cast<char>(record.why);
  put(out, record.id.nonce);
  put(out, route);
  put(out, record.attempt);
  put(out, record.publish_failures);
  put(out, record.hops);
  put(out, record.replays);
  put(out, record.first_seen.time_since_epoch().count());
  put(out, record.due.time_since_epoch().count());
  assert(out.size() == fixed_size);
  put_text(out, content.exchange);
  put_text(out, content.routing_key);
  put_text(out, record.error);
  put_text(out, content.properties);
  if (record.to) {
    put_text(out, record.to->exchange);
    put_text(out, record.to->routing_key);
  }
  return out;
}

std::optional<record_head> decode_head(std::string_view bytes) {
  if (bytes.size() < fixed_size || bytes[0] != version) return std::nullopt;
  record_head head;
  held_record& record = head.record;
  record.relative = (bytes[1] & relative) != 0;
  if ((bytes[1] & has_target) != 0) record.to.emplace();
  record.why = static_cast<reason>(bytes[2]);
  record.id.nonce = get<std::uint32_t>(bytes, 3);
  head.route = get<std::uint32_t>(bytes, 7);
  record.attempt = get<std::uint32_t>(bytes, 11);
  record.publish_failures = get<std::uint32_t>(bytes, 15);
  record.hops = get<std::uint32_t>(bytes, 19);
  record.replays = get<std::uint32_t>(bytes, 23);
  record.first_seen = wall_time{microseconds{get<std::int64_t>(bytes, 27)}};
  record.due = wall_time{microseconds{get<std::int64_t>(bytes, 35)}};
  bytes.remove_prefix(fixed_size);
  if (!take_text(bytes, record.content.exchange) || !take_text(bytes, record.content.routing_key) ||
      !take_text(bytes, record.error) || !take_text(bytes, record.content.properties))
    return std::nullopt;
  if (record.to && (!take_text(bytes, record.to->exchange) || !take_text(bytes, record.to->routing_key)))
    return std::nullopt;
  if (!bytes.empty()) return std::nullopt;
  return head;
}

std::int64_t checksum(std::int64_t row, std::string_view head, std::string_view body) {
  const XXH64_hash_t first = XXH3_64bits_withSeed(head.data(), head.size(), static_cast<XXH64_hash_t>(row));
  return static_cast<std::int64_t>(XXH3_64bits_withSeed(body.data(), body.size(), first));
}

} // namespace postponed::store::sqlite
