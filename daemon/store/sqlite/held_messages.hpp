// store/messages.hpp for SQLite. Part of the engine; one thread.
#pragma once

#include "store/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace postponed::store::sqlite {

class engine;
struct bucket;
struct entry;

class held_messages final : public messages {
 public:
  explicit held_messages(engine& of) : of_{of} {}

  boost::system::result<message_page<held_summary>> list(const message_filter& by, horizon_position after,
                                                         std::size_t limit) override;
  boost::system::result<message_page<held_id>> ids(const message_filter& by, horizon_position after,
                                                   std::size_t limit) override;
  boost::system::result<std::optional<held_record>> get(const held_id& id) override;
  bool was_given(const held_id& id) const override;
  boost::system::result<std::vector<calendar_span>> calendar(const calendar_query& what) override;

 private:
  // By entries alone: what the rest of the filter says is not looked at.
  boost::system::error_code candidates(const message_filter& by, horizon_position after, std::size_t limit,
                                       message_page<held_ref>& out);
  // Goes on until `limit` fit or a piece of work is done; `take` is given each that fits.
  boost::system::error_code matching(const message_filter& by, horizon_position after, std::size_t limit,
                                     const std::function<void(held_record&&)>& take,
                                     std::optional<horizon_position>& next);
  boost::system::error_code summary_of(const held_ref& held, std::vector<held_summary>& out);
  std::optional<std::uint32_t>
  number_of(const std::optional<std::string>& route) const; // 0: any; nothing: none

  engine& of_;
};

} // namespace postponed::store::sqlite
