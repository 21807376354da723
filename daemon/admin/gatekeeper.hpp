// Who may ask what: names in the Host header, origins of pages, tokens and their roles, and how often a wrong
// token may be tried. Asked for each request when its header is there. Pure, given the time; one thread.
#pragma once

#include "admin/http_message.hpp"
#include "base/clock.hpp"
#include "base/fingerprint.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postponed::admin {

struct access_token {
  std::string name;
  role may = role::read_only;
  sha256_digest digest{}; // of the token; it itself is not kept
};

struct access_rules {
  std::vector<access_token> tokens; // none: everybody may do everything
  std::vector<std::string> hosts;   // in the Host header, beside loopback's names; without a port
  // Others can reach it: whoever asks for health (a kubelet, a load balancer) does so by any address.
  bool public_health = false;
};

class gatekeeper {
 public:
  void accept(access_rules rules);

  // Nothing where it may be asked; then `who` is set. Else the answer.
  std::optional<response> admit(request& asked, steady_time now);

 private:
  struct attempts { // a bucket that a wrong token takes one out of
    double left = 0;
    steady_time at{};
  };
  attempts& attempts_of(const std::string& host, steady_time now);
  const access_token* token_of(std::string_view given) const;
  std::optional<response> identify(request& asked, steady_time now);

  access_rules rules_;
  std::map<std::string, attempts> wrong_; // by the peer's address
};

// Nothing where the request may be answered; else the 403. The Host must be a loopback name or one of
// `hosts`: a page of elsewhere that makes a browser resolve its own name to 127.0.0.1 (DNS rebinding) gets
// nothing. A change that a browser asks for (it then says the Origin) must come from a page of this very
// endpoint.
std::optional<response> refused(const request& asked, const std::vector<std::string>& hosts = {});

} // namespace postponed::admin
