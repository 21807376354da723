// Tells alerts to whom the file names: a JSON document is POSTed to each one's webhook until its server
// answers 2xx, each webhook by itself and in order. Of alerts of one kind about one dead letter only the
// latest waits: who was away hears how things stand, not how they came there. Nothing is kept over a restart;
// what is still so is raised again.
//
//   {"event":"raised","dead_letter":"orders","queue":"orders.dead","kind":"depth","value":1200,
//    "threshold":1000,"since":"2026-11-23T20:54:38.123Z","host":"broker-1"}
//
// Lives on the io_context's thread. Destroy only when finished(), which follows stop().
#pragma once

#include "io/transport.hpp"
#include "relay/watch.hpp"
#include "schedule/backoff.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::io {

struct webhook_parameters {
  std::string host;                         // how this machine is called in the document; empty: its name
  tls_parameters tls;                       // for https
  std::chrono::milliseconds timeout{10000}; // of one attempt
  schedule::backoff_policy retry{std::chrono::seconds{1}, std::chrono::hours{1}, 2.0, 0.2};
  std::size_t waiting = 1000; // alerts for one webhook; beyond it the oldest is given up
};

struct webhook_state {
  std::string target;       // scheme, host and port: the rest may be a secret
  std::uint64_t posted = 0; // answered 2xx
  std::uint64_t failed = 0; // attempts
  std::size_t waiting = 0;
  std::string last_error; // of the last attempt; empty: it worked
};

class webhooks {
 public:
  webhooks(boost::asio::io_context& context, webhook_parameters limits);
  ~webhooks();
  webhooks(const webhooks&) = delete;
  webhooks& operator=(const webhooks&) = delete;

  void post(const relay::alert_event& event); // nothing where it names no webhook
  void stop();                                // at once; what waits is given up
  bool finished() const;
  std::vector<webhook_state> state() const;

 private:
  class endpoint;
  boost::asio::io_context& context_;
  webhook_parameters limits_;
  std::map<std::string, std::unique_ptr<endpoint>> endpoints_; // by URL; they stay
  bool stopping_ = false;
};

// Where a webhook's URL leads. Nothing where it is not http:// or https:// with a host.
struct webhook_address {
  bool tls = false;
  std::string host; // to resolve: without brackets
  std::uint16_t port = 80;
  std::string authority;     // as in the header Host
  std::string resource;      // path and query
  std::string authorization; // the header's value; empty: none
  std::string display;       // scheme, host and port
};
std::optional<webhook_address> webhook_address_from(const std::string& url);
std::string webhook_document(const relay::alert_event& event, std::string_view host);

} // namespace postponed::io
