// Which handler answers a request: a table of methods and path patterns. Pure; one thread.
#pragma once

#include "admin/exchange.hpp"
#include "admin/http_message.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postponed::admin {

// A request that has found its handler.
struct call {
  request asked;
  std::vector<std::string> names;                         // what stood in the pattern's braces, decoded
  std::vector<std::pair<std::string, std::string>> query; // decoded, in order; "x" without '=': {"x", ""}
};

class router {
 public:
  using handler = std::function<void(const call&, reply)>;
  using streamer = std::function<void(const call&, std::shared_ptr<exchange>)>;

  // A pattern's segments are literal, or {anything} for one segment that is not empty: /routes/{name}/pause.
  // GET answers HEAD too.
  void add(std::string method, std::string_view pattern, handler answer);
  // One whose body comes, or whose answer goes, in pieces. `only`: for which requests; absent: all. Where it
  // does not want one, a handler of the same method and pattern that was given to add() has it.
  void add_stream(std::string method, std::string_view pattern, streamer answer,
                  std::function<bool(const request&)> only = {});

  // What there is, each once, in the order in which it was added: method and pattern, as "GET
  // /routes/{name}".
  std::vector<std::string> paths() const;

  // Answers 400 where the target is not decodable, 404 where no pattern fits it, 405 with Allow where one
  // does for another method.
  void handle(request asked, reply done) const;
  // Who takes this one in pieces; empty: nobody, and handle() says the rest.
  stream_handler stream_for(const request& head) const;

 private:
  struct entry {
    std::string method;
    std::vector<std::string> pattern;
    handler answer; // one of the two
    streamer streamed;
    std::function<bool(const request&)> only;
  };
  std::vector<entry> table_;
};

// %41 and, where `plus`, + for a space. Nothing where a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus);

} // namespace postponed::admin
