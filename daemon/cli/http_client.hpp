// Asks the admin endpoint: one question after another, each over a connection of its own; a body of any
// length whose answer comes meanwhile; an answer that goes on. Blocking, with a deadline for each step; not
// thread-safe. Throws failure (no_answer) where the daemon cannot be reached or says nothing in time.
#pragma once

#include "cli/endpoint.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace postponed::cli {

class http_client {
 public:
  struct answer {
    unsigned status = 0;
    std::string content_type, body;
  };

  explicit http_client(endpoint where) : where_{std::move(where)} {}

  // `body`, where there is one, is JSON. `idempotency_key`, where there is one, goes as a header.
  answer ask(std::string_view method, const std::string& target, std::string body = {},
             const std::string& idempotency_key = {}) const;

  // Posts pieces of lines of JSON, as `next` makes them (false: there are no more), and gives `got` the
  // answer as it comes. Where the answer is not 200 it is returned whole, and `got` is not called.
  answer upload(const std::string& target, const std::function<bool(std::string& piece)>& next,
                const std::function<void(std::string_view)>& got) const;

  // Gives `got` an answer that goes on, until the daemon ends it. As upload, where it is not 200.
  answer follow(const std::string& target, const std::function<void(std::string_view)>& got) const;

 private:
  endpoint where_;
};

} // namespace postponed::cli
