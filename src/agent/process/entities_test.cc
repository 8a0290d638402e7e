#include "agent/process/entities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  std::vector<Entity> entities;
  std::vector<std::string> mistakes;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.entities = parse_entities(text, [&](std::string_view part, std::string_view what) {
    parsed.mistakes.push_back(std::string(part).append(": ").append(what));
  });
  return parsed;
}

// As the variable would have it.
std::string text_of(const std::vector<Entity>& entities) {
  std::string text;
  const auto append = [&](const NamedTexts& texts) {
    for (const auto& [key, value] : texts) {
      text.append(&value == &texts.front().second ? "" : ",").append(key + "=").append(value);
    }
  };
  for (const Entity& entity : entities) {
    text.append(text.empty() ? "" : ";").append(entity.type).append("{");
    append(entity.ids);
    text += '}';
    if (!entity.descriptions.empty()) {
      text += '[';
      append(entity.descriptions);
      text += ']';
    }
    if (!entity.schema_url.empty()) text.append("@").append(entity.schema_url);
  }
  return text;
}

TEST(Entities, AreReadWithAllTheirParts) {
  for (const char* text :
       {"", "service{service.name=a}", "service{service.name=a,service.instance.id=1}",
        "service{service.name=a}[service.version=1.0.0]@https://opentelemetry.io/schemas/1.21.0;"
        "host{host.id=h}[host.name=web-1]",
        "k8s.pod{k8s.pod.uid=u}@urn:x", "a{b=}", "a{b=c}[d=]"}) {
    const Parsed parsed = parse(text);
    EXPECT_EQ(text_of(parsed.entities), text);
    EXPECT_THAT(parsed.mistakes, IsEmpty()) << text;
  }
}

TEST(Entities, BlanksAndEmptyDefinitionsAreNothing) {
  const Parsed parsed = parse(" ;; service { service.name = a , x=y } [ v=1 ] @urn:x ; ;");
  EXPECT_EQ(text_of(parsed.entities), "service{service.name=a,x=y}[v=1]@urn:x");
  EXPECT_THAT(parsed.mistakes, IsEmpty());
}

TEST(Entities, ValuesAreDecoded) {
  const Parsed parsed = parse("a{b=my%2Capp%ZZ,c=%ff}[d=k%3Dv%5Bp%5D]");
  ASSERT_EQ(parsed.entities.size(), 1u);
  EXPECT_EQ(parsed.entities[0].ids[0].second, "my,app%ZZ");
  EXPECT_EQ(parsed.entities[0].ids[1].second, "\xef\xbf\xbd");  // no character
  EXPECT_EQ(parsed.entities[0].descriptions[0].second, "k=v[p]");
}

TEST(Entities, WhatIsMalformedIsLeftOutAndTheRestHolds) {
  for (const char* malformed :
       {"invalid{syntax", "x", "{a=b}", "x{}", "x{a}", "x{=b}", "x{1=b}", "x{a=b=c}", "x{a=b}c",
        "x{a=b}[c=d", "x}a=b{", "1x{a=b}", "x y{a=b}", "x{a=b@c}", "x{a=b}[c=d]e", "@urn:x"}) {
    const Parsed parsed = parse(std::string("s{a=1};").append(malformed).append(";h{b=2}"));
    EXPECT_EQ(text_of(parsed.entities), "s{a=1};h{b=2}") << malformed;
    EXPECT_THAT(parsed.mistakes, ElementsAre(HasSubstr("left out"))) << malformed;
  }
}

TEST(Entities, AWrongDescriptionOrUrlLeavesTheEntity) {
  const Parsed description = parse("s{a=1}[b,c=2]@urn:x");
  EXPECT_EQ(text_of(description.entities), "s{a=1}[c=2]@urn:x");
  EXPECT_THAT(description.mistakes, ElementsAre(HasSubstr("between [ and ]")));
  for (const char* url : {"invalid-url", "", ":x", "http:", "1:x", "http://a b", "http://a\x01"}) {
    const Parsed parsed = parse(std::string("s{a=1}@").append(url));
    EXPECT_EQ(text_of(parsed.entities), "s{a=1}") << url;
    EXPECT_THAT(parsed.mistakes, ElementsAre(HasSubstr("URL"))) << url;
  }
}

TEST(Entities, OfOneTypeTheLastCounts) {
  const Parsed twice = parse("s{a=1,b=2}[v=1];s{b=2,a=1}[v=2]");
  EXPECT_EQ(text_of(twice.entities), "s{b=2,a=1}[v=2]");
  EXPECT_THAT(twice.mistakes, ElementsAre(HasSubstr("named twice")));
  const Parsed other = parse("s{a=1};h{i=1};s{a=2}");
  EXPECT_EQ(text_of(other.entities), "h{i=1};s{a=2}");
  EXPECT_THAT(other.mistakes, ElementsAre(HasSubstr("a second entity of this type")));
}

TEST(Entities, AnAttributeHasOneValue) {
  // The same one may belong to several.
  EXPECT_THAT(parse("s{a=1}[v=1];h{b=1}[v=1]").mistakes, IsEmpty());
  const auto settled = [](std::string_view text) {
    const Parsed parsed = parse(text);
    EXPECT_EQ(parsed.mistakes.size(), 1u) << text;
    return text_of(parsed.entities);
  };
  EXPECT_EQ(settled("s{a=1}[v=1];h{b=1}[v=2]"), "s{a=1};h{b=1}[v=2]");
  EXPECT_EQ(settled("s{a=1}[v=1];h{v=2}"), "s{a=1};h{v=2}");
  EXPECT_EQ(settled("s{a=1};h{b=1}[a=2]"), "s{a=1};h{b=1}");
  EXPECT_EQ(settled("s{a=1}[v=1];h{a=2}"), "h{a=2}");
}

TEST(Entities, AreBounded) {
  std::string many;
  for (std::size_t i = 0; i <= kEntitiesMax; ++i) {
    const std::string number = std::to_string(i);
    many.append("t" + number + "{k" + number + "=1};");
  }
  const Parsed parsed = parse(many);
  EXPECT_EQ(parsed.entities.size(), kEntitiesMax);
  EXPECT_THAT(parsed.mistakes, ElementsAre(HasSubstr("too many")));
  for (std::size_t i = 0; i < 5000; ++i) many += "x;";
  EXPECT_EQ(parse(many).mistakes.size(), static_cast<std::size_t>(kMistakesSaidMax));
  std::string long_one = "t{a=1}[";
  for (std::size_t i = 0; i <= kEntityAttributesMax; ++i) {
    long_one.append("k" + std::to_string(i) + "=1,");
  }
  const Parsed one = parse(long_one + "]");
  ASSERT_EQ(one.entities.size(), 1u);
  EXPECT_EQ(one.entities[0].descriptions.size(), kEntityAttributesMax);
  EXPECT_THAT(one.mistakes, ElementsAre(HasSubstr("between [ and ]")));
}

}  // namespace
}  // namespace kolben::agent
