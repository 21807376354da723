// Letters that are sent again: out of the dead letters and into what is held, in one transaction.
#include "store/sqlite/engine.hpp"

#include <algorithm>
#include <cassert>

namespace postponed::store::sqlite {

namespace {

// Of one piece: the bytes held (one letter may always go), and those read by a search through content.
constexpr std::uint64_t piece_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t piece_content = std::uint64_t{8} << 20;

// Under which route it is held, and where it goes if not by that. Nothing: nobody knows where it came from.
struct direction {
  std::string route;
  std::optional<direct_target> to;
};
std::optional<direction> direction_of(const letter& each, const replay_target& by) {
  const bool known =
      !each.route.empty() && std::find(by.routes.begin(), by.routes.end(), each.route) != by.routes.end();
  if (by.to) return direction{known ? each.route : by.fallback_route, by.to};
  if (known) return direction{each.route, std::nullopt};
  if (each.origin_queue.empty()) return std::nullopt;
  return direction{by.fallback_route, direct_target{{}, each.origin_queue}};
}

// It begins anew: the first attempt, and the age that max_age knows counts from now.
held_record record_of(const letter& from, proto::message&& content, direction&& where, wall_time now) {
  held_record record;
  record.due = now;
  record.first_seen = now;
  record.route = std::move(where.route);
  record.replays = from.replays + 1;
  record.to = std::move(where.to);
  record.content.exchange = from.exchange;
  record.content.routing_key = from.routing_key;
  record.content.properties = proto::replay_properties(
      content.properties, {record.replays, from.origin_queue, record.to.has_value()});
  record.content.body = std::move(content.body);
  return record;
}

} // namespace

boost::system::result<bool> engine::send_again(const letter_row& each, proto::message&& content,
                                               const replay_target& to, wall_time now, replayed& out) {
  const auto error = [](boost::system::error_code code) {
    return boost::system::result<bool>{boost::system::in_place_error, code};
  };
  const letter& from = each.value;
  auto where = direction_of(from, to);
  if (!where) {
    ++out.skipped;
    return boost::system::result<bool>{boost::system::in_place_value, false};
  }
  held_record record = record_of(from, std::move(content), std::move(*where), now);
  held_ref held;
  if (!hold(record, now, held) || !letters_.erase(each)) return error(fail("cannot write"));
  out.held.push_back(held);
  out.routes.push_back(std::move(record.route));
  return boost::system::result<bool>{boost::system::in_place_value, true};
}

boost::system::result<replayed> engine::replay(job& of, const letter_filter& by, const replay_target& to,
                                               std::size_t limit, wall_time now) {
  if (const auto error = begin_change()) return error;
  replayed out;
  std::vector<letter_row> found;
  std::uint64_t bytes = 0;
  bool past = false; // what was collected after the replay began may be the same ones, failed again
  const auto how = search_.visit(by, of.reached, {limit, piece_content}, [&](letter_row&& row) {
    past = of.created != wall_time{} && row.value.collected > of.created;
    if (past) return false;
    if (found.size() == limit || (!found.empty() && bytes + row.value.bytes > piece_bytes)) return false;
    bytes += row.value.bytes;
    found.push_back(std::move(row));
    return true;
  });
  if (const auto error = ended(how)) return error;
  for (const letter_row& each : found) {
    proto::message content;
    switch (letters_.read(each.value.id, content)) {
    case content_lookup::failed:
      return fail("cannot read");
    case content_lookup::damaged:
      return damaged_letter(each.value.id);
    case content_lookup::found:
      break;
    }
    if (const auto sent = send_again(each, std::move(content), to, now, out); !sent) return sent.error();
  }
  out.reached = how.reached;
  out.finished = past || how.how == letter_search::ending::complete;
  job after = of;
  after.reached = out.reached;
  after.done += out.held.size();
  after.skipped += out.skipped;
  after.updated = now;
  if (out.finished) after.at = job::state::done;
  if (!jobs_.update(after)) return fail("cannot write");
  if (const auto error = end_change()) return error;
  of = std::move(after);
  return out;
}

boost::system::result<replayed> engine::hold_drained(job& of, std::vector<drained>&& taken,
                                                     const replay_target& to, wall_time now) {
  if (const auto error = begin_change()) return error;
  replayed out;
  for (drained& each : taken) {
    auto where = direction_of(each.value, to);
    if (!where) {
      ++out.skipped;
      if (letters_.insert(each.value) == 0) return fail("cannot write");
      continue;
    }
    insert_request request;
    request.content = each.content;
    request.redelivered = each.redelivered;
    proto::message content = std::move(each.value.content);
    request.record = record_of(each.value, std::move(content), std::move(*where), now);
    std::string route = request.record.route;
    std::vector<insert_outcome> outcome;
    if (!insert(request, now, outcome)) return fail("cannot write");
    if (outcome.front().duplicate) continue; // counted when it was held
    out.held.push_back(outcome.front().held);
    out.routes.push_back(std::move(route));
  }
  job after = of;
  after.done += out.held.size();
  after.skipped += out.skipped;
  after.updated = now;
  if (!jobs_.update(after)) return fail("cannot write");
  if (const auto error = end_change()) return error;
  of = std::move(after);
  return out;
}

boost::system::result<replayed> engine::replay_edited(letter_id id, proto::message content,
                                                      const replay_target& to, wall_time now) {
  if (const auto error = begin_change()) return error;
  replayed out;
  out.reached = id;
  out.finished = true;
  letter_row row;
  bool found = false;
  if (!letters_.find(id, row, found)) return fail("cannot read");
  if (found)
    if (const auto sent = send_again(row, std::move(content), to, now, out); !sent) return sent.error();
  if (const auto error = end_change()) return error;
  return out;
}

} // namespace postponed::store::sqlite
