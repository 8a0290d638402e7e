// Connections in other protocols, from the records of the library to spans.
#include "agent/process/streams.h"

#include <gtest/gtest.h>

#include "agent/process/streams_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

TEST_F(StreamsTest, ACallIsAClientSpanBelowItsRequest) {
  client(kGet);
  server(kNull);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
  EXPECT_EQ(all[0].trace_id.to_hex(), "abababababababababababababababab");
  EXPECT_EQ(all[0].span_id.to_hex(), "efefefefefefefef");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_TRUE(all[0].links.empty());
  EXPECT_EQ(all[0].duration_nanos(), 1'000'000u);
  EXPECT_EQ(listed(all[0].attributes),
            "db.system=redis\ndb.statement=GET ?\nnet.peer.name=127.0.0.1\nnet.peer.port=6379\n");
}

class UnsanitizedStreamsTest : public StreamsTest {
 protected:
  UnsanitizedStreamsTest()
      : StreamsTest({{"OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED", "false"}}) {}
};

TEST_F(UnsanitizedStreamsTest, AQueryIsToldAsItIsWritten) {
  postgresql_error();
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "SELECT");
  EXPECT_EQ(find(all[0].attributes, "db.statement")->as_string(),
            "SELECT * FROM users WHERE id = 7");
}

TEST_F(StableStreamsTest, ACallByTheStableConventions) {
  client(kGet);
  server("-WRONGTYPE no\r\n");
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET 127.0.0.1:6379");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "db.system.name=redis\ndb.namespace=0\ndb.operation.name=GET\ndb.query.text=GET ?\n"
            "server.address=127.0.0.1\nserver.port=6379\nnetwork.peer.address=127.0.0.1\n"
            "network.peer.port=6379\ndb.response.status_code=WRONGTYPE\nerror.type=WRONGTYPE\n");
}

TEST_F(StreamsTest, AQueryByTheOldConventions) {
  postgresql_error();
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "SELECT");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].status_message, "");
  EXPECT_EQ(listed(all[0].attributes),
            "db.system=postgresql\ndb.name=shop\ndb.statement=SELECT * FROM users WHERE id = ?\n"
            "db.user=ada\nnet.peer.name=127.0.0.1\nnet.peer.port=5432\nerror.type=42P01\n");
}

TEST_F(StableStreamsTest, AQueryByTheStableConventions) {
  postgresql_error();
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "SELECT users");
  EXPECT_EQ(listed(all[0].attributes),
            "db.system.name=postgresql\ndb.namespace=shop\ndb.query.summary=SELECT users\n"
            "db.query.text=SELECT * FROM users WHERE id = ?\nserver.address=127.0.0.1\n"
            "server.port=5432\nnetwork.peer.address=127.0.0.1\nnetwork.peer.port=5432\n"
            "db.response.status_code=42P01\nerror.type=42P01\n");
}

std::string little_endian(std::size_t value) {
  const std::string bytes = int32(value);
  return {bytes.rbegin(), bytes.rend()};
}
// {find: "users", $db: "shop"}, and {ok: 0.0, code: 26}.
std::string mongodb_message(std::size_t id, std::size_t answers, const std::string& elements) {
  const std::string document = little_endian(elements.size() + 5) + elements + '\0';
  const std::string body = little_endian(0) + '\0' + document;
  return little_endian(body.size() + 16) + little_endian(id) + little_endian(answers) +
         little_endian(2013) + body;
}
const std::string kFind =
    mongodb_message(1, 0, std::string("\2find\0\6\0\0\0users\0\2$db\0\5\0\0\0shop\0", 30));
const std::string kNotFound =
    mongodb_message(9, 1, std::string("\1ok\0\0\0\0\0\0\0\0\0\20code\0\32\0\0\0", 22));

TEST_F(StreamsTest, ACommandOfMongodbByTheOldConventions) {
  piece_.protocol = 6;
  piece_.peer_port = 27017;
  client(kFind);
  server(kNotFound);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.find");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "db.system=mongodb\ndb.name=shop\ndb.statement=find\ndb.mongodb.collection=users\n"
            "net.peer.name=127.0.0.1\nnet.peer.port=27017\nerror.type=26\n");
}

TEST_F(StableStreamsTest, ACommandOfMongodbByTheStableConventions) {
  piece_.protocol = 6;
  piece_.peer_port = 27017;
  client(kFind);
  server(kNotFound);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "find users");
  EXPECT_EQ(listed(all[0].attributes),
            "db.system.name=mongodb\ndb.namespace=shop\ndb.collection.name=users\n"
            "db.operation.name=find\nserver.address=127.0.0.1\nserver.port=27017\n"
            "network.peer.address=127.0.0.1\nnetwork.peer.port=27017\n"
            "db.response.status_code=26\nerror.type=26\n");
}

TEST_F(StreamsTest, ACallThatKafkaRefuses) {
  piece_.protocol = 7;
  const std::string produce =
      std::string("\0\0\0\7\0\0\0\1\0\3app\377\377\377\377\0\0\0\0\0\0\0\1", 25) +
      std::string("\0\6orders\0\0\0\1\0\0\0\2", 16);
  client(int32(produce.size()) + produce);
  const std::string refused = int32(1) + int32(1) + std::string("\0\6", 2);
  piece_.unseen = 6;  // the topic's name
  server(int32(refused.size() + 6 + 10) + refused);
  positions_[1] += std::exchange(piece_.unseen, 0);
  server(int32(1) + int32(2) + std::string("\0\23", 2));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_TRUE(listed(all[0].attributes).ends_with("error.type=NOT_ENOUGH_REPLICAS\n"));
}

TEST_F(StreamsTest, ACallOfKafka) {
  piece_.protocol = 7;
  piece_.peer_port = 9092;
  // Produce, version 7: acks and a timeout, a topic, a partition, no records.
  const std::string produce =
      std::string("\0\0\0\7\0\0\0\1\0\3app\377\377\377\377\0\0\0\0\0\0\0\1", 25) +
      std::string("\0\6orders\0\0\0\1\0\0\0\2\0\0\0\0", 20);
  client(int32(produce.size()) + produce);
  piece_.unseen = 4;
  server(int32(8) + int32(1));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "send orders");
  EXPECT_EQ(all[0].kind, SpanKind::kProducer);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(listed(all[0].attributes),
            "messaging.system=kafka\nmessaging.operation.name=send\nmessaging.operation.type=send\n"
            "messaging.destination.name=orders\nmessaging.destination.partition.id=2\n"
            "messaging.batch.message_count=0\nmessaging.client.id=app\nserver.address=127.0.0."
            "1\nserver.port=9092\n"
            "network.peer.address=127.0.0.1\nnetwork.peer.port=9092\n");
}

// A record of headers alone: neither key nor value.
std::string kafka_record(const std::vector<std::pair<std::string, std::string>>& headers) {
  const auto zigzag = [](std::size_t value) { return static_cast<char>(2 * value); };
  std::string body = std::string("\0\0\0\1\1", 5) + zigzag(headers.size());
  for (const auto& [name, value] : headers) {
    body += zigzag(name.size()) + name + zigzag(value.size()) + value;
  }
  const std::size_t size = 2 * body.size();  // of two bytes
  return std::string{static_cast<char>(size % 128 + 128), static_cast<char>(size / 128)} + body;
}
// Produce, version 7, of one batch.
std::string kafka_produce(std::size_t count, const std::string& records) {
  const std::string batch =
      std::string(4, '\0') + '\2' + std::string(40, '\0') + int32(count) + records;
  const std::string bytes =
      std::string("\0\0\0\7\0\0\0\1\0\3app\377\377\377\377\0\0\0\0\0\0\0\1", 25) +
      std::string("\0\6orders\0\0\0\1\0\0\0\2", 16) + int32(12 + batch.size()) +
      std::string(8, '\0') + int32(batch.size()) + batch;
  return int32(bytes.size()) + bytes;
}
std::string links_of(const Span& span) {
  std::string text;
  for (const SpanLink& link : span.links) {
    text += link.trace_id.to_hex() + ' ' + link.span_id.to_hex() + ' ' +
            std::to_string(link.flags) + '\n';
  }
  return text;
}

const std::string kTrace = "11111111111111111111111111111111";
const std::string kOther = "22222222222222222222222222222222";
const std::string kFirst = "00-" + kTrace + "-3333333333333333-01";
const std::string kSecond = "00-" + kOther + "-4444444444444444-00";
const std::string kParent = "00-abababababababababababababababab-cdcdcdcdcdcdcdcd-01";
const std::string kB3 = kTrace + "-5555555555555555-1";

TEST_F(StreamsTest, WhatMessagesOfKafkaCarryAreLinks) {
  piece_.protocol = 7;
  client(kafka_produce(6, kafka_record({{"traceparent", kFirst}}) +
                              kafka_record({{"traceparent", kSecond}, {"b3", kB3}}) +
                              kafka_record({{"traceparent", kFirst}, {"b3", kB3}}) +  // the same
                              kafka_record({{"traceparent", kParent}}) +
                              kafka_record({{"traceparent", "none"}}) +
                              kafka_record({{"b3", kB3}})));
  server(int32(4) + int32(1));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);  // the producer is another one
  EXPECT_EQ(links_of(all[0]), kTrace + " 3333333333333333 1\n" + kOther + " 4444444444444444 0\n");
  EXPECT_EQ(all[0].dropped_links_count, 0u);
}

TEST_F(StreamsTest, HowLongCallsOfKafkaTakeAndHowManyMessagesTheySendAreMetrics) {
  piece_.protocol = 7;
  client(kafka_produce(2, kafka_record({}) + kafka_record({})));
  server(int32(4) + int32(1));
  recorder_.finish(0, kTime + 1);
  ASSERT_EQ(metrics_.batches.size(), 1u);
  const ScopeMetrics& scope = metrics_.batches[0].metrics().resources[0].scopes[0];
  EXPECT_EQ(scope.scope.name, "kolben.agent.messaging");
  ASSERT_EQ(scope.metrics.size(), 2u);
  EXPECT_EQ(scope.metrics[0].name, "messaging.client.operation.duration");
  EXPECT_EQ(scope.metrics[0].unit, "s");
  EXPECT_EQ(listed(scope.metrics[0].histogram_points[0].attributes),
            "messaging.system=kafka\nmessaging.operation.name=send\nmessaging.operation.type=send\n"
            "messaging.destination.name=orders\nmessaging.destination.partition.id=2\n"
            "server.address=127.0.0.1\nserver.port=6379\n");
  EXPECT_EQ(scope.metrics[1].name, "messaging.client.sent.messages");
  EXPECT_EQ(scope.metrics[1].unit, "{message}");
  EXPECT_EQ(scope.metrics[1].number_points[0].value.to_double(), 2);
}

class B3StreamsTest : public StreamsTest {
 protected:
  B3StreamsTest()
      : StreamsTest({{"OTEL_PROPAGATORS", "b3"}, {"OTEL_SPAN_LINK_COUNT_LIMIT", "1"}}) {}
};

TEST_F(B3StreamsTest, WhatMessagesOfKafkaCarryInTheFormatThatIsNamedAndWithinTheLimit) {
  piece_.protocol = 7;
  const std::string other = kOther + "-6666666666666666-1";
  client(kafka_produce(3, kafka_record({{"traceparent", kFirst}}) + kafka_record({{"b3", kB3}}) +
                              kafka_record({{"b3", other}})));
  server(int32(4) + int32(1));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(links_of(all[0]), kTrace + " 5555555555555555 1\n");
  EXPECT_EQ(all[0].dropped_links_count, 1u);
}

// --- the program as the server ---------------------------------------------------------------

// A client that writes the header itself has a span of its own.

// The library has written it into the request; the rest of it came with other bytes.

// It may have been another request that asked.

TEST_F(StreamsTest, AnUncertainParentIsALink) {
  piece_.linked_trace = 0x99;
  client(kGet);
  server(kNull);
  positions_[0] = 0;
  positions_[1] = 0;
  piece_.protocol = 3;
  const auto get = block({{":method", "GET"}, {":path", "/"}});
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(1, kEndOfBoth, 1, get), 2);
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}})), 2);
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  for (const Span& span : all) {
    EXPECT_EQ(span.trace_id.to_hex(), "abababababababababababababababab");
    EXPECT_TRUE(span.parent_span_id.is_zero());
    ASSERT_EQ(span.links.size(), 1u);
    EXPECT_EQ(span.links[0].trace_id.to_hex(), "99999999999999999999999999999999");
    EXPECT_EQ(span.links[0].span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  }
}

TEST_F(StableStreamsTest, TheDurationOfCallsIsAMetric) {
  client(kGet);
  server(kNull);
  recorder_.finish(0, kTime + 1);
  ASSERT_EQ(metrics_.batches.size(), 1u);
  const Metric& metric = metrics_.batches[0].metrics().resources[0].scopes[0].metrics[0];
  EXPECT_EQ(metric.name, "db.client.operation.duration");
  EXPECT_EQ(metric.unit, "s");
  const auto& bounds = metric.histogram_points[0].explicit_bounds;
  EXPECT_EQ(std::vector<double>(bounds.begin(), bounds.end()),
            (std::vector<double>{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}));
}

TEST_F(StreamsTest, CallsThatBeganInTheSameBytesHaveIdsOfTheirOwn) {
  client(kGet);
  piece_.self.span_id[0] = 0x01;
  client(kGet);
  server(kNull + kNull);
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].span_id.to_hex(), all[1].span_id.to_hex());
}

TEST_F(StreamsTest, WhatTheSamplerLeftOutIsNotExported) {
  piece_.self.flags = 0;
  client(kGet);
  server(kNull);
  EXPECT_TRUE(spans().empty());
}

TEST_F(StreamsTest, AnAnswerThatAnotherThreadToldFirstWaitsForItsRequest) {
  client(kGet);
  server(kNull);
  server(kNull);
  EXPECT_EQ(spans().size(), 1u);
  client(kGet);
  ASSERT_EQ(spans().size(), 2u);
  EXPECT_EQ(spans()[1].duration_nanos(), 0u);
  EXPECT_EQ(recorder_.counts().streams_given_up, 0u);
}

TEST_F(StreamsTest, AGapEndsAConnection) {
  client(kGet);
  positions_[1] += 5;  // a record that found no room in the ring
  server(kNull);
  client(kGet);
  server(kNull);
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(recorder_.counts().streams_given_up, 1u);
}

TEST_F(StreamsTest, AConnectionWhoseBeginWasLostIsNotFollowed) {
  positions_[0] = 100;
  client(kGet);
  server(kNull);
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(recorder_.counts().streams_given_up, 1u);
}

TEST_F(StreamsTest, WhatWasOpenWhenTheProcessEndedIsAnError) {
  client(kGet);
  recorder_.process_ended(1);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].status_message, "the process ended");
}

TEST_F(StreamsTest, WhatWasOpenWhenTheConnectionEndedIsAnError) {
  client(kGet);
  handle(stream_end_record(EndReason::kClosed));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].status_message, "");
}

TEST_F(StreamsTest, ScribbledPiecesAreRefused) {
  const auto damaged = [this] { return recorder_.counts().damaged; };
  piece_.bytes = kGet;
  std::string record = piece_record(piece_).bytes();
  recorder_.handle(std::string_view(record).substr(0, record.size() - 1), kTime);
  EXPECT_EQ(damaged(), 1u);
  // The segments say more than there is.
  record[sizeof(RecordHeader) + sizeof(StreamPiece) + piece_.peer_address.size()] = 100;
  recorder_.handle(record, kTime);
  EXPECT_EQ(damaged(), 2u);
  piece_.protocol = 77;  // no protocol: not followed
  handle(piece_record(piece_));
  piece_.protocol = 2;
  piece_.direction = 9;
  piece_.stream = 2;
  handle(piece_record(piece_));
  EXPECT_TRUE(spans().empty());
}

TEST_F(StreamsTest, ARequestOverHttpOneThatIsOnlyLinked) {
  TestExchange exchange;
  exchange.parent = 0x11;
  exchange.linked_trace_id = std::string(16, '\x22');
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].parent_span_id.is_zero());
  ASSERT_EQ(all[0].links.size(), 1u);
  EXPECT_EQ(all[0].links[0].trace_id.to_hex(), "22222222222222222222222222222222");
  EXPECT_EQ(all[0].links[0].span_id.to_hex(), "1111111111111111");
}

TEST_F(StreamsTest, ManyConnectionsAreBounded) {
  for (std::uint32_t stream = 1; stream <= Streams::kStreamsMax + 3; ++stream) {
    positions_[0] = 0;
    client(kGet, stream);
  }
  EXPECT_EQ(recorder_.counts().streams_made_room, 3u);
  // The first ones made room for the last.
  server(kNull, Streams::kStreamsMax + 3);
  EXPECT_EQ(spans().size(), 1u);
  server(kNull, 1);
  EXPECT_EQ(recorder_.counts().streams_made_room, 3u);  // one that is gone takes nobody's place
  EXPECT_EQ(recorder_.counts().streams_given_up, 0u);
  EXPECT_EQ(spans().size(), 1u);
}

class CountingSink final : public Streams::Sink {
 public:
  void take(const DatabaseCall&, const StreamPeer&) override { ++calls; }
  void take(const WebCall&, const StreamPeer&) override { ++calls; }
  void take(const MessagingCall&, const StreamPeer&) override { ++calls; }
  int calls = 0;
};

// Whatever the connections hold together, those that were silent for the longest time make room.
TEST(StreamsMemory, IsBounded) {
  CountingSink sink;
  constexpr std::size_t kBytes = 4 * 1024 * 1024;
  Streams streams(sink, kBytes);
  const auto say = [&](std::uint32_t stream, std::uint64_t time, std::uint8_t direction,
                       std::uint64_t position, const std::string& bytes) {
    TestPiece piece;
    piece.protocol = 1;
    piece.stream = stream;
    piece.time = time;
    piece.direction = direction;
    piece.position = position;
    piece.bytes = bytes;
    const std::string record = piece_record(piece).bytes();
    streams.piece(1, *parse_stream_piece(std::string_view(record).substr(sizeof(RecordHeader))));
  };
  const std::string who = int32(196608) + std::string("user\0ada\0\0", 10);
  const std::string start = int32(who.size() + 4) + who;
  const std::string text = "SELECT " + std::string(6000, 'a') + '\0';
  const std::string query = "Q" + int32(text.size() + 4) + text;
  constexpr std::uint32_t kConnections = 100;
  for (std::uint32_t stream = 1; stream <= kConnections; ++stream) {
    say(stream, stream, 0, 0, start);
    say(stream, stream, 1, 0, "Z" + int32(5) + "I");
    for (std::size_t i = 0; i < 20; ++i)
      say(stream, stream, 0, start.size() + i * query.size(), query);
    EXPECT_LE(streams.bytes(), kBytes);
  }
  EXPECT_GT(streams.bytes(), kBytes / 2);
  EXPECT_EQ(streams.made_room() + streams.size(), kConnections);
  EXPECT_GT(streams.made_room(), 10u);
  EXPECT_EQ(streams.given_up(), 0u);
  streams.end(1, {.time = 1, .stream = kConnections, .end_reason = EndReason::kClosed});
  EXPECT_EQ(sink.calls, 20);  // the last one has made no room
  streams.process_ended(1, 1);
  EXPECT_EQ(streams.bytes(), 0u);
}

TEST_F(StreamsTest, ProgramsAreToldWhatIsNotFollowed) {
  const auto table = std::make_unique<RefusalTable>();
  recorder_.set_refusals(table.get());
  client(kGet);
  EXPECT_FALSE(is_refused(*table, 1, 1));
  server("no answer of Redis\r\n");
  EXPECT_TRUE(is_refused(*table, 1, 1));
  EXPECT_FALSE(is_refused(*table, 1, 2));
  // Another connection's place: it is said again.
  refuse(*table, 1, 1 + kRefusalPlaces);
  EXPECT_FALSE(is_refused(*table, 1, 1));
  client(kGet);
  EXPECT_TRUE(is_refused(*table, 1, 1));
  recorder_.process_ended(1);
  EXPECT_FALSE(is_refused(*table, 1, 1));
}

// A reply that nobody waits for is kept only up to a bound.

TEST_F(StreamsTest, RepliesThatAreToldTooEarlyAreBounded) {
  client(kGet);
  server(kNull);
  for (int i = 0; i < 100; ++i) server("+" + std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(recorder_.counts().streams_given_up, 1u);
}

}  // namespace
}  // namespace kolben::agent
