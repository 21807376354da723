// status, whoami, routes, reload, topology, events.
#include "cli/ask_parts.hpp"
#include "cli/conversation.hpp"
#include "cli/exit_codes.hpp"
#include "cli/input.hpp"
#include "cli/json_view.hpp"
#include "cli/view_parts.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/core.h>

namespace postponed::cli {

namespace json = boost::json;

namespace {

int status(conversation& with) {
  json::value got = with.get(target({"status"}));
  with.show(got, status_view(got, with.as()));
  return success;
}

int routes(conversation& with) {
  show_list(with, with.get(target({"status"})), "routes", routes_view);
  return success;
}

int change_route(conversation& with, bool pauses) {
  json::object body;
  if (!with.asked().why.empty()) body["why"] = with.asked().why;
  const json::value got =
      with.send("POST", target({"routes", with.asked().name, pauses ? "pause" : "resume"}), body);
  with.show(got, fmt::format("Route {} is {}.\n", with.asked().name,
                             pauses ? "paused: what is due stays held" : "resumed"));
  return success;
}

int reload(conversation& with) {
  const json::value got = with.send("POST", target({"reload"}), nullptr);
  std::string text;
  for (const json::value& each : array_at(got, "warnings"))
    text += text_of(each) + "\n";
  with.show(got, text + "The configuration is in force.\n");
  return success;
}

int topology(conversation& with) {
  const json::value got = with.get(target({"topology"}));
  with.show(got, topology_view(got, with.as()));
  return flag_at(got, "same") ? success : differs;
}

int whoami(conversation& with) {
  const json::value got = with.get(target({"whoami"}));
  with.show(got, fmt::format("{}, {}\n", text_at(got, "name"), text_at(got, "role")));
  return success;
}

// Server-sent events, as the HTML standard has them, in pieces as they come.
class event_reader {
 public:
  explicit event_reader(conversation& with) : with_{with} {}
  void feed(std::string_view piece) {
    lines_.feed(piece, [this](std::string_view text) { line(text); });
  }

 private:
  void line(std::string_view text) {
    if (text.empty()) return dispatch();
    const auto value = [&](std::string_view name) { return std::string{text.substr(name.size())}; };
    if (text.starts_with("event: ")) type_ = value("event: ");
    if (text.starts_with("id: ")) id_ = value("id: ");
    if (text.starts_with("data: ")) data_ += (data_.empty() ? "" : "\n") + value("data: ");
  }
  void dispatch() {
    if (!type_.empty()) {
      boost::system::error_code error;
      json::value data = json::parse(data_, error);
      if (error) data = data_;
      if (with_.wants_json())
        with_.person().print(json_line(json::object{{"id", id_}, {"event", type_}, {"data", data}}));
      else
        with_.person().print(event_view(type_, data));
    }
    type_.clear();
    data_.clear();
    id_.clear();
  }

  conversation& with_;
  line_splitter lines_;
  std::string type_, id_, data_;
};

int events(conversation& with) {
  event_reader reader{with};
  const http_client::answer ended =
      with.client().follow(target({"events"}), [&](std::string_view piece) { reader.feed(piece); });
  if (ended.status != 200) throw refusal(ended);
  throw failure{no_answer, "the daemon ended the stream of events; it stops, or starts again"};
}

} // namespace

int ask_about_daemon(conversation& with) {
  switch (with.asked().what) {
  case verb::whoami:
    return whoami(with);
  case verb::routes:
    return routes(with);
  case verb::route_pause:
    return change_route(with, true);
  case verb::route_resume:
    return change_route(with, false);
  case verb::reload:
    return reload(with);
  case verb::topology:
    return topology(with);
  case verb::events:
    return events(with);
  default:
    return status(with);
  }
}

} // namespace postponed::cli
