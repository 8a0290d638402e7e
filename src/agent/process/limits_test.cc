#include "agent/process/limits.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(Limits, OfLinksTheFirstStayAndTheRestIsCounted) {
  Arena arena;
  Span span;
  for (int i = 0; i < 5; ++i) {
    SpanLink& link = span.links.add(arena);
    set(link.attributes, arena, "a", Value::string("long text"));
    set(link.attributes, arena, "b", Value::integer(i));
  }
  limit_links(3, {.count_max = 1, .value_bytes_max = 4}, span, arena);
  ASSERT_EQ(span.links.size(), 3U);
  EXPECT_EQ(span.dropped_links_count, 2U);
  for (const SpanLink& link : span.links) {
    ASSERT_EQ(link.attributes.size(), 1U);
    EXPECT_EQ(link.attributes[0].value.as_string(), "long");
    EXPECT_EQ(link.dropped_attributes_count, 1U);
  }
  limit_links(0, {}, span, arena);
  EXPECT_EQ(span.links.size(), 0U);
  EXPECT_EQ(span.dropped_links_count, 5U);
}

}  // namespace
}  // namespace kolben::agent
