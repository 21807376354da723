"""Python's pika, unmodified, as publisher and consumer: publishes COUNT delayed messages to INTAKE and expects each
once, not early and unchanged, from DESTINATION. Exit 0 when all arrived so.

    pika_peer.py PORT INTAKE DESTINATION COUNT
"""
import datetime
import json
import sys
import time

import pika


def main(port, intake, destination, count):
    expected = int(count)
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(port)))
    channel = connection.channel()
    channel.confirm_delivery()
    stamp = datetime.datetime(2026, 11, 23, 12, 0, 0)
    for index in range(expected):
        delay = 200 + index * 37 % 1000
        headers = {"x-delay": delay, "flag": True, "big": 2**40, "text": "gr\u00fc\u00df", "when": stamp, "none": None,
                   "nested": {"list": [1, "two", 3]}}
        channel.basic_publish("", intake, json.dumps({"index": index, "due": time.time() + delay / 1000}),
                              pika.BasicProperties(delivery_mode=2, message_id=f"py-{index}", headers=headers,
                                                   content_type="application/json", priority=3))
    seen = set()
    for method, properties, body in channel.consume(destination, inactivity_timeout=30):
        if method is None:
            raise SystemExit(f"pika: {len(seen)} of {expected} arrived")
        message = json.loads(body)
        assert time.time() >= message["due"], f"message {message['index']} came early"
        assert message["index"] not in seen, f"message {message['index']} came twice"
        assert properties.message_id == f"py-{message['index']}" and properties.priority == 3
        headers = dict(properties.headers)
        for ours in ("postponed-id", "postponed-attempt", "postponed-route", "postponed-due"):
            headers.pop(ours)
        assert headers == {"flag": True, "big": 2**40, "text": "gr\u00fc\u00df", "when": stamp, "none": None,
                           "nested": {"list": [1, "two", 3]}}, headers
        seen.add(message["index"])
        channel.basic_ack(method.delivery_tag)
        if len(seen) == expected:
            break
    print(f"pika: {len(seen)} of {expected} arrived")
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
