#include "config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/yaml.h"

namespace kolben::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

struct Settings {
  std::string endpoint = "localhost:1";
  bool enabled = true;
  std::int64_t level = -1;
  std::uint64_t size = 5;
  std::uint16_t port = 80;
  double ratio = 0.5;
  std::chrono::nanoseconds timeout = 5s;
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>> headers;
};

Settings read(std::string_view yaml, Errors& errors) {
  const Node node = parse_yaml(yaml, "k.yaml", errors);
  Settings settings;
  Reader reader(node, "exporters::otlp", errors);
  reader.optional("endpoint", settings.endpoint);
  reader.optional("enabled", settings.enabled);
  reader.optional("level", settings.level);
  reader.optional("size", settings.size);
  reader.optional("port", settings.port);
  reader.optional("ratio", settings.ratio);
  reader.optional("timeout", settings.timeout);
  reader.optional("names", settings.names);
  reader.optional("headers", settings.headers);
  return settings;
}

TEST(Reader, TakesWhatIsThereAndLeavesTheRest) {
  Errors errors;
  const Settings settings = read(
      "endpoint: a:2\nenabled: false\nlevel: -3\nsize: 0x10\nratio: 1e3\ntimeout: 1m30s\n"
      "names: [b, a]\nheaders: {x: 1, a: \"2\"}\n",
      errors);
  EXPECT_EQ(errors.to_string(), "");
  EXPECT_EQ(settings.endpoint, "a:2");
  EXPECT_FALSE(settings.enabled);
  EXPECT_EQ(settings.level, -3);
  EXPECT_EQ(settings.size, 16U);
  EXPECT_EQ(settings.port, 80);
  EXPECT_EQ(settings.ratio, 1000);
  EXPECT_EQ(settings.timeout, 90s);
  EXPECT_THAT(settings.names, ElementsAre("b", "a"));
  EXPECT_THAT(settings.headers, ElementsAre(Pair("x", "1"), Pair("a", "2")));
}

TEST(Reader, NullLeavesDefaults) {
  Errors errors;
  const Settings settings = read("endpoint:\nenabled:\nsize: ~\ntimeout: null\nnames:\n", errors);
  EXPECT_EQ(errors.to_string(), "");
  EXPECT_EQ(settings.endpoint, "localhost:1");
  EXPECT_EQ(settings.timeout, 5s);
}

TEST(Reader, TellsAllMistakesAtOnceWithTheirPlaces) {
  Errors errors;
  read(
      "endpont: a\nenabled: \"true\"\nlevel: 1.5\nsize: -1\nport: 70000\nratio: many\n"
      "timeout: 5\nnames: a\nheaders: {x: [1]}\n",
      errors);
  EXPECT_EQ(errors.to_string(),
            "k.yaml:2:10: exporters::otlp::enabled: want true or false, not \"true\"\n"
            "k.yaml:3:8: exporters::otlp::level: want a whole number, not \"1.5\"\n"
            "k.yaml:4:7: exporters::otlp::size: want a whole number of at least 0, not \"-1\"\n"
            "k.yaml:5:7: exporters::otlp::port: want a number of at most 65535\n"
            "k.yaml:6:8: exporters::otlp::ratio: want a number, not \"many\"\n"
            "k.yaml:7:10: exporters::otlp::timeout: want a duration such as \"5s\" or \"200ms\", "
            "not \"5\"\n"
            "k.yaml:8:8: exporters::otlp::names: want a list, not \"a\"\n"
            "k.yaml:9:14: exporters::otlp::headers::x: want a text, not a list\n"
            "k.yaml:1:1: exporters::otlp: unknown key \"endpont\" (did you mean \"endpoint\"?)\n");
}

TEST(Reader, AMapIsWantedWhereAMapIsRead) {
  Errors errors;
  const Node node = parse_yaml("[a]", "k.yaml", errors);
  {
    Reader reader(node, "processors::batch", errors);
  }
  EXPECT_EQ(errors.to_string(), "k.yaml:1:1: processors::batch: want a map, not a list\n");
}

// A message is for a terminal: no half characters, nothing that moves its cursor.
TEST(Reader, WhatIsQuotedIsTextAndHasAnEnd) {
  Node node;
  node.kind = NodeKind::kScalar;
  node.text = "a\x1b[2J\n" + std::string(120, 'b') + "\xe2\x82\xac" + std::string(500, 'c');
  EXPECT_EQ(describe(node), "\"a?[2J?" + std::string(120, 'b') + '"');
}

TEST(Reader, ChildrenHavePathsAndPlaces) {
  Errors errors;
  const Node node = parse_yaml(
      "protocols:\n  grpc:\n  http: {endpoit: x}\nactions:\n  - {kee: a}\n", "k.yaml", errors);
  {
    Reader reader(node, "receivers::otlp", errors);
    auto protocols = reader.child("protocols");
    ASSERT_NE(protocols, nullptr);
    EXPECT_NE(protocols->child("grpc"), nullptr);  // nothing behind it: an empty map
    EXPECT_EQ(protocols->child("thrift"), nullptr);
    std::string endpoint;
    protocols->child("http")->optional("endpoint", endpoint);
    for (auto& action : reader.children("actions")) action->optional("key", endpoint);
  }
  EXPECT_EQ(
      errors.to_string(),
      "k.yaml:3:10: receivers::otlp::protocols::http: unknown key \"endpoit\" (did you mean "
      "\"endpoint\"?)\n"
      "k.yaml:5:6: receivers::otlp::actions::0: unknown key \"kee\" (did you mean \"key\"?)\n");
}

TEST(Reader, ChoicesNameWhatMayBe) {
  Errors errors;
  const Node node = parse_yaml("a: zstd\nb: gzpi\n", "k.yaml", errors);
  std::size_t a = 0;
  std::size_t b = 0;
  {
    Reader reader(node, "x", errors);
    reader.choice("a", {"gzip", "zstd"}, a);
    reader.choice("b", {"gzip", "zstd"}, b);
  }
  EXPECT_EQ(a, 1U);
  EXPECT_EQ(errors.to_string(),
            "k.yaml:2:4: x::b: want one of gzip, zstd, not \"gzpi\" (did you mean \"gzip\"?)\n");
}

TEST(Reader, IgnoredKeysWarn) {
  Errors errors;
  const Node node = parse_yaml("sampling: {}\n", "k.yaml", errors);
  {
    Reader(node, "service::telemetry::logs", errors).ignored("sampling", "no log is sampled");
  }
  EXPECT_TRUE(errors.empty());
  EXPECT_THAT(errors.warnings(),
              ElementsAre("k.yaml:1:1: service::telemetry::logs::sampling is ignored: no log is "
                          "sampled"));
}

TEST(Duration, ReadsGosSyntax) {
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("200ms"), 200ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("10us"), 10us);
  EXPECT_EQ(parse_duration("10\xc2\xb5s"), 10us);
  EXPECT_EQ(parse_duration("3ns"), 3ns);
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("-1s"), -1s);
  for (const char* wrong : {"", "5", "s", "1d", "1s1", "..s", "1e3s", "999999999h", "-"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace kolben::config
