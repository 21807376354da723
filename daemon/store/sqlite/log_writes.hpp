// Fewer system calls for SQLite's log (the -wal file). SQLite writes each page of a commit as two calls, its
// frame's head and the page; here what follows on is put together and written in one call, before the sync
// that makes the commit durable at the latest. The bytes of the file and their order are unchanged, and so is
// what a commit promises: with synchronous=FULL none answers before its sync. A commit without a sync may be
// lost with the process, as it may be with the machine anyway.
#pragma once

namespace postponed::store::sqlite {

// The name of a VFS (https://www.sqlite.org/vfs.html) like the default one but for its logs; registered at
// the first call. Null: SQLite has no default, and opening says so. Any thread. Only for connections with
// locking_mode=EXCLUSIVE: another connection would not see what is not written yet.
const char* log_writes_vfs();

} // namespace postponed::store::sqlite
