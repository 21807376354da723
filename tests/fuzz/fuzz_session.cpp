// Whatever a peer sends, a session neither breaks nor contradicts itself.
//
// The first octet chooses: bit 0, after a good handshake with channels open or from the first octet on; bit
// 1, the rest is a stream, or a list of frames (type, channel, size, payload) that are put into good form, so
// that the fuzzer reaches what lies behind the frame layer; the other bits, the size of the reads.
#include "support/scripted_broker.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace postponed;
using namespace postponed::proto;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Frames whose head and end are right, for a payload of up to 255 octets each.
std::string framed(std::string_view input) {
  std::string stream;
  while (input.size() >= 3) {
    const auto type = static_cast<std::uint8_t>(input[0]);
    const auto channel = static_cast<channel_id>(input[1] & 3);
    const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(input[2]), input.size() - 3);
    stream += test::frame(type, channel, input.substr(3, size));
    input.remove_prefix(3 + size);
  }
  return stream;
}

const std::string& handshake() {
  static const std::string stream =
      test::method_frame(
          0, amqp_connection_start_t{0, 9, {0, nullptr}, test::bytes("PLAIN"), test::bytes("en_US")}) +
      test::method_frame(0, amqp_connection_tune_t{2047, 131072, 60}) +
      test::method_frame(0, amqp_connection_open_ok_t{test::bytes("")});
  return stream;
}

// Everything in the output is a frame of ours, whole and within frame_max.
void check_output(std::string_view output, std::size_t frame_max) {
  if (output.starts_with("AMQP")) output.remove_prefix(8);
  while (!output.empty()) {
    require(output.size() >= 8, "half a frame was written");
    std::size_t size = 8;
    for (std::size_t i = 3; i < 7; ++i)
      size += std::size_t{static_cast<unsigned char>(output[i])} << (8 * (6 - i));
    require(size <= frame_max && size <= output.size(), "a frame of a wrong size was written");
    require(output[size - 1] == '\xCE', "a frame without end was written");
    output.remove_prefix(size);
  }
}

std::vector<std::string> run(std::string_view stream, std::size_t read_size, bool open) {
  session_options options;
  options.user = options.password = "guest";
  options.max_body = 1 << 16;
  session client{options};
  steady_time now{};
  std::vector<std::string> seen;
  bool closed = false;
  const auto react = [&] {
    for (const session_event& each : client.take_events()) {
      require(!closed, "an event came after closed");
      closed = std::holds_alternative<event::closed>(each);
      seen.push_back(test::to_text(each));
      // The requests that an owner makes in answer, on channels that may have closed meanwhile.
      if (const auto* delivery = std::get_if<event::delivered>(&each)) {
        client.publish(delivery->channel, "", delivery->content.routing_key, delivery->content.properties,
                       delivery->content.body, true);
        client.ack(delivery->channel, delivery->tag, true);
      }
      if (const auto* answer = std::get_if<event::got>(&each)) {
        client.nack(answer->channel, answer->tag, false, true);
        client.get(answer->channel, "q");
      }
    }
    require(closed == client.is_closed(), "is_closed() and event::closed differ");
  };

  client.start(now);
  if (open) {
    client.receive(handshake(), now);
    client.take_events();
    for (const channel_id channel : {channel_id{1}, channel_id{2}, channel_id{3}}) {
      client.open_channel(channel);
      client.receive(test::method_frame(channel, amqp_channel_open_ok_t{test::bytes("")}), now);
    }
    client.take_events();
    client.select_confirms(1);
    client.get(2, "q");
    client.get(2, "q");
    client.close_channel(3);
  }
  for (; !stream.empty(); stream.remove_prefix(std::min(read_size, stream.size()))) {
    client.receive(stream.substr(0, read_size), now);
    if (read_size > 16) react(); // the same requests at other times would answer differently
  }
  react();
  check_output(client.output(), 131072);
  require(client.is_closed() == !client.next_deadline(),
          "a session lives without a deadline, or the reverse");
  now += std::chrono::hours{1};
  client.tick(now);
  react();
  require(client.is_closed(), "a session outlived an hour of silence");
  return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::uint8_t choice = data[0];
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  const bool open = (choice & 1) != 0;
  const std::string stream = (choice & 2) != 0 ? framed(rest) : std::string{rest};
  const auto whole = run(stream, 65536, open);
  require(run(stream, 1 + (choice >> 2) % 16, open) == whole,
          "the events depend on how the reads cut the stream");
  return 0;
}
