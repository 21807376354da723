// The routes as they stand: what the file says of each, and what it is doing. Entries are made once and never
// move, so that what is on its way can point to them across a reload; a route that vanished from the file
// stays as an orphan as long as the store holds something of it. One thread.
#pragma once

#include "relay/actions.hpp"
#include "relay/counters.hpp"
#include "relay/due_queue.hpp"
#include "relay/horizon.hpp"
#include "relay/parameters.hpp"
#include "schedule/token_bucket.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postponed::relay {

struct route_entry {
  route_parameters is;
  bool configured = true; // false: an orphan
  bool internal = false;  // direct_route() of a dead letter: consumes nothing
  bool paused = false;
  // Rows due soon or being worked on, and whether it has its share of the memory with them: what comes later
  // then stays on disk for now. Of what is overdue apart.
  struct standing {
    std::size_t in_work = 0;
    std::size_t staged = 0; // with a body in memory, or one being read
    bool lagging = false;
  };
  std::array<standing, 2> standings;
  standing& of(bool overdue) { return standings[overdue ? 1 : 0]; }
  store::route_pause pause;
  std::uint32_t number = 0; // the store's; 0: it holds nothing of it yet
  source_id source = 0;
  std::string source_queue; // for which `source` was given
  route_counters* count = nullptr;
  schedule::token_bucket tokens;
  due_queue queued;      // rows due soon, waiting for room to be read
  due_queue paced;       // rows due, waiting for a token
  bool in_round = false; // listed among those with something queued (releaser)

  bool may_release() const { return configured && !paused; }
  std::size_t staged() const { return standings[0].staged + standings[1].staged; }
  // How many of its rows may have a body in memory: a pace makes more of no use.
  std::size_t staged_limit() const {
    return tokens.limited() ? std::max<std::size_t>(16, static_cast<std::size_t>(tokens.rate() * 1.5))
                            : SIZE_MAX;
  }
  // Whether its rows are to be in memory at all.
  bool may_load(bool overdue = false) const { return may_release() && !standings[overdue ? 1 : 0].lagging; }
};

class route_table {
 public:
  explicit route_table(counters& count) : count_{count} {}

  // Takes over what the file says, for the first time or again. What it no longer names becomes an orphan.
  void configure(const parameters& from);
  void set_paused(const store::route_pause& pause);
  // Learns the numbers of the store's routes, and which of them are held without being configured.
  void learn(const std::vector<store::route_totals>& held);
  void learn(const std::string& name, std::uint32_t number);

  route_entry* named(std::string_view name);
  route_entry* numbered(std::uint32_t number);
  route_entry* from(source_id id) const; // whose intake it is; null: not, or no more
  const dead_letter_parameters* letter_from(source_id id) const;
  const dead_letter_parameters* dead_letter(const std::string& name) const;
  std::vector<source> sources() const;                    // to be consumed now
  std::vector<std::uint32_t> skipped(bool overdue) const; // numbers of those whose rows are to stay on disk

  template <typename Each>
  void for_each(Each each) {
    for (auto& [name, entry] : entries_)
      each(*entry);
  }

 private:
  struct letter_entry {
    dead_letter_parameters is;
    source_id source = 0; // 0: not collected
  };
  route_entry& entry(const std::string& name);
  void set_scheduled(route_entry& to) const;

  counters& count_;
  std::map<std::string, std::unique_ptr<route_entry>, std::less<>> entries_;
  std::unordered_map<std::uint32_t, route_entry*> by_number_;
  std::unordered_map<source_id, route_entry*> by_source_; // of what is configured now
  std::map<std::string, letter_entry> letters_;
  dead_letter_parameters first_; // of the file; empty: it has none
  source_id next_source_ = 0;
};

} // namespace postponed::relay
