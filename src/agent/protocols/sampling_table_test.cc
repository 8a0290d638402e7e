#include "agent/protocols/sampling_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace kolben::agent {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Operation operation(std::string_view name) {
  return {name.data(), name.size()};
}

TEST(SamplingRule, TakesSoManyASecondAndSavesUpASecond) {
  SamplingRule rule;
  rule.period_nanos = kSecond / 4;
  rule.burst_nanos = kSecond;
  std::uint64_t now = 100 * kSecond;
  const auto taken = [&](int asked) {
    int count = 0;
    for (int i = 0; i < asked; ++i) count += rule.take(now) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(taken(10), 4);  // a second's are saved up
  now += kSecond / 4;
  EXPECT_EQ(taken(10), 1);
  now += kSecond / 2;
  EXPECT_EQ(taken(10), 2);
  now += 1000 * kSecond;
  EXPECT_EQ(taken(10), 4);
  now -= 500 * kSecond;  // the clock is put back
  EXPECT_EQ(taken(10), 4);
}

TEST(SamplingRule, FewerThanOneASecondAreTakenOneByOne) {
  SamplingRule rule;
  rule.period_nanos = rule.burst_nanos = 10 * kSecond;
  EXPECT_TRUE(rule.take(5 * kSecond));
  EXPECT_FALSE(rule.take(14 * kSecond));
  EXPECT_TRUE(rule.take(15 * kSecond));
}

TEST(SamplingOperation, IsMethodAndPathOfAHead) {
  const auto of = [](std::string_view head) {
    const Operation found =
        operation_of(reinterpret_cast<const std::uint8_t*>(head.data()), head.size());
    return std::string(found.name, found.size);
  };
  EXPECT_EQ(of("GET /a/b?x=1 HTTP/1.1\r\n"), "GET /a/b");
  EXPECT_EQ(of("GET / HTTP/1.1\r\n"), "GET /");
  EXPECT_EQ(of("GET /cut"), "GET /cut");
  EXPECT_EQ(of("GET"), "GET");
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("GET \r\n/x"), "GET ");
}

TEST(SamplingOperation, PlaceholdersOfRoutesStandForASegment) {
  for (const char* route : {"GET /users/*/orders", "GET /users/{id}/orders",
                            "GET /users/<int:id>/orders", "GET /users/:id/orders"}) {
    EXPECT_TRUE(is_operation(operation(route), operation("GET /users/17/orders"))) << route;
    for (const char* other : {"POST /users/17/orders", "GET /users/17", "GET /users//orders",
                              "GET /users/17/orders/1", "GET /users/17/order", ""}) {
      EXPECT_FALSE(is_operation(operation(route), operation(other))) << route << " " << other;
    }
  }
  EXPECT_TRUE(is_operation(operation("work"), operation("work")));
  EXPECT_FALSE(is_operation(operation("*"), operation("work")));
  EXPECT_FALSE(is_operation(operation("GET /:"), operation("GET /a")));
  EXPECT_FALSE(is_operation(operation("GET /<a"), operation("GET /a")));
}

TEST(SamplingTable, TheWholeNameIsStrongerThanARoute) {
  const auto table = std::make_unique<SamplingTable>();
  SamplingWriter writer(*table);
  writer.others(1);
  ASSERT_TRUE(writer.add(operation("GET /users/*"), 2));
  ASSERT_TRUE(writer.add(operation("GET /users/me"), 3));
  writer.show();
  SamplingRules* rules = table->rules();
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->rule_of(operation("GET /users/me")).below, 3u);
  EXPECT_EQ(rules->rule_of(operation("GET /users/you")).below, 2u);
  EXPECT_EQ(rules->rule_of(operation("GET /other")).below, 1u);
  EXPECT_EQ(rules->rule_of({}).below, 1u);
}

TEST(SamplingTable, IsBounded) {
  const auto table = std::make_unique<SamplingTable>();
  SamplingWriter writer(*table);
  const std::string name(SamplingRules::kNamesBytesMax / 2 + 1, 'x');
  EXPECT_TRUE(writer.add(operation(name), 1));
  EXPECT_FALSE(writer.add(operation(name), 1));
  for (std::uint32_t i = 1; i < SamplingRules::kOperationsMax; ++i) {
    EXPECT_TRUE(writer.add(operation("a"), 1));
  }
  EXPECT_FALSE(writer.add(operation("a"), 1));
}

TEST(SamplingTable, ShowsWhatIsWholeAndKeepsTheRestOutOfTheWay) {
  const auto table = std::make_unique<SamplingTable>();
  SamplingWriter first(*table);
  first.others(1);
  ASSERT_TRUE(first.add(operation("a"), 2));
  EXPECT_EQ(table->rules(), nullptr);
  first.show();
  const SamplingRules* shown = table->rules();
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(shown->others.below, 1u);
  SamplingWriter second(*table);
  second.others(3);
  EXPECT_EQ(table->rules(), shown);
  EXPECT_EQ(shown->others.below, 1u);
  second.show();
  ASSERT_NE(table->rules(), shown);
  EXPECT_EQ(table->rules()->others.below, 3u);
  SamplingWriter(*table).show();
  ASSERT_EQ(table->rules(), shown);
  EXPECT_EQ(table->rules()->rule_of(operation("a")).below, 0u);
}

TEST(SamplingTable, ALimitGoesOnWithWhatItHasGivenUnderItsName) {
  const auto table = std::make_unique<SamplingTable>();
  const auto show = [&](std::uint64_t below, std::initializer_list<std::string_view> names) {
    SamplingWriter writer(*table);
    writer.others(below, kSecond, kSecond);
    for (const std::string_view name : names) {
      ASSERT_TRUE(writer.add(operation(name), below, kSecond, kSecond));
    }
    writer.show();
  };
  const auto takes = [&](std::string_view name) {
    return table->rules()->rule_of(operation(name)).take(100 * kSecond);
  };
  show(1, {"a", "b", "route/*"});
  EXPECT_TRUE(takes("a") && takes("route/1") && takes(""));
  show(2, {"new", "route/*", "b", "a", "route/1"});
  EXPECT_EQ(table->rules()->rule_of(operation("a")).below, 2u);
  EXPECT_FALSE(takes("a") || takes("route/2") || takes(""));
  EXPECT_TRUE(takes("b") && takes("new") && takes("route/1"));
}

// A broken program writes into it what it likes.
TEST(SamplingTable, WhateverIsInItADecisionStaysWithin) {
  const auto memory = std::make_unique<std::uint64_t[]>(sizeof(SamplingTable) / 8 + 1);
  auto* table = sampling_table(memory.get(), sizeof(SamplingTable));
  ASSERT_NE(table, nullptr);
  SamplingWriter(*table).show();
  SamplingRules* rules = table->rules();
  ASSERT_NE(rules, nullptr);
  std::memset(static_cast<void*>(rules), 0xff, sizeof(*rules));
  const SamplingRule& rule = rules->rule_of(operation("GET /a"));
  EXPECT_EQ(&rule, &rules->others);
  EXPECT_TRUE(rule.has_share_of(~std::uint64_t{0}));
  std::memset(memory.get(), 0xff, sizeof(SamplingTable));
  EXPECT_EQ(table->rules(), nullptr);
  SamplingWriter writer(*table);
  std::memset(memory.get(), 0xff, sizeof(SamplingTable));
  EXPECT_TRUE(writer.add(operation("a"), 7));
  writer.show();
  EXPECT_EQ(table->rules()->rule_of(operation("a")).below, 7u);
}

// The last bytes of the table: what is one further is none of it.
TEST(SamplingTable, ANameMayEndWhereTheNamesEndAndNoFurther) {
  const auto table = std::make_unique<SamplingTable>();
  SamplingWriter(*table).show();
  SamplingWriter writer(*table);
  writer.others(1);
  ASSERT_TRUE(writer.add(operation("abc"), 2));
  writer.show();
  SamplingRules* rules = table->rules();
  constexpr std::uint16_t kSize = 3;
  constexpr std::uint16_t kLast = SamplingRules::kNamesBytesMax - kSize;
  std::memcpy(rules->names + kLast, "xyz", kSize);
  rules->begins[0].store(kLast);
  EXPECT_EQ(rules->rule_of(operation("xyz")).below, 2u);
  rules->begins[0].store(kLast + 1);
  EXPECT_EQ(rules->rule_of(operation({"yz\0", kSize})).below, 1u) << "zero is behind them";
}

}  // namespace
}  // namespace kolben::agent
