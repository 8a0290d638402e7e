#include "agent/protocols/kafka/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/kafka/testing/messages.h"
#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::kafka {
namespace {

using kolben::agent::testing::Conversation;
using namespace kolben::agent::kafka::testing;  // NOLINT: what messages are made of

std::string api_versions(std::uint32_t id) {
  return request(18, 3, id, text("app") + '\0' + compact("librdkafka") + compact("2.0") + '\0');
}
// As of version 7.
std::string produce(std::uint32_t id, const std::string& topic, int acks = 0xffff) {
  return request(kProduce, 7, id,
                 text("app") + kNull + number(static_cast<std::uint64_t>(acks), 2) +
                     number(1000, 4) + number(1, 4) + text(topic) + number(1, 4) + number(3, 4) +
                     sized("secret records"));
}
// As of version 9.
std::string flexible_produce(std::uint32_t id, const std::string& topic) {
  return request(kProduce, 9, id,
                 text("app") + '\0' + '\0' + number(1, 2) + number(1000, 4) + varint(2) +
                     compact(topic) + varint(2) + number(3, 4) + compact("secret records") +
                     std::string(3, '\0'));
}
// As of version 11.
std::string fetch(std::uint32_t id, const std::string& topics) {
  return request(kFetch, 11, id,
                 text("app") + number(0xffffffff, 4) + number(500, 4) + number(1, 4) +
                     number(1 << 20, 4) + '\1' + number(0, 4) + number(0xffffffff, 4) + topics);
}
std::string fetched(const std::string& topic, std::uint32_t partition) {
  return text(topic) + number(1, 4) + number(partition, 4) + std::string(24, '\0');
}
// As of version 13.
std::string fetch_by_id(std::uint32_t id) {
  return request(kFetch, 13, id,
                 text("app") + '\0' + number(0xffffffff, 4) + number(500, 4) + number(1, 4) +
                     number(1 << 20, 4) + '\1' + number(0, 4) + number(0xffffffff, 4) + varint(2) +
                     std::string(16, 'i') + varint(2) + number(3, 4) + std::string(30, '\0'));
}

TEST(Kafka, FirstRequestsAreKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(api_versions(1)));
  EXPECT_TRUE(f(request(18, 0, 1, kNull)));
  EXPECT_FALSE(f(api_versions(1).substr(0, 13)));
  // Of clients that have asked for the versions on another connection.
  EXPECT_TRUE(f(produce(1, "orders")));
  EXPECT_TRUE(f(request(3, 1, 0, text("kafka-python-producer-1") + number(0, 4))));
  EXPECT_FALSE(f(produce(2, "orders")));
  EXPECT_FALSE(f(request(kFetch, 18, 1, text("app"))));
  EXPECT_FALSE(f(request(19, 1, 1, text("app"))));
  EXPECT_FALSE(f(request(3, 1, 1, text("") + number(0, 4))));
  EXPECT_FALSE(f(request(3, 1, 1, kNull + number(0, 4))));
  EXPECT_FALSE(f(request(3, 1, 1, text("a\nb"))));
  EXPECT_FALSE(f(request(3, 1, 1, text("\x80"))));
  EXPECT_FALSE(f(request(3, 1, 1, text("app")).substr(0, 16)));
  EXPECT_FALSE(f(request(3, 1, 1, number(4, 2) + "app") + "x"));
  EXPECT_FALSE(f(request(18, 99, 1, text("app"))));
  EXPECT_FALSE(f(number(1 << 20, 4) + api_versions(1).substr(4)));
  EXPECT_FALSE(f("GET / HTTP/1.1\r\n\r\n"));
}

TEST(Kafka, AProduceIsACallOfWhichNoRecordIsTold) {
  Conversation talk(Protocol::kKafka);
  talk.client(api_versions(1));
  talk.server(answer(1, "which there are"));
  talk.client(produce(2, "orders"));
  talk.server(answer(2, "secret offset"));
  EXPECT_EQ(talk.told(), "send orders | 3\n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  const MessagingCall& call = talk.messaging_calls()[0];
  EXPECT_EQ(call.system, "kafka");
  EXPECT_EQ(call.client_id, "app");
  EXPECT_EQ(call.start_time, 3u);
  EXPECT_EQ(call.end_time, 4u);
  EXPECT_EQ(call.origin.span_id[0], 3u);
}

TEST(Kafka, WhereverTheBytesAreCut) {
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 7UL, 64UL}) {
    Conversation talk(Protocol::kKafka, bytes);
    talk.client(api_versions(1));
    talk.server(answer(1));
    talk.client(flexible_produce(2, std::string(200, 't')) +
                fetch(3, number(1, 4) + fetched("a", 0)));
    talk.server(answer(2, "x") + answer(3));
    talk.client(fetch_by_id(4) + request(3, 9, 5, text("app") + "some metadata"));
    talk.server(answer(4, std::string(5000, 'r')) + answer(5));
    EXPECT_EQ(talk.told(), "send " + std::string(200, 't') + " | 3\npoll a | 0\npoll  | 3\n")
        << bytes;
    EXPECT_FALSE(talk.given_up()) << bytes;
    EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  }
}

std::string partition(std::uint32_t index, int error, int offsets) {
  return number(index, 4) + number(static_cast<std::uint64_t>(error), 2) +
         std::string(static_cast<std::size_t>(offsets) * 8, 'o');
}
int error_of(const std::string& request, const std::string& answered, std::size_t bytes = ~0UL) {
  Conversation talk(Protocol::kKafka, bytes);
  talk.client(api_versions(1));
  talk.server(answer(1));
  talk.client(request);
  talk.server(answered);
  talk.client(produce(3, "orders"));
  talk.server(answer(3));
  EXPECT_FALSE(talk.given_up());
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  if (talk.messaging_calls().size() != 2) return -1;
  EXPECT_EQ(talk.messaging_calls()[1].error, 0);
  return talk.messaging_calls()[0].error;
}

TEST(Kafka, WhatABrokerRefusesIsAnErrorOfTheProduce) {
  // Version 7: of the second topic's second partition; what comes after is of no interest.
  const std::string topics = number(2, 4) + text("a") + number(1, 4) + partition(0, 0, 3) +
                             text("orders") + number(2, 4) + partition(3, 0, 3);
  for (const std::size_t bytes : {~0UL, 1UL, 3UL, 7UL}) {
    EXPECT_EQ(
        error_of(produce(2, "orders"), answer(2, topics + partition(4, 19, 3) + "secret"), bytes),
        19);
    EXPECT_EQ(
        error_of(produce(2, "orders"), answer(2, topics + partition(4, 0, 3) + "time"), bytes), 0);
  }
  // Version 9: with the errors of records and their message, tags behind each.
  const auto flexible = [](int first, int second) {
    return answer(2, std::string(1, '\0') + varint(2) + compact("orders") + varint(3) +
                         partition(0, first, 3) + varint(1) + '\0' + '\0' +
                         partition(1, second, 3) + varint(1) + compact("secret") + '\0');
  };
  EXPECT_EQ(error_of(flexible_produce(2, "orders"), flexible(0, 87)), 87);
  EXPECT_EQ(error_of(flexible_produce(2, "orders"), flexible(0xffff, 0)), 0xffff);
  EXPECT_EQ(error_of(flexible_produce(2, "orders"), flexible(0, 0)), 0);
}

TEST(Kafka, WhatABrokerRefusesIsAnErrorOfTheFetch) {
  const std::string asked = fetch(2, number(1, 4) + fetched("a", 0));
  const std::string head = number(0, 4) + number(0, 2) + number(7, 4);
  const std::string topic = number(1, 4) + text("a") + number(1, 4);
  EXPECT_EQ(error_of(asked, answer(2, number(0, 4) + number(70, 2) + number(0, 4) + number(0, 4))),
            70);
  EXPECT_EQ(error_of(asked, answer(2, head + topic + partition(0, 1, 1) + "secret")), 1);
  EXPECT_EQ(error_of(asked, answer(2, head + topic + partition(0, 0, 1) + "secret")), 0);
  EXPECT_EQ(error_of(asked, answer(2, head + number(0, 4))), 0);
  const std::string by_id =
      std::string(1, '\0') + head + varint(2) + std::string(16, 'i') + varint(2);
  EXPECT_EQ(error_of(fetch_by_id(2), answer(2, by_id + partition(0, 100, 1) + "secret")), 100);
}

TEST(Kafka, AnAnswerThatIsNotAsItShouldBeIsNotLookedAt) {
  for (const std::string& body :
       {std::string("x"), number(9, 4), number(1, 4) + text(""),
        number(1, 4) + text("a") + number(99, 4), number(1, 4) + text("a") + number(1, 4) + "x",
        number(1, 4) + number(5000, 2) + "secret"}) {
    EXPECT_EQ(error_of(produce(2, "orders"), answer(2, body)), 0) << body.size();
  }
  EXPECT_EQ(error_of(flexible_produce(2, "orders"), answer(2, "\1secret")), 0);
}

// Those that are asked the longest ago are forgotten.
TEST(Kafka, OfManyThatWaitTheLastAreKnownWithTheirErrors) {
  constexpr std::uint32_t kAsked = 40;
  const std::string refused = number(1, 4) + text("orders") + number(1, 4) + partition(3, 7, 3);
  Conversation talk(Protocol::kKafka);
  for (std::uint32_t id = 1; id <= kAsked; ++id) talk.client(produce(id, "orders"));
  for (std::uint32_t id = 1; id <= kAsked; ++id) talk.server(answer(id, refused));
  EXPECT_FALSE(talk.given_up());
  ASSERT_EQ(talk.messaging_calls().size(), kAsked);
  EXPECT_EQ(talk.messaging_calls().front().error, 0);
  for (std::uint32_t id = kAsked - 15; id <= kAsked; ++id) {
    EXPECT_EQ(talk.messaging_calls()[id - 1].error, 7) << id;
  }
}

TEST(Kafka, OfSeveralTopicsOrPartitionsNoneIsNamed) {
  Conversation talk(Protocol::kKafka);
  talk.client(fetch(1, number(2, 4) + fetched("a", 0) + fetched("b", 0)));
  talk.client(fetch(2, number(1, 4) + text("a") + number(2, 4) + std::string(56, '\0')));
  talk.client(fetch(3, number(0, 4) + number(0, 4)));
  talk.client(fetch(4, number(0xffffffff, 4)));
  talk.server(answer(1) + answer(2) + answer(3) + answer(4));
  EXPECT_EQ(talk.told(), "poll \npoll a\npoll \npoll \n");
}

TEST(Kafka, VersionsThatAreNotKnownAreToldWithoutATopic) {
  Conversation talk(Protocol::kKafka);
  talk.client(request(kProduce, 77, 1, "secret"));
  talk.server(answer(1));
  EXPECT_EQ(talk.told(), "send \n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
}

TEST(Kafka, AProduceThatWantsNoAnswerEndsWhereItsBytesDo) {
  Conversation talk(Protocol::kKafka);
  talk.client(produce(1, "log", 0));
  talk.client(produce(2, "orders", 1));
  talk.server(answer(2));
  EXPECT_EQ(talk.told(), "send log | 3\nsend orders | 3\n");
  EXPECT_FALSE(talk.given_up());
}

TEST(Kafka, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kKafka);
  talk.client(produce(1, "orders"));
  talk.close();
  EXPECT_EQ(talk.told(), "send orders | 3 | closed\n");
}

TEST(Kafka, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kKafka);
    talk.client(client);
    talk.server(server);
    return talk.given_up();
  };
  EXPECT_FALSE(f(produce(1, "orders"), answer(1)));
  EXPECT_TRUE(f(produce(1, "orders"), answer(2)));
  EXPECT_TRUE(f(produce(1, "orders"), answer(1) + answer(1)));
  EXPECT_TRUE(f(number(7, 4), ""));
  EXPECT_TRUE(f(number(kRequestBytesMax + 1, 4), ""));
  EXPECT_TRUE(f(produce(1, std::string(kTextBytesMax + 1, 't')), ""));
  // A text that goes beyond its request, and a request that ends in its header.
  EXPECT_TRUE(f(request(kProduce, 7, 1, number(100, 2) + "app"), ""));
  EXPECT_TRUE(f(request(kProduce, 7, 1, "") + produce(2, "orders"), ""));
  EXPECT_TRUE(f(fetch(1, number(1000, 4)), ""));
  EXPECT_TRUE(f(produce(1, "orders"), number(3, 4)));
}

TEST(Kafka, MemoryIsBounded) {
  Conversation talk(Protocol::kKafka);
  for (std::size_t i = 0; i < kPendingMax; ++i) talk.client(produce(1, "orders"));
  EXPECT_FALSE(talk.given_up());
  talk.client(produce(1, "orders"));
  EXPECT_TRUE(talk.given_up());
}

}  // namespace
}  // namespace kolben::agent::kafka
