// The embedded store: one SQLite file, a timing wheel of bucket tables in it (see ../DESIGN.md). One thread.
#pragma once

#include "store/errors.hpp"
#include "store/store.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace postponed::store {

struct sqlite_options {
  std::string path;
  std::size_t recent_limit = 65536;      // fingerprints remembered
  std::size_t split_rows = 4096;         // a larger bucket of 10 minutes or longer is split on approach
  std::size_t split_minute_rows = 20000; // ... and a larger one of a minute, into seconds
  std::size_t split_chunk = 2000;        // entries moved in one piece of housekeeping: milliseconds
  std::size_t segment_bytes = std::size_t{64} << 20; // of bodies in one table, which is dropped as a whole
  std::size_t wal_soft = std::size_t{16} << 20;      // bytes of log after which a checkpoint is worth it
  std::size_t wal_idle = std::size_t{1} << 20;       // ... when nobody waits
  std::size_t wal_cap = std::size_t{128} << 20;      // ... and after which a commit waits for one
  int page_size = 4096;                              // bytes; of a new file
  int cache_kib = 8192;                              // SQLite's page cache
};

// Opens or creates the file and takes it for this process alone. On an error `why` says in words what is
// wrong and what to do: the holder of a locked file by its process id, a newer schema, a damaged file (never
// made anew), a network file system, a missing folder or permission.
boost::system::result<std::unique_ptr<store>> open_sqlite_store(const sqlite_options& options,
                                                                std::string& why);

} // namespace postponed::store
