#include "base/log.hpp"

#include "proto/headers.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

namespace postponed::log {

namespace {

std::atomic<format> shape_now{format::key_value};

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("postponed", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(level value) {
  switch (value) {
  case level::debug:
    return spdlog::level::debug;
  case level::info:
    return spdlog::level::info;
  case level::warning:
    return spdlog::level::warn;
  case level::error:
    return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(level value) {
  switch (value) {
  case level::debug:
    return "debug";
  case level::info:
    return "info";
  case level::warning:
    return "warning";
  case level::error:
    return "error";
  }
  return "info";
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text});
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= ' ' || u == '"' || u == '=' || u == '\\' || u == 0x7F) return true;
  }
  return text.empty();
}

} // namespace

std::string render(format shape, std::string_view time, level severity, std::string_view text,
                   const fields& more) {
  const bool json = shape == format::json;
  std::string line = json ? "{" : "";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (line.size() > 1) line += json ? ',' : ' ';
    if (json) {
      line += quoted(name) + ':' + quoted(value);
    } else {
      line += name;
      line += '=';
      line += needs_quotes(value) ? quoted(value) : std::string{value};
    }
  };
  add("time", time);
  add("level", name_of(severity));
  add("msg", text);
  for (const auto& [name, value] : more)
    add(name, value);
  if (json) line += '}';
  return line;
}

void configure(level lowest, format shape) {
  shape_now = shape;
  logger().set_level(to_spdlog(lowest));
}

void write(level severity, std::string_view text, const fields& more) {
  if (!logger().should_log(to_spdlog(severity))) return;
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  logger().log(to_spdlog(severity), "{}",
               render(shape_now, proto::format_rfc3339(now), severity, text, more));
}

} // namespace postponed::log
