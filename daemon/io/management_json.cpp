#include "io/management_json.hpp"

#include "relay/argument_text.hpp"

#include <boost/json/parse.hpp>

#include <functional>
#include <utility>

namespace postponed::io {

namespace json = boost::json;

namespace {

std::string text_at(const json::object& in, const char* name) {
  const json::value* const found = in.if_contains(name);
  const json::string* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

bool flag_at(const json::object& in, const char* name, bool by_default) {
  const json::value* const found = in.if_contains(name);
  const bool* const flag = found == nullptr ? nullptr : found->if_bool();
  return flag == nullptr ? by_default : *flag;
}

proto::argument argument_from(std::string name, const json::value& from);

proto::argument_list arguments_from(const json::object& from) {
  proto::argument_list to;
  for (const auto& each : from)
    to.push_back(argument_from(std::string{each.key().data(), each.key().size()}, each.value()));
  return to;
}

proto::argument argument_from(std::string name, const json::value& from) {
  proto::argument to;
  to.name = std::move(name);
  switch (from.kind()) {
  case json::kind::null:
    break;
  case json::kind::bool_:
    to.value = from.get_bool();
    break;
  case json::kind::int64:
    to.value = from.get_int64();
    break;
  case json::kind::uint64: // beyond what an argument can hold as an integer
    to.value = static_cast<double>(from.get_uint64());
    break;
  case json::kind::double_:
    to.value = from.get_double();
    break;
  case json::kind::string:
    to.value = std::string{from.get_string().data(), from.get_string().size()};
    break;
  case json::kind::object:
    to.value = arguments_from(from.get_object());
    break;
  case json::kind::array: {
    proto::argument_list list;
    for (const json::value& each : from.get_array())
      list.push_back(argument_from({}, each));
    to.value = std::move(list);
    to.is_array = true;
    break;
  }
  }
  return to;
}

proto::argument_list arguments_at(const json::object& in) {
  const json::value* const found = in.if_contains("arguments");
  const json::object* const map =
      found == nullptr ? nullptr : found->if_object(); // an empty one may be a list
  return map == nullptr ? proto::argument_list{} : arguments_from(*map);
}

std::string each_of(std::string_view document, const std::function<void(const json::object&)>& take) {
  json::error_code wrong;
  const json::value read = json::parse({document.data(), document.size()}, wrong);
  if (wrong) return "no JSON: " + wrong.message();
  const json::array* const list = read.if_array();
  if (list == nullptr) return "no list";
  for (const json::value& each : *list) {
    const json::object* const one = each.if_object();
    if (one == nullptr) return "a list of something else";
    take(*one);
  }
  return {};
}

} // namespace

std::string read_exchanges(std::string_view document, relay::seen_topology& into) {
  return each_of(document, [&](const json::object& from) {
    proto::exchange_declaration to;
    to.name = text_at(from, "name");
    to.type = text_at(from, "type");
    to.durable = flag_at(from, "durable", true);
    to.auto_delete = flag_at(from, "auto_delete", false);
    to.internal = flag_at(from, "internal", false);
    to.arguments = arguments_at(from);
    into.exchanges.push_back(std::move(to));
  });
}

std::string read_queues(std::string_view document, relay::seen_topology& into) {
  return each_of(document, [&](const json::object& from) {
    proto::queue_declaration to;
    to.name = text_at(from, "name");
    to.durable = flag_at(from, "durable", true);
    to.auto_delete = flag_at(from, "auto_delete", false);
    to.exclusive = flag_at(from, "exclusive", false);
    to.arguments = arguments_at(from);
    into.queues.push_back(std::move(to));
  });
}

std::string read_bindings(std::string_view document, relay::seen_topology& into) {
  return each_of(document, [&](const json::object& from) {
    relay::seen_binding to;
    to.what.exchange = text_at(from, "source");
    to.what.queue = text_at(from, "destination");
    to.what.routing_key = text_at(from, "routing_key");
    to.what.arguments = arguments_at(from);
    to.to_exchange = text_at(from, "destination_type") == "exchange";
    into.bindings.push_back(std::move(to));
  });
}

std::string read_policies(std::string_view document, relay::seen_topology& into) {
  return each_of(document, [&](const json::object& from) {
    relay::seen_policy to;
    to.name = text_at(from, "name");
    to.pattern = text_at(from, "pattern");
    to.apply_to = text_at(from, "apply-to");
    if (const json::value* const priority = from.if_contains("priority"); priority && priority->is_int64())
      to.priority = priority->get_int64();
    if (const json::value* const definition = from.if_contains("definition");
        definition && definition->is_object())
      for (const proto::argument& each : arguments_from(definition->get_object()))
        to.definition[each.name] = relay::value_text(each);
    into.policies.push_back(std::move(to));
  });
}

std::string read_virtual_host(std::string_view document, relay::seen_topology& into) {
  json::error_code wrong;
  const json::value read = json::parse({document.data(), document.size()}, wrong);
  if (wrong || !read.is_object()) return "no JSON object";
  const std::string type = text_at(read.get_object(), "default_queue_type");
  if (!type.empty() && type != "undefined") into.default_queue_type = type;
  return {};
}

} // namespace postponed::io
