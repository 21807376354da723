// Opening the store's file: lock, file system, SQLite's settings, schema.
#include "store/sqlite/engine.hpp"
#include "store/sqlite/schema.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace postponed::store::sqlite {

namespace {

// Came later, and is made where a file lacks it: an older postponed passes over it.
constexpr const char* additions = R"(
CREATE TABLE IF NOT EXISTS idempotency(high INTEGER, low INTEGER, until INTEGER NOT NULL, slot INTEGER NOT NULL,
  row INTEGER NOT NULL, nonce INTEGER NOT NULL, due INTEGER NOT NULL, content_high INTEGER NOT NULL,
  content_low INTEGER NOT NULL, PRIMARY KEY(high, low)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_until ON idempotency(until);
)";

// File systems on which SQLite's locks and syncs cannot be trusted; the numbers are those of statfs(2).
const char* network_name(const std::string& folder) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0) return nullptr;
  switch (static_cast<unsigned long>(about.f_type)) {
  case 0x6969:
    return "NFS";
  case 0x517B:
    return "SMB";
  case 0xFE534D42:
    return "SMB2";
  case 0xFF534D42:
    return "CIFS";
  case 0x00C36400:
    return "Ceph";
  case 0x5346414F:
    return "AFS";
  case 0x01021997:
    return "9P";
  case 0x0BD00BD0:
    return "Lustre";
  default:
    return nullptr;
  }
}

std::string free_space(const std::string& file) {
  struct ::statvfs about {};
  if (::statvfs(file.c_str(), &about) != 0) return "no space";
  return std::to_string(about.f_bavail * about.f_frsize >> 20) + " MiB free";
}

errc code_of(int sqlite_code) {
  switch (sqlite_code) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return errc::corrupt;
  case SQLITE_FULL:
    return errc::full;
  case SQLITE_PERM:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
    return errc::permission;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return errc::locked;
  default:
    return errc::io;
  }
}

} // namespace

engine::~engine() {
  // A tidy end: what the log holds goes into the file. After a failure nothing is touched.
  segments_.release();
  if (db_.handle() != nullptr && !failed_) db_.checkpoint(true);
}

boost::system::error_code engine::fail(errc code, std::string words) {
  failed_ = true;
  error_ = std::move(words);
  return make_error_code(code);
}

boost::system::error_code engine::fail(const char* during) {
  const errc code = code_of(db_.last_code());
  std::string words = std::string{during} + " " + options_.path + ": " + db_.message();
  if (code == errc::full)
    words += " (" + free_space(options_.path) +
             "); free some on that disk, then start again: nothing acked is lost";
  if (code == errc::corrupt)
    words += "; the file is damaged and is left as it is: restore a backup, or move it away to start empty";
  if (db_.handle() != nullptr && ::sqlite3_get_autocommit(db_.handle()) == 0) db_.execute("ROLLBACK");
  return fail(code, std::move(words));
}

boost::system::error_code engine::open(std::string& why) {
  if (const auto error = prepare_file(why)) return error;
  if (const auto error = prepare_schema(why)) {
    if (why.empty()) why = error_;
    return error;
  }
  return {};
}

boost::system::error_code engine::prepare_file(std::string& why) {
  const std::filesystem::path file{options_.path};
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  struct ::stat about {};
  if (::stat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) {
    why = "the folder " + folder +
          " of the store does not exist; create it, owned by the user that runs postponed";
    return make_error_code(errc::no_directory);
  }
  if (const char* const network = network_name(folder)) {
    why = folder + " is on a network file system (" + network +
          "), whose locks and syncs cannot be trusted; " + "put store.path on a local disk";
    return make_error_code(errc::network_filesystem);
  }
  std::string holder;
  if (const int error = lock_.acquire(options_.path + ".lock", holder); error == EWOULDBLOCK) {
    why = options_.path + " is in use by " + (holder.empty() ? "another process" : holder) +
          "; stop it, or give this daemon a store.path of its own";
    return make_error_code(errc::locked);
  } else if (error != 0) {
    why = "cannot write " + options_.path + ".lock: " + std::strerror(error) +
          "; let the user that runs postponed write to " + folder;
    return make_error_code(errc::permission);
  }
  const ::mode_t before = ::umask(0077); // a new file is nobody else's to read
  const bool opened = db_.open(options_.path);
  ::umask(before);
  if (!opened) {
    const auto error = fail("cannot open");
    why = error_;
    return error;
  }
  return {};
}

boost::system::error_code engine::prepare_schema(std::string& why) {
  // page_size and auto_vacuum count only for a new file. secure_delete is on by default in Debian's build,
  // and would write every freed page once more.
  if (!db_.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA auto_vacuum=NONE;"
                   "PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
                   "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=" +
                   std::to_string(options_.wal_cap) + "; PRAGMA cache_size=-" +
                   std::to_string(options_.cache_kib) +
                   "; PRAGMA page_size=" + std::to_string(options_.page_size)) ||
      db_.text("PRAGMA journal_mode=WAL") != "wal" ||
      !db_.execute("PRAGMA synchronous=FULL; BEGIN IMMEDIATE"))
    return fail("cannot open");
  const std::int64_t id = db_.single("PRAGMA application_id");
  const std::int64_t version = db_.single("PRAGMA user_version");
  const bool empty = db_.single("SELECT count(*) FROM sqlite_schema") == 0;
  if (db_.last_code() != SQLITE_OK && db_.last_code() != SQLITE_DONE && db_.last_code() != SQLITE_ROW)
    return fail("cannot read");
  if (!empty && id != application_id) {
    why = options_.path + " is a database of something else; give store.path a file of postponed's own";
    return fail(errc::not_ours, why);
  }
  if (!empty && version > schema_version) {
    why = options_.path + " was written by a newer postponed (schema " + std::to_string(version) +
          "); run that version, or a newer one";
    return fail(errc::newer_schema, why);
  }
  // A file of an earlier version is brought to this one in the same transaction: it is either or.
  for (std::int64_t step = empty ? 0 : version; step < schema_version; ++step)
    if (!db_.execute(schema_steps[static_cast<std::size_t>(step)])) return fail("cannot prepare");
  if (version != schema_version && !db_.execute("PRAGMA application_id=" + std::to_string(application_id) +
                                                "; PRAGMA user_version=" + std::to_string(schema_version)))
    return fail("cannot prepare");
  if (!db_.execute(additions) || !ids_.prepare(db_) || !db_.execute("COMMIT")) return fail("cannot prepare");
  page_size_ = db_.single("PRAGMA page_size");
  ::sqlite3_wal_hook(
      db_.handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<engine*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return load_state();
}

// O(buckets), not O(held): what is in them is read when it comes near.
boost::system::error_code engine::load_state() {
  if (!buckets_.load() || !deferrals_.load() || !segments_.load() || !recent_.load() || !pauses_.load())
    return fail("cannot read");
  // Rows are given out once, for ever. The control table knows those of dropped segments.
  const std::int64_t last = segments_.last_row();
  const std::int64_t next = db_.single("SELECT value FROM control WHERE name = 'next_row'");
  if (last < 0 || next < 1) return fail("cannot read");
  next_row_ = std::max(next, last + 1);
  statement routes = db_.prepare("SELECT id, name FROM routes");
  if (!routes) return fail("cannot read");
  int code = 0;
  while ((code = routes.step()) == SQLITE_ROW) {
    const auto number = static_cast<std::uint32_t>(routes.integer(0));
    routes_[std::string{routes.blob(1)}] = number;
    route_names_[number] = routes.blob(1);
  }
  if (code != SQLITE_DONE) return fail("cannot read");
  file_bytes_ = static_cast<std::uint64_t>(db_.single("PRAGMA page_count") * page_size_);
  return {};
}

} // namespace postponed::store::sqlite

namespace postponed::store {

boost::system::result<std::unique_ptr<store>> open_sqlite_store(const sqlite_options& options,
                                                                std::string& why) {
  auto opened = std::make_unique<sqlite::engine>(options);
  if (const auto error = opened->open(why)) return error;
  return std::unique_ptr<store>{std::move(opened)};
}

} // namespace postponed::store
