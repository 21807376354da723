#include "store/sqlite/letter_conditions.hpp"

#include "proto/field_text.hpp"
#include "proto/properties.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace postponed::store::sqlite {

namespace {

enum parameter : int { state = 1, dead_letter, group, route, reason_name, queue, died_after, died_before };
static_assert(died_before + 1 == letter_conditions::first_free);

std::string at(parameter which) {
  return "?" + std::to_string(static_cast<int>(which));
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view wanted) {
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool has_header(const std::vector<proto::field>& fields, const std::pair<std::string, std::string>& wanted) {
  return std::any_of(fields.begin(), fields.end(), [&](const proto::field& each) {
    return each.name == wanted.first && (wanted.second.empty() || proto::text_of(each) == wanted.second);
  });
}

bool headers_match(const letter_filter& by, const proto::message& content) {
  if (by.headers.empty()) return true;
  const auto properties = proto::properties_view::parse(content.properties);
  if (!properties || !properties->headers) return false;
  const auto fields = proto::read_table(*properties->headers);
  return fields && std::all_of(by.headers.begin(), by.headers.end(),
                               [&](const auto& each) { return has_header(*fields, each); });
}

} // namespace

std::string letter_conditions::shelves() const {
  std::string sql = "(SELECT number FROM letter_shelves WHERE state = " + at(state);
  if (by_.dead_letter) sql += " AND dead_letter = " + at(dead_letter);
  return sql + ")";
}

std::string letter_conditions::kinds() const {
  std::string sql = "(SELECT number FROM letter_kinds WHERE shelf IN " + shelves();
  if (by_.group) sql += " AND grp = " + at(group);
  if (by_.route) sql += " AND route = " + at(route);
  if (by_.reason) sql += " AND reason = " + at(reason_name);
  return sql + ")";
}

std::string letter_conditions::died() const {
  std::string sql;
  if (by_.died_after) sql += " AND l.died > " + at(died_after);
  if (by_.died_before) sql += " AND l.died < " + at(died_before);
  return sql;
}

std::string letter_conditions::origin() const {
  return by_.queue ? " AND l.origin = " + at(queue) : std::string{};
}

void letter_conditions::bind(statement& to) const {
  to.bind(state, static_cast<std::int64_t>(by_.state));
  if (by_.dead_letter) to.bind_text(dead_letter, *by_.dead_letter);
  if (by_.group) to.bind(group, std::bit_cast<std::int64_t>(*by_.group));
  if (by_.route) to.bind_blob(route, *by_.route);
  if (by_.reason) to.bind_blob(reason_name, *by_.reason);
  if (by_.queue) to.bind_blob(queue, *by_.queue);
  if (by_.died_after) to.bind(died_after, by_.died_after->time_since_epoch().count());
  if (by_.died_before) to.bind(died_before, by_.died_before->time_since_epoch().count());
}

bool matches(const letter_filter& by, const letter& each) {
  return each.state == by.state && (!by.dead_letter || each.dead_letter == *by.dead_letter) &&
         (!by.group || each.group == *by.group) && (!by.route || each.route == *by.route) &&
         (!by.reason || each.reason == *by.reason) && (!by.queue || each.origin_queue == *by.queue) &&
         (!by.died_after || each.died > *by.died_after) && (!by.died_before || each.died < *by.died_before);
}

bool content_matches(const letter_filter& by, const letter& each, const proto::message& content) {
  if (by.text && !contains(each.error, *by.text) && !contains(each.routing_key, *by.text) &&
      !contains(content.body, *by.text))
    return false;
  return headers_match(by, content);
}

} // namespace postponed::store::sqlite
