#include "store/sqlite/log_writes.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace postponed::store::sqlite {

namespace {

// 30 pages of 4 KiB. SQLite's own VFS for Unix writes less than 128 KiB a call, and takes 128 for none.
constexpr std::size_t capacity = std::size_t{124} << 10;

// A log. SQLite gives its memory: this, and behind it the file of the default VFS.
struct log_file : sqlite3_file {
  sqlite3_file* file = nullptr;
  std::unique_ptr<char[]> pending;
  std::size_t filled = 0;
  sqlite3_int64 start = 0; // where in the file `pending` belongs
  int failed = SQLITE_OK;

  // An error stays: SQLite already counts on what could not be written, and would otherwise copy whatever is
  // in that place of the log into the database.
  int flush() {
    if (failed != SQLITE_OK || filled == 0) return failed;
    failed = file->pMethods->xWrite(file, pending.get(), static_cast<int>(filled), start);
    start += static_cast<sqlite3_int64>(filled);
    filled = 0;
    return failed;
  }

  int write(const char* from, std::size_t size, sqlite3_int64 at) {
    if (at != start + static_cast<sqlite3_int64>(filled)) {
      flush();
      start = at;
    }
    while (size > 0 && (filled < capacity || flush() == SQLITE_OK)) {
      const std::size_t part = std::min(size, capacity - filled);
      std::memcpy(pending.get() + filled, from, part);
      filled += part;
      from += part;
      size -= part;
    }
    return failed;
  }
};
static_assert(sizeof(log_file) % alignof(std::max_align_t) == 0, "the file behind it would not be aligned");

log_file& self(sqlite3_file* raw) {
  return *static_cast<log_file*>(raw);
}

int close(sqlite3_file* raw) {
  const int written = self(raw).flush();
  const int closed = self(raw).file->pMethods->xClose(self(raw).file);
  self(raw).~log_file();
  return written != SQLITE_OK ? written : closed;
}

int write(sqlite3_file* raw, const void* from, int size, sqlite3_int64 at) {
  return self(raw).write(static_cast<const char*>(from), static_cast<std::size_t>(size), at);
}

// A failed sync stays, too: the next one would succeed, though nobody knows what is on the disk.
int sync(sqlite3_file* raw, int flags) {
  if (const int error = self(raw).flush(); error != SQLITE_OK) return error;
  return self(raw).failed = self(raw).file->pMethods->xSync(self(raw).file, flags);
}

// Whatever looks at the file sees all that was written.
template <typename Then>
int flushed(sqlite3_file* raw, Then then) {
  const int error = self(raw).flush();
  return error != SQLITE_OK ? error : then(self(raw).file);
}

int read(sqlite3_file* raw, void* to, int size, sqlite3_int64 at) {
  return flushed(raw, [&](sqlite3_file* file) { return file->pMethods->xRead(file, to, size, at); });
}
int truncate(sqlite3_file* raw, sqlite3_int64 size) {
  return flushed(raw, [&](sqlite3_file* file) { return file->pMethods->xTruncate(file, size); });
}
int file_size(sqlite3_file* raw, sqlite3_int64* size) {
  return flushed(raw, [&](sqlite3_file* file) { return file->pMethods->xFileSize(file, size); });
}

int lock(sqlite3_file* raw, int level) {
  return self(raw).file->pMethods->xLock(self(raw).file, level);
}
int unlock(sqlite3_file* raw, int level) {
  return self(raw).file->pMethods->xUnlock(self(raw).file, level);
}
int check_reserved_lock(sqlite3_file* raw, int* held) {
  return self(raw).file->pMethods->xCheckReservedLock(self(raw).file, held);
}
int file_control(sqlite3_file* raw, int operation, void* argument) {
  return self(raw).file->pMethods->xFileControl(self(raw).file, operation, argument);
}
int sector_size(sqlite3_file* raw) {
  return self(raw).file->pMethods->xSectorSize(self(raw).file);
}
int device_characteristics(sqlite3_file* raw) {
  return self(raw).file->pMethods->xDeviceCharacteristics(self(raw).file);
}

// Version 1: what later versions add (shared memory, mapped pages) is asked of the database, not of its log.
constexpr sqlite3_io_methods methods{1,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_reserved_lock,
                                     file_control,
                                     sector_size,
                                     device_characteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

// The default VFS. Its methods are given our copy of it, in which they find what they look for in their own.
const sqlite3_vfs* base = nullptr;

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* raw, int flags, int* given) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(vfs, name, raw, flags, given);
  raw->pMethods = nullptr; // on an error: there is nothing to close
  std::unique_ptr<char[]> pending{new (std::nothrow) char[capacity]};
  if (pending == nullptr) return SQLITE_NOMEM;
  auto* const file = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(raw) + sizeof(log_file));
  if (const int error = base->xOpen(vfs, name, file, flags, given); error != SQLITE_OK) return error;
  auto* const made = new (raw) log_file;
  made->pMethods = &methods;
  made->file = file;
  made->pending = std::move(pending);
  return SQLITE_OK;
}

} // namespace

const char* log_writes_vfs() {
  // SQLite keeps a pointer to it until the process ends.
  static sqlite3_vfs ours = [] {
    sqlite3_vfs made{};
    base = ::sqlite3_vfs_find(nullptr);
    if (base == nullptr) return made;
    made = *base;
    made.pNext = nullptr;
    made.zName = "postponed-log-writes";
    made.szOsFile += static_cast<int>(sizeof(log_file));
    made.xOpen = open;
    return made;
  }();
  static const int registered = base == nullptr ? SQLITE_ERROR : ::sqlite3_vfs_register(&ours, 0);
  return registered == SQLITE_OK ? ours.zName : nullptr;
}

} // namespace postponed::store::sqlite
