#include "relay/templates.hpp"

#include <catch2/catch.hpp>

using namespace postponed;
using namespace postponed::relay;

TEST_CASE("templates take the route, queue, reason and original key") {
  const template_values values{"orders", "orders.later", "nacked", "order.placed"};
  CHECK(expand("dead.{route}.{reason}", values) == "dead.orders.nacked");
  CHECK(expand("{queue}/{routing_key}", values) == "orders.later/order.placed");
  CHECK(expand("{{route}}", values) == "{route}");
  CHECK(expand("", values).empty());
  CHECK(expand("{unknown}", values) == "{unknown}");
}

TEST_CASE("a release without exchange or queue goes back the way it came") {
  route_parameters route;
  held_record record;
  record.content.exchange = "shop";
  record.content.routing_key = "order.placed";
  CHECK(resolve(route, record).exchange == "shop");
  CHECK(resolve(route, record).routing_key == "order.placed");
}

TEST_CASE("a name is cut at 255 bytes, between characters, and says so") {
  route_parameters route;
  route.dead_letter.exchange = "dlx";
  route.dead_letter.routing_key = std::string(254, 'x') + "\xC3\xA9";
  held_record record;
  record.why = reason::nacked;
  const address where = resolve(route, record);
  CHECK(where.cut);
  CHECK(where.routing_key.size() == 254);
}
