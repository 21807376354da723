#include "store/sqlite/pauses.hpp"

#include <sqlite3.h>

namespace postponed::store::sqlite {

bool pauses::load() {
  statement ask = in_.prepare("SELECT route, who, why, since FROM pauses");
  if (!ask) return false;
  int code = 0;
  while ((code = ask.step()) == SQLITE_ROW) {
    route_pause each;
    each.route = ask.blob(0);
    each.paused = true;
    each.who = ask.blob(1);
    each.why = ask.blob(2);
    each.since = wall_time{microseconds{ask.integer(3)}};
    known_[each.route] = std::move(each);
  }
  return code == SQLITE_DONE;
}

bool pauses::put(const route_pause& each) {
  if (!each.paused) {
    known_.erase(each.route);
    statement gone = in_.prepare("DELETE FROM pauses WHERE route = ?");
    return gone && gone.bind_text(1, each.route).run();
  }
  known_[each.route] = each;
  statement put = in_.prepare("INSERT OR REPLACE INTO pauses(route, who, why, since) VALUES(?, ?, ?, ?)");
  if (!put) return false;
  put.bind_text(1, each.route).bind_text(2, each.who).bind_text(3, each.why);
  return put.bind(4, each.since.time_since_epoch().count()).run();
}

std::vector<route_pause> pauses::all() const {
  std::vector<route_pause> result;
  for (const auto& [name, each] : known_)
    result.push_back(each);
  return result;
}

} // namespace postponed::store::sqlite
