// Reads a JSON object that a person sent, strictly: what is unknown, or of another kind than it must be, is
// told in words with what would be right. The first mistake counts. Pure; one thread.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace postponed::admin {

// The body as an object. Nothing, and `wrong` set, where it is none. `empty_is_object`: no body means {}.
std::optional<boost::json::object> body_object(std::string_view body, bool empty_is_object,
                                               std::string& wrong);
// Of a request that takes none: whether there is none, or {}.
bool no_body(std::string_view body, std::string& wrong);

class json_reader {
 public:
  // `called`: what the object is, in the messages, as "the body" or "filter". Both outlive the reader; so
  // does `wrong`, into which the first mistake is written, where there is none yet.
  json_reader(const boost::json::object& from, std::string_view called,
              std::initializer_list<std::string_view> known, std::string& wrong);

  // Each answers nothing where the key is absent, null, or (a mistake) of another kind.
  std::optional<std::string> text(std::string_view key);
  std::optional<std::uint64_t> whole(std::string_view key); // 0 and up
  std::optional<double> positive(std::string_view key);     // more than 0, finite
  std::optional<bool> flag(std::string_view key);
  const boost::json::object* object(std::string_view key);
  const boost::json::array* array(std::string_view key);

  bool has(std::string_view key) const; // not null
  // For objects in which a key that is left out means more than any value would: there a null, which many
  // programs write for what they have not, is a mistake.
  void refuse_nulls();
  void mistake(std::string_view key, std::string_view should_be);

 private:
  const boost::json::value* find(std::string_view key) const;

  const boost::json::object& from_;
  std::string called_;
  std::string& wrong_;
};

} // namespace postponed::admin
