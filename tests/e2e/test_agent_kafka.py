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
        "messaging.batch.message_count": 1, "messaging.client.id": "shop", "server.address": "127.0.0.1", "server.port": port,
        "network.peer.address": "127.0.0.1", "network.peer.port": port}
    polled = [span for span in spans if span["kind"] == "SpanKind.CLIENT"]
    assert "poll orders" in {span["name"] for span in polled} and len(sent) + len(polled) == len(spans)
    assert {span["attributes"]["messaging.client.id"] for span in polled} == {"billing"}


# What an SDK's instrumentation of the producer writes.
LINKED = """
import sys
from confluent_kafka import Consumer, Producer, TopicPartition
producer = Producer({"test.mock.num.brokers": 1, "linger.ms": 200, "compression.type": sys.argv[1]})
broker, = producer.list_topics(timeout=20).brokers.values()
for n in range(40):
    headers = [("secret", b"secret"), ("traceparent", b"00-%032x-%016x-01" % (7, n + 1))]
    producer.produce("orders", b"secret", key=b"secret", partition=0, headers=headers[:n + 1])
assert producer.flush(20) == 0
consumer = Consumer({"bootstrap.servers": f"127.0.0.1:{broker.port}", "group.id": "billing"})
consumer.assign([TopicPartition("orders", 0, 0)])
assert len(consumer.consume(40, timeout=20)) == 40
consumer.close()
"""


def links_of(compression):
    done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/python3", "-c", LINKED, compression], capture_output=True,
                          text=True, timeout=90)
    assert done.returncode == 0 and "not followed" not in done.stderr and "secret" not in done.stdout, done.stderr
    spans = [span for span in spans_of(done.stdout) if span["attributes"].get("messaging.batch.message_count")]
    for operation in ("send", "poll"):
        counts = [span["attributes"]["messaging.batch.message_count"] for span in spans
                  if span["name"] == f"{operation} orders"]
        assert sum(counts) == 40, counts
    return {operation: [int(link["context"]["span_id"], 16) for span in spans
                        for link in span["links"] if span["name"] == f"{operation} orders"]
            for operation in ("send", "poll")}


def test_what_messages_carry_are_links():
    links = links_of("none")
    # The first one has none.
    assert links["send"][:10] == list(range(2, 12)) and links["poll"][:10] == list(range(2, 12)), links
    assert links_of("gzip") == {"send": [], "poll": []}


# The broker is told by librdkafka's own functions what it is to refuse.
REFUSED = """
import ctypes
kafka = ctypes.CDLL("librdkafka.so.1")
pointer, text = ctypes.c_void_p, ctypes.create_string_buffer(512)
for name in ("conf_new", "new", "handle_mock_cluster", "topic_new"):
    getattr(kafka, "rd_kafka_" + name).restype = pointer
conf = pointer(kafka.rd_kafka_conf_new())
for name, value in ((b"test.mock.num.brokers", b"1"), (b"message.send.max.retries", b"0"), (b"client.id", b"shop")):
    assert kafka.rd_kafka_conf_set(conf, name, value, text, ctypes.c_size_t(512)) == 0, text.value
client = pointer(kafka.rd_kafka_new(0, conf, text, ctypes.c_size_t(512)))
assert client.value, text.value
topic = pointer(kafka.rd_kafka_topic_new(client, b"orders", None))
cluster = pointer(kafka.rd_kafka_handle_mock_cluster(client))
for error in (0, 10, 19, 0):
    if error:
        kafka.rd_kafka_mock_push_request_errors(cluster, ctypes.c_int16(0), ctypes.c_size_t(1), error)
    size = ctypes.c_size_t(6)
    assert kafka.rd_kafka_produce(topic, ctypes.c_int32(0), 2, b"secret", size, None, ctypes.c_size_t(0), None) == 0
    assert kafka.rd_kafka_flush(client, 20000) == 0
"""


def test_what_a_broker_refuses_is_an_error():
    done = subprocess.run([AGENT, *CONSOLE, "/usr/bin/python3", "-c", REFUSED], capture_output=True, text=True,
                          timeout=90)
    assert done.returncode == 0 and "not followed" not in done.stderr, done.stderr
    assert "secret" not in done.stdout
    told = [(span["name"], span["status"]["status_code"], span["attributes"].get("error.type"))
            for span in spans_of(done.stdout)]
    assert told == [("send orders", "UNSET", None), ("send orders", "ERROR", "MESSAGE_TOO_LARGE"),
                    ("send orders", "ERROR", "NOT_ENOUGH_REPLICAS"), ("send orders", "UNSET", None)]
