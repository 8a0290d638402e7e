#include "otlp/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>

#include "otlp/testing.h"

namespace kolben::otlp {
namespace {

using simdjson::dom::element;

bool same_json(const element& a, const element& b);

bool same_members(const simdjson::dom::object& a, const simdjson::dom::object& b) {
  if (a.size() != b.size()) return false;
  for (const auto [key, value] : a) {
    element other;
    if (b.at_key(key).get(other) != simdjson::SUCCESS || !same_json(value, other)) return false;
  }
  return true;
}

bool same_elements(const simdjson::dom::array& a, const simdjson::dom::array& b) {
  if (a.size() != b.size()) return false;
  auto other = b.begin();
  for (const element value : a) {
    if (!same_json(value, *other)) return false;
    ++other;
  }
  return true;
}

// Structurally; 0 and 0.0 are the same number.
bool same_json(const element& a, const element& b) {
  if (a.is_number() && b.is_number()) {
    return a.get_double().value_unsafe() == b.get_double().value_unsafe();
  }
  if (a.type() != b.type()) return false;
  if (a.is_object()) {
    return same_members(a.get_object().value_unsafe(), b.get_object().value_unsafe());
  }
  if (a.is_array()) {
    return same_elements(a.get_array().value_unsafe(), b.get_array().value_unsafe());
  }
  return simdjson::minify(a) == simdjson::minify(b);
}

TEST(EncodeJson, SaysWhatAnotherLibrarySays) {
  for (const Signal signal : kAllSignals) {
    simdjson::dom::parser parser;
    simdjson::dom::parser other_parser;
    element ours;
    element golden_root;
    const std::string text = to_json(wire_batch(signal, {golden(signal, ".bin")}));
    ASSERT_EQ(parser.parse(text).get(ours), simdjson::SUCCESS) << text;
    ASSERT_EQ(other_parser.parse(golden(signal, ".json")).get(golden_root), simdjson::SUCCESS);
    EXPECT_TRUE(same_json(ours, golden_root)) << text;
  }
}

std::string span_json(std::string_view members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + std::string(members) + "}]}]}]}";
}

std::string error_of(std::string_view text, Signal signal = Signal::kTraces) {
  const auto batch = decode_json(signal, text);
  return batch ? "none" : std::string(batch.error().message());
}

std::string span_error(std::string_view members) {
  const std::string error = error_of(span_json(members));
  constexpr std::string_view kPath = "resourceSpans[0].scopeSpans[0].spans[0].";
  return error.starts_with(kPath) ? error.substr(kPath.size()) : error;
}

// The first span of a request in JSON.
template <typename Inspect>
void with_span(std::string_view members, Inspect inspect) {
  auto batch = decode_json(Signal::kTraces, span_json(members));
  ASSERT_TRUE(batch) << batch.error().to_string();
  EXPECT_EQ(batch->items(), 1u);
  ASSERT_TRUE(decode(*batch));
  inspect(batch->traces().resources[0].scopes[0].spans[0]);
}

TEST(DecodeJson, WideIntegersAreStringsOrNumbers) {
  for (const char* text : {R"("1700000000123456789")", "1700000000123456789"}) {
    with_span(R"("startTimeUnixNano":)" + std::string(text), [](const Span& span) {
      EXPECT_EQ(span.start_time_unix_nano, 1'700'000'000'123'456'789u);
    });
  }
  with_span(R"("startTimeUnixNano":18446744073709551615,"flags":3.0)", [](const Span& span) {
    EXPECT_EQ(span.start_time_unix_nano, UINT64_MAX);
    EXPECT_EQ(span.flags, 3u);
  });
}

TEST(DecodeJson, EnumsAreNumbersOrNames) {
  with_span(R"("kind":2,"status":{"code":2})", [](const Span& span) {
    EXPECT_EQ(span.kind, SpanKind::kServer);
    EXPECT_EQ(span.status_code, SpanStatusCode::kError);
  });
  with_span(R"("kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_OK"})",
            [](const Span& span) {
              EXPECT_EQ(span.kind, SpanKind::kClient);
              EXPECT_EQ(span.status_code, SpanStatusCode::kOk);
            });
}

TEST(DecodeJson, KeysMayBeSnakeCase) {
  with_span(R"("trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736","start_time_unix_nano":"5")",
            [](const Span& span) {
              EXPECT_EQ(span.trace_id.to_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
              EXPECT_EQ(span.start_time_unix_nano, 5u);
            });
}

TEST(DecodeJson, UnknownKeysAndNullsAreIgnored) {
  with_span(R"("future":{"a":[1,{}]},"name":null,"attributes":null,"traceId":"")",
            [](const Span& span) {
              EXPECT_EQ(span.name, "");
              EXPECT_TRUE(span.trace_id.is_zero());
            });
}

TEST(DecodeJson, DoublesThatJsonLacksAreStrings) {
  with_span(R"("attributes":[{"key":"a","value":{"doubleValue":"NaN"}},
                             {"key":"b","value":{"doubleValue":"-Infinity"}},
                             {"key":"c","value":{"doubleValue":1}},
                             {"key":"d","value":{"doubleValue":"2.5"}}])",
            [](const Span& span) {
              EXPECT_TRUE(std::isnan(span.attributes[0].value.as_double()));
              EXPECT_EQ(span.attributes[1].value.as_double(), -INFINITY);
              EXPECT_EQ(span.attributes[2].value.as_double(), 1.0);
              EXPECT_EQ(span.attributes[3].value.as_double(), 2.5);
            });
}

TEST(DecodeJson, ErrorsNameThePath) {
  const std::string four_spans = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{},{},{},
      {"traceId":"4bf92f3577b34da6a3ce929d0e0e473"}]}]}]})";
  EXPECT_EQ(error_of(four_spans),
            "resourceSpans[0].scopeSpans[0].spans[3].traceId: 31 hex digits, want 32");
  EXPECT_EQ(span_error(R"("spanId":"00f067aa0ba902bx")"),
            "spanId: not all characters are hex digits");
  EXPECT_EQ(span_error(R"("name":5)"), "name: a number, want a string");
  EXPECT_EQ(span_error(R"("flags":-1)"), "flags: a number, want an integer in range");
  EXPECT_EQ(span_error(R"("flags":4294967296)"), "flags: a number, want an integer in range");
  EXPECT_EQ(span_error(R"("startTimeUnixNano":"1x")"),
            "startTimeUnixNano: a string, want an integer in range");
  EXPECT_EQ(span_error(R"("startTimeUnixNano":1.5)"),
            "startTimeUnixNano: a number, want an integer in range");
  EXPECT_EQ(span_error(R"("kind":"SERVER")"), "kind: unknown name \"SERVER\", want SPAN_KIND_*");
  EXPECT_EQ(span_error(R"("attributes":{})"), "attributes: an object, want an array");
  EXPECT_EQ(span_error(R"("attributes":[{},{"value":{"boolValue":"x"}}])"),
            "attributes[1].value.boolValue: a string, want true or false");
  EXPECT_EQ(span_error(R"("attributes":[{"value":{"bytesValue":"?"}}])"),
            "attributes[0].value.bytesValue: no base64");
  EXPECT_EQ(error_of("[]"), "request: an array, want an object");
  EXPECT_TRUE(error_of("{").starts_with("request: malformed JSON: "));
  EXPECT_TRUE(error_of("").starts_with("request: malformed JSON: "));
}

TEST(DecodeJson, NumbersInPackedFieldsAreChecked) {
  const auto point = [](std::string_view members) {
    return error_of(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":
        [{)" + std::string(members) +
                        "}]}}]}]}]}",
                    Signal::kMetrics);
  };
  EXPECT_EQ(point(R"("bucketCounts":["1",2,"18446744073709551615"],"explicitBounds":[0,"NaN"])"),
            "none");
  EXPECT_TRUE(point(R"("bucketCounts":[1,"x"])")
                  .ends_with("dataPoints[0].bucketCounts[1]: a string, want an integer"));
}

TEST(DecodeJson, ValuesNestAsDeepAsTheBound) {
  const auto of_depth = [](int depth) {
    std::string value;
    for (int i = 0; i < depth; ++i) value += R"({"arrayValue":{"values":[)";
    value += R"({"stringValue":"deep"})";
    for (int i = 0; i < depth; ++i) value += "]}}";
    return span_json(R"("attributes":[{"key":"a","value":)" + value + "}]");
  };
  EXPECT_EQ(error_of(of_depth(kValueDepthMax)), "none");
  EXPECT_NE(error_of(of_depth(kValueDepthMax + 1)).find("nested deeper than 64 values"),
            std::string::npos);
  EXPECT_NE(error_of(of_depth(10000)), "none");
}

// "{}," is three bytes of JSON, and hundreds once decoded.
TEST(DecodeJson, RefusesMoreMessagesThanADecodedRequestMayHave) {
  std::string text = R"({"resourceSpans":[)";
  for (int i = 0; i < 4'000'000; ++i) text += "{},";
  text += "{}]}";
  const auto batch = decode_json(Signal::kTraces, text);
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().code(), StatusCode::kResourceExhausted);
}

TEST(EncodeJson, InvalidUtf8IsReplaced) {
  EXPECT_EQ(to_json(wire_batch(Signal::kTraces, {request_of_span(nested(5, "a\xff"))})),
            span_json("\"name\":\"a\xEF\xBF\xBD\""));
}

// Fields in an order that a writer in one go could not use.
TEST(EncodeJson, OthersBytesAreBroughtIntoOrder) {
  const std::string spans =
      nested(2, nested(5, "a")) + nested(3, "schema") + nested(2, nested(5, "b"));
  EXPECT_EQ(to_json(wire_batch(Signal::kTraces, {nested(1, nested(2, spans))})),
            R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":"b"}],)"
            R"("schemaUrl":"schema"}]}]})");
}

}  // namespace
}  // namespace kolben::otlp
