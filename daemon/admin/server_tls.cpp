#include "admin/server_tls.hpp"

namespace postponed::admin {

namespace asio = boost::asio;

std::shared_ptr<asio::ssl::context> server_tls(const std::string& certificate_file,
                                               const std::string& key_file, std::string& why) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression |
                       SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Of TLS 1.2; those of 1.3 are all good.
  if (::SSL_CTX_set_cipher_list(context->native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    why = "this OpenSSL knows no cipher that is good enough";
    return nullptr;
  }
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) {
    why = "cannot use the certificate in " + certificate_file + ": " + error.message();
    return nullptr;
  }
  context->use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) {
    why = "cannot use the key in " + key_file + ": " + error.message() +
          "; it must be readable, without a passphrase, and the certificate's own";
    return nullptr;
  }
  return context;
}

} // namespace postponed::admin
