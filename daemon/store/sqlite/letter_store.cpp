#include "store/sqlite/letter_store.hpp"

#include "store/replay_record.hpp"
#include "store/sqlite/engine.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace postponed::store::sqlite {

namespace {

// Rows that one call looks at, at most: the relay waits for the store meanwhile. A search for something rare
// comes back with what it found and where to go on.
constexpr std::size_t most_looked_at = 20000;
constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

} // namespace

bool letter_store::scan(const letter_filter& by, letter_id after, std::size_t most,
                        const std::function<bool(letter&&)>& take, letter_rows::progress& out) {
  if (rows_.scan(by, after, most, take, out)) return true;
  if (rows_.damaged() != 0) in_.letter_is_damaged(rows_.damaged());
  return false;
}

bool letter_store::read_content(letter_id id, proto::message& out) {
  const content_lookup got = rows_.content(id, out);
  if (got == content_lookup::absent || got == content_lookup::damaged) in_.letter_is_damaged(id);
  return got == content_lookup::found;
}

bool letter_store::choose(const letter_filter& by, letter_id after, std::size_t most, std::size_t limit,
                          std::vector<letter>& out, letter_rows::progress& at) {
  return scan(
      by, after, most,
      [&](letter&& value) {
        if (out.size() == limit) return false;
        out.push_back(std::move(value));
        return true;
      },
      at);
}

boost::system::result<letter_page> letter_store::find(const letter_filter& by, letter_id after,
                                                      std::size_t limit) {
  letter_page page;
  letter_rows::progress at;
  if (const auto error =
          in_.read_only([&] { return choose(by, after, most_looked_at, limit, page.letters, at); }))
    return error;
  if (!at.ended) page.next = at.reached;
  return page;
}

boost::system::result<std::optional<letter>> letter_store::get(letter_id id) {
  letter found;
  bool is_there = false;
  const auto error = in_.read_only(
      [&] { return rows_.get(id, found, is_there) && (!is_there || read_content(id, found.content)); });
  if (error) return error;
  if (!is_there) return std::optional<letter>{};
  return std::optional{std::move(found)};
}

boost::system::result<std::uint64_t> letter_store::count(const letter_filter& by) {
  std::uint64_t result = 0;
  const auto error = in_.read_only([&] {
    if (letter_rows::is_plain(by)) return rows_.count(by, result);
    letter_rows::progress at;
    return scan(
        by, 0, unbounded, [&](letter&&) { return ++result, true; }, at);
  });
  if (error) return error;
  return result;
}

boost::system::result<std::vector<letter_group>> letter_store::groups(const letter_filter& by) {
  std::vector<letter_group> result;
  const auto error = in_.read_only([&] {
    if (letter_rows::is_plain(by)) return rows_.groups(by, result);
    std::map<std::pair<std::string, std::uint64_t>, letter_group> all;
    const auto add = [&](letter&& value) {
      const auto [at, first] = all.try_emplace({value.dead_letter, value.group});
      letter_group& group = at->second;
      ++group.messages;
      group.bytes += value.bytes;
      if (first || value.died < group.first_died) group.first_died = value.died;
      if (!first && value.died < group.last_died) return true;
      group.last_died = value.died;
      group.group = value.group;
      group.dead_letter = std::move(value.dead_letter);
      group.route = std::move(value.route);
      group.reason = std::move(value.reason);
      group.error = std::move(value.error);
      return true;
    };
    letter_rows::progress at;
    if (!scan(by, 0, unbounded, add, at)) return false;
    for (auto& [key, group] : all)
      result.push_back(std::move(group));
    std::sort(result.begin(), result.end(),
              [](const letter_group& a, const letter_group& b) { return a.messages > b.messages; });
    return true;
  });
  if (error) return error;
  return result;
}

boost::system::result<std::vector<letter_totals>> letter_store::totals() {
  std::vector<letter_totals> result;
  if (const auto error = in_.read_only([&] { return rows_.totals(result); })) return error;
  return result;
}

// Holds it for release. False: an error.
bool letter_store::send(const letter& from, proto::message&& content, const replay_target& to, wall_time now,
                        replayed& out) {
  auto record = replay_record(from, std::move(content), to, now);
  if (!record) {
    ++out.skipped;
    return true;
  }
  insert_request request;
  request.record = std::move(*record);
  std::string route = request.record.route;
  std::vector<insert_outcome> outcome;
  if (!in_.insert(request, now, outcome)) return false;
  out.held.push_back(outcome.front().held);
  out.routes.push_back(std::move(route));
  return true;
}

boost::system::result<replayed> letter_store::replay(job& of, const letter_filter& by,
                                                     const replay_target& to, std::size_t limit,
                                                     wall_time now) {
  replayed result;
  job next = of;
  const auto error = in_.transact([&] {
    std::vector<letter> chosen;
    letter_rows::progress at;
    if (!choose(by, of.reached, most_looked_at, limit, chosen, at)) return false;
    for (const letter& each : chosen) {
      proto::message content;
      if (!read_content(each.id, content)) return false;
      const std::uint64_t skipped = result.skipped;
      if (!send(each, std::move(content), to, now, result)) return false;
      if (result.skipped == skipped && !rows_.erase(each)) return false;
    }
    result.reached = at.reached;
    result.finished = at.ended;
    next.reached = at.reached;
    next.done += result.held.size();
    next.skipped += result.skipped;
    next.updated = now;
    if (at.ended) next.at = job::state::done;
    return jobs_.update(next);
  });
  if (error) return error;
  of = std::move(next);
  return result;
}

boost::system::result<replayed> letter_store::hold(job& of, std::vector<drained>&& taken,
                                                   const replay_target& to, wall_time now) {
  replayed result;
  job next = of;
  const auto error = in_.transact([&] {
    for (drained& each : taken) {
      insert_request request;
      request.content = each.content;
      request.redelivered = each.redelivered;
      proto::message content = each.value.content;
      auto record = replay_record(each.value, std::move(content), to, now);
      if (!record) {
        ++result.skipped;
        if (!rows_.insert(each.value)) return false;
        continue;
      }
      request.record = std::move(*record);
      std::string route = request.record.route;
      std::vector<insert_outcome> outcome;
      if (!in_.insert(request, now, outcome)) return false;
      if (outcome.front().duplicate) continue; // counted when it was held
      result.held.push_back(outcome.front().held);
      result.routes.push_back(std::move(route));
    }
    next.done += result.held.size();
    next.skipped += result.skipped;
    next.updated = now;
    return jobs_.update(next);
  });
  if (error) return error;
  of = std::move(next);
  return result;
}

boost::system::result<replayed> letter_store::replay_edited(letter_id id, proto::message content,
                                                            const replay_target& to, wall_time now) {
  replayed result;
  const auto error = in_.transact([&] {
    letter found;
    bool is_there = false;
    if (!rows_.get(id, found, is_there)) return false;
    if (!is_there || found.state != letter_state::kept) return true;
    if (!send(found, std::move(content), to, now, result)) return false;
    return result.held.empty() || rows_.erase(found);
  });
  if (error) return error;
  return result;
}

boost::system::result<std::uint64_t> letter_store::move_some(letter_filter by, letter_state from,
                                                             letter_state to, std::size_t limit,
                                                             wall_time now) {
  by.state = from;
  std::uint64_t moved = 0;
  const auto error = in_.transact([&] {
    std::vector<letter> chosen;
    letter_rows::progress at;
    if (!choose(by, 0, unbounded, limit, chosen, at)) return false;
    for (const letter& each : chosen)
      if (!rows_.move(each, to, now)) return false;
    moved = chosen.size();
    return true;
  });
  if (error) return error;
  return moved;
}

boost::system::result<std::uint64_t> letter_store::discard(const letter_filter& by, std::size_t limit,
                                                           wall_time now) {
  return move_some(by, letter_state::kept, letter_state::trash, limit, now);
}

boost::system::result<std::uint64_t> letter_store::restore(const letter_filter& by, std::size_t limit,
                                                           wall_time) {
  return move_some(by, letter_state::trash, letter_state::kept, limit, wall_time{});
}

boost::system::result<std::uint64_t> letter_store::purge(const std::string& dead_letter, wall_time before,
                                                         std::size_t limit) {
  std::vector<letter> gone;
  if (const auto error = in_.read_only([&] { return rows_.expired(dead_letter, before, limit, gone); }))
    return error;
  if (gone.empty()) return std::uint64_t{0}; // nothing to write, which is nearly always
  const auto error = in_.transact([&] {
    return std::all_of(gone.begin(), gone.end(), [&](const letter& each) { return rows_.erase(each); });
  });
  if (error) return error;
  return gone.size();
}

boost::system::result<std::int64_t> letter_store::add_job(const job& value) {
  std::int64_t id = 0;
  if (const auto error = in_.transact([&] { return jobs_.add(value, id); })) return error;
  return id;
}

boost::system::result<void> letter_store::update_job(const job& value) {
  if (const auto error = in_.transact([&] { return jobs_.update(value); })) return error;
  return {};
}

boost::system::result<std::vector<job>> letter_store::jobs() {
  std::vector<job> result;
  if (const auto error = in_.read_only([&] { return jobs_.all(result); })) return error;
  return result;
}

} // namespace postponed::store::sqlite
