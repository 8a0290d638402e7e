#include "agent/launcher/exporter_names.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::agent {
namespace {

std::string fault_of(const char* list) {
  ExporterFault fault;
  if (!find_exporter_fault(list, &fault)) return "";
  return std::string(fault.name, fault.name_size) + (fault.is_known_elsewhere ? " elsewhere" : "");
}

std::string kept_of(const char* list) {
  char kept[64];
  keep_known_exporters(list, kept, sizeof(kept));
  return kept;
}

std::string sentence_of(const std::string& name) {
  ExporterFault fault;
  EXPECT_TRUE(find_exporter_fault(name.c_str(), &fault));
  char text[300];
  describe(fault, text, sizeof(text));
  return text;
}

TEST(ExporterNames, WhatTheAgentHasIsAccepted) {
  for (const char* list : {"", " ", ",", "none", "console", "OTLP", "otlp_proto_grpc,console",
                           " otlp_proto_http , otlp_json_http "}) {
    EXPECT_EQ(fault_of(list), "") << list;
  }
}

TEST(ExporterNames, TheFirstWrongNameIsFound) {
  EXPECT_EQ(fault_of("foo"), "foo");
  EXPECT_EQ(fault_of("console, foo ,bar"), "foo");
  EXPECT_EQ(fault_of("consol"), "consol");
  EXPECT_EQ(fault_of("otlp,Zipkin"), "Zipkin elsewhere");
}

TEST(ExporterNames, TheSentenceNamesTheKnownOnes) {
  const std::string known =
      "(known: console, otlp, otlp_proto_grpc, otlp_proto_http, otlp_json_http, none)";
  EXPECT_EQ(sentence_of("foo"), "unknown exporter \"foo\" " + known);
  EXPECT_EQ(sentence_of("prometheus"),
            "the agent has no exporter \"prometheus\" yet; let it send otlp to a collector that "
            "has one " +
                known);
  EXPECT_EQ(sentence_of(std::string(1000, 'x')),
            "unknown exporter \"" + std::string(64, 'x') + "\" " + known);
}

TEST(ExporterNames, TheOthersAreKept) {
  EXPECT_EQ(kept_of("console, foo, otlp"), "console,otlp");
  EXPECT_EQ(kept_of("foo"), "none");
  EXPECT_EQ(kept_of(std::string(200, 'x').append(",otlp").c_str()), "otlp");
}

}  // namespace
}  // namespace kolben::agent
