#include "admin/http_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace postponed::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t block_bytes = 65536; // of a body, at once

// What a reply that comes late finds of its connection: no wake any more.
struct awaited {
  std::optional<response> came;
  asio::steady_timer* wake = nullptr;
};

} // namespace

http_connection::http_connection(wire::socket_type socket, std::shared_ptr<asio::ssl::context> tls,
                                 const http_service& service, const http_limits& limits, std::size_t& streams)
    : wire_{std::move(socket), std::move(tls)}, service_{service}, limits_{limits}, streams_{streams},
      wake_{wire_.get_executor()} {}

void http_connection::stop() {
  stopping_ = true;
  wire_.close();
  wake_.cancel();
}

void http_connection::review() {
  if (streaming_ && service_.admit && service_.admit(*streaming_)) stop();
}

asio::awaitable<void> http_connection::serve() {
  wire_.read_within(limits_.patience);
  const wire::error_code error = co_await wire_.handshake();
  if (!error) {
    for (bool more = true; more && !stopping_;)
      more = co_await serve_one();
    co_await wire_.farewell();
  }
  wire_.close();
}

asio::awaitable<bool> http_connection::serve_one() {
  parser from;
  from.header_limit(limits_.header_bytes);
  from.body_limit(boost::none);        // counted here
  wire_.read_within(limits_.patience); // for the whole request, however its bytes drip in
  auto [error, size] = co_await http::async_read_header(wire_, buffer_, from, as_result);
  if (error) {
    auto refused = refusal(error, limits_);
    if (!refused) co_return false;
    co_await write(std::move(*refused), nullptr, false);
    co_await drain();
    co_return false;
  }
  request asked = request_of(from.get());
  asked.remote = wire_.peer();
  asked.remote_host = wire_.peer_host();
  asked.local = wire_.is_local();
  asked.tls = wire_.has_tls();
  std::optional<response> ready = malformed(from.get());
  const bool understood = !ready.has_value();
  if (understood && service_.admit) ready = service_.admit(asked);
  if (!ready && service_.stream_for)
    if (stream_handler handler = service_.stream_for(asked)) {
      if (streams_ >= limits_.streams) {
        ready = problem("too-many-streams", "there are " + std::to_string(limits_.streams) +
                                                " answers in pieces under way already; try again later");
        ready->headers.emplace_back("Retry-After", "5");
      } else {
        co_await stream(from, std::move(asked), std::move(handler));
        co_return false;
      }
    }
  if (!ready) {
    bool gone = false;
    ready = co_await read_whole(from, asked.body, gone);
    if (gone) co_return false;
  }
  if (!ready) {
    wire_.read_done();
    ready = co_await await_reply(std::move(asked));
    if (!ready) co_return false;
  }
  // What is left of a body that nobody wants would be taken for the next request.
  const bool keep = understood && from.is_done() && from.get().keep_alive();
  const bool written = co_await write(std::move(*ready), &from, keep);
  if (written && !from.is_done()) co_await drain();
  co_return written&& keep;
}

asio::awaitable<beast::error_code> http_connection::read_some(parser& from, std::string& into) {
  const std::size_t before = into.size();
  into.resize(before + block_bytes);
  auto& body = from.get().body();
  body.data = into.data() + before;
  body.size = block_bytes;
  auto [error, size] = co_await http::async_read_some(wire_, buffer_, from, as_result);
  into.resize(before + block_bytes - body.size);
  body.data = nullptr;
  if (error == http::error::need_buffer) co_return beast::error_code{}; // it is full
  co_return error;
}

asio::awaitable<std::optional<response>> http_connection::read_whole(parser& from, std::string& into,
                                                                     bool& gone) {
  const auto length = from.content_length();
  if (length && *length > limits_.body_bytes) co_return too_large(limits_);
  const bool welcome = co_await invite(from.get());
  gone = !welcome;
  while (!gone && !from.is_done()) {
    const beast::error_code error = co_await read_some(from, into);
    if (into.size() > limits_.body_bytes) co_return too_large(limits_);
    if (!error) continue;
    auto refused = refusal(error, limits_);
    gone = !refused.has_value();
    co_return refused;
  }
  co_return std::nullopt;
}

asio::awaitable<bool> http_connection::invite(const request_header& got) {
  if (got.count(http::field::expect) == 0) co_return true;
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  wire_.write_within(limits_.patience);
  const auto bytes = asio::buffer(go_on);
  auto [error, size] = co_await asio::async_write(wire_, bytes, as_result);
  wire_.write_done();
  co_return !error;
}

asio::awaitable<std::optional<response>> http_connection::await_reply(request asked) {
  // Shared with the handler, which may keep its reply for longer than the connection lasts.
  const auto state = std::make_shared<awaited>();
  state->wake = &wake_;
  wake_.expires_after(limits_.deadline);
  reply deliver = [state](response value) {
    if (state->wake == nullptr || state->came) return;
    state->came = std::move(value);
    state->wake->cancel();
  };
  service_.answer(std::move(asked), std::move(deliver));
  if (!state->came && !stopping_) co_await wake_.async_wait(as_result);
  state->wake = nullptr;
  if (!state->came && !stopping_)
    state->came = problem(504, "no answer within " + std::to_string(limits_.deadline.count()) +
                                   " ms; what was asked for may still be done");
  co_return std::move(state->came);
}

asio::awaitable<bool> http_connection::write(response what, const parser* asked, bool keep_alive) {
  const bool head = asked != nullptr && asked->get().method() == http::verb::head;
  whole_response out =
      message_of(std::move(what), asked != nullptr ? asked->get().version() : 11, head, keep_alive);
  wire_.write_within(limits_.patience);
  http::response_serializer<http::string_body> serializer{out};
  auto [error, size] = co_await http::async_write(wire_, serializer, as_result);
  wire_.write_done();
  co_return !error;
}

asio::awaitable<void> http_connection::stream(parser& from, request asked, stream_handler handler) {
  ++streams_;
  streaming_ = asked;
  const bool chunked = from.get().version() == 11;
  const bool reads_only = asked.method == "GET";
  const auto to = std::make_shared<http_stream>(wire_, limits_, chunked, [this] { wake_.cancel(); });
  wire_.read_done();
  // Before the handler may write: behind the head of its answer this would be taken for a piece of it.
  bool welcome = true;
  if (!from.is_done()) welcome = co_await invite(from.get());
  if (welcome)
    handler(std::move(asked), to);
  else
    to->close();
  handler = nullptr; // what it holds may be much
  while (!stopping_ && !to->broken() && !to->finished()) {
    if (to->wants_piece()) {
      body_piece piece;
      beast::error_code error;
      wire_.read_within(limits_.patience);
      while (!error && piece.bytes.empty() && !from.is_done())
        error = co_await read_some(from, piece.bytes);
      wire_.read_done();
      if (error)
        piece.what = body_piece::state::broken;
      else if (from.is_done())
        piece.what = body_piece::state::end;
      to->give(std::move(piece));
      // To a peer that sent what is no body an answer can still be said.
      if (error && !refusal(error, limits_)) to->close();
      continue;
    }
    if (reads_only && from.is_done() && !watching_) watch_peer(*to);
    if (to->has_heartbeat())
      wake_.expires_after(limits_.heartbeat);
    else
      wake_.expires_at(asio::steady_timer::time_point::max());
    auto [cancelled] = co_await wake_.async_wait(as_result);
    if (!cancelled) to->beat();
  }
  if (to->finished() && !from.is_done()) co_await drain();
  to->close();
  if (watching_ || to->busy()) wire_.close(); // it ends what is under way
  while (watching_ || to->busy()) {
    wake_.expires_at(asio::steady_timer::time_point::max());
    co_await wake_.async_wait(as_result);
  }
  --streams_;
  streaming_.reset();
}

// Who only listens, and goes, is not noticed by writing before some time has passed. What it says meanwhile
// is kept for the next request, which does not come: the answer ends the connection.
void http_connection::watch_peer(http_stream& to) {
  if (buffer_.size() >= limits_.header_bytes) return;
  watching_ = true;
  wire_.async_read_some(buffer_.prepare(limits_.header_bytes),
                        [this, &to](const wire::error_code& error, std::size_t size) {
                          watching_ = false;
                          if (error)
                            to.close();
                          else
                            buffer_.commit(size);
                          wake_.cancel();
                        });
}

// Closing with bytes unread resets the connection, and the peer loses the refusal on its way: so the rest of
// a request is read and thrown away, to a limit.
asio::awaitable<void> http_connection::drain() {
  if (!wire_.has_tls()) wire_.shutdown_send();
  wire_.read_within(limits_.patience);
  for (std::uint64_t left = 4 * limits_.body_bytes; left > 0;) {
    buffer_.clear();
    const auto space = buffer_.prepare(16384);
    auto [error, got] = co_await wire_.async_read_some(space, as_result);
    if (error) break;
    left -= std::min<std::uint64_t>(left, got);
  }
}

} // namespace postponed::admin
