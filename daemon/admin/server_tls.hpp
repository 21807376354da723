// The TLS of the admin endpoint: its certificate, and what is spoken: TLS 1.2 with forward secrecy, and 1.3.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace postponed::admin {

// From PEM files. Null: `why` names the file and what is wrong with it.
std::shared_ptr<boost::asio::ssl::context> server_tls(const std::string& certificate_file,
                                                      const std::string& key_file, std::string& why);

} // namespace postponed::admin
