// Large bodies under a limit of memory: every one goes through a daemon whose whole address space is bounded.
//
//   bodies_bench --port N --daemon PATH [--messages 1000] [--size 5242880] [--limit-mib 128] [--json FILE]
//
// All are due within the same seconds, so that the daemon has to take, hold and release them one budget at a
// time; the limit is RLIMIT_AS, as `ulimit -v` sets it, which also counts what is mapped and never touched.
// Exit 0 when all arrived whole and the daemon never ended.
#include "bench/daemon_process.hpp"
#include "bench/flow.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>

using namespace postponed::bench;

int main(int argc, char** argv) try {
  std::uint16_t port = 0;
  std::string daemon, json;
  std::size_t messages = 1000, size = 5242880;
  daemon_shape shape;
  shape.address_space_mib = 128;
  CLI::App app{"Large bodies under a limit of memory"};
  app.add_option("--port", port, "The broker's port on 127.0.0.1")->required();
  app.add_option("--daemon", daemon, "The postponed binary")->required();
  app.add_option("--messages", messages, "How many")->capture_default_str();
  app.add_option("--size", size, "Bytes of a body")->capture_default_str();
  app.add_option("--limit-mib", shape.address_space_mib, "The daemon's address space; 0: no limit")
      ->capture_default_str();
  app.add_option("--json", json, "Also write the figures there");
  CLI11_PARSE(app, argc, argv);

  daemon_process limited{daemon, port, "bodies", shape};
  const pid_t load = in_child([&] {
    publish(
        port, limited.intake(), messages, size, [](std::size_t) { return std::int64_t{5000}; }, 0);
  });
  arrivals got;
  try {
    got = consume(port, limited.destination(), messages, std::chrono::seconds{60}, 4);
    expect_success(load);
  } catch (const std::exception&) {
    fmt::print(stderr, "{}", limited.log());
    throw;
  }
  if (got.octets != messages * size)
    throw std::runtime_error{fmt::format("{} of {} octets arrived", got.octets, messages * size)};
  const double took = got.at_s.back(), peak = limited.peak_resident_mib();
  fmt::print(
      "{} messages of {} B under a limit of {} MiB: all arrived in {:.1f} s ({:.0f} MiB/s), resident {:.1f} "
      "MiB at most, {:.1f} MiB after\n",
      messages, size, shape.address_space_mib, took, static_cast<double>(got.octets) / took / 1048576, peak,
      limited.resident_mib());
  if (!json.empty())
    std::ofstream{json} << fmt::format(
        "{{\"messages\":{},\"size\":{},\"limit_mib\":{},\"seconds\":{:.1f},\"peak_mib\":{:.1f}}}\n", messages,
        size, shape.address_space_mib, took, peak);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bodies_bench: {}\n", error.what());
  return 1;
}
