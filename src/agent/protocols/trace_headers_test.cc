#include "agent/protocols/trace_headers.h"

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kolben::agent {
namespace {

constexpr std::uint8_t kAll = kTraceContext | kB3 | kB3Multi | kJaeger;
constexpr char kTrace[] = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr char kSpan[] = "e457b5a2e4d86bd1";

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

// "trace span flags" of what the lines say; "" where they say nothing valid.
std::string context(std::initializer_list<std::string_view> lines, std::uint8_t formats = kAll) {
  TraceHeaders headers;
  for (const std::string_view line : lines) {
    EXPECT_TRUE(headers.take(line.data(), line.size())) << line;
  }
  Traceparent found;
  if (!headers.context(formats, &found)) return "";
  return hex(found.trace_id, 16) + " " + hex(found.span_id, 8) + " " + std::to_string(found.flags);
}

TEST(TraceHeaders, FormatsByName) {
  EXPECT_EQ(parse_trace_formats(nullptr), kTraceContext | kBaggage);
  EXPECT_EQ(parse_trace_formats(""), kTraceContext | kBaggage);
  EXPECT_EQ(parse_trace_formats("b3, B3multi ,jaeger"), kB3 | kB3Multi | kJaeger);
  EXPECT_EQ(parse_trace_formats("none"), 0);
  EXPECT_EQ(parse_trace_formats("xray,,tracecontext"), kTraceContext);
  EXPECT_EQ(parse_trace_formats("tracecontex"), kTraceContext | kBaggage);
}

TEST(TraceHeaders, EachFormat) {
  const std::string whole = std::string(kTrace) + " " + kSpan + " 1";
  const std::string id = std::string(kTrace) + "-" + kSpan;
  EXPECT_EQ(context({"traceparent: 00-" + id + "-01"}), whole);
  EXPECT_EQ(context({"B3: " + id + "-1"}), whole);
  EXPECT_EQ(context({"b3:" + id}), whole);
  EXPECT_EQ(context({"b3: " + id + "-d-0000000000000001"}), whole);
  EXPECT_EQ(context({"b3: " + id + "-0"}), std::string(kTrace) + " " + kSpan + " 0");
  EXPECT_EQ(context({std::string("X-B3-TraceId: ") + kTrace, std::string("x-b3-spanid: ") + kSpan,
                     "X-B3-Sampled: 1"}),
            whole);
  EXPECT_EQ(context({"X-B3-Sampled: 0", std::string("X-B3-TraceId: ") + kTrace,
                     std::string("X-B3-SpanId: ") + kSpan}),
            std::string(kTrace) + " " + kSpan + " 0");
  EXPECT_EQ(context({std::string("uber-trace-id: ") + kTrace + ":" + kSpan + ":0:1"}), whole);
  EXPECT_EQ(context({std::string("Uber-Trace-Id: ") + kTrace + "%3A" + kSpan + "%3a0%3A3"}), whole);
}

TEST(TraceHeaders, ShortIdsArePadded) {
  EXPECT_EQ(context({"b3: e457b5a2e4d86bd1-1f-1"}),
            "0000000000000000e457b5a2e4d86bd1 000000000000001f 1");
  EXPECT_EQ(context({"uber-trace-id: abc:def:0:0"}),
            "00000000000000000000000000000abc 0000000000000def 0");
}

TEST(TraceHeaders, OnlyTheFormatsThatAreAskedFor) {
  const std::string b3 = std::string("b3: ") + kTrace + "-" + kSpan + "-1";
  EXPECT_EQ(context({b3}, kTraceContext), "");
  EXPECT_NE(context({b3}, kB3Multi), "") << "both forms are read, as B3's own libraries do";
  EXPECT_EQ(context({"traceparent: 00-11111111111111111111111111111111-2222222222222222-00", b3}),
            "11111111111111111111111111111111 2222222222222222 0");
}

TEST(TraceHeaders, WhatIsBrokenCountsAsNotThere) {
  for (const std::string_view line :
       {"b3: 0", "b3: 1", "b3: ", "b3: -", "b3: xyz-1-1", "b3: 0-1-1", "b3: 1-0-1",
        "b3: 80f198ee56343ba864fe8b2a57d3eff70-1-1", "uber-trace-id: ", "uber-trace-id: 1",
        "uber-trace-id: 1:", "uber-trace-id: 0:1:0:1", "traceparent: 00-1-1-1", "x-b3-traceid: 1",
        "x-b3-spanid: 1", "x-b3-sampled: 1"}) {
    EXPECT_EQ(context({line}), "") << line;
  }
  TraceHeaders headers;
  EXPECT_FALSE(headers.take("b3x: 1", 6));
  EXPECT_FALSE(headers.take("b", 1));
  EXPECT_FALSE(headers.take("", 0));
}

TEST(TraceHeaders, WhatIsWrittenIsReadAgain) {
  Traceparent written;
  for (std::uint8_t i = 0; i < 16; ++i) written.trace_id[i] = static_cast<std::uint8_t>(i + 1);
  for (std::uint8_t i = 0; i < 8; ++i) written.span_id[i] = static_cast<std::uint8_t>(0xf0 + i);
  for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}}) {
    written.flags = flags;
    for (const std::uint8_t format : {kTraceContext, kB3, kB3Multi, kJaeger}) {
      char text[kTraceHeadersBytesMax];
      std::string_view rest(text, format_trace_headers(format, written, text));
      TraceHeaders headers;
      while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        ASSERT_NE(end, std::string_view::npos);
        EXPECT_TRUE(headers.take(rest.data(), end)) << rest;
        rest.remove_prefix(end + 2);
      }
      Traceparent read;
      ASSERT_TRUE(headers.context(format, &read)) << int{format};
      EXPECT_EQ(std::memcmp(&read, &written, sizeof(read)), 0) << int{format};
    }
  }
  char text[kTraceHeadersBytesMax];
  EXPECT_LT(format_trace_headers(kAll, written, text), sizeof(text));
}

}  // namespace
}  // namespace kolben::agent
