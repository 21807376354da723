// The tables of the file, as steps from one version of it (PRAGMA user_version) to the next. A step, once
// released, never changes. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>

namespace postponed::store::sqlite {

inline constexpr std::int64_t application_id = 0x70737470; // "pstp"

// Step n makes version n + 1 of version n; version 0 is an empty file.
inline constexpr std::array schema_steps{
    // 1: held messages. The tables of buckets and segments are made as they are needed.
    R"(
CREATE TABLE control(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO control VALUES('next_row', 1);
CREATE TABLE routes(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE buckets(number INTEGER PRIMARY KEY, level INTEGER NOT NULL, start INTEGER NOT NULL,
  first_due INTEGER NOT NULL, splits_into INTEGER NOT NULL, split_to INTEGER NOT NULL);
CREATE TABLE segments(number INTEGER PRIMARY KEY, level INTEGER NOT NULL, start INTEGER NOT NULL);
CREATE TABLE counts(owner INTEGER, route INTEGER, messages INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(owner, route)) WITHOUT ROWID;
CREATE TABLE deferred(due INTEGER, row INTEGER, slot INTEGER NOT NULL, nonce INTEGER NOT NULL, bytes INTEGER NOT NULL,
  failures INTEGER NOT NULL, why INTEGER NOT NULL, error TEXT NOT NULL, route INTEGER NOT NULL,
  PRIMARY KEY(due, row)) WITHOUT ROWID;
CREATE TABLE recent(sequence INTEGER PRIMARY KEY, high INTEGER NOT NULL, low INTEGER NOT NULL, slot INTEGER NOT NULL,
  row INTEGER NOT NULL, nonce INTEGER NOT NULL, due INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE dedup(high INTEGER, low INTEGER, until INTEGER NOT NULL, PRIMARY KEY(high, low)) WITHOUT ROWID;
CREATE INDEX dedup_until ON dedup(until);
CREATE TABLE pauses(route TEXT PRIMARY KEY, who TEXT NOT NULL, why TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
)",
    // 2: collected dead letters (letter_shelves.hpp, letter_rows.hpp) and replays (jobs.hpp). Text off the
    // wire
    // is any bytes: BLOB.
    R"(
CREATE TABLE letter_shelves(number INTEGER PRIMARY KEY, dead_letter TEXT NOT NULL, state INTEGER NOT NULL,
  messages INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE(dead_letter, state));
CREATE TABLE letter_kinds(number INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, grp INTEGER NOT NULL, route BLOB NOT NULL,
  reason BLOB NOT NULL, messages INTEGER NOT NULL, bytes INTEGER NOT NULL, first_died INTEGER, last_died INTEGER,
  UNIQUE(shelf, grp, route, reason));
CREATE INDEX letter_kinds_oldest ON letter_kinds(shelf, first_died);
CREATE TABLE letters(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, shelf INTEGER NOT NULL,
  died INTEGER NOT NULL, discarded INTEGER, bytes INTEGER NOT NULL, first_seen INTEGER NOT NULL,
  collected INTEGER NOT NULL, attempt INTEGER NOT NULL, replays INTEGER NOT NULL, queue BLOB NOT NULL,
  origin BLOB NOT NULL, exchange BLOB NOT NULL, routing_key BLOB NOT NULL, error BLOB NOT NULL);
CREATE INDEX letters_by_shelf ON letters(shelf);
CREATE INDEX letters_by_kind ON letters(kind, died);
CREATE INDEX letters_discarded ON letters(shelf, discarded) WHERE discarded IS NOT NULL;
CREATE TABLE letter_contents(id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, exchange BLOB NOT NULL,
  routing_key BLOB NOT NULL, properties BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, what INTEGER NOT NULL, state INTEGER NOT NULL,
  dead_letter TEXT NOT NULL, spec TEXT NOT NULL, reached INTEGER NOT NULL, total INTEGER NOT NULL,
  done INTEGER NOT NULL, skipped INTEGER NOT NULL, error TEXT NOT NULL, created INTEGER NOT NULL,
  updated INTEGER NOT NULL);
)"};
inline constexpr std::int64_t schema_version = schema_steps.size();

} // namespace postponed::store::sqlite
