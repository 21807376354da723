// Each kind of mistake: its exact place, what it is, and the fix.
#include "findings.hpp"

#include <string>

using namespace postponed::config;
using namespace postponed::config::test;

namespace {

const std::string long_name(256, 'n');

} // namespace

TEST_CASE("the file without its mistakes has none") {
  CHECK(all_of(broker + store + route + letters).empty());
  CHECK(all_of(broker + store + route + letters + "---\n").empty());
}

TEST_CASE("mistakes of the file as a whole") {
  CHECK(all_of("") ==
        line("1:1: the file should be a map; write its keys, one a line: broker, store, catch_up, admin, "
             "topology, routes, dead_letters"));
  CHECK(all_of(broker + store + route + letters + "---\nroutes: []\n") ==
        line("6:1: a second document, after ---; keep one document in the file"));
  CHECK(all_of("broker:\nstore:\nroutes:\n") ==
        line("1:1: broker should be a map; write its keys, one a line: uris, heartbeat, auth, tls, prefetch, "
             "confirm_window, management") +
            line("2:1: store should be a map; write its keys, one a line: path, horizon_rows, body_cache") +
            line("3:1: routes should be a list; begin each entry with \"- \""));
  CHECK(all_of(broker + store + route + letters + "? [a]\n: b\n") ==
        line("5:3: a key of the file should be one word; known are broker, store, catch_up, admin, topology, "
             "routes, "
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
  const std::string web = "; write http://user:password@host:15672/, special characters percent-encoded";
  const auto management = [](const std::string& url) {
    return "broker: {uris: [\"amqp://h/\"], management: \"" + url + "\"}";
  };
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
          {management("rabbit:15672"),
           line("1:43: management begins with http:// or https://, not rabbit://" + web)},
          {management("http://u:p@/"), line("1:43: management names no host" + web)},
          {management("127.0.0.1"), line("1:43: management is not a URL" + web)},
          {management("http://h:0/"), line("1:43: the port of management is not between 1 and 65535" + web)},
          {management("http://u:1/w@h/"),
           line("1:43: management has no ? or # part, and no @ after the host; in user and password write "
                "%3F for ?, %23 for #, %40 for @, %2F for /")},
          {management("http://h/rabbit/api/"),
           line("1:43: management names the path that it is served under, without /api; leave out /api at "
                "the end")},
          {"broker: {uris: [\"amqp://h/\"], management: [a]}",
           line("1:43: management should be one value; write it on one line, without [ ] or { }")},
          {"broker: {uris: [\"amqp://h/\"], tls: {key_file: k}}",
           line("1:36: certificate_file and key_file belong together; name both, or neither")},
      },
      "", store + route + letters);
}

TEST_CASE("mistakes in catch_up") {
  check(
      {
          {"catch_up: {share: 1}", line("2:19: share is not a number from 0.01 to 0.99; write share: 0.5")},
          {"catch_up: {share: half}",
           line("2:19: share is not a number from 0.01 to 0.99; write share: 0.5")},
          {"catch_up: {rate: -1}", line("2:18: rate is not a number from 0 to 100000; write rate: 5000")},
          {"catch_up: {rate: 0.0001}",
           line("2:18: rate is less than one message in 1,000 s; write rate: 5000; or pause the routes")},
          {"catch_up: {rates: 5}",
           line("2:12: unknown key rates in catch_up; did you mean rate? known are share, rate")},
      },
      broker, store + route + letters);
}

TEST_CASE("mistakes in store") {
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
      },
      broker, route + letters);
}

TEST_CASE("mistakes in topology") {
  const auto queue = [](const std::string& text) { return "topology: {queues: [{name: q, " + text + "}]}"; };
  const std::string shared = " queue is always durable and shared; remove durable, exclusive and auto_delete";
  const std::string types = "x-queue-type is none of classic, quorum, stream; write type: quorum, say";
  check(
      {
          {"topology: {mode: make}", line("3:18: mode is none of create, verify, off; write mode: create")},
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

TEST_CASE("what concerns two places says both, by the line of the key that is wrong") {
  CHECK(
      all_of(broker + store + letters +
             "routes:\n  - name: r\n    queue: later\n    release:\n      queue: later\n"
             "    dead_letter: bun\n  - name: r\n    queue: later\n"
             "    release: {queue: w, exchange: x}\n    dead_letter: bin\n") ==
      line("8:7: loop: route r releases to queue later, the intake of route r, with no delay; release to "
           "another "
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
