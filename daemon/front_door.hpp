// The admin endpoint as the configuration wants it: where it listens, who may ask, with TLS or without; and
// how that changes while the daemon runs. Part of the application; lives on the io_context's thread. After
// stop() the io_context must run until nothing is left before it is destroyed.
#pragma once

#include "admin/api.hpp"
#include "admin/gatekeeper.hpp"
#include "admin/http_server.hpp"
#include "config/settings.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace postponed {

class front_door {
 public:
  front_door(boost::asio::io_context& context, const admin::api& serves) : context_{context}, api_{serves} {}

  // Makes everything ready that may fail: listens, beside where it did before, and reads the certificate.
  // False: `why`, and nothing has changed.
  bool prepare(const config::admin_settings& at, std::string& why);
  void accept();  // what was prepared counts from now on
  void discard(); // what was prepared does not
  void stop();

  std::string address() const; // for people: http://127.0.0.1:9470, unix:/run/x

 private:
  std::unique_ptr<admin::http_server> open(const config::admin_settings& at, std::string& why);

  struct prepared {
    config::admin_settings at;
    std::unique_ptr<admin::http_server> server; // null: it stays where it is
    std::shared_ptr<boost::asio::ssl::context> tls;
  };

  boost::asio::io_context& context_;
  const admin::api& api_;
  admin::gatekeeper gate_;
  config::admin_settings now_;
  std::unique_ptr<admin::http_server> server_;
  std::unique_ptr<prepared> next_;
  std::vector<std::unique_ptr<admin::http_server>> former_; // until their connections are gone
};

} // namespace postponed
