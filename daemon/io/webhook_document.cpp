// What stands in the file about a webhook, and what it is told.
#include "base/encodings.hpp"
#include "io/webhook.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <vector>

namespace postponed::io {

namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string{text.data(), text.size()});
}

std::string text_of(boost::urls::string_view view) {
  return {view.data(), view.size()};
}

} // namespace

std::optional<webhook_address> webhook_address_from(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return std::nullopt;
  const boost::urls::url_view& view = *parsed;
  webhook_address to;
  const std::string scheme = text_of(view.scheme());
  to.tls = scheme == "https";
  if (!to.tls && scheme != "http") return std::nullopt;
  to.host = view.encoded_host_address().decode();
  if (to.host.empty()) return std::nullopt;
  to.port = to.tls ? 443 : 80;
  if (view.has_port() && !view.port().empty()) {
    if (view.port_number() == 0) return std::nullopt; // zero, or no number of 16 bits
    to.port = view.port_number();
  }
  to.authority = text_of(view.encoded_host());
  if (to.port != (to.tls ? 443 : 80)) to.authority += ":" + std::to_string(to.port);
  to.resource = text_of(view.encoded_path());
  if (to.resource.empty()) to.resource = "/";
  if (view.has_query()) to.resource += "?" + text_of(view.encoded_query());
  if (view.has_userinfo())
    to.authorization =
        "Basic " + base64(view.encoded_user().decode() + ":" + view.encoded_password().decode());
  to.display = scheme + "://" + text_of(view.encoded_host()) + ":" + std::to_string(to.port);
  return to;
}

std::string webhook_document(const relay::alert_event& event, std::string_view host) {
  return "{\"event\":" + quoted(event.raised ? "raised" : "cleared") +
         ",\"dead_letter\":" + quoted(event.dead_letter) + ",\"queue\":" + quoted(event.queue) +
         ",\"kind\":" + quoted(to_string(event.what.kind)) +
         ",\"value\":" + relay::value_text(event.what.value) +
         ",\"threshold\":" + relay::value_text(event.what.threshold) +
         ",\"since\":" + quoted(proto::format_rfc3339(event.what.since)) + ",\"host\":" + quoted(host) + "}";
}

} // namespace postponed::io
