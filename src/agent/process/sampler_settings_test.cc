#include "agent/process/sampler_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Settings read(const std::string& argument) {
  return read_settings({{"OTEL_TRACES_SAMPLER", "ParentBased_Jaeger_Remote"},
                        {"OTEL_TRACES_SAMPLER_ARG", argument}});
}

TEST(RemoteSamplerSettings, WithoutAnArgumentTheUsualOnesHold) {
  const Settings settings = read("");
  ASSERT_TRUE(settings.remote_sampling);
  EXPECT_EQ(settings.remote_sampling->peer.endpoint, "localhost:14250");
  EXPECT_TRUE(settings.remote_sampling->is_grpc);
  EXPECT_TRUE(settings.remote_sampling->peer.insecure);
  EXPECT_EQ(settings.remote_sampling->interval_nanos, 60'000'000'000u);
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_FALSE(read_settings({{"OTEL_TRACES_SAMPLER", "always_on"}}).remote_sampling);
}

TEST(RemoteSamplerSettings, AreAListOfThree) {
  const Settings settings =
      read(" endpoint = https://jaeger:1 , pollingIntervalMs=5000,initialSamplingRate=0.25");
  ASSERT_TRUE(settings.remote_sampling);
  EXPECT_EQ(settings.remote_sampling->peer.endpoint, "jaeger:1");
  EXPECT_FALSE(settings.remote_sampling->peer.insecure);
  EXPECT_EQ(settings.remote_sampling->interval_nanos, 5'000'000'000u);
  EXPECT_TRUE(settings.sampler.is_remote());
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(RemoteSamplerSettings, ThePathSaysWhetherItIsHttp) {
  const auto f = [](std::string_view endpoint, bool is_grpc, std::string_view address) {
    RemoteSampling remote;
    EXPECT_TRUE(set_sampling_endpoint(endpoint, remote)) << endpoint;
    EXPECT_EQ(remote.is_grpc, is_grpc) << endpoint;
    EXPECT_EQ(remote.peer.endpoint, address) << endpoint;
  };
  f("http://jaeger", true, "jaeger:14250");
  f("jaeger:14250", true, "jaeger:14250");
  f("http://[::1]", true, "[::1]:14250");
  f("HTTP://jaeger:14250/", true, "jaeger:14250");
  f("http://jaeger:5778", false, "http://jaeger:5778/sampling");
  f("http://jaeger:5778/", false, "http://jaeger:5778/sampling");
  f("https://jaeger/api/sampling?x=1", false, "https://jaeger/api/sampling?x=1");
  RemoteSampling remote;
  for (const char* wrong : {"ftp://jaeger", "", "http://", "unix:///a"}) {
    EXPECT_FALSE(set_sampling_endpoint(wrong, remote)) << wrong;
  }
}

TEST(RemoteSamplerSettings, WhatIsWrongIsSaidAndTheUsualHolds) {
  const auto f = [](const std::string& argument, const std::string& words) {
    const Settings settings = read(argument);
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr(words))) << argument;
    EXPECT_EQ(settings.remote_sampling->peer.endpoint, "localhost:14250") << argument;
    EXPECT_EQ(settings.remote_sampling->interval_nanos, 60'000'000'000u) << argument;
  };
  f("0.25", "unknown (known: endpoint=, pollingIntervalMs=, initialSamplingRate=)");
  f("endpoint=ftp://x", "want http://host:port");
  f("endpoint=", "want http://host:port");
  f("pollingIntervalMs=soon", "no number of milliseconds");
  f("pollingIntervalMs=0", "no number of milliseconds");
  f("initialSamplingRate=2", "not a number from 0 to 1; using 0.001");
  f("initialSamplingRate", "not a number from 0 to 1; using 0.001");
  const Settings secret = read("endpoint=http://u:p@host:1");
  EXPECT_THAT(secret.warnings, ElementsAre(HasSubstr("user name and password have no effect")));
  EXPECT_EQ(secret.remote_sampling->peer.endpoint, "host:1");
}

TEST(SamplerSettings, AnAddressInTheWrongPlaceIsNotShown) {
  const auto f = [](const std::string& sampler, const std::string& argument,
                    const std::string& begin) {
    const Settings settings =
        read_settings({{"OTEL_TRACES_SAMPLER", sampler}, {"OTEL_TRACES_SAMPLER_ARG", argument}});
    EXPECT_THAT(settings.warnings, ElementsAre(StartsWith("OTEL_TRACES_SAMPLER_ARG=" + begin)));
  };
  f("jaeger_remote", "endpoints=https://u:pw@h", "endpoints=...: unknown");
  f("jaeger_remote", "https://u:pw@h", "...: unknown");
  f("jaeger_remote", "initialSamplingRate=https://u:pw@h", "initialSamplingRate=...: not a number");
  f("jaeger_remote", "pollingIntervalMs=https://u:pw@h", "...: no number");
  f("always_on", "endpoint=https://u:pw@h,pollingIntervalMs=5",
    "endpoint=...,pollingIntervalMs=5: has no effect");
  f("traceidratio", "endpoint=https://u:pw@h", "endpoint=...: not a number");
  f("traceidratio", "half", "half: not a number");
  f("traceidratio", "1.5", "1.5: not a number");
}

TEST(SamplerSettings, AnUnknownSamplerIsSaidWithTheNearestAndWhatHolds) {
  const auto f = [](const std::string& name, const std::string& hint) {
    const Settings settings = read_settings(
        {{"OTEL_TRACES_SAMPLER", name}, {"OTEL_TRACES_SAMPLER_ARG", "endpoint=http://jaeger:1"}});
    EXPECT_THAT(settings.warnings,
                ElementsAre("OTEL_TRACES_SAMPLER=" + name + ": unknown sampler (" + hint +
                            "); parentbased_always_on holds"));
  };
  f("jaeger_remot", "did you mean jaeger_remote?");
  f("parentbased_traceidration", "did you mean parentbased_traceidratio?");
  f("xray",
    "known: always_on, always_off, traceidratio, jaeger_remote, each with parentbased_ before it");
}

TEST(RemoteSamplerSettings, TheInitialRateIsDescribed) {
  EXPECT_EQ(describe_initial_rate(""), "0.001: one trace in a thousand");
  EXPECT_EQ(describe_initial_rate("endpoint=x, initialSamplingRate = 0.25"),
            "0.25: one trace in 4");
  EXPECT_EQ(describe_initial_rate("initialSamplingRate=0.25000000000000000"),
            "0.25: one trace in 4");
  EXPECT_EQ(describe_initial_rate("initialSamplingRate=1"), "1: each trace");
  EXPECT_EQ(describe_initial_rate("initialSamplingRate=0"), "0: no trace");
  EXPECT_EQ(describe_initial_rate("initialSamplingRate=0.7"), "0.7 of all traces");
  EXPECT_EQ(describe_initial_rate("initialSamplingRate=2"), "0.001: one trace in a thousand");
}

TEST(RemoteSamplerSettings, IntervalsAreBounded) {
  EXPECT_EQ(read("pollingIntervalMs=1").remote_sampling->interval_nanos, 100'000'000u);
  EXPECT_EQ(read("pollingIntervalMs=99999999999").remote_sampling->interval_nanos,
            86'400'000'000'000u);
}

}  // namespace
}  // namespace kolben::agent
