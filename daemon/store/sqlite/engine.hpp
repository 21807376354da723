// The SQLite implementation of store/store.hpp; see it for the contract, and ../DESIGN.md for the layout.
#pragma once

#include "store/sqlite/bucket_index.hpp"
#include "store/sqlite/buckets.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/dedup.hpp"
#include "store/sqlite/deferrals.hpp"
#include "store/sqlite/held_messages.hpp"
#include "store/sqlite/idempotency.hpp"
#include "store/sqlite/ids.hpp"
#include "store/sqlite/jobs.hpp"
#include "store/sqlite/letter_rows.hpp"
#include "store/sqlite/letter_search.hpp"
#include "store/sqlite/letter_shelves.hpp"
#include "store/sqlite/lock_file.hpp"
#include "store/sqlite/page_rest.hpp"
#include "store/sqlite/pauses.hpp"
#include "store/sqlite/recent.hpp"
#include "store/sqlite/record_codec.hpp"
#include "store/sqlite/segments.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/statement_cache.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postponed::store::sqlite {

class engine final : public store, private letters {
 public:
  explicit engine(sqlite_options options)
      : options_{std::move(options)}, statements_{db_}, buckets_{db_, statements_},
        segments_{db_, statements_, options_.segment_bytes}, deferrals_{db_}, recent_{db_,
                                                                                      options_.recent_limit} {
  }
  ~engine() override;

  boost::system::error_code open(std::string& why);

  boost::system::result<commit_outcome> commit(batch&& work, wall_time now) override;
  boost::system::result<horizon_page> load(horizon_position after, wall_time until, std::size_t limit,
                                           const std::vector<std::uint32_t>& skip) override;
  boost::system::result<std::vector<held_record>> read(const std::vector<held_id>& ids) override;
  boost::system::result<bool> maintain(wall_time now, bool idle) override;
  letters& dead_letters() override { return *this; }
  store_stats stats() const override;
  messages& held() override { return held_; }
  std::string last_error() const override { return error_; }

 private:
  friend class held_messages; // the rest of it, for what people ask

  // store/letters.hpp: dead_letters.cpp, and replays.cpp.
  boost::system::result<letter_page> find(const letter_filter& by, letter_id after,
                                          std::size_t limit) override;
  boost::system::result<std::optional<letter>> get(letter_id id) override;
  boost::system::result<std::uint64_t> count(const letter_filter& by) override;
  boost::system::result<std::vector<letter_group>> groups(const letter_filter& by) override;
  boost::system::result<std::vector<letter_totals>> totals() override;
  boost::system::result<replayed> replay(job& of, const letter_filter& by, const replay_target& to,
                                         std::size_t limit, wall_time now) override;
  boost::system::result<replayed> hold_drained(job& of, std::vector<drained>&& taken, const replay_target& to,
                                               wall_time now) override;
  boost::system::result<replayed> replay_edited(letter_id id, proto::message content, const replay_target& to,
                                                wall_time now) override;
  boost::system::result<std::uint64_t> discard(const letter_filter& by, std::size_t limit,
                                               wall_time now) override;
  boost::system::result<std::uint64_t> restore(const letter_filter& by, std::size_t limit,
                                               wall_time now) override;
  boost::system::result<std::uint64_t> purge(const std::string& dead_letter, wall_time before,
                                             std::size_t limit) override;
  boost::system::result<std::int64_t> add_job(const job& value) override;
  boost::system::result<void> update_job(const job& value) override;
  boost::system::result<std::vector<job>> jobs() override;

  boost::system::error_code damaged_letter(letter_id id); // sticky
  boost::system::error_code ended(const letter_search::outcome& how);
  boost::system::result<std::uint64_t> move_letters(letter_filter by, letter_state to, std::size_t limit,
                                                    wall_time now);
  // Holds one for release and takes its letter away. False: it has no target, and stays.
  boost::system::result<bool> send_again(const letter_row& each, proto::message&& content,
                                         const replay_target& to, wall_time now, replayed& out);

  boost::system::error_code prepare_file(std::string& why);
  boost::system::error_code prepare_schema(std::string& why);
  boost::system::error_code load_state();
  boost::system::error_code fail(const char* during); // sticky; the connection's error in words
  boost::system::error_code fail(errc code, std::string words);

  // Before anything is asked, and around whatever changes something: one transaction, durable after
  // end_change().
  boost::system::error_code ready();
  boost::system::error_code begin_change();
  boost::system::error_code end_change();
  bool insert(insert_request& request, wall_time now, std::vector<insert_outcome>& out);
  bool hold(held_record& record, wall_time now, held_ref& held); // assigns its id
  bool finish(const held_id& id);
  bool defer(const deferral& each);
  bool schedule(insert_request& request, wall_time now, std::vector<insert_outcome>& out);
  bool change(const held_change& each, std::vector<change_outcome>& out);
  bool move(const held_change& each, bucket& in, const entry& at);
  std::optional<record_head> head_of(const held_id& id, const entry& at); // without its checksum
  std::uint32_t route_number(const std::string& name);                    // 0: an error
  boost::system::error_code read_one(const held_id& id, std::vector<held_record>& out);

  // Housekeeping: each does one bounded piece where there is one, and says so; false: an error.
  bool drop_segment(wall_time now, bool& did);
  bool drop_bucket(wall_time now, bool& did);
  bool split(wall_time now, bool& did);
  bool begin_split(wall_time now, bool& did);
  bool checkpoint();
  std::size_t wal_bytes() const {
    return static_cast<std::size_t>(wal_pages_) * static_cast<std::size_t>(page_size_);
  }

  sqlite_options options_;
  lock_file lock_;
  connection db_; // before all that holds statements
  statement_cache statements_;
  buckets buckets_;
  segments segments_;
  deferrals deferrals_;
  recent recent_;
  dedup dedup_{db_};
  idempotency idempotency_{db_};
  pauses pauses_{db_};
  letter_shelves shelves_{db_};
  letter_rows letters_{db_, shelves_};
  letter_search search_{db_, letters_};
  sqlite::jobs jobs_{db_};
  bucket_index index_{buckets_};
  page_rest rest_;
  held_messages held_{*this};
  std::map<std::string, std::uint32_t> routes_;
  std::map<std::uint32_t, std::string> route_names_;
  std::int64_t next_row_ = 1;
  ids ids_;
  int wal_pages_ = 0; // in the log since the last checkpoint
  std::int64_t page_size_ = 4096;
  std::uint64_t file_bytes_ = 0; // when last looked
  bool failed_ = false;
  std::string error_;
};

} // namespace postponed::store::sqlite
