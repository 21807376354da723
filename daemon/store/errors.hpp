// The error codes of store. store::last_error() has the words.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace postponed::store {

enum class errc {
  locked = 1,         // another process has the file
  newer_schema,       // written by a newer postponed
  not_ours,           // a database of something else
  corrupt,            // damaged pages, or a checksum that does not match
  full,               // no space left on the device
  io,                 // any other failure of the disk
  network_filesystem, // SQLite's locks cannot be trusted there
  failed_before,      // an earlier commit failed; the store refuses everything
  no_directory,       // the folder of the file does not exist
  permission,         // may not read or write the file or its folder
};

const boost::system::error_category& category() noexcept;
boost::system::error_code make_error_code(errc value) noexcept;

} // namespace postponed::store

template <>
struct boost::system::is_error_code_enum<postponed::store::errc> : std::true_type {};
