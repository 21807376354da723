// Writes the seed corpora: fuzz_seeds <folder>. Made by the same encoder that the tests use, so that the
// fuzzers begin behind the first checks.
#include "support/scripted_broker.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

using namespace postponed::test;
namespace fs = std::filesystem;

namespace {

bool all_written = true;

void write(const fs::path& folder, const std::string& name, std::string_view octets) {
  std::ofstream file{folder / name, std::ios::binary};
  file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  file.close();
  all_written = all_written && file.good();
}

std::string table_of(std::string_view fields) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((fields.size() >> shift) & 0xFF);
  return out.append(fields);
}

std::string octets(std::string_view text) {
  return std::string{text};
}

// One field of each type that RabbitMQ knows.
std::string every_type() {
  std::string fields;
  fields += octets({"\1at\1\1bb\xFF\1cB\xFF", 12});
  fields += octets({"\1ds\0\1\1eu\0\1\1fI\0\0\0\1\1gi\0\0\0\1", 25});
  fields += octets({"\1hl\0\0\0\0\0\0\0\1\1iL\0\0\0\0\0\0\0\1\1jf\0\0\0\0", 29});
  fields += octets({"\1kd\0\0\0\0\0\0\0\0\1lD\2\0\0\0\1\1mT\0\0\0\0\0\0\0\1\1nV", 33});
  fields += octets("\1oS") + table_of("text") + octets("\1px") + table_of("bytes");
  fields += octets("\1qA") + table_of(octets("S") + table_of("a") + octets({"t\1", 2}));
  fields += octets("\1rF") + table_of(octets("\1sF") + table_of(octets({"\1tV", 3})));
  return fields;
}

std::string headers(std::string_view fields) {
  return std::string{"\x20\0", 2} + table_of(fields);
}

std::string text_header(std::string_view name, std::string_view value) {
  return headers(static_cast<char>(name.size()) + std::string{name} + "S" + table_of(value));
}

void seed_properties(const fs::path& folder) {
  write(folder, "none", no_properties);
  write(folder, "table", every_type());
  write(folder, "every_type", headers(every_type()));
  write(folder, "every_property",
        std::string{"\xFF\xFC\4text\4gzip", 12} + table_of(every_type()) +
            std::string{"\2\5\1c\1r\1e\1m\0\0\0\0\0\0\0\1\1t\1u\1a\1x", 26});
  write(folder, "x_delay", headers(std::string{"\7x-delayl\0\0\0\0\0\0\x13\x88", 17}));
  write(folder, "x_delay_text", text_header("x-delay", "1500"));
  write(folder, "until", text_header("postponed-until", "2026-11-23T20:54:38.123+01:00"));
  write(folder, "watermill_for", text_header("_watermill_delayed_for", "1h30m0.5s"));
  write(folder, "watermill_until", text_header("_watermill_delayed_until", "2026-11-23T20:54:38Z"));
  write(folder, "released", text_header("postponed-id", "1.2.abc"));
  write(folder, "poisoned", text_header("reason_poisoned", "no such order"));
  write(folder, "requeued", text_header("_watermill_requeuer_retries", "4"));
  write(folder, "attempt", text_header("postponed-attempt", "3"));
  const std::string death = octets({"\5countl\0\0\0\0\0\0\0\2", 15}) + octets("\6reasonS") +
                            table_of("rejected") + octets("\5queueS") + table_of("work") +
                            octets({"\4timeT\0\0\0\0\x6B\x04\x5E\x3E", 14}) + octets("\x0Crouting-keysA") +
                            table_of(octets("S") + table_of("k"));
  write(folder, "died", headers(octets("\7x-deathA") + table_of(octets("F") + table_of(death))));
  write(folder, "death", text_header("x-first-death-reason", "expired"));
}

// The first octet: see fuzz_session.cpp.
void seed_session(const fs::path& folder) {
  const std::string start =
      method_frame(0, amqp_connection_start_t{0, 9, {0, nullptr}, bytes("PLAIN"), bytes("en_US")});
  const std::string tune = method_frame(0, amqp_connection_tune_t{2047, 131072, 60});
  const std::string open_ok = method_frame(0, amqp_connection_open_ok_t{bytes("")});
  const std::string close = method_frame(0, amqp_connection_close_t{320, bytes("shutdown"), 0, 0});
  write(folder, "handshake", '\x00' + start + tune + open_ok);
  write(folder, "refused", '\x00' + start + close);
  write(folder, "other_version", '\x00' + std::string{"AMQP\0\1\0\0", 8});

  const std::string delivery =
      method_frame(1, amqp_basic_deliver_t{bytes("r"), 1, 0, bytes("e"), bytes("k")});
  const std::string back =
      method_frame(2, amqp_basic_return_t{312, bytes("NO_ROUTE"), bytes("e"), bytes("k")});
  const std::string content = content_frames(1, headers(every_type()), "hello", 3);
  struct seed {
    const char* name;
    std::string stream;
  };
  const seed seeds[] = {
      {"delivery", delivery + content},
      {"return", back + content_frames(2, no_properties, "") + method_frame(2, amqp_basic_ack_t{1, 1})},
      {"nack", method_frame(1, amqp_basic_nack_t{1, 0, 0}) + heartbeat_frame},
      {"cancel", method_frame(1, amqp_basic_cancel_t{bytes("r"), 0})},
      {"channel_close", method_frame(1, amqp_channel_close_t{404, bytes("gone"), 0, 0}) + delivery},
      {"channel_close_ok", method_frame(3, amqp_channel_close_ok_t{})},
      {"declared", method_frame(1, amqp_queue_declare_ok_t{bytes("q"), 1, 2})},
      {"blocked", method_frame(0, amqp_connection_blocked_t{bytes("disk")}) +
                      method_frame(0, amqp_connection_unblocked_t{})},
      {"got", method_frame(2, amqp_basic_get_ok_t{1, 1, bytes("e"), bytes("k"), 3}) +
                  content_frames(2, headers(every_type()), "hello", 3)},
      {"got_empty", method_frame(2, amqp_basic_get_empty_t{bytes("")})},
      {"close", close},
  };
  for (const seed& each : seeds) {
    write(folder, each.name, '\x0D' + each.stream);
    // The same as a list of frames, without their heads and ends.
    std::string list{'\x0F'};
    for (std::string_view rest = each.stream; !rest.empty();) {
      const std::size_t size =
          static_cast<unsigned char>(rest[6]) + (std::size_t{static_cast<unsigned char>(rest[5])} << 8);
      if (size < 256)
        list += std::string{rest[0], rest[2], static_cast<char>(size)}.append(rest.substr(7, size));
      rest.remove_prefix(size + 8);
    }
    write(folder, std::string{each.name} + ".frames", list);
  }
}

} // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: fuzz_seeds <folder>\n";
    return 2;
  }
  const fs::path into = arguments[1];
  for (const char* target : {"fuzz_session", "fuzz_properties"})
    fs::create_directories(into / target);
  seed_session(into / "fuzz_session");
  seed_properties(into / "fuzz_properties");
  return all_written ? 0 : 1;
}
