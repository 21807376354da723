#include "store_commands.hpp"

#include "admin/message_json.hpp"
#include "admin/text_forms.hpp"
#include "cli/terminal.hpp"
#include "cli/text.hpp"
#include "store/sqlite/file_tools.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/core.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace postponed {

namespace json = boost::json;

namespace {

constexpr std::size_t read_at_once = 200;
constexpr std::size_t most_shown = 10;                         // mistakes of a damaged file, for people
constexpr std::size_t printed_at_once = std::size_t{64} << 10; // bytes

int explain(const std::string& why, const boost::system::error_code& error) {
  fmt::print(stderr, "{}\n", why.empty() ? error.message() : why);
  return error == store::make_error_code(store::errc::corrupt) ? cli::failed : cli::cannot_start;
}

// Each held message, whole, in the order of their due times; the error that ended it, if any.
boost::system::error_code each_held(store::store& from, const std::function<void(const held_record&)>& use) {
  store::horizon_position after;
  for (bool more = true; more;) {
    const auto page = from.held().ids({}, after, read_at_once);
    if (!page) return page.error();
    const auto read = from.read(page->messages);
    if (!read) return read.error();
    for (const held_record& each : *read)
      use(each);
    more = page->next.has_value();
    if (more) after = *page->next;
  }
  return {};
}

std::unique_ptr<store::store> open(const std::string& file, int& code) {
  store::sqlite_options options;
  options.path = file;
  std::string why;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    fmt::print(stderr, "{} is not there; store.path of the configuration names the store's file\n", file);
    code = cli::cannot_start;
    return nullptr;
  }
  auto opened = store::open_sqlite_store(options, why);
  if (opened) return std::move(*opened);
  code = explain(why, opened.error());
  return nullptr;
}

int check(const cli::store_command& command, cli::terminal& person) {
  std::string why;
  const auto structure = store::check_sqlite_file(command.file, why);
  if (!structure) return explain(why, structure.error());
  json::object result{{"structure", "sound"}};
  json::array wrong;
  for (const std::string& each : *structure)
    wrong.emplace_back(admin::shown_text(each));
  std::uint64_t messages = 0, bytes = 0, total = 0;
  if (wrong.empty()) {
    int code = cli::success;
    const auto from = open(command.file, code);
    if (from == nullptr) return code;
    total = from->stats().held_messages;
    const auto error = each_held(*from, [&](const held_record& each) {
      ++messages;
      bytes += each.content.body.size() + each.content.properties.size();
      person.progress(messages, total);
    });
    person.end_progress();
    if (error) wrong.emplace_back(admin::shown_text(from->last_error()));
    if (!error && messages != total)
      wrong.emplace_back(fmt::format("{} messages are counted as held, and {} are there", total, messages));
  } else {
    result["structure"] = "damaged";
  }
  const bool sound = wrong.empty();
  result["messages"] = messages;
  result["bytes"] = bytes;
  std::string text;
  for (std::size_t i = 0; i < wrong.size() && i < most_shown; ++i)
    text += cli::on_one_line(std::string{wrong[i].get_string()}) + "\n";
  if (wrong.size() > most_shown)
    text += fmt::format("and {} more; --json has them\n", wrong.size() - most_shown);
  text += sound ? fmt::format("{} is sound: {} held, {}, each checksum right.\n", command.file,
                              cli::counted(messages, "message"), cli::bytes_text(bytes))
                : command.file +
                      " is damaged; it is left as it is. Restore a backup, or export what can be read.\n";
  result["sound"] = sound;
  result["wrong"] = std::move(wrong);
  person.print(command.json ? json::serialize(result) + "\n" : text);
  return sound ? cli::success : cli::failed;
}

int backup(const cli::store_command& command, cli::terminal& person) {
  std::string why;
  const auto done = store::backup_sqlite_file(
      command.file, command.to, [&](std::uint64_t pages, std::uint64_t all) { person.progress(pages, all); },
      why);
  person.end_progress();
  if (!done) return explain(why, done.error());
  std::error_code ignored;
  person.print(
      fmt::format("{}: {}\n", command.to, cli::bytes_text(std::filesystem::file_size(command.to, ignored))));
  return cli::success;
}

// As POST /api/v1/messages takes it. Its id as the key: loaded twice, it is held once.
json::object exported(const held_record& from) {
  json::object content = admin::message_json(from.content);
  json::object to;
  if (from.to) {
    to["exchange"] = from.to->exchange;
    to["routing_key"] = from.to->routing_key;
  } else {
    to["route"] = from.route;
    to["routing_key"] = from.content.routing_key;
  }
  to["due"] = proto::format_rfc3339(from.due);
  for (const char* const key : {"properties", "headers", "body", "body_base64"})
    if (const json::value* const value = content.if_contains(key)) to[key] = *value;
  to["idempotency_key"] = "export-" + to_string(from.id);
  return to;
}

int export_messages(const cli::store_command& command, cli::terminal& person) {
  int code = cli::success;
  const auto from = open(command.file, code);
  if (from == nullptr) return code;
  std::uint64_t written = 0, left = 0;
  std::string lines;
  const auto print = [&] { person.print(std::exchange(lines, {})); };
  const auto error = each_held(*from, [&](const held_record& each) {
    if (each.why != reason::none) {
      ++left;
      return;
    }
    lines += json::serialize(exported(each));
    lines += "\n";
    if (lines.size() >= printed_at_once) print();
    ++written;
  });
  print();
  if (error) {
    fmt::print(stderr, "{} were written, then: {}\n", cli::counted(written, "message"), from->last_error());
    return cli::failed;
  }
  if (left > 0)
    fmt::print(stderr, "{} on the way to a dead letter were left out; a backup has them\n",
               cli::counted(left, "message"));
  return cli::success;
}

} // namespace

int run_store_command(const cli::store_command& command) {
  cli::terminal person;
  switch (command.what) {
  case cli::store_command::kind::backup:
    return backup(command, person);
  case cli::store_command::kind::export_messages:
    return export_messages(command, person);
  case cli::store_command::kind::check:
    break;
  }
  return check(command, person);
}

} // namespace postponed
