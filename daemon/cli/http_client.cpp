#include "cli/http_client.hpp"

#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/http_stream.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/core.h>

#include <array>
#include <chrono>

namespace postponed::cli {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds patience{60}; // longer than the daemon's own deadline for an answer
constexpr std::size_t read_at_once = std::size_t{64} << 10; // bytes

[[noreturn]] void give_up(const endpoint& where, const error_code& error) {
  const std::string why = error == net::error::timed_out        ? "it does not answer"
                          : error == http::error::end_of_stream ? "it closed the connection"
                                                                : error.message();
  throw failure{no_answer, fmt::format("{}: {}", to_string(where), why)};
}

template <typename Body>
void address(http::request<Body>& to, const endpoint& where, const std::string& target) {
  to.version(11);
  to.target(target);
  // A unix socket has no name; the daemon takes loopback's.
  const std::string url = where.by == endpoint::kind::unix_socket ? "http://localhost" : to_string(where);
  to.set(http::field::host, url.substr(url.find("//") + 2));
  to.set(http::field::user_agent, "postponed");
  to.set(http::field::connection, "close");
  if (!where.token.empty()) to.set(http::field::authorization, "Bearer " + where.token);
}

http_client::answer head_of(const http::response_header<>& from) {
  return {from.result_int(), std::string{from[http::field::content_type]}, {}};
}

// Reads an answer as it comes: to `got`, or whole where it is not 200.
class reader {
 public:
  reader(http_stream& from, const std::function<void(std::string_view)>& got) : from_{from}, got_{got} {
    parser_.body_limit(boost::none);
  }
  void begin() {
    http::async_read_header(from_, buffer_, parser_, [this](const error_code& error, std::size_t) {
      if (error) return end(error);
      result_ = head_of(parser_.get());
      proceed();
    });
  }
  bool ended() const { return ended_; }
  const error_code& error() const { return error_; }
  http_client::answer take() { return std::move(result_); }

 private:
  void end(const error_code& error) {
    error_ = error;
    ended_ = true;
  }
  void proceed() {
    if (parser_.is_done()) return end({});
    auto& body = parser_.get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    http::async_read_some(from_, buffer_, parser_, [this](error_code error, std::size_t) {
      const std::string_view came{piece_.data(), piece_.size() - parser_.get().body().size};
      if (error == http::error::need_buffer) error = {};
      if (!came.empty() && result_.status == 200)
        got_(came);
      else
        result_.body += came;
      if (error) return end(error);
      proceed();
    });
  }

  http_stream& from_;
  const std::function<void(std::string_view)>& got_;
  flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::array<char, read_at_once> piece_{};
  http_client::answer result_;
  error_code error_;
  bool ended_ = false;
};

// Runs until the answer has ended, and closes: what is under way ends before its reader and its writer do.
http_client::answer all_of(reader& results, http_stream& stream, const endpoint& where) {
  const bool ended = stream.run_until([&] { return results.ended(); }, patience);
  const error_code how = results.error();
  stream.close();
  stream.run_until([] { return false; }, std::chrono::milliseconds{1});
  if (!ended) give_up(where, net::error::timed_out);
  if (how) give_up(where, how);
  return results.take();
}

// Writes pieces as chunks, one after another.
class writer {
 public:
  writer(http_stream& to, const std::function<bool(std::string&)>& next) : to_{to}, next_{next} {}
  void proceed() {
    piece_.clear();
    if (!next_(piece_))
      return net::async_write(to_, http::make_chunk_last(), [](const error_code&, std::size_t) {});
    if (piece_.empty()) return proceed(); // an empty chunk would be the last
    // An error shows in the answer, or in its absence.
    net::async_write(to_, http::make_chunk(net::buffer(piece_)),
                     [this](const error_code& error, std::size_t) {
                       if (!error) proceed();
                     });
  }

 private:
  http_stream& to_;
  const std::function<bool(std::string&)>& next_;
  std::string piece_;
};

} // namespace

http_client::answer http_client::ask(std::string_view method, const std::string& target, std::string body,
                                     const std::string& idempotency_key) const {
  http_stream stream{where_};
  http::request<http::string_body> question;
  question.method_string({method.data(), method.size()});
  address(question, where_, target);
  if (!body.empty()) question.set(http::field::content_type, "application/json");
  if (!idempotency_key.empty()) question.set("Idempotency-Key", idempotency_key);
  question.body() = std::move(body);
  question.prepare_payload();
  error_code error =
      stream.finish([&](auto handler) { http::async_write(stream, question, std::move(handler)); }, patience);
  // Who refuses a long body answers before it was read.
  if (error && error != net::error::broken_pipe && error != net::error::connection_reset)
    give_up(where_, error);
  flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  error = stream.finish([&](auto handler) { http::async_read(stream, buffer, parser, std::move(handler)); },
                        patience);
  if (error) give_up(where_, error);
  answer to = head_of(parser.get());
  to.body = std::move(parser.get().body());
  return to;
}

http_client::answer http_client::upload(const std::string& target,
                                        const std::function<bool(std::string&)>& next,
                                        const std::function<void(std::string_view)>& got) const {
  http_stream stream{where_};
  http::request<http::empty_body> head{http::verb::post, target, 11};
  address(head, where_, target);
  head.set(http::field::content_type, "application/x-ndjson");
  head.chunked(true);
  http::request_serializer<http::empty_body> serializer{head};
  const error_code error = stream.finish(
      [&](auto handler) { http::async_write_header(stream, serializer, std::move(handler)); }, patience);
  if (error) give_up(where_, error);
  reader results{stream, got};
  writer lines{stream, next};
  results.begin();
  lines.proceed();
  return all_of(results, stream, where_);
}

http_client::answer http_client::follow(const std::string& target,
                                        const std::function<void(std::string_view)>& got) const {
  http_stream stream{where_};
  http::request<http::empty_body> question{http::verb::get, target, 11};
  address(question, where_, target);
  const error_code error =
      stream.finish([&](auto handler) { http::async_write(stream, question, std::move(handler)); }, patience);
  if (error) give_up(where_, error);
  reader results{stream, got};
  results.begin();
  return all_of(results, stream, where_);
}

} // namespace postponed::cli
