// Bytes as text: UTF-8 (RFC 3629; Unicode, table 3-7) and base64 (RFC 4648). Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postponed {

struct code_point {
  char32_t value = 0;
  std::size_t size = 0; // bytes; 0: what is at the front is no UTF-8
};
// The one at the front of a text that is not empty: no overlong form, no surrogate.
code_point first_code_point(std::string_view text);

bool is_utf8(std::string_view bytes); // as a whole

// With padding. Decoding is strict: nothing where it is anything else.
std::string base64(std::string_view bytes);
std::optional<std::string> base64_decoded(std::string_view text);

} // namespace postponed
