#include "pipeline/component_id.h"

#include <gtest/gtest.h>

namespace kolben::pipeline {
namespace {

TEST(ComponentId, HasATypeAndPerhapsAName) {
  EXPECT_EQ(parse_component_id("otlp")->type, "otlp");
  EXPECT_EQ(parse_component_id("otlp/elastic")->name, "elastic");
  EXPECT_EQ(parse_component_id(" otlp / a/b ")->to_string(), "otlp/a/b");
  EXPECT_EQ(parse_component_id("otlp/gr\xc3\xbc\xc3\x9f")->name, "gr\xc3\xbc\xc3\x9f");
}

TEST(ComponentId, MistakesAreNamedAsTheCollectorNamesThem) {
  const auto f = [](std::string_view text, std::string_view want) {
    const auto id = parse_component_id(text);
    ASSERT_FALSE(id.has_value()) << text;
    EXPECT_EQ(id.error().message(), want);
  };
  f("", "id must not be empty");
  f("/x", "in \"/x\" id: the part before / should not be empty");
  f("x/", "in \"x/\" id: the part after / should not be empty");
  f("9x", "in \"9x\" id: invalid character(s) in type \"9x\"");
  f("x/a b", "in \"x/a b\" id: invalid character(s) in name \"a b\"");
  f(std::string(64, 'x'), "in \"" + std::string(64, 'x') +
                              "\" id: invalid character(s) in type \"" + std::string(64, 'x') +
                              "\"");
}

}  // namespace
}  // namespace kolben::pipeline
