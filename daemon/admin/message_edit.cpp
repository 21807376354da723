#include "admin/json_reader.hpp"
#include "admin/message_json.hpp"
#include "admin/text_forms.hpp"
#include "base/encodings.hpp"
#include "proto/headers.hpp"
#include "proto/properties.hpp"

#include <list>

namespace postponed::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_short_string = 255; // AMQP 0-9-1, section 4.2.5.3
constexpr std::size_t longest_name = 128;         // of a header

std::string_view key_text(const json::object::value_type& of) {
  return {of.key().data(), of.key().size()};
}

// The properties of an edit, applied to the view. `kept` owns the texts that the view then points to.
void edit_properties(proto::properties_view& to, const json::object& changes, std::list<std::string>& kept,
                     std::string& wrong) {
  json_reader reader{changes,
                     "properties",
                     {"content_type", "content_encoding", "delivery_mode", "priority", "correlation_id",
                      "reply_to", "expiration", "message_id", "timestamp", "type", "app_id"},
                     wrong};
  const auto text = [&](std::string_view key, std::optional<std::string_view>& value) {
    if (!changes.contains(json::string_view{key.data(), key.size()})) return;
    auto given = reader.text(key);
    if (given && given->size() > longest_short_string)
      reader.mistake(key, "255 bytes at most");
    else if (given)
      value = kept.emplace_back(std::move(*given));
    else
      value.reset();
  };
  const auto octet = [&](std::string_view key, std::uint64_t least, std::uint64_t most,
                         std::string_view should_be, std::optional<std::uint8_t>& value) {
    if (!changes.contains(json::string_view{key.data(), key.size()})) return;
    const auto given = reader.whole(key);
    if (given && (*given < least || *given > most)) reader.mistake(key, should_be);
    value.reset();
    if (given) value = static_cast<std::uint8_t>(*given);
  };
  text("content_type", to.content_type);
  text("content_encoding", to.content_encoding);
  octet("delivery_mode", 1, 2, "1 or 2", to.delivery_mode);
  octet("priority", 0, 255, "from 0 to 255", to.priority);
  text("correlation_id", to.correlation_id);
  text("reply_to", to.reply_to);
  text("expiration", to.expiration);
  text("message_id", to.message_id);
  text("type", to.type);
  text("app_id", to.app_id);
  if (!changes.contains("timestamp")) return;
  to.timestamp.reset();
  if (const auto given = reader.text("timestamp")) {
    const auto time = proto::parse_rfc3339(*given);
    if (time && time->time_since_epoch().count() >= 0)
      to.timestamp = static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count());
    else
      reader.mistake("timestamp", "a time as 2026-11-23T20:54:38Z, not before 1970");
  }
}

void edit_headers(proto::header_editor& to, const json::object& changes, std::string& wrong) {
  for (const auto& each : changes) {
    const std::string_view name = key_text(each);
    const json::value& value = each.value();
    if (name.size() > longest_name && wrong.empty())
      wrong = "a header's name in headers has more than 128 bytes";
    else if (value.is_null())
      to.remove(name);
    else if (const json::string* const text = value.if_string())
      to.set_text(name, {text->data(), text->size()});
    else if (value.is_int64())
      to.set_integer(name, value.get_int64());
    else if (value.is_bool())
      to.set_boolean(name, value.get_bool());
    else if (wrong.empty())
      wrong = std::string{name} + " in headers must be a string, a whole number, true, false, or null to "
                                  "remove it; what is not named stays as it is";
  }
}

// False, and `wrong` set, where neither can be changed.
bool edit_raw(std::string& raw, const json::object* properties, const json::object* headers,
              std::string& wrong) {
  auto view = proto::properties_view::parse(raw);
  const auto fields = view && view->headers
                          ? proto::read_table(*view->headers)
                          : boost::system::result<std::vector<proto::field>>{std::vector<proto::field>{}};
  if (!view || !fields) {
    wrong = "the message's properties cannot be read, and so not changed; its body can";
    return false;
  }
  std::list<std::string> kept;
  if (properties != nullptr) edit_properties(*view, *properties, kept, wrong);
  std::string table;
  if (headers != nullptr) {
    proto::header_editor editor{*fields};
    edit_headers(editor, *headers, wrong);
    if (!wrong.empty()) return false;
    table = editor.encode();
    view->headers.reset();
    if (!editor.empty()) view->headers = table;
  }
  if (wrong.empty()) raw = encode(*view);
  return wrong.empty();
}

} // namespace

std::optional<proto::message> edited(const proto::message& from, const json::object& changes,
                                     std::string& wrong) {
  json_reader reader{changes, "message", {"body", "body_base64", "properties", "headers"}, wrong};
  proto::message to = from;
  auto body = reader.text("body");
  const auto encoded = reader.text("body_base64");
  if (body && encoded && wrong.empty()) wrong = "message has both body and body_base64; give one";
  if (body) to.body = std::move(*body);
  if (encoded) {
    auto bytes = base64_decoded(*encoded);
    if (bytes)
      to.body = std::move(*bytes);
    else
      reader.mistake("body_base64", "base64 with its padding");
  }
  const json::object* const properties = reader.object("properties");
  const json::object* const headers = reader.object("headers");
  if (!wrong.empty()) return std::nullopt;
  if ((properties != nullptr || headers != nullptr) && !edit_raw(to.properties, properties, headers, wrong))
    return std::nullopt;
  return to;
}

} // namespace postponed::admin
