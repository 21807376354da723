// What is done to a store's file while nobody has it: SQLite's own check of its structure, and a copy. Each
// takes the file's lock for as long as it works, and changes nothing. Any thread, one at a time.
#pragma once

#include "store/errors.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postponed::store {

// What is wrong with the file's structure, in SQLite's words, a hundred at most; none: it is sound. On an
// error `why` says in words what is wrong and what to do.
boost::system::result<std::vector<std::string>> check_sqlite_file(const std::string& path, std::string& why);

// Copies the store, its log included, to `to`, which must not be there, and syncs it. `progress` gets pages
// done and pages in all. What was begun and failed is removed.
boost::system::result<void>
backup_sqlite_file(const std::string& path, const std::string& to,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress, std::string& why);

} // namespace postponed::store
