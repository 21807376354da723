#include "io/management_client.hpp"

#include "base/encodings.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <utility>

namespace postponed::io {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_size = std::size_t{64} << 10;

std::string authority_of(const management_parameters& to) {
  const bool v6 = to.host.find(':') != std::string::npos;
  return (v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

} // namespace

std::string management_parameters::display() const {
  return (tls ? "https://" : "http://") + authority_of(*this) + path;
}

std::string percent_encoded(const std::string& text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

management_client::management_client(asio::io_context& context, management_parameters limits)
    : context_{context}, limits_{std::move(limits)},
      octets_(read_size), deadline_{context}, written_{context} {}

asio::awaitable<std::string> management_client::get(std::string resource, std::string& document) {
  if (stopping_) co_return std::string{"stopping"};
  request_ =
      "GET " + limits_.path + resource + " HTTP/1.1\r\nHost: " + authority_of(limits_) +
      "\r\nUser-Agent: postponed\r\nAccept: application/json\r\nConnection: close\r\nAuthorization: Basic " +
      base64(limits_.user + ":" + limits_.password) + "\r\n\r\n";
  transport_ = std::make_unique<transport>(context_);
  timed_out_ = false;
  under_way_ = true;
  bound(limits_.timeout);
  std::string problem;
  const boost::system::error_code connected = co_await transport_->connect(
      limits_.host, limits_.port, limits_.tls ? &limits_.tls_settings : nullptr, problem);
  if (connected)
    problem += ": " + connected.message();
  else
    problem = co_await exchange(document);
  under_way_ = false;
  if (timed_out_) problem = "no answer within " + std::to_string(limits_.timeout.count()) + " ms";
  if (stopping_) problem = "stopping";
  deadline_.cancel();
  transport_->close();
  while (writing_) { // the write under way holds our request
    written_.expires_after(200ms);
    co_await written_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  transport_.reset();
  if (!problem.empty()) problem = limits_.display() + ": " + problem;
  co_return problem;
}

asio::awaitable<std::string> management_client::exchange(std::string& document) {
  writing_ = true;
  transport_->write(asio::buffer(request_), [this](const boost::system::error_code&) {
    writing_ = false;
    written_.cancel();
  });
  http::response_parser<http::string_body> parser;
  parser.body_limit(limits_.answer_max);
  parser.eager(true);
  std::string heard;
  boost::system::error_code wrong;
  while (!parser.is_done()) {
    auto [error, size] = co_await transport_->read_some(asio::buffer(octets_));
    if (error && parser.got_some()) parser.put_eof(wrong); // an answer may end with its connection
    if (error && (!parser.is_done() || wrong))
      co_return "the connection was lost before the answer was whole: " + error.message();
    if (error) break;
    heard.append(octets_.data(), size);
    heard.erase(0, parser.put(asio::buffer(heard), wrong));
    if (wrong == http::error::body_limit)
      co_return "its answer has more than " + std::to_string(limits_.answer_max) + " bytes";
    if (wrong && wrong != http::error::need_more) co_return "no HTTP answer: " + wrong.message();
  }
  const unsigned status = parser.get().result_int();
  document = std::move(parser.get().body());
  if (status == 200) co_return std::string{};
  if (status == 401)
    co_return std::string{"401: it does not take the user or the password of broker.management"};
  const std::string reason{parser.get().reason()};
  co_return "it answered " + std::to_string(status) + (reason.empty() ? "" : " " + reason);
}

// Closing the socket ends what goes on with it. Again and again, for resolving a name cannot be ended, and
// the connecting after it opens the socket anew.
void management_client::bound(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error || !under_way_) return;
    timed_out_ = true;
    transport_->close();
    bound(100ms);
  });
}

void management_client::stop() {
  stopping_ = true;
  if (under_way_) bound(0ms);
}

} // namespace postponed::io
