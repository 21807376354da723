// Where people's words about held messages are carried out: checked as the intake checks, then handed to the
// relay, which alone knows what is on its way, and to the store. Part of the application; lives on the
// io_context's thread, and outlives every answer that is still to come.
#pragma once

#include "admin/message_control.hpp"
#include "io/relay_driver.hpp"

#include <memory>
#include <string>
#include <vector>

namespace postponed {

class message_desk final : public admin::message_control {
 public:
  explicit message_desk(io::relay_driver& driver) : driver_{driver} {}

  void schedule(admin::schedule_order order, admin::completion<admin::scheduled> done) override;
  void list(store::message_filter by, store::horizon_position after, std::size_t limit,
            admin::completion<store::message_page<store::held_summary>> done) override;
  void get(held_id id, admin::completion<admin::message_view> done) override;
  void change(held_id id, admin::message_change to, admin::completion<admin::message_view> done) override;
  void change_all(admin::message_selection which, admin::message_change to,
                  admin::completion<admin::bulk_outcome> done) override;
  void calendar(store::calendar_query what,
                admin::completion<std::vector<store::calendar_span>> done) override;

 private:
  struct bulk;
  const relay::route_parameters* route_named(const std::string& name) const; // of the file
  // Empty: it may be.
  std::string why_not_scheduled(const admin::schedule_order& order, wall_time due, wall_time now) const;
  std::string why_not_moved(const std::string& route, wall_time due, wall_time now) const;
  std::string why_not_released(const std::string& route) const;
  void apply(held_record record, const admin::message_change& to,
             admin::completion<admin::message_view> done);
  void gather(std::shared_ptr<bulk> all);
  void proceed(const std::shared_ptr<bulk>& all);

  io::relay_driver& driver_;
};

} // namespace postponed
