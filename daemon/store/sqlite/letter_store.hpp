// The SQLite half of store/letters.hpp: what is done to letters, each in one transaction of the engine's.
#pragma once

#include "store/letters.hpp"
#include "store/sqlite/job_rows.hpp"
#include "store/sqlite/letter_rows.hpp"

#include <functional>

namespace postponed::store::sqlite {

class engine;

class letter_store final : public letters {
 public:
  letter_store(engine& in, connection& db) : in_{in}, rows_{db}, jobs_{db} {}

  bool insert(letter& value) { return rows_.insert(value); } // within the engine's transaction

  boost::system::result<letter_page> find(const letter_filter& by, letter_id after,
                                          std::size_t limit) override;
  boost::system::result<std::optional<letter>> get(letter_id id) override;
  boost::system::result<std::uint64_t> count(const letter_filter& by) override;
  boost::system::result<std::vector<letter_group>> groups(const letter_filter& by) override;
  boost::system::result<std::vector<letter_totals>> totals() override;
  boost::system::result<replayed> replay(job& of, const letter_filter& by, const replay_target& to,
                                         std::size_t limit, wall_time now) override;
  boost::system::result<replayed> hold(job& of, std::vector<drained>&& taken, const replay_target& to,
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

 private:
  bool scan(const letter_filter& by, letter_id after, std::size_t most,
            const std::function<bool(letter&&)>& take, letter_rows::progress& out);
  bool read_content(letter_id id, proto::message& out);
  // The first that match, `limit` at most. False: an error.
  bool choose(const letter_filter& by, letter_id after, std::size_t most, std::size_t limit,
              std::vector<letter>& out, letter_rows::progress& at);
  boost::system::result<std::uint64_t> move_some(letter_filter by, letter_state from, letter_state to,
                                                 std::size_t limit, wall_time now);
  bool send(const letter& from, proto::message&& content, const replay_target& to, wall_time now,
            replayed& out);

  engine& in_;
  letter_rows rows_;
  job_rows jobs_;
};

} // namespace postponed::store::sqlite
