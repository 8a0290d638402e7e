#include "query/conditions.h"

#include <gtest/gtest.h>

#include "query/testing/filter_text.h"

namespace kolben::query {
namespace {

using query::testing::to_text;

std::string tag(std::string_view key, std::string_view value) {
  return to_text(tag_equals(key, value));
}

std::string expression(std::string_view text) {
  const auto filter = parse_expression(text);
  return filter ? to_text(*filter) : "error: " + std::string(filter.error().message());
}

TEST(JaegerTag, PlainKeysAreLookedForEverywhere) {
  EXPECT_EQ(tag("http.host", "localhost:5000"), "any.http.host = \"localhost:5000\"");
}

TEST(JaegerTag, WordsOfItsOwn) {
  EXPECT_EQ(tag("error", "true"), "status = \"error\"");
  EXPECT_EQ(tag("error", "false"), "not status = \"error\"");
  EXPECT_EQ(tag("error", "timeout"), "any.error = \"timeout\"");
  EXPECT_EQ(tag("span.kind", "SERVER"), "kind = \"server\"");
  EXPECT_EQ(tag("span.status", "ERROR"), "status = \"error\"");
  EXPECT_EQ(tag("scope.name", "Gin"), "scope_name = \"Gin\"");
  EXPECT_EQ(tag("scope.version", "1"), "scope_version = \"1\"");
  EXPECT_EQ(tag("resource.host.name", "box"), "resource.host.name = \"box\"");
  EXPECT_EQ(tag("resource.", "box"), "any.resource. = \"box\"");
}

TEST(JaegerTag, WhatItsJsonShowsCanBeSearched) {
  EXPECT_EQ(tag("otel.scope.name", "a"), "scope_name = \"a\"");
  EXPECT_EQ(tag("otel.status_code", "ERROR"), "status = \"error\"");
  EXPECT_EQ(tag("otel.status_description", "Boom"), "status_message = \"Boom\"");
  EXPECT_EQ(tag("w3c.tracestate", "a=1"), "trace_state = \"a=1\"");
}

TEST(JaegerTag, PageWordsAreOrdinaryKeys) {
  EXPECT_EQ(tag("duration", "1s"), "any.duration = \"1s\"");
  EXPECT_EQ(tag("name", "x"), "any.name = \"x\"");
}

TEST(LogExpression, HasItsOwnWords) {
  const auto log = [](std::string_view text) {
    const auto filter = parse_log_expression(text);
    return filter ? to_text(*filter) : "error: " + std::string(filter.error().message());
  };
  EXPECT_EQ(log("severity>=13"), "severity >= 13");
  EXPECT_EQ(log("body=~.*full.*"), "body =~ \".*full.*\"");
  EXPECT_EQ(log("name=exception"), "name = \"exception\"");
  EXPECT_EQ(log("service=todo"), "service = \"todo\"");
  EXPECT_EQ(log("resource.host.name=box"), "resource.host.name = \"box\"");
  EXPECT_EQ(log("error=true"), "any.error = \"true\"");
  EXPECT_EQ(log("duration>5"), "any.duration > 5");
  EXPECT_EQ(log("kind"), "any.kind exists");
  EXPECT_EQ(log("=x"), "error: \"=x\": no key before the comparison");
  EXPECT_EQ(log(""), "error: an empty tag");
}

TEST(Expression, EveryOperator) {
  EXPECT_EQ(expression("k=v"), "any.k = \"v\"");
  EXPECT_EQ(expression("k=5"), "any.k = \"5\"");
  EXPECT_EQ(expression("k!=v"), "any.k != \"v\"");
  EXPECT_EQ(expression("k>1"), "any.k > 1");
  EXPECT_EQ(expression("k>=1.5"), "any.k >= 1.5");
  EXPECT_EQ(expression("k<-1"), "any.k < -1");
  EXPECT_EQ(expression("k<=1e3"), "any.k <= 1000");
  EXPECT_EQ(expression("k=~/api/.*"), "any.k =~ \"/api/.*\"");
  EXPECT_EQ(expression("k"), "any.k exists");
}

TEST(Expression, TheFirstOperatorCounts) {
  EXPECT_EQ(expression("url=http://a?b=c>d"), "any.url = \"http://a?b=c>d\"");
  EXPECT_EQ(expression("k="), "any.k = \"\"");
  EXPECT_EQ(expression("k!"), "any.k! exists");
}

TEST(Expression, ValuesMayBeQuoted) {
  EXPECT_EQ(expression(R"(k="a b")"), "any.k = \"a b\"");
  EXPECT_EQ(expression(R"(k="say \"hi\" \\")"), R"(any.k = "say "hi" \")");
  EXPECT_EQ(expression(R"(k=")"), R"(any.k = """)");
}

TEST(Expression, WordsOfTheSpan) {
  EXPECT_EQ(expression("duration>100ms"), "duration > 100000000");
  EXPECT_EQ(expression("kind=Server"), "kind = \"server\"");
  EXPECT_EQ(expression("name=~GET.*"), "name =~ \"GET.*\"");
  EXPECT_EQ(expression("service!=todo"), "service != \"todo\"");
  EXPECT_EQ(expression("error"), "status = \"error\"");
  EXPECT_EQ(expression("error!=true"), "not status = \"error\"");
  EXPECT_EQ(expression("resource.host.name"), "resource.host.name exists");
}

TEST(Expression, MistakesAreNamed) {
  EXPECT_EQ(expression(""), "error: an empty tag");
  EXPECT_EQ(expression("=v"), "error: \"=v\": no key before the comparison");
  EXPECT_EQ(expression("k>abc"), "error: \"k>abc\": want a number after the comparison");
  EXPECT_EQ(expression("k>"), "error: \"k>\": want a number after the comparison");
  EXPECT_EQ(expression("k>nan"), "error: \"k>nan\": want a number after the comparison");
  EXPECT_EQ(expression("duration>5"), "error: \"duration>5\": want a duration such as 100ms");
}

TEST(Names, EmptyOnesHaveANameToAskBy) {
  EXPECT_EQ(to_text(service_is("todo")), "service = \"todo\"");
  EXPECT_EQ(to_text(service_is("empty-service-name")),
            "(service = \"empty-service-name\" or service = \"\")");
  EXPECT_EQ(to_text(operation_is("empty-span-name")),
            "(name = \"empty-span-name\" or name = \"\")");
  EXPECT_EQ(shown_service(""), "empty-service-name");
  EXPECT_EQ(stored_service("empty-service-name"), "");
}

std::string bounds(std::string_view query) {
  const auto parameters = Parameters::parse("/x?" + std::string(query));
  std::vector<storage::Filter> terms;
  const Status status = add_duration_bounds(*parameters, "minDuration", "maxDuration", terms);
  return status.is_ok() ? to_text(storage::Filter{storage::And{terms}}) : status.to_string();
}

TEST(DurationBounds, BothIncluded) {
  EXPECT_EQ(bounds("minDuration=1ms&maxDuration=1s"),
            "(duration >= 1000000 and duration <= 1000000000)");
  EXPECT_EQ(bounds("maxDuration=0s"), "()");
  EXPECT_EQ(bounds("minDuration=2s&maxDuration=1s"),
            "INVALID_ARGUMENT: 'maxDuration' should be greater than 'minDuration'");
}

}  // namespace
}  // namespace kolben::query
