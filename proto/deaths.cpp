#include "proto/deaths.hpp"

#include "proto/properties.hpp"
#include "proto/table_cursor.hpp"

#include <algorithm>

namespace postponed::proto {

namespace {

std::string text_in(const field& each) {
  const auto text = each.text();
  return text ? std::string{*text} : std::string{};
}

std::optional<wall_time> time_in(const field& each) {
  constexpr std::int64_t last = 253402300799; // 9999-12-31T23:59:59Z
  const auto seconds = each.type == 'T' ? each.integer() : std::nullopt;
  if (!seconds || *seconds < 0 || *seconds > last) return std::nullopt;
  return wall_time{std::chrono::seconds{*seconds}};
}

death read_death(std::string_view table) {
  death out;
  table_cursor cursor{table};
  while (cursor.next()) {
    const field& each = cursor.current();
    if (each.name == "queue") {
      out.queue = text_in(each);
    } else if (each.name == "reason") {
      out.reason = text_in(each);
    } else if (each.name == "exchange") {
      out.exchange = text_in(each);
    } else if (each.name == "count") {
      const auto count = each.type == 'T' ? std::nullopt : each.integer();
      out.count = count && *count > 0 ? static_cast<std::uint64_t>(*count) : 0;
    } else if (each.name == "time") {
      out.time = time_in(each);
    } else if (each.name == "routing-keys") {
      const auto keys = each.array();
      if (!keys) continue;
      table_cursor key{*keys, table_cursor::form::array};
      while (key.next())
        if (const auto text = key.current().text()) out.routing_keys.emplace_back(*text);
    }
  }
  return out;
}

struct marks { // what 4.x writes beside the array, and all that there is where somebody removed it
  std::string last_queue, last_reason, last_exchange;
  std::string first_queue, first_reason, first_exchange;
};

// Calls `each` for every header; false where the table is malformed.
template <typename Each>
bool for_each_header(std::string_view raw, Each each) {
  const auto properties = properties_view::parse(raw);
  if (!properties || !properties->headers) return true;
  table_cursor cursor{*properties->headers};
  while (cursor.next())
    each(cursor.current());
  return !cursor.malformed();
}

std::optional<death> by_marks(std::string_view raw, std::string_view intake) {
  marks found;
  const std::pair<std::string_view, std::string marks::*> names[] = {
      {"x-last-death-queue", &marks::last_queue},       {"x-last-death-reason", &marks::last_reason},
      {"x-last-death-exchange", &marks::last_exchange}, {"x-first-death-queue", &marks::first_queue},
      {"x-first-death-reason", &marks::first_reason},   {"x-first-death-exchange", &marks::first_exchange}};
  const bool well = for_each_header(raw, [&](const field& each) {
    for (const auto& [name, member] : names)
      if (each.name == name) found.*member = text_in(each);
  });
  if (!well) return std::nullopt;
  death out;
  out.count = 1;
  if (!found.last_queue.empty() && found.last_queue != intake) {
    out.queue = found.last_queue;
    out.reason = found.last_reason;
    out.exchange = found.last_exchange;
    return out;
  }
  if (found.first_queue.empty() || found.first_queue == intake) return std::nullopt;
  out.queue = found.first_queue;
  out.reason = found.first_reason;
  out.exchange = found.first_exchange;
  return out;
}

} // namespace

std::vector<death> read_deaths(std::string_view raw_properties) {
  std::vector<death> all;
  const bool well = for_each_header(raw_properties, [&](const field& each) {
    const auto entries = each.name == "x-death" ? each.array() : std::nullopt;
    if (!entries || !all.empty()) return;
    table_cursor entry{*entries, table_cursor::form::array};
    while (entry.next())
      if (const auto table = entry.current().table())
        if (death one = read_death(*table); !one.queue.empty()) all.push_back(std::move(one));
  });
  return well ? all : std::vector<death>{};
}

std::optional<death> death_of(std::string_view raw_properties, std::string_view work_queue,
                              std::string_view intake) {
  std::vector<death> all = read_deaths(raw_properties);
  auto found = all.end();
  if (!work_queue.empty())
    found = std::find_if(all.begin(), all.end(), [&](const death& each) { return each.queue == work_queue; });
  if (found == all.end())
    found = std::find_if(all.begin(), all.end(), [&](const death& each) { return each.queue != intake; });
  if (found != all.end()) return std::move(*found);
  return by_marks(raw_properties, intake);
}

} // namespace postponed::proto
