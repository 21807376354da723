// Which handler answers a request: a table of methods and path patterns. Pure; one thread.
#pragma once

#include "admin/http_message.hpp"

#include <functional>
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

  // A pattern's segments are literal, or {anything} for one segment that is not empty: /routes/{name}/pause.
  // GET answers HEAD too.
  void add(std::string method, std::string_view pattern, handler answer);

  // Answers 400 where the target is not decodable, 404 where no pattern fits it, 405 with Allow where one
  // does for another method.
  void handle(request asked, reply done) const;

 private:
  struct entry {
    std::string method;
    std::vector<std::string> pattern;
    handler answer;
  };
  std::vector<entry> table_;
};

// %41 and, where `plus`, + for a space. Nothing where a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus);

} // namespace postponed::admin
