// Each kind of mistake: its exact place, what it is, and the fix.
#include "config/load.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace postponed::config;

namespace {

std::optional<std::string> no_environment(const std::string&) {
  return std::nullopt;
}

std::string all_of(const std::string& yaml) {
  std::string text;
  for (const finding& each : load_text(yaml, "f", no_environment).findings)
    text += to_string(each) + "\n";
  return text;
}

struct mistake {
  std::string text;
  std::string said; // whole, with the newline of the last
};

// Each file is right but for the text: it takes the place of one line, whose number the places tell.
void check(const std::vector<mistake>& mistakes, const std::string& before, const std::string& after) {
  for (const mistake& each : mistakes) {
    INFO(each.text);
    CHECK(all_of(before + each.text + "\n" + after) == each.said);
  }
}

const std::string broker = "broker: {uris: [\"amqp://127.0.0.1/\"]}\n";
const std::string store = "store: {path: /tmp/held.db}\n";
const std::string letters = "dead_letters: [{name: bin, queue: dead}]\n";
const std::string route = "routes: [{name: r, queue: later, release: {queue: work}, dead_letter: bin}]\n";
const std::string long_name(256, 'n');

std::string line(const std::string& text) {
  return "f:" + text + "\n";
}

} // namespace

TEST_CASE("the file without its mistakes has none") {
  CHECK(all_of(broker + store + route + letters).empty());
  CHECK(all_of(broker + store + route + letters + "---\n").empty());
}

TEST_CASE("mistakes of the file as a whole") {
  CHECK(all_of("") == line("1:1: the file should be a map; write its keys, one a line: broker, store, admin, "
                           "topology, routes, dead_letters"));
  CHECK(all_of(broker + store + route + letters + "---\nroutes: []\n") ==
        line("6:1: a second document, after ---; keep one document in the file"));
  CHECK(all_of("broker:\nstore:\nroutes:\n") ==
        line("1:1: broker should be a map; write its keys, one a line: uris, heartbeat, auth, tls, prefetch, "
             "confirm_window") +
            line("2:1: store should be a map; write its keys, one a line: path, horizon_rows, body_cache") +
            line("3:1: routes should be a list; begin each entry with \"- \""));
  CHECK(all_of(broker + store + route + letters + "? [a]\n: b\n") ==
        line("5:3: a key of the file should be one word; known are broker, store, admin, topology, routes, "
             "dead_letters"));
  CHECK(all_of(letters) ==
        line("1:1: the file has no broker; add broker: {uris: [\"amqp://127.0.0.1/\"]}") +
            line("1:1: the file has no store; add store: {path: /var/lib/postponed/postponed.db}") +
            line("1:1: the file has no routes; add routes: a list of routes"));
  CHECK(all_of(broker + store + route + letters + "routes: []\n") ==
        line("5:1: the key routes stands twice in the file, first at line 3; keep one of them"));
}

TEST_CASE("what is not YAML is one finding, where it stops being that") {
  CHECK(all_of("broker: [\n").starts_with("f:2:1: not YAML: "));
  CHECK(all_of("broker:\n\turis: x\n").starts_with("f:2:6: not YAML: "));
  CHECK(all_of("a: *b\n").starts_with("f:1:4: not YAML: "));
}

TEST_CASE("mistakes in broker") {
  const std::string shape =
      "; write amqp://user:password@host:5672/vhost, special characters percent-encoded";
  const std::string strict = "1:17: a broker's address has no ? or # part, and no @ after the host; in user, "
                             "password and virtual host write %3F for ?, %23 for #, %40 for @, %2F for /";
  check(
      {
          {"broker: {}", line("1:9: broker has no uris; add uris: "
                              "[\"amqp://user:${RABBITMQ_PASSWORD}@127.0.0.1:5672/\"]")},
          {"broker: {uris: []}", line("1:16: uris is empty; name at least one broker")},
          {"broker: {uris: \"amqp://h/\"}",
           line("1:16: uris should be a list; begin each entry with \"- \"")},
          {"broker: {uris: [[a]]}",
           line("1:17: an address in uris should be one value; write it on one line, without [ ] or { }")},
          {"broker: {uris: [\"http://h/\"]}",
           line("1:17: a broker's address begins with amqp:// or amqps://, not http://" + shape)},
          {"broker: {uris: [\"rabbit\"]}", line("1:17: not a URI" + shape)},
          {"broker: {uris: [\"amqp://u:p@/\"]}", line("1:17: the address names no host" + shape)},
          {"broker: {uris: [\"amqp://h:70000/\"]}",
           line("1:17: the port is not between 1 and 65535" + shape)},
          {"broker: {uris: [\"amqp://h/a/b\"]}",
           line("1:17: the virtual host holds a slash; write %2F for a slash in it")},
          {"broker: {uris: [\"amqp://h/" + long_name + "\"]}",
           line("1:17: the virtual host is longer than 255 bytes; shorten it")},
          {"broker: {uris: [\"amqp://h/?heartbeat=5\"]}", line(strict)},
          {"broker: {uris: [\"amqp://app:1#3@h/\"]}", line(strict)},
          {"broker: {uris: [\"amqp://app:1/3@h\"]}", line(strict)},
          {"broker: {uris: [\"amqp://$PASSWORD@h/\"]}",
           line("1:17: a $ that begins no ${NAME}; write $$ for a dollar sign")},
          {"broker: {uris: [\"amqp://h/\"], heartbeat: 1500ms}",
           line("1:42: heartbeat is not in whole seconds up to 1h; write heartbeat: 15s")},
          {"broker: {uris: [\"amqp://h/\"], prefetch: 70000}",
           line("1:41: prefetch is not a whole number from 1 to 65535; write 65535 or less")},
          {"broker: {uris: [\"amqp://h/\"], prefetch: 0}",
           line("1:41: prefetch is not a whole number from 1 to 65535; write 1 or more")},
          {"broker: {uris: [\"amqp://h/\"], confirm_window: many}",
           line("1:47: confirm_window is not a whole number from 1 to 100000; write 1 or more")},
          {"broker: {uris: [\"amqp://h/\"], auth: extern}",
           line("1:37: auth is none of plain, external; write auth: plain")},
          {"broker: {uris: [\"amqp://h/\"], auth: external}",
           line("1:37: auth: external logs in with a client certificate, and there is none; name "
                "tls.certificate_file and tls.key_file")},
          {"broker: {uris: [\"amqp://h/\"], tls: {verify: maybe}}",
           line("1:45: verify should be true or false; write verify: true")},
          {"broker: {uris: [\"amqp://h/\"], tls: {key_file: k}}",
           line("1:36: certificate_file and key_file belong together; name both, or neither")},
      },
      "", store + route + letters);
}

TEST_CASE("mistakes in store and admin") {
  const std::string later = " is not supported by this version (0.1.0)";
  check(
      {
          {"store: {}", line("2:8: store has no path; add path: /var/lib/postponed/postponed.db")},
          {"store: {path: \"\"}", line("2:15: path is empty; name a file on a local disk")},
          {"store: {path: postgresql://u@h/d}",
           line("2:15: a store in PostgreSQL" + later + "; name a file on a local disk")},
          {"store: {path: p, body_cache: 32MB}", line("2:30: body_cache is not a size of at least 65536 "
                                                      "bytes; write it like 16MiB, 512KiB or 1048576")},
          {"store: {path: p, horizon_rows: 10}",
           line("2:32: horizon_rows is not a whole number from 1000 to 100000000; write 1000 or more")},
          {"store: {path: \"${file:/nowhere/x}\"}", line("2:15: cannot read the secret file /nowhere/x: No "
                                                         "such file or directory; create it, readable by "
                                                         "the user that runs postponed")},
          {"store: {path: \"${file:/tmp}\"}",
           line(
               "2:15: cannot read the secret file /tmp: Is a directory; create it, readable by the user that "
               "runs postponed")},
          {"store: {path: \"${NOT_SET}\"}",
           line("2:15: the environment variable NOT_SET is not set; export NOT_SET, or name a file with "
                "${file:/path}")},
          {"store: {path: p}\nadmin: {listen: \"unix:/run/x\"}",
           line("3:17: a unix socket" + later + "; write listen: 127.0.0.1:9470")},
          {"store: {path: p}\nadmin: {listen: \"9470\"}",
           line("3:17: listen is not host:port; write listen: 127.0.0.1:9470")},
          {"store: {path: p}\nadmin: {listen: \"127.0.0.1:99999\"}",
           line("3:17: listen is not host:port; write listen: 127.0.0.1:9470")},
          {"store: {path: p}\nadmin: {listen: \"0.0.0.0:9470\"}",
           line("3:17: an address that others can reach (0.0.0.0), which needs a token," + later +
                "; listen on 127.0.0.1 or [::1]")},
      },
      broker, route + letters);
  CHECK(all_of(broker + store + "admin: {listen: \"[::1]:9470\"}\n" + route + letters).empty());
}

TEST_CASE("mistakes in topology") {
  const auto queue = [](const std::string& text) { return "topology: {queues: [{name: q, " + text + "}]}"; };
  const std::string shared = " queue is always durable and shared; remove durable, exclusive and auto_delete";
  const std::string types = "x-queue-type is none of classic, quorum, stream; write type: quorum, say";
  check(
      {
          {"topology: {mode: verify}",
           line("3:18: mode: verify is not supported by this version (0.1.0); write create or off")},
          {"topology: {mode: make}", line("3:18: mode is none of create, off; write mode: create")},
          {"topology: {queues: [{durable: true}]}",
           line("3:21: a queue has no name; add name: orders.later")},
          {"topology: {queues: [{name: }]}", line("3:22: name has no value; write one, or remove the key")},
          {"topology: {queues: [{name: \"\"}]}", line("3:28: name is empty; write name: orders.later")},
          {"topology: {queues: [{name: " + long_name + "}]}",
           line("3:28: name is longer than 255 bytes; shorten it")},
          {"topology: {queues: [{name: q}, {name: q}]}",
           line("3:39: there are two queues named q, the first at line 3; give one of them another name")},
          {"topology: {exchanges: [{name: e}, {name: e}]}",
           line("3:42: there are two exchanges named e, the first at line 3; give one of them another name")},
          {"topology: {exchanges: [{name: e, type: topc}]}",
           line("3:40: an exchange has no type topc; did you mean topic? known are direct, fanout, topic, "
                "headers")},
          {"topology: {bindings: [{exchange: \"\"}]}",
           line("3:23: a binding has no queue; add queue: orders.later") +
               line("3:34: exchange is empty; write exchange: orders")},
          {queue("type: quorm"), line("3:37: type is none of classic, quorum, stream; write type: classic")},
          {queue("type: quorum, durable: false"), line("3:37: a quorum" + shared)},
          {queue("type: stream, exclusive: true"), line("3:37: a stream" + shared)},
          {queue("auto_delete: true, arguments: {x-queue-type: quorum}"), line("3:76: a quorum" + shared)},
          {queue("arguments: {x-queue-type: quorm}"), line("3:57: " + types)},
          {queue("arguments: {x-queue-type: 1}"), line("3:57: " + types)},
          {queue("type: quorum, arguments: {x-queue-type: quorum}"),
           line("3:37: type and the argument x-queue-type say the same twice; keep type")},
          {queue("arguments: [a]"), line("3:42: arguments should be a map; write {x-max-length: 1000}")},
          {queue("arguments: {x: 1, x: 2}"), line("3:49: the argument x stands twice; keep one of them")},
          {queue("arguments: {[a]: 1}"),
           line("3:43: the name of an argument should be one word; write name: value")},
          {queue("arguments: {" + long_name + ": 1}"),
           line("3:43: the name of an argument is longer than 255 bytes; shorten it")},
          {queue("arguments: {x: 9223372036854775808}"),
           line("3:46: an integer beyond 64 bits; write a smaller one, or quote it to make it a string")},
          {queue("arguments: &a {x: *a}"), line("3:42: arguments nest deeper than 16 levels; make them "
                                                "flatter; an alias must not hold itself")},
      },
      broker + store, route + letters);
  CHECK(all_of(broker + store + "topology: {exchanges: [{name: e, type: x-consistent-hash}]}\n" + route +
               letters)
            .empty());
}

TEST_CASE("mistakes in a route") {
  const auto with = [](const std::string& text) {
    return "routes: [{name: r, queue: q, release: {queue: w}, dead_letter: bin, " + text + "}]";
  };
  const std::string later = " is not supported by this version (0.1.0); remove it";
  check(
      {
          {"routes: [{}]", line("3:10: a route has no name; add name: order-timeouts") +
                               line("3:10: a route has no queue; add queue: orders.later") +
                               line("3:10: a route has no dead_letter; add dead_letter: orders")},
          {with("pefetch: 1"),
           line("3:69: unknown key pefetch in a route; known are name, queue, delay, release, "
                "dead_letter, publish_attempts, max_size")},
          {with("max_sise: 1"),
           line("3:69: unknown key max_sise in a route; did you mean max_size? known are name, "
                "queue, delay, release, dead_letter, publish_attempts, max_size")},
          {with("retry: {}"), line("3:69: retry" + later)},
          {with("dedup: {}"), line("3:69: dedup" + later)},
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
  const std::string later = " is not supported by this version (0.1.0); remove it";
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
          {"dead_letters: [{name: bin, queue: d, collect: true}]", line("4:38: collect" + later)},
          {"dead_letters: [{name: bin, queue: d, alert: {}}]", line("4:38: alert" + later)},
          {"dead_letters: [{name: bin, queue: d}, {name: bin, queue: e}]",
           line("4:46: there are two dead letters named bin, the first at line 4; give one of them another "
                "name")},
          {"dead_letters: [{name: bin, queue: later}]",
           line("3:71: the dead letters of route r go back to its own intake later; name another queue in "
                "dead_letters")},
          {"dead_letters: [{name: bim, queue: d}]",
           line("3:71: route r names the dead letter bin, which is not there; did you mean bim?")},
          {"dead_letters: []",
           line("3:71: route r names the dead letter bin, which is not there; add it under dead_letters")},
      },
      broker + store + route, "");
}

TEST_CASE("what concerns two places says both, by the line of the key that is wrong") {
  CHECK(
      all_of(broker + store + letters +
             "routes:\n  - name: r\n    queue: later\n    release:\n      queue: later\n"
             "    dead_letter: bun\n  - name: r\n    queue: later\n"
             "    release: {queue: w, exchange: x}\n    dead_letter: bin\n") ==
      line("8:7: the release of route r leads back to its own intake later with no delay; release to another "
           "queue or exchange, or set delay.default") +
          line("9:18: route r names the dead letter bun, which is not there; did you mean bin?") +
          line("10:11: there are two routes named r, the first at line 5; give one of them another name") +
          line("11:12: the routes r and r both consume later, the first at line 6; give each route an intake "
               "of "
               "its own") +
          line("12:22: release names a queue and an exchange or routing_key; keep queue (straight to it), or "
               "exchange and routing_key"));
  const auto intake = [](const std::string& how) {
    return all_of(broker + store + "topology: {queues: [{name: later, " + how + "}]}\n" + route + letters);
  };
  CHECK(intake("exclusive: true") ==
        line("4:27: the intake later is exclusive to the connection that declares it; "
             "remove exclusive from the queue"));
  CHECK(intake("type: stream") ==
        line("4:27: the intake later is a stream, from which nothing is ever taken away; "
             "use a quorum or classic queue"));
  CHECK(intake("type: quorum").empty());
}

TEST_CASE("objects that the file does not list may exist on the broker") {
  CHECK(all_of(
            broker + store +
            "topology: {bindings: [{exchange: theirs, queue: theirs.too, routing_key: k}]}\n" +
            "routes: [{name: r, queue: unlisted, release: {exchange: unlisted, routing_key: k}, dead_letter: "
            "bin}]\n" +
            letters)
            .empty());
}
