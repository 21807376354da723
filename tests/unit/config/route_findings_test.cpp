// Each kind of mistake in a route or a dead letter: its exact place, what it is, and the fix.
#include "findings.hpp"

using namespace postponed::config;
using namespace postponed::config::test;

namespace {

std::string with(const std::string& text) {
  return "routes: [{name: r, queue: q, release: {queue: w}, dead_letter: bin, " + text + "}]";
}

std::string released(const std::string& release) {
  return "routes: [{name: r, queue: q, dead_letter: bin, release: {" + release + "}}]";
}

std::string letter(const std::string& text) {
  return "dead_letters: [{name: bin, " + text + "}]";
}

} // namespace

TEST_CASE("mistakes in a route") {
  const std::string keys = "name, queue, delay, retry, release, dead_letter, dedup, rate, circuit, late, "
                           "dialect, watermill, max_hops, publish_attempts, max_size";
  check(
      {
          {"routes: [{}]", line("3:10: a route has no name; add name: order-timeouts") +
                               line("3:10: a route has no queue; add queue: orders.later") +
                               line("3:10: a route has no dead_letter; add dead_letter: orders")},
          {with("pefetch: 1"), line("3:69: unknown key pefetch in a route; known are " + keys)},
          {with("max_sise: 1"),
           line("3:69: unknown key max_sise in a route; did you mean max_size? known are " + keys)},
          {with("name: s"),
           line("3:69: the key name stands twice in a route, first at line 3; keep one of them")},
          {with("max_size: big"),
           line("3:79: max_size is not a size of at least 0 bytes; write it like 16MiB, "
                "512KiB or 1048576")},
          {with("publish_attempts: 0"),
           line("3:87: publish_attempts is not a whole number from 1 to 1000000; write 1 or more")},
          {with("delay: 5s"),
           line("3:76: delay should be a map; write its keys, one a line: headers, default, max, from")},
          {with("delay: {default: 15}"), line("3:86: default is not a duration; say the unit: 15s or 15ms")},
          {with("delay: {max: soon}"),
           line("3:82: max is not a duration; write it like 500ms, 15m, 1h30m or 365d")},
          {with("delay: {default: -5s}"), line("3:86: default is below zero; write 0s or more")},
          {with("delay: {default: 2d, max: 1d}"),
           line("3:86: the default delay is beyond max; raise max, or lower default")},
          {with("delay: {from: now}"), line("3:83: from is none of arrival, timestamp; write from: arrival")},
          {with("delay: {headers: [x-dealy]}"),
           line("3:87: no due time is known to be in the header x-dealy; did you mean x-delay? known are "
                "x-delay, "
                "postponed-until, x-opt-delivery-time, x-opt-delivery-delay, _watermill_delayed_until, "
                "_watermill_delayed_for")},
      },
      broker + store, letters);
}

TEST_CASE("mistakes in templates and dead letters") {
  const std::string templates = "; use {route}, {queue}, {reason} or {routing_key}; {{ and }} are braces";
  check(
      {
          {"dead_letters: [{name: bin, exchange: e, routing_key: \"a{{b}}{rout}\"}]",
           line("4:54: routing_key holds the unknown template {rout}" + templates)},
          {"dead_letters: [{name: bin, exchange: \"a{\"}]",
           line("4:38: exchange holds a single brace" + templates)},
          {"dead_letters: [{name: bin}]", line("4:16: a dead letter names neither exchange nor queue; add "
                                               "queue: orders.dead, or an exchange")},
          {"dead_letters: [{name: bin, queue: d, routing_key: k}]",
           line("4:51: routing_key goes with an exchange; add exchange, or remove routing_key")},
          {"dead_letters: [{name: bin, queue: d}, {name: bin, queue: e}]",
           line("4:46: there are two dead letters named bin, the first at line 4; give one of them another "
                "name")},
          {"dead_letters: [{name: bin, queue: later}]",
           line("3:71: loop: route r dead-letters to queue later, the intake of route r; name another queue "
                "or exchange in dead_letters")},
          {"dead_letters: [{name: bim, queue: d}]",
           line("3:71: route r names the dead letter bin, which is not there; did you mean bim?")},
          {"dead_letters: []",
           line("3:71: route r names the dead letter bin, which is not there; add it under dead_letters")},
      },
      broker + store + route, "");
}

TEST_CASE("mistakes in how failures are retried") {
  const std::string pause = "; write it like 500ms, 15m, 1h30m or 365d";
  check(
      {
          {with("retry: 5"),
           line("3:76: retry should be a map; write its keys, one a line: attempts, backoff, schedule, "
                "max_age, rejected, expired, maxlen, delivery_limit")},
          {with("retry: {attempts: 0}"),
           line("3:87: attempts is not a whole number from 1 to 1000000; write 1 or more")},
          {with("retry: {atempts: 1}"),
           line("3:77: unknown key atempts in retry; did you mean attempts? known are attempts, backoff, "
                "schedule, max_age, rejected, expired, maxlen, delivery_limit")},
          {with("retry: {schedule: [1s], backoff: {max: 1h}}"),
           line("3:87: backoff and schedule both say how long to pause; keep one of them")},
          {with("retry: {schedule: []}"),
           line("3:87: schedule is empty; write schedule: [10s, 1m]; the last repeats")},
          {with("retry: {schedule: 1s}"),
           line("3:87: schedule should be a list; begin each entry with \"- \"")},
          {with("retry: {schedule: [1s, 5, soon, -1s, ]}"),
           line("3:92: a pause in schedule is not a duration; say the unit: 5s or 5ms") +
               line("3:95: a pause in schedule is not a duration" + pause) +
               line("3:101: a pause in schedule is below zero; write 0s or more")},
          {with("retry: {max_age: 1}"), line("3:86: max_age is not a duration; say the unit: 1s or 1ms")},
          {with("retry: {backoff: {initial: 0s}}"), line("3:96: initial is zero; write initial: 1s, say")},
          {with("retry: {backoff: {initial: 1h}}"),
           line("3:96: the initial pause is beyond max; raise max, or lower initial")},
          {with("retry: {backoff: {max: 1ms}}"),
           line("3:92: the initial pause is beyond max; raise max, or lower initial")},
          {with("retry: {backoff: {multiplier: 0.5}}"),
           line("3:99: multiplier is not a number from 1 to 1000; write multiplier: 2")},
          {with("retry: {backoff: {jitter: 1.1}}"),
           line("3:95: jitter is neither a number from 0 to 1 nor full; write jitter: 0.2")},
          {with("retry: {backoff: {jitter: some}}"),
           line("3:95: jitter is neither a number from 0 to 1 nor full; write jitter: 0.2")},
          {with("retry: {backoff: {factor: 2}}"),
           line("3:87: unknown key factor in backoff; known are initial, multiplier, max, jitter")},
          {with("retry: {expired: 2}"), line("3:86: expired should be a map; write its keys, one a line: "
                                             "attempts, backoff, schedule, max_age")},
          {with("retry: {expired: {attempts: 0, schedule: [1s], backoff: {}}}"),
           line("3:97: attempts is not a whole number from 1 to 1000000; write 1 or more") +
               line("3:110: backoff and schedule both say how long to pause; keep one of them")},
          {with("retry: {rejected: {expired: {}}}"),
           line("3:88: unknown key expired in rejected; known are attempts, backoff, schedule, max_age")},
      },
      broker + store, letters);
}

TEST_CASE("mistakes in where a release goes") {
  check(
      {
          {released("queue: \"\""), line("3:65: queue is empty; name the queue, or remove the key")},
          {released("queue: w, exchange: e"),
           line("3:65: release names a queue and an exchange or routing_key; keep queue (straight to it), "
                "or exchange and routing_key")},
          {released("origin: true, queue: w"),
           line("3:66: release goes to the origin, and names a queue, exchange or routing_key; keep "
                "origin: true (to the queue where it died), or the others")},
          {released("origin: yes, queue: w"),
           line("3:66: origin should be true or false; write origin: true")},
      },
      broker + store, letters);
  CHECK(all_of(broker + store + released("origin: true") + "\n" + letters).empty());
  CHECK(all_of(broker + store + released("origin: false, queue: w") + "\n" + letters).empty());
}

TEST_CASE("mistakes in the flow of a route") {
  check(
      {
          {"routes: [{name: \"@later\", queue: q, release: {queue: w}, dead_letter: bin}]",
           line("3:17: names of routes that begin with @ are postponed's own; choose another name")},
          {with("dedup: {key: id}"), line("3:82: key is none of message-id, correlation-id, body, "
                                          "header:NAME; write key: message-id")},
          {with("dedup: {key: \"header:\"}"),
           line("3:82: key names no header; write key: \"header:x-order-id\"")},
          {with("dedup: {key: \"header:" + std::string(256, 'h') + "\"}"),
           line("3:82: key is longer than 262 bytes; shorten it")},
          {with("dedup: {window: 0s}"), line("3:85: window is zero; write window: 10m, say")},
          {with("rate: 0"), line("3:75: rate is not a number of messages a second above 0; write rate: "
                                 "100, or 6000/m")},
          {with("rate: -1"), line("3:75: rate is not a number of messages a second above 0; write rate: "
                                  "100, or 6000/m")},
          {with("rate: 5/week"), line("3:75: rate is not a number of messages a second above 0; write "
                                      "rate: 100, or 6000/m")},
          {with("circuit: {failures: 0}"),
           line("3:89: failures is not a whole number from 1 to 1000000; write 1 or more")},
          {with("circuit: {probe: 0s}"), line("3:86: probe is zero; write probe: 10s, say")},
          {with("late: {after: 0s}"), line("3:83: after is zero; write after: 1h, say")},
          {with("late: {do: drop}"),
           line("3:80: do is none of release, dead_letter, spread; write do: release")},
          {with("late: {over: 1m}"), line("3:82: over goes with do: spread; add do: spread, or remove over")},
          {with("late: {do: spread, over: 0s}"), line("3:94: over is zero; write over: 10m, say")},
          {with("dialect: celery"),
           line("3:78: dialect is none of amqp, watermill, plugin; write dialect: amqp")},
          {with("watermill: {topics: {a: b}}"), line("3:80: watermill goes with dialect: watermill; add "
                                                     "dialect: watermill, or remove watermill")},
          {with("dialect: watermill, watermill: {topics: [a]}"),
           line("3:109: topics should be a map; write topics: {orders: orders.handler}")},
          {with("dialect: watermill, watermill: {topics: {a: b, a: c}}"),
           line("3:116: a stands twice in topics; keep one of them")},
          {with("dialect: watermill, watermill: {topics: {a: \"\", b: [c]}}"),
           line("3:113: a in topics is no name of 1 to 255 bytes; write orders: orders.handler") +
               line("3:120: b in topics should be one value; write it on one line, without [ ] or { }")},
          {with("max_hops: 0"),
           line("3:79: max_hops is not a whole number from 1 to 1000000; write 1 or more")},
      },
      broker + store, letters);
}

TEST_CASE("mistakes in how dead letters are watched") {
  const std::string shape = "; write http://host:port/path or https://host/path";
  check(
      {
          {letter("exchange: e, collect: true"),
           line("4:50: collect draws the queue, and there is none; add queue: orders.dead")},
          {letter("exchange: e, alert: {depth: 1}"),
           line("4:48: alert watches the queue, and there is none; add queue: orders.dead")},
          {letter("queue: later, collect: true, exchange: e"),
           line("3:71: loop: route r dead-letters to queue later, the intake of route r; name another queue "
                "or exchange in dead_letters") +
               line("4:35: the dead letter bin collects later, the intake of route r; name another queue "
                    "here, "
                    "or remove collect")},
          {"dead_letters: [{name: bin, queue: d, collect: true}, {name: bin2, queue: d, collect: true}]",
           line("4:74: the dead letters bin and bin2 both collect d, the first at line 4; give each a queue "
                "of its own, or remove collect from one")},
          {letter("queue: d, collect: true") + "\ntopology: {queues: [{name: d, type: stream}]}",
           line("4:35: the collected queue d is a stream, from which nothing is ever taken away; use a "
                "quorum or classic queue")},
          {letter("queue: d, trash: 7"), line("4:45: trash is not a duration; say the unit: 7s or 7ms")},
          {letter("queue: d, poll: 1ms"), line("4:44: poll is less than 100ms; write poll: 10s, say")},
          {letter("queue: d, alert: {}"),
           line("4:45: alert has no threshold; add depth: 1000, age: 24h or rate: 10/m")},
          {letter("queue: d, alert: {webhook: \"http://h/\", clear: 0.5}"),
           line("4:45: alert has no threshold; add depth: 1000, age: 24h or rate: 10/m")},
          {letter("queue: d, alert: {depth: 0}"),
           line("4:53: depth is not a whole number from 1 to 1000000000000; write 1 or more")},
          {letter("queue: d, alert: {age: 0s}"), line("4:51: age is zero; write age: 24h, say")},
          {letter("queue: d, alert: {rate: 10}"),
           line("4:52: rate is not a number of arrivals above 0 in a time; write rate: 10/m (or /s, /h)")},
          {letter("queue: d, alert: {depth: 1, clear: 2}"),
           line("4:63: clear is not a number from 0.01 to 1; write clear: 0.8")},
          {letter("queue: d, alert: {depth: 1, webhook: \"ftp://h/\"}"),
           line("4:65: webhook begins with http:// or https://, not ftp://" + shape)},
          {letter("queue: d, alert: {depth: 1, webhook: \"h/x\"}"),
           line("4:65: webhook is not a URL" + shape)},
          {letter("queue: d, alert: {depth: 1, webhook: \"http:///x\"}"),
           line("4:65: webhook names no host" + shape)},
      },
      broker + store + route, "");
}
