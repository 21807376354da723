#include "store/errors.hpp"

#include <string>

namespace postponed::store {

namespace {

class store_category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "postponed.store"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
    case errc::locked:
      return "another process has the store";
    case errc::newer_schema:
      return "the store was written by a newer version";
    case errc::not_ours:
      return "the file is not a store of postponed";
    case errc::corrupt:
      return "the store is damaged";
    case errc::full:
      return "no space left for the store";
    case errc::io:
      return "the disk failed the store";
    case errc::network_filesystem:
      return "the store would be on a network file system";
    case errc::failed_before:
      return "the store failed before";
    case errc::no_directory:
      return "the folder of the store does not exist";
    case errc::permission:
      return "no permission for the store";
    }
    return "unknown error of the store";
  }
};

} // namespace

const boost::system::error_category& category() noexcept {
  static const store_category instance;
  return instance;
}

boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

} // namespace postponed::store
