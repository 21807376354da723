#include "store/sqlite/held_messages.hpp"

#include "proto/field_text.hpp"
#include "proto/properties.hpp"
#include "store/sqlite/earliest.hpp"
#include "store/sqlite/engine.hpp"

#include <algorithm>
#include <limits>

namespace postponed::store::sqlite {

namespace {

constexpr std::int64_t most_entries = 10'000;            // a call: some milliseconds
constexpr std::size_t most_read = 500;                   // whole messages a call ...
constexpr std::size_t most_bytes = std::size_t{4} << 20; // ... and their bytes
constexpr std::int64_t last_row = std::numeric_limits<std::int64_t>::max();

std::int64_t us(wall_time time) {
  return time.time_since_epoch().count();
}

bool has_header(const std::vector<proto::field>& fields, const std::string& name, const std::string& value) {
  return std::any_of(fields.begin(), fields.end(), [&](const proto::field& each) {
    return each.name == name && (value.empty() || proto::text_of(each) == value);
  });
}

bool fits(const message_filter& by, const held_record& record) {
  if (by.dead_lettering && *by.dead_lettering != (record.why != reason::none)) return false;
  if (by.text && record.content.body.find(*by.text) == std::string::npos &&
      record.content.routing_key.find(*by.text) == std::string::npos)
    return false;
  if (by.headers.empty()) return true;
  const auto view = proto::properties_view::parse(record.content.properties);
  if (!view || !view->headers) return false;
  const auto fields = proto::read_table(*view->headers);
  return fields && std::all_of(by.headers.begin(), by.headers.end(), [&](const auto& wanted) {
           return has_header(*fields, wanted.first, wanted.second);
         });
}

held_ref ref_of(const entry& row) {
  return {{row.slot, row.row, row.nonce},
          wall_time{microseconds{row.due}},
          row.relative,
          static_cast<std::uint32_t>(row.bytes),
          row.route};
}

// Everything due before `due`.
horizon_position before(wall_time due) {
  return {due - microseconds{1}, last_row};
}

} // namespace

std::optional<std::uint32_t> held_messages::number_of(const std::optional<std::string>& route) const {
  if (!route) return 0;
  const auto at = of_.routes_.find(*route);
  return at == of_.routes_.end() ? std::nullopt : std::optional{at->second};
}

boost::system::error_code held_messages::candidates(const message_filter& by, horizon_position after,
                                                    std::size_t limit, message_page<held_ref>& out) {
  const auto route = number_of(by.route);
  if (!route) return {};
  if (by.due_from) after = std::max(after, before(*by.due_from));
  const std::int64_t from_us = us(after.due);
  const std::int64_t until_us = by.due_until ? us(*by.due_until) - 1 : last_row;
  earliest page{limit + 1}; // one more than asked shows that there are more
  std::int64_t work = most_entries;
  std::optional<horizon_position> cut; // what is after it was not looked at
  const auto cut_at = [&](horizon_position at) { cut = cut ? std::min(*cut, at) : at; };
  const auto offer = [&](const held_ref& each) {
    if ((*route == 0 || each.route == *route) && horizon_position{each.due, each.id.row} > after)
      page.offer(each);
  };
  std::vector<bucket*> order;
  for (auto& [covers, each] : of_.buckets_.all()) {
    if (each.live == 0 || each.first_due > until_us || covers.end() * 1'000'000 <= from_us) continue;
    const auto share = each.routes.find(*route);
    if (*route == 0 || (share != each.routes.end() && share->second.messages > 0)) order.push_back(&each);
  }
  std::sort(order.begin(), order.end(),
            [](const bucket* a, const bucket* b) { return a->first_due < b->first_due; });
  for (bucket* const each : order) {
    const wall_time first{microseconds{each->first_due}};
    if (page.closed_to(first)) break;
    if (work <= 0) {
      cut_at(before(first));
      break;
    }
    if (each->live <= bucket_index::worth_it || !of_.index_.has_room(*each)) {
      work -= each->live;
      if (!of_.buckets_.visit(*each, from_us, until_us, [&](const entry& row) { offer(ref_of(row)); }))
        return of_.fail("cannot read");
      continue;
    }
    bool complete = false;
    if (!of_.index_.follow(*each, work, complete)) return of_.fail("cannot read");
    if (!complete) {
      cut_at(before(first));
      break;
    }
    std::size_t taken = 0;
    horizon_position reached = before(first);
    work = std::max<std::int64_t>(work, 1000);
    if (!of_.index_.visit(*each, after, until_us, *route, work, reached, [&](const entry& row) {
          offer(ref_of(row));
          return ++taken <= limit;
        }))
      return of_.fail("cannot read");
    if (taken <= limit && work <= 0) cut_at(reached);
  }
  std::vector<std::uint32_t> skip;
  if (*route != 0)
    for (const auto& [number, name] : of_.route_names_)
      if (number != *route) skip.push_back(number);
  if (!of_.deferrals_.visit(from_us, after.row, until_us, static_cast<std::int64_t>(limit) + 1, skip,
                            [&](const deferred& row) {
                              offer({row.id, wall_time{microseconds{row.due}}, false,
                                     static_cast<std::uint32_t>(row.bytes), row.route});
                            }))
    return of_.fail("cannot read");
  out.messages = page.take();
  if (cut)
    std::erase_if(out.messages, [&](const held_ref& each) {
      return horizon_position{each.due, each.id.row} > *cut;
    });
  if (out.messages.size() > limit) {
    out.messages.resize(limit);
    out.next = horizon_position{out.messages.back().due, out.messages.back().id.row};
  } else if (cut) {
    out.next = std::max(after, *cut);
  }
  return {};
}

boost::system::error_code held_messages::matching(const message_filter& by, horizon_position after,
                                                  std::size_t limit,
                                                  const std::function<void(held_record&&)>& take,
                                                  std::optional<horizon_position>& next) {
  message_page<held_ref> page;
  if (const auto error = candidates(by, after, most_read, page)) return error;
  std::size_t taken = 0, bytes = 0;
  for (const held_ref& each : page.messages) {
    std::vector<held_record> read;
    if (const auto error = of_.read_one(each.id, read)) return error;
    next = horizon_position{each.due, each.id.row};
    bytes += each.bytes;
    if (!read.empty() && fits(by, read.front())) {
      take(std::move(read.front()));
      ++taken;
    }
    if (taken == limit || bytes >= most_bytes) return {};
  }
  next = page.next;
  return {};
}

boost::system::error_code held_messages::summary_of(const held_ref& held, std::vector<held_summary>& out) {
  bucket* in = nullptr;
  entry at;
  const lookup got = of_.buckets_.find(held.id, in, at);
  if (got != lookup::found)
    return got == lookup::absent ? boost::system::error_code{} : of_.fail("cannot read");
  auto head = of_.head_of(held.id, at);
  if (!head) return of_.fail("cannot read");
  held_summary each;
  each.record = std::move(head->record);
  each.record.id = held.id;
  each.record.route = of_.route_names_[at.route];
  each.record.content.properties.clear();
  each.bytes = static_cast<std::uint64_t>(at.bytes);
  if (at.moved) {
    deferred moved;
    if (of_.deferrals_.find(at.row, *at.moved, moved) != lookup::found) return of_.fail("cannot read");
    apply(moved, each.record);
  }
  out.push_back(std::move(each));
  return {};
}

boost::system::result<message_page<held_summary>>
held_messages::list(const message_filter& by, horizon_position after, std::size_t limit) {
  if (of_.failed_) return make_error_code(errc::failed_before);
  of_.segments_.release();
  of_.statements_.trim();
  message_page<held_summary> out;
  if (by.reads_messages()) {
    const auto take = [&](held_record&& each) {
      const std::uint64_t bytes = each.content.body.size() + each.content.properties.size();
      each.content.body = {};
      each.content.properties = {};
      out.messages.push_back({std::move(each), bytes});
    };
    if (const auto error = matching(by, after, limit, take, out.next)) return error;
    of_.segments_.release();
    return out;
  }
  message_page<held_ref> page;
  if (const auto error = candidates(by, after, limit, page)) return error;
  out.next = page.next;
  for (const held_ref& each : page.messages)
    if (const auto error = summary_of(each, out.messages)) return error;
  return out;
}

boost::system::result<message_page<held_id>> held_messages::ids(const message_filter& by,
                                                                horizon_position after, std::size_t limit) {
  if (of_.failed_) return make_error_code(errc::failed_before);
  of_.segments_.release();
  of_.statements_.trim();
  message_page<held_id> out;
  if (by.reads_messages()) {
    const auto take = [&](const held_record& each) { out.messages.push_back(each.id); };
    if (const auto error = matching(by, after, limit, take, out.next)) return error;
    of_.segments_.release();
    return out;
  }
  message_page<held_ref> page;
  if (const auto error = candidates(by, after, limit, page)) return error;
  out.next = page.next;
  for (const held_ref& each : page.messages)
    out.messages.push_back(each.id);
  return out;
}

boost::system::result<std::optional<held_record>> held_messages::get(const held_id& id) {
  auto read = of_.read({id});
  if (!read) return read.error();
  if (read->empty()) return std::optional<held_record>{};
  return std::optional<held_record>{std::move(read->front())};
}

bool held_messages::was_given(const held_id& id) const {
  return id.row < of_.next_row_ && id.nonce == of_.ids_.nonce_of(id.slot, id.row);
}

} // namespace postponed::store::sqlite
