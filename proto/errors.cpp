#include "proto/errors.hpp"

#include <string>

namespace postponed::proto {

namespace {

// Boost's error_category has a protected destructor that is not virtual: nobody deletes one through a base.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class proto_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "postponed.proto"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
    case errc::malformed_frame:
      return "malformed or misplaced frame";
    case errc::malformed_method:
      return "malformed method";
    case errc::malformed_properties:
      return "malformed message properties";
    case errc::malformed_table:
      return "malformed header table";
    case errc::protocol_mismatch:
      return "the peer does not speak AMQP 0-9-1";
    case errc::unsupported_mechanism:
      return "the broker does not offer the login mechanism";
    case errc::heartbeat_timeout:
      return "no heartbeat from the broker";
    case errc::value_too_long:
      return "value too long for its AMQP field";
    }
    return "unknown error " + std::to_string(value);
  }
};
#pragma GCC diagnostic pop

} // namespace

const boost::system::error_category& category() noexcept {
  static const proto_category instance;
  return instance;
}

boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

} // namespace postponed::proto
