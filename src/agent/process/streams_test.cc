// Connections in other protocols, from the records of the library to spans.
#include "agent/process/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "agent/process/recorder.h"
#include "agent/process/test_ring.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

class KeptBatches final : public Exporter {
 public:
  void export_batch(const Batch& batch) override { batches.push_back(batch.clone()); }
  void shutdown(std::chrono::steady_clock::time_point) override {}
  std::vector<Batch> batches;
};

const std::string kGet = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
const std::string kNull = "$-1\r\n";

std::string int32(std::size_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

class StreamsTest : public ::testing::Test {
 protected:
  explicit StreamsTest(Environment environment = {}) : settings_(read_settings(environment)) {}

  void handle(const RecordBytes& record) { recorder_.handle(record.bytes(), kTime); }
  void client(const std::string& bytes, std::uint32_t stream = 1) { say(0, bytes, stream); }
  void server(const std::string& bytes, std::uint32_t stream = 1) { say(1, bytes, stream); }
  void say(std::uint8_t direction, const std::string& bytes, std::uint32_t stream) {
    piece_.bytes = bytes;
    piece_.direction = direction;
    piece_.stream = stream;
    piece_.position = positions_[direction];
    piece_.time += 1'000'000;
    positions_[direction] += bytes.size();
    handle(piece_record(piece_));
  }

  std::vector<Span> spans() {
    recorder_.tick(0, kTime + 1'000'000'000);
    std::vector<Span> result;
    for (const Batch& batch : traces_.batches) {
      for (const Span& span : batch.traces().resources[0].scopes[0].spans) result.push_back(span);
    }
    return result;
  }
  static std::string listed(const Attributes& attributes) {
    std::string text;
    for (const KeyValue& attribute : attributes) {
      text.append(attribute.key).append("=");
      if (attribute.value.type() == ValueType::kString) text += attribute.value.as_string();
      if (attribute.value.type() == ValueType::kInt) {
        text += std::to_string(attribute.value.as_int());
      }
      text += '\n';
    }
    return text;
  }

  // A query of PostgreSQL that fails.
  void postgresql_error() {
    piece_.protocol = 1;
    piece_.peer_port = 5432;
    const std::string who = int32(196608) + std::string("user\0ada\0database\0shop\0\0", 24);
    client(int32(who.size() + 4) + who);
    server("Z" + int32(5) + "I");
    const std::string query = std::string("SELECT * FROM users WHERE id = 7") + '\0';
    client("Q" + int32(query.size() + 4) + query);
    const std::string error = std::string("SERROR\0C42P01\0\0", 15);
    server("E" + int32(error.size() + 4) + error);
    server("Z" + int32(5) + "I");
  }

  Settings settings_;
  SharedOutput output_;
  KeptBatches traces_, metrics_;
  Recorder recorder_{settings_, {{&traces_}, {&metrics_}, {}}, output_, kTime};
  TestPiece piece_;
  std::uint64_t positions_[2] = {};
};

// A client's connection of HTTP/2 with one request whose header block is `fields`, none of them
// indexed, each shorter than 127 bytes; and the answer of the same kind.
std::string frame(char type, char flags, char stream, const std::string& payload) {
  return int32(payload.size()).substr(1) + type + flags + std::string(3, '\0') + stream + payload;
}
std::string block(std::initializer_list<std::pair<std::string, std::string>> fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes += '\0';
    bytes += static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
  }
  return bytes;
}
constexpr char kEndOfBoth = 5;  // END_STREAM and END_HEADERS

class StableStreamsTest : public StreamsTest {
 protected:
  StableStreamsTest() : StreamsTest({{"OTEL_SEMCONV_STABILITY_OPT_IN", "database"}}) {}
};

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
            "db.user=ada\nnet.peer.name=127.0.0.1\nnet.peer.port=5432\n");
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

TEST_F(StreamsTest, AGrpcCallByTheRpcConventions) {
  piece_.protocol = 3;
  piece_.peer_port = 50051;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "POST"},
                      {":path", "/shop.Cart/Add"},
                      {"content-type", "application/grpc"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}, {"grpc-status", "5"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.Cart/Add");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(listed(all[0].attributes),
            "rpc.system=grpc\nrpc.method=Add\nrpc.service=shop.Cart\nnet.peer.name=127.0.0.1\n"
            "net.peer.port=50051\nrpc.grpc.status_code=5\n");
}

TEST_F(StreamsTest, ARequestOverHttp2IsLikeOneOverHttp1) {
  piece_.protocol = 3;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "GET"},
                      {":path", "/a?b=c"},
                      {":authority", "host:80"},
                      {"user-agent", "x\r\nhost: evil"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "404"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET");
  EXPECT_EQ(all[0].span_id.to_hex(), "efefefefefefefef");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "http.method=GET\nhttp.url=http://host:80/a?b=c\nhttp.status_code=404\n");
}

// --- the program as the server ---------------------------------------------------------------

class ServedStreamsTest : public StreamsTest {
 protected:
  explicit ServedStreamsTest(Environment environment = {}) : StreamsTest(std::move(environment)) {
    piece_.protocol = 3;
    piece_.peer_port = 41000;
    piece_.parent = 0;
    piece_.local_address = "127.0.0.2";
    piece_.local_port = 8080;
  }
  void asked(std::initializer_list<std::pair<std::string, std::string>> fields) {
    client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client(frame(1, kEndOfBoth, 1, block(fields)));
  }
  void answered(std::initializer_list<std::pair<std::string, std::string>> fields) {
    server(frame(1, kEndOfBoth, 1, block(fields)));
  }
  std::vector<std::string> metric_names() {
    recorder_.finish(0, kTime + 1);
    std::vector<std::string> names;
    for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
      for (const Metric& metric : scope.metrics) names.emplace_back(metric.name);
    }
    return names;
  }
};

constexpr char kRemote[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kRemoteUnsampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

TEST_F(ServedStreamsTest, ARequestThatIsServedOverHttp2IsLikeOneOverHttp1) {
  asked({{":method", "GET"},
         {":path", "/users/17?b=c"},
         {":authority", "host:80"},
         {"user-agent", "curl"}});
  answered({{":status", "404"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET /users/*");
  EXPECT_EQ(all[0].kind, SpanKind::kServer);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
  EXPECT_TRUE(all[0].parent_span_id.is_zero());
  EXPECT_EQ(listed(all[0].attributes),
            "http.method=GET\nhttp.server_name=127.0.0.2\nhttp.scheme=http\n"
            "net.host.name=host:80\nhttp.host=host:80\nnet.host.port=8080\n"
            "http.target=/users/17?b=c\nnet.peer.ip=127.0.0.1\nnet.peer.port=41000\n"
            "http.user_agent=curl\nhttp.flavor=2\nhttp.status_code=404\n");
  EXPECT_THAT(metric_names(), ::testing::Contains("http.server.duration"));
}

TEST_F(ServedStreamsTest, ItIsBelowTheContextInItsHeaders) {
  asked({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemote}, {"tracestate", "a=1"}});
  answered({{":status", "200"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(all[0].span_id.to_hex(), "efefefefefefefef");
  EXPECT_EQ(all[0].trace_state, "a=1");
  EXPECT_TRUE(all[0].links.empty());
}

TEST_F(ServedStreamsTest, WhatTheClientDoesNotSampleIsNotSampled) {
  asked({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemoteUnsampled}});
  answered({{":status", "200"}});
  EXPECT_TRUE(spans().empty());
  EXPECT_THAT(metric_names(), ::testing::Contains("http.server.duration"));
}

TEST_F(ServedStreamsTest, AServedCallOfGrpc) {
  asked({{":method", "POST"},
         {":path", "/shop.Cart/Add"},
         {"content-type", "application/grpc+proto"},
         {"traceparent", kRemote},
         {"tracestate", "a=1"}});
  answered({{":status", "200"}, {"grpc-status", "13"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.Cart/Add");
  EXPECT_EQ(all[0].kind, SpanKind::kServer);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(all[0].trace_state, "a=1");
  EXPECT_EQ(listed(all[0].attributes),
            "rpc.system=grpc\nrpc.method=Add\nrpc.service=shop.Cart\nnet.peer.ip=127.0.0.1\n"
            "net.peer.port=41000\nrpc.grpc.status_code=13\n");
  EXPECT_THAT(metric_names(), ::testing::ElementsAre("rpc.server.duration"));
}

TEST_F(ServedStreamsTest, AClientsMistakeIsNoErrorOfTheServer) {
  asked({{":path", "/shop.Cart/Add"}, {"content-type", "application/grpc"}});
  answered({{":status", "200"}, {"grpc-status", "5"}});
  EXPECT_EQ(spans().at(0).status_code, SpanStatusCode::kUnset);
}

class B3ServedStreamsTest : public ServedStreamsTest {
 protected:
  B3ServedStreamsTest()
      : ServedStreamsTest({{"OTEL_PROPAGATORS", "b3"}, {"OTEL_TRACES_SAMPLER", "always_on"}}) {}
};

TEST_F(B3ServedStreamsTest, ItsContextIsTheOneThatTheSettingsName) {
  asked({{":method", "GET"},
         {":path", "/"},
         {"traceparent", kRemote},
         {"b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0"}});
  answered({{":status", "200"}});
  const auto all = spans();  // the sampler asks no parent
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "463ac35c9f6413ad48485a3953bb6124");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "a2fb4a1d1a96d312");
}

// A client that writes the header itself has a span of its own.
TEST_F(StreamsTest, AClientsRequestIsBelowTheContextInItsHeaders) {
  piece_.protocol = 3;
  piece_.linked_trace = 0x99;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemote}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_TRUE(all[0].links.empty());
}

// The library has written it into the request; the rest of it came with other bytes.
TEST_F(StreamsTest, ARequestHasTheContextThatTheLibraryChose) {
  piece_.protocol = 3;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const std::string get = frame(1, kEndOfBoth, 1, block({{":method", "GET"}, {":path", "/"}})) +
                          frame(1, kEndOfBoth, 3, block({{":method", "POST"}, {":path", "/"}}));
  piece_.requests = {{1, {1, 1, 1, 1, 1, 1, 1, 1}}, {3, {3, 3, 3, 3, 3, 3, 3, 3}}};
  client(get.substr(0, 5));
  piece_.requests.clear();
  piece_.self = context(0x77, 0x88);
  client(get.substr(5));
  server(frame(1, kEndOfBoth, 3, block({{":status", "200"}})) +
         frame(1, kEndOfBoth, 1, block({{":status", "200"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "abababababababababababababababab");
  EXPECT_EQ(all[0].span_id.to_hex(), "0303030303030303");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(all[1].span_id.to_hex(), "0101010101010101");
}

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
