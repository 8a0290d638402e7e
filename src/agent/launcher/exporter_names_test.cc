#include "agent/launcher/exporter_names.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::agent {
namespace {

constexpr char kTraces[] = "OTEL_TRACES_EXPORTER";
constexpr char kMetrics[] = "OTEL_METRICS_EXPORTER";
constexpr char kLogs[] = "OTEL_LOGS_EXPORTER";

std::string fault_of(const char* list, const char* variable = kTraces) {
  ExporterFault fault;
  if (!find_exporter_fault(variable, list, &fault)) return "";
  return std::string(fault.name, fault.name_size) + (fault.is_known_elsewhere ? " elsewhere" : "");
}

std::string kept_of(const char* list) {
  char kept[64];
  keep_known_exporters(kTraces, list, kept, sizeof(kept));
  return kept;
}

std::string sentence_of(const std::string& name, const char* variable = kTraces) {
  ExporterFault fault;
  EXPECT_TRUE(find_exporter_fault(variable, name.c_str(), &fault));
  char text[300];
  describe(fault, text, sizeof(text));
  return text;
}

TEST(ExporterNames, WhatTheAgentHasIsAccepted) {
  for (const char* list :
       {"", " ", ",", "none", "console", "OTLP", "otlp_proto_grpc,console",
        " otlp_proto_http , otlp_json_http ", "zipkin,Zipkin_JSON, zipkin_proto"}) {
    EXPECT_EQ(fault_of(list), "") << list;
  }
  EXPECT_EQ(fault_of("console,prometheus", kMetrics), "");
}

TEST(ExporterNames, TheFirstWrongNameIsFound) {
  EXPECT_EQ(fault_of("foo"), "foo");
  EXPECT_EQ(fault_of("console, foo ,bar"), "foo");
  EXPECT_EQ(fault_of("consol"), "consol");
  EXPECT_EQ(fault_of("otlp,Jaeger_proto"), "Jaeger_proto elsewhere");
}

TEST(ExporterNames, SomeAreOfOneSignal) {
  EXPECT_EQ(fault_of("prometheus"), "prometheus elsewhere");
  EXPECT_EQ(fault_of("zipkin", kMetrics), "zipkin elsewhere");
  EXPECT_EQ(fault_of("zipkin_proto", kMetrics), "zipkin_proto elsewhere");
  EXPECT_EQ(fault_of("zipkin", kLogs), "zipkin elsewhere");
}

TEST(ExporterNames, TheSentenceNamesTheKnownOnes) {
  const std::string known =
      "(known: console, otlp, otlp_proto_grpc, otlp_proto_http, otlp_json_http, ";
  EXPECT_EQ(sentence_of("foo"),
            "unknown exporter \"foo\" " + known + "zipkin, zipkin_json, zipkin_proto, none)");
  EXPECT_EQ(sentence_of("foo", kLogs), "unknown exporter \"foo\" " + known + "none)");
  EXPECT_EQ(sentence_of("opencensus", kMetrics),
            "the agent has no exporter \"opencensus\" for metrics; let it send otlp to a collector "
            "that has one " +
                known + "prometheus, none)");
  EXPECT_EQ(sentence_of(std::string(1000, 'x'), kLogs),
            "unknown exporter \"" + std::string(64, 'x') + "\" " + known + "none)");
}

TEST(ExporterNames, TheOthersAreKept) {
  EXPECT_EQ(kept_of("console, foo, otlp"), "console,otlp");
  EXPECT_EQ(kept_of("foo"), "none");
  EXPECT_EQ(kept_of(std::string(200, 'x').append(",otlp").c_str()), "otlp");
}

TEST(ExporterNames, WhereNothingIsLeftThatIsSaid) {
  EXPECT_STREQ(what_holds("OTEL_TRACES_EXPORTER", "jaeger"), "no spans are exported");
  EXPECT_STREQ(what_holds("OTEL_METRICS_EXPORTER", "zipkin,None"), "no metrics are exported");
  EXPECT_STREQ(what_holds("OTEL_LOGS_EXPORTER", "foo"), "no log records are exported");
  EXPECT_STREQ(what_holds("OTEL_TRACES_EXPORTER", "jaeger, zipkin"), "it is left out");
}

}  // namespace
}  // namespace kolben::agent
