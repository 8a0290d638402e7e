#include "config/emit.h"

#include <gtest/gtest.h>

#include <string>

#include "config/load.h"
#include "config/yaml.h"

namespace kolben::config {
namespace {

Node parse(std::string_view text) {
  Errors errors;
  Node node = parse_yaml(text, "k.yaml", errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  return node;
}

TEST(Emit, SecretsAreMasked) {
  EXPECT_EQ(to_masked_yaml(parse("otlp:\n  headers: {Authorization: Bearer abc, x: y}\n"
                                 "  auth_token: t\n  password: {a: b}\n  key_pem: x\n"
                                 "  key_file: k.pem\n  endpoint: a:1\n")),
            "otlp:\n  headers:\n    Authorization: \"[REDACTED]\"\n    x: \"[REDACTED]\"\n"
            "  auth_token: \"[REDACTED]\"\n  password:\n    a: \"[REDACTED]\"\n"
            "  key_pem: \"[REDACTED]\"\n  key_file: k.pem\n  endpoint: a:1\n");
}

TEST(Emit, WhatIsWrittenCanBeReadAgain) {
  const std::string text =
      "a: \"123\"\nb: \"true\"\nc: \"\"\nd: \" x \"\ne: \"a: b\"\nf: \"x # y\"\ng: \"-\"\n"
      "h: \"line\\nline\"\ni: []\nj: {}\nk:\n  - {x: 1, y: [2, 3]}\n  - [a, [b]]\n  - ~\nl:\n"
      "m: \"\\\"q\\\\\"\n";
  const Node first = parse(text);
  const std::string emitted = to_yaml(first);
  EXPECT_EQ(to_yaml(parse(emitted)), emitted);
  EXPECT_TRUE(parse(emitted).find("a")->is_quoted);
  EXPECT_EQ(parse(emitted).find("h")->text, "line\nline");
  EXPECT_EQ(parse(emitted).find("m")->text, "\"q\\");
  EXPECT_EQ(parse(emitted).find("k")->items[0].find("y")->items[1].text, "3");
}

TEST(Emit, DollarsSurviveTheNextReading) {
  Errors errors;
  Node node = parse("a: \"$${X}\"\n");
  expand(node, process_environment(), errors);
  EXPECT_EQ(node.find("a")->text, "${X}");
  Node again = parse(to_yaml(node));
  expand(again, process_environment(), errors);
  EXPECT_EQ(again.find("a")->text, "${X}");
}

}  // namespace
}  // namespace kolben::config
