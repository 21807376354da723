#include "admin/ndjson_scheduling.hpp"

#include "admin/api_answers.hpp"
#include "admin/held_json.hpp"
#include "admin/message_bodies.hpp"
#include "admin/text_forms.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace postponed::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_line = std::size_t{24} << 20; // bytes: 16 MiB of body in base64, and the rest

} // namespace

void ndjson_scheduling::feed(std::string_view bytes) {
  taking_ = true;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_ && rest_.size() + part.size() > longest_line) {
      skipping_ = true;
      rest_.clear();
      waiting_.push_back({next_line_++, 0, false, {}});
      refuse(waiting_.back(), 413, "the line has more than 24 MiB");
    }
    if (end == bytes.npos) {
      if (!skipping_) rest_ += part;
      break;
    }
    if (std::exchange(skipping_, false)) {
      // answered above
    } else if (rest_.empty()) {
      take(part);
    } else {
      rest_ += part;
      take(std::exchange(rest_, {}));
    }
    bytes.remove_prefix(end + 1);
  }
  taking_ = false;
  write_results();
}

void ndjson_scheduling::finish() {
  taking_ = true;
  if (!rest_.empty()) take(std::exchange(rest_, {}));
  taking_ = false;
  close();
}

void ndjson_scheduling::abandon() {
  rest_.clear();
  close();
}

void ndjson_scheduling::close() {
  finished_ = true;
  write_results();
  if (waiting_.empty()) out_({}); // there was nothing left to tell
}

void ndjson_scheduling::take(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::uint64_t number = next_line_++;
  if (line.empty()) return; // counted, so that numbers are an editor's
  waiting_.push_back({number, line.size(), false, {}});
  bytes_ += line.size();
  std::string wrong;
  auto order = schedule_order_from(line, wrong);
  if (!order) return refuse(waiting_.back(), 400, wrong);
  over_.schedule(std::move(*order), [self = shared_from_this(), number](const outcome<scheduled>& got) {
    self->on_answer(number, got);
  });
}

void ndjson_scheduling::refuse(entry& one, unsigned status, std::string_view why) {
  ++refused_;
  one.answered = true;
  one.result =
      json::serialize(json::object{{"line", one.line}, {"status", status}, {"error", shown_text(why)}}) +
      "\n";
}

void ndjson_scheduling::on_answer(std::uint64_t line, const outcome<scheduled>& got) {
  const auto at =
      std::lower_bound(waiting_.begin(), waiting_.end(), line,
                       [](const entry& each, std::uint64_t number) { return each.line < number; });
  if (!got) {
    refuse(*at, status_of(got.error().what), got.error().why);
  } else {
    ++held_;
    json::object result = scheduled_json(*got);
    result["line"] = line;
    result["status"] = got->repeated ? 200 : 201;
    at->answered = true;
    at->result = json::serialize(result) + "\n";
  }
  write_results();
}

void ndjson_scheduling::write_results() {
  if (taking_ || waiting_.empty() || !waiting_.front().answered) return;
  std::string lines;
  while (!waiting_.empty() && waiting_.front().answered) {
    lines += waiting_.front().result;
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  out_(std::move(lines));
}

} // namespace postponed::admin
