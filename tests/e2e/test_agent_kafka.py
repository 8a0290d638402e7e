"""What the agent sees of a client of Kafka: librdkafka (python3-confluent-kafka) and the broker that it brings
for tests, over TCP."""
import subprocess

from harness import BIN
from test_agent_databases import CONSOLE, spans_of

AGENT = BIN / "opentelemetry-instrument"

CLIENT = """
import sys
from confluent_kafka import Consumer, Producer
producer = Producer({"test.mock.num.brokers": 1, "client.id": "shop"})
broker, = producer.list_topics(timeout=20).brokers.values()
print(broker.port)
failed = []
for i in range(3):
    producer.produce("orders", b"secret" * 100, partition=0, callback=lambda error, _: failed.append(error))
    assert producer.flush(20) == 0
assert failed == [None] * 3
consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{broker.port}", "group.id": "billing",
                     "auto.offset.reset": "earliest", "client.id": "billing"})
consumer.subscribe(["orders"])
read = []
while len(read) < 3:
    message = consumer.poll(20)
    assert message is not None and message.error() is None
    read.append(message.value())
assert read == [b"secret" * 100] * 3
consumer.close()
"""


def test_librdkafka():
    done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/python3", "-c", CLIENT], capture_output=True, text=True,
                          timeout=90)
    assert done.returncode == 0 and "not followed" not in done.stderr, done.stderr
    assert "secret" not in done.stdout
    port = int(done.stdout.split("\n", 1)[0])
    spans = spans_of(done.stdout)
    sent = [span for span in spans if span["kind"] == "SpanKind.PRODUCER"]
    assert [(span["name"], span["status"]["status_code"]) for span in sent] == [("send orders", "UNSET")] * 3
    assert sent[0]["attributes"] == {
        "messaging.system": "kafka", "messaging.operation.name": "send", "messaging.operation.type": "send",
        "messaging.destination.name": "orders", "messaging.destination.partition.id": "0",
        "messaging.client.id": "shop", "server.address": "127.0.0.1", "server.port": port,
        "network.peer.address": "127.0.0.1", "network.peer.port": port}
    polled = [span for span in spans if span["kind"] == "SpanKind.CLIENT"]
    assert "poll orders" in {span["name"] for span in polled} and len(sent) + len(polled) == len(spans)
    assert {span["attributes"]["messaging.client.id"] for span in polled} == {"billing"}
