#include "config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kolben::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Node parse(std::string_view text, Errors& errors) {
  return parse_yaml(text, "k.yaml", errors);
}

std::string errors_of(std::string_view text) {
  Errors errors;
  parse(text, errors);
  return errors.to_string();
}

TEST(Yaml, EveryKeyAndValueKnowsItsPlace) {
  Errors errors;
  const Node root = parse("receivers:\n  otlp:\n    endpoint: \"a:1\"\n    list: [x, y]\n", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  const Node* otlp = root.find("receivers")->find("otlp");
  EXPECT_EQ(root.find("receivers")->location_of("otlp").to_string(), "k.yaml:2:3");
  EXPECT_EQ(otlp->location_of("endpoint").to_string(), "k.yaml:3:5");
  EXPECT_EQ(otlp->find("endpoint")->location.to_string(), "k.yaml:3:15");
  EXPECT_TRUE(otlp->find("endpoint")->is_quoted);
  EXPECT_EQ(otlp->find("list")->items[1].location.to_string(), "k.yaml:4:15");
  EXPECT_FALSE(otlp->find("list")->items[1].is_quoted);
}

TEST(Yaml, NothingBehindAKeyIsNull) {
  Errors errors;
  const Node root = parse("a:\nb: ~\nc: null\nd: \"null\"\n", errors);
  EXPECT_EQ(root.find("a")->kind, NodeKind::kNull);
  EXPECT_EQ(root.find("b")->kind, NodeKind::kNull);
  EXPECT_EQ(root.find("c")->kind, NodeKind::kNull);
  EXPECT_EQ(root.find("d")->kind, NodeKind::kScalar);
}

TEST(Yaml, ColonsInKeysArePaths) {
  Errors errors;
  const Node root = parse("a::b: 1\na:\n  c: 2\nx::y::z: 3\n", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(root.find("a")->find("b")->text, "1");
  EXPECT_EQ(root.find("a")->find("c")->text, "2");
  EXPECT_EQ(root.find("x")->find("y")->find("z")->text, "3");
}

TEST(Yaml, DuplicateKeysAreMistakes) {
  EXPECT_EQ(errors_of("a: 1\nb: 2\na: 3\n"),
            "k.yaml:3:1: duplicate key \"a\" (first at k.yaml:1:1)\n");
  EXPECT_THAT(errors_of("a::b: 1\na::b: 2\n"), HasSubstr("k.yaml:2:1: duplicate key \"a::b\""));
}

TEST(Yaml, AnchorsAliasesAndMergeKeys) {
  Errors errors;
  const Node root =
      parse("base: &base {a: 1, b: 2}\ncopy: *base\nmore:\n  <<: *base\n  b: 3\n", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(root.find("copy")->find("b")->text, "2");
  EXPECT_EQ(root.find("more")->find("a")->text, "1");
  EXPECT_EQ(root.find("more")->find("b")->text, "3");
}

TEST(Yaml, BillionLaughsAreRefused) {
  std::string text = "a0: &a0 lol\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ", ") + last;
    text += "]\n";
  }
  EXPECT_THAT(
      errors_of(text),
      HasSubstr(
          "too large once its aliases are expanded: at most 200000 values of 32 MiB; use fewer"));
  EXPECT_THAT(errors_of(text), HasSubstr("k.yaml:6:"));
}

TEST(Yaml, AnAliasOfItselfIsRefusedWithItsPlace) {
  for (const char* text : {"x: 1\na: &a [*a]\n", "x: 1\na: &a {b: *a}\n", "x: 1\na: &a {<<: *a}\n",
                           "x: 1\na: &a {b: {c: [1, *a]}}\n"}) {
    EXPECT_THAT(errors_of(text), HasSubstr("k.yaml:2:")) << text;
    EXPECT_THAT(errors_of(text), HasSubstr("an alias may not contain itself; write out")) << text;
  }
}

// However they come into it: keys are looked for one after the other.
TEST(Yaml, WideMapsAreRefused) {
  const auto keys = [](int begin, int end, const std::string& after) {
    std::string text;
    for (int i = begin; i < end; ++i) text += "k" + std::to_string(i) + after;
    return text;
  };
  const std::string refused = "more than 10000 keys in one map";
  EXPECT_EQ(errors_of(keys(0, 10'000, ": 1\n")), "");
  EXPECT_THAT(errors_of(keys(0, 10'001, ": 1\n")), HasSubstr("k.yaml:10001:1: " + refused));
  const std::string wide = "x: &x {" + keys(0, 10'000, ": 1, ") + "}\n";
  EXPECT_THAT(errors_of(wide + "y: {<<: *x, more: 1}\n"), HasSubstr("k.yaml:2:4: " + refused));
  EXPECT_THAT(errors_of(wide + "x::more: 1\n"), HasSubstr("k.yaml:2:1: " + refused));
}

TEST(Yaml, DeepNestingIsRefused) {
  EXPECT_THAT(errors_of(std::string(100, '[') + std::string(100, ']')),
              HasSubstr("nested deeper than 64 levels"));
  EXPECT_FALSE(errors_of(std::string(100'000, '[')).empty());
  std::string path = "a";
  for (int i = 0; i < 100; ++i) path += "::a";
  EXPECT_THAT(errors_of(path + ": 1\n"), HasSubstr("nested deeper than 64 levels"));
}

// The parser would take 240 bytes for each bracket before it sees that they nest too deep.
TEST(Yaml, WhatTheParserNeedsTooMuchMemoryForIsRefusedBefore) {
  const std::string refused = "more than 600000 of the characters []{},:?!&*#\"' in one file";
  const std::string text = "a: 1\nb: " + std::string(kMarksMax - 3, '#');
  EXPECT_EQ(errors_of("# " + text), "");
  EXPECT_THAT(errors_of("# " + text + "\n :"), HasSubstr("k.yaml:3:2: " + refused));
  EXPECT_THAT(errors_of(std::string(2'000'000, '[')), HasSubstr("k.yaml:1:600001: " + refused));
  std::string list = "[";
  while (list.size() < 2 * kMarksMax) list += "a,";
  EXPECT_THAT(errors_of(list + "]"), HasSubstr(refused));
}

TEST(Yaml, HugeFilesAreRefused) {
  EXPECT_THAT(errors_of(std::string(kFileBytesMax + 1, ' ')), HasSubstr("larger than 8 MiB"));
}

TEST(Yaml, MalformedTextIsToldWithItsPlace) {
  EXPECT_THAT(errors_of("a: [1, 2\nb: 3\n"), HasSubstr("k.yaml:2:"));
  EXPECT_THAT(errors_of("\ta: 1\n"), HasSubstr("k.yaml:1:"));
  EXPECT_THAT(errors_of("a: *nobody\n"), HasSubstr("k.yaml:1:"));
  EXPECT_THAT(errors_of("a: 1\n---\nb: 2\n"), HasSubstr("more than one YAML document"));
  EXPECT_THAT(errors_of("[a]: 1\n"), HasSubstr("a key is a word, not a list"));
}

TEST(Yaml, ATabThatIndentsIsNamed) {
  const auto hint = [](int line) {
    return ": line " + std::to_string(line) + " begins with a tab; YAML indents with spaces\n";
  };
  EXPECT_EQ(errors_of("a:\n\tb: 1\n"), "k.yaml:2:3: illegal map value" + hint(2));
  EXPECT_EQ(errors_of("a:\r\n  b:\r\n\tc: 1\r\n"), "k.yaml:3:2: end of map not found" + hint(3));
  EXPECT_THAT(errors_of("a:\n  b: 1\n  \tc: 1\n"), HasSubstr(hint(3)));
  // Tabs where they may be.
  EXPECT_EQ(errors_of("{\n\t\"a\": 1\n}\n"), "");
  for (const char* other :
       {"{\n\t\"a\": 1\n\t\"b\": 2\n}\n", "a: |\n  x\n  \ty\nb: ]\n", "a: 'x\n\ty'\nb: *c\n"}) {
    EXPECT_THAT(errors_of(other), Not(HasSubstr("tab"))) << other;
  }
}

TEST(Nearest, FindsTyposAndLeavesStrangersAlone) {
  EXPECT_EQ(nearest("endpont", {"endpoint", "timeout"}), "endpoint");
  EXPECT_EQ(nearest("otpl", {"otlp", "zipkin"}), "otlp");
  EXPECT_EQ(nearest("banana", {"otlp", "zipkin"}), "");
  EXPECT_EQ(did_you_mean("tiemout", {"timeout"}), " (did you mean \"timeout\"?)");
}

}  // namespace
}  // namespace kolben::config
