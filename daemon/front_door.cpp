#include "front_door.hpp"

#include "admin/server_tls.hpp"
#include "parameters.hpp"

#include <utility>

namespace postponed {

std::unique_ptr<admin::http_server> front_door::open(const config::admin_settings& at, std::string& why) {
  admin::http_service service;
  service.admit = [this](admin::request& asked) {
    return gate_.admit(asked, std::chrono::steady_clock::now());
  };
  service.stream_for = [this](const admin::request& head) { return api_.stream_for(head); };
  service.answer = [this](admin::request asked, admin::reply done) {
    api_.handle(std::move(asked), std::move(done));
  };
  auto server = std::make_unique<admin::http_server>(context_, std::move(service));
  const bool listens =
      at.socket.empty() ? server->listen(at.host, at.port, why) : server->listen_unix(at.socket, why);
  return listens ? std::move(server) : nullptr;
}

bool front_door::prepare(const config::admin_settings& at, std::string& why) {
  std::erase_if(former_, [](const auto& each) { return each->idle(); });
  auto next = std::make_unique<prepared>();
  next->at = at;
  if (at.tls) {
    next->tls = admin::server_tls(at.tls->certificate_file, at.tls->key_file, why);
    if (!next->tls) return false;
  }
  const bool moves = !server_ || at.socket != now_.socket ||
                     (at.socket.empty() && (at.host != now_.host || at.port != now_.port));
  if (moves) {
    next->server = open(at, why);
    if (!next->server) return false;
  }
  next_ = std::move(next);
  return true;
}

void front_door::accept() {
  const auto next = std::exchange(next_, nullptr);
  now_ = next->at;
  gate_.accept(access_rules_from(now_));
  if (next->server) {
    if (server_) {
      server_->stop();
      former_.push_back(std::move(server_));
    }
    server_ = std::move(next->server);
  }
  server_->use_tls(next->tls);
  server_->review();
}

void front_door::discard() {
  if (!next_) return;
  if (next_->server) {
    next_->server->stop();
    former_.push_back(std::move(next_->server));
  }
  next_.reset();
}

void front_door::stop() {
  discard();
  if (server_) server_->stop();
}

std::string front_door::address() const {
  if (!now_.socket.empty()) return "unix:" + now_.socket;
  const std::string host = now_.host.find(':') == std::string::npos ? now_.host : "[" + now_.host + "]";
  return (now_.tls ? "https://" : "http://") + host + ":" + std::to_string(server_->port());
}

} // namespace postponed
