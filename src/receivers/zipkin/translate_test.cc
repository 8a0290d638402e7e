#include "receivers/zipkin/translate.h"

#include <gtest/gtest.h>

namespace kolben::receivers::zipkin {
namespace {

constexpr std::string_view kServerSpan = R"([{
  "traceId": "5982fe77008310cc80f1da5e10147519", "parentId": "90394f6bcffb5d13",
  "id": "67fae42571535f60", "kind": "SERVER", "name": "/m/n/2.6.1",
  "timestamp": 1516781775726000, "duration": 26000,
  "localEndpoint": {"serviceName": "api", "ipv4": "10.0.0.1", "port": 8080},
  "remoteEndpoint": {"serviceName": "web", "ipv4": "10.0.0.2", "port": 5000},
  "annotations": [{"timestamp": 1516781775727000, "value": "cache miss"}],
  "tags": {"http.method": "GET", "error": "boom", "w3c.tracestate": "a=b"}}])";

const Span& first_span(const Batch& batch) {
  return batch.traces().resources[0].scopes[0].spans[0];
}

TEST(Translate, AServerSpanKeepsEverything) {
  const Result<Batch> batch = translate(kServerSpan, {});
  ASSERT_TRUE(batch.has_value()) << batch.error().to_string();
  EXPECT_EQ(batch->items(), 1U);
  EXPECT_EQ(service_name(batch->traces().resources[0].resource), "api");
  const Span& span = first_span(*batch);
  EXPECT_EQ(span.trace_id.to_hex(), "5982fe77008310cc80f1da5e10147519");
  EXPECT_EQ(span.parent_span_id.to_hex(), "90394f6bcffb5d13");
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.duration_nanos(), 26'000'000U);
  EXPECT_EQ(span.status_code, SpanStatusCode::kError);
  EXPECT_EQ(span.trace_state, "a=b");
  EXPECT_EQ(find(span.attributes, "peer.service")->as_string(), "web");
  EXPECT_EQ(find(span.attributes, "net.host.port")->as_int(), 8080);
  ASSERT_EQ(span.events.size(), 1U);
  EXPECT_EQ(span.events[0].name, "cache miss");
  EXPECT_EQ(span.events[0].time_unix_nano, 1'516'781'775'727'000'000U);
}

TEST(Translate, IdsOf64BitsAreFilledUp) {
  const Result<Batch> batch =
      translate(R"([{"traceId": "80f1da5e10147519", "id": "67fae42571535f60"}])", {});
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(first_span(*batch).trace_id.to_hex(), "000000000000000080f1da5e10147519");
}

TEST(Translate, TagsAreParsedOnlyWhenAsked) {
  constexpr std::string_view kText =
      R"([{"traceId": "80f1da5e10147519", "id": "67fae42571535f60", "tags": {"n": "12"}}])";
  EXPECT_EQ(find(first_span(*translate(kText, {})).attributes, "n")->type(), ValueType::kString);
  const auto parsed = translate(kText, {.parse_string_tags = true});
  EXPECT_EQ(find(first_span(*parsed).attributes, "n")->as_int(), 12);
}

TEST(Translate, MistakesNameTheirPlace) {
  const auto error = [](std::string_view text) {
    const Result<Batch> batch = translate(text, {});
    return batch.has_value() ? std::string("none") : std::string(batch.error().message());
  };
  EXPECT_EQ(error(R"([{"traceId": "xyz", "id": "67fae42571535f60"}])"),
            "[0].traceId: want 16 or 32 hex digits");
  EXPECT_EQ(error(R"([{"traceId": "80f1da5e10147519"}])"), "[0].id: want 16 hex digits");
  EXPECT_EQ(error(R"({"traceId": 1})"), "want a list of spans");
  EXPECT_NE(error("[{"), "none");
}

TEST(Translate, HugeTimesDoNotOverflow) {
  const auto batch = translate(
      R"([{"traceId": "80f1da5e10147519", "id": "67fae42571535f60",
           "timestamp": 18446744073709551615, "duration": 18446744073709551615}])",
      {});
  ASSERT_TRUE(batch.has_value());
  EXPECT_GE(first_span(*batch).end_time_unix_nano, first_span(*batch).start_time_unix_nano);
}

TEST(Translate, ManyTagsAndScopesAreEachKeptOnce) {
  constexpr int kCount = 1'000;
  const auto tag = [](int i) {
    return "\"t" + std::to_string(i) + "\":\"" + std::to_string(i) + "\",";
  };
  std::string tags;
  for (int i = 0; i < kCount; ++i) tags += tag(i);
  std::string text = R"([{"traceId":"80f1da5e10147519","id":"67fae42571535f60","tags":{)" + tags +
                     R"("t7":"last"}})";
  for (int i = 0; i < kCount; ++i) {
    text +=
        R"(,{"traceId":"80f1da5e10147519","id":"67fae42571535f60","tags":{"otel.scope.name":"s)" +
        std::to_string(i) + R"("}})";
  }
  const auto batch = translate(text + "]", {});
  ASSERT_TRUE(batch.has_value()) << batch.error().to_string();
  const auto& scopes = batch->traces().resources[0].scopes;
  EXPECT_EQ(scopes.size(), kCount + 1U);
  const Attributes& attributes = scopes[0].spans[0].attributes;
  EXPECT_EQ(attributes.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(find(attributes, "t7")->as_string(), "last");
  EXPECT_EQ(find(attributes, "t999")->as_string(), "999");
}

TEST(Translate, AnEmptyListIsAnEmptyBatch) {
  const auto batch = translate("[]", {});
  ASSERT_TRUE(batch.has_value());
  EXPECT_TRUE(batch->empty());
}

}  // namespace
}  // namespace kolben::receivers::zipkin
