// What is told of records, and that nothing else of them is.
#include "agent/protocols/kafka/records.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/protocols/kafka/records_reader.h"
#include "agent/protocols/kafka/testing/messages.h"
#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::kafka {
namespace {

using kolben::agent::testing::Conversation;
using namespace kolben::agent::kafka::testing;  // NOLINT: what messages are made of

constexpr std::size_t kCuts[] = {~0UL, 1, 2, 3, 5, 7, 64};

// A Produce of version 7, or flexible (9), of one topic or several.
std::string partition_of(std::uint32_t index, const std::string& records) {
  return number(index, 4) + sized(records);
}
std::string topic_of(const std::string& name, const std::vector<std::string>& partitions) {
  std::string bytes = text(name) + number(partitions.size(), 4);
  for (const std::string& one : partitions) bytes += one;
  return bytes;
}
std::string produce(const std::vector<std::string>& topics) {
  std::string bytes =
      text("app") + kNull + number(1, 2) + number(1000, 4) + number(topics.size(), 4);
  for (const std::string& one : topics) bytes += one;
  return request(kProduce, 7, 2, bytes);
}
std::string produce(const std::string& records) {
  return produce(std::vector{topic_of("orders", {partition_of(3, records)})});
}
std::string flexible_produce(const std::string& records) {
  return request(kProduce, 9, 2,
                 text("app") + '\0' + '\0' + number(1, 2) + number(1000, 4) + varint(2) +
                     compact("orders") + varint(3) + number(3, 4) + compact(records) + '\0' +
                     number(4, 4) + compact(records) + std::string(3, '\0'));
}

// A Fetch of everything (within a session), and what is answered to it, as of version 11.
std::string fetch(int version = 11) {
  const std::string none =
      version >= 12 ? varint(1) + varint(1) + std::string(2, '\0') : number(0, 4) + number(0, 4);
  return request(kFetch, version, 2,
                 text("app") + (version >= 12 ? std::string(1, '\0') : "") + number(0xffffffff, 4) +
                     number(500, 4) + number(1, 4) + number(1 << 20, 4) + '\1' + number(9, 4) +
                     number(1, 4) + none);
}
struct Transaction {
  std::uint64_t producer = 0;
  std::uint64_t first = 0;
};
std::string fetched(std::uint32_t index, const std::string& records,
                    const std::vector<Transaction>& aborted = {}, int error = 0) {
  std::string bytes = number(index, 4) + number(static_cast<std::uint64_t>(error), 2) +
                      std::string(24, 's') + number(aborted.size(), 4);
  for (const Transaction& one : aborted) bytes += number(one.producer, 8) + number(one.first, 8);
  return bytes + number(0xffffffff, 4) + sized(records);
}
std::string answered(const std::vector<std::string>& topics) {
  std::string bytes = number(0, 4) + number(0, 2) + number(9, 4) + number(topics.size(), 4);
  for (const std::string& one : topics) bytes += one;
  return answer(2, bytes);
}
std::string answered(const std::string& records) {
  return answered(std::vector{topic_of("orders", {fetched(3, records)})});
}
// As of version 13: topics have numbers, all have tags.
std::string answered_by_id(const std::string& records) {
  return answer(2, std::string(1, '\0') + number(0, 4) + number(0, 2) + number(9, 4) + varint(2) +
                       std::string(16, 's') + varint(2) + number(3, 4) + number(0, 2) +
                       std::string(24, 's') + varint(2) + number(5, 8) + number(0, 8) + '\0' +
                       number(0xffffffff, 4) + compact(records) + std::string(3, '\0'));
}

std::string told_of(const std::string& asked, const std::string& what, std::size_t bytes = ~0UL) {
  Conversation talk(Protocol::kKafka, bytes);
  talk.client(asked);
  talk.server(what);
  // What comes next is understood.
  talk.client(produce(std::string()));
  talk.server(answer(2));
  EXPECT_FALSE(talk.given_up());
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  std::string told = talk.told();
  const std::string next = "send orders | 3\n";
  EXPECT_TRUE(told.ends_with(next)) << told;
  return told.substr(0, told.size() - next.size());
}
std::string sent(const std::string& records, std::size_t bytes = ~0UL) {
  return told_of(produce(records), answer(2), bytes);
}
std::string polled(const std::string& records, std::size_t bytes = ~0UL) {
  return told_of(fetch(), answered(records), bytes);
}

std::string with(int n) {
  return record({{"secret other", "secret"}, {"traceparent", traceparent(n)}, {"id", "secret"}});
}

TEST(KafkaRecords, WhatSentRecordsCarryIsToldWhereverTheBytesAreCut) {
  for (const std::size_t bytes : kCuts) {
    EXPECT_EQ(sent(batch({with(1), record(), with(2), with(1)}), bytes),
              "send orders | 3 | 4 messages | traceparent:" + traceparent(1) +
                  " | traceparent:" + traceparent(2) + "\n")
        << bytes;
    EXPECT_EQ(told_of(flexible_produce(batch({with(1)})), answer(2), bytes),
              "send orders | 2 messages | traceparent:" + traceparent(1) + "\n")
        << bytes;
  }
}

TEST(KafkaRecords, WhatReadRecordsCarryIsToldWhereverTheBytesAreCut) {
  const std::string records =
      batch({record(), with(1)}, {.base = 5}) + batch({with(2)}, {.base = 7});
  const std::string told =
      " | 3 messages | traceparent:" + traceparent(1) + " | traceparent:" + traceparent(2) + "\n";
  for (const std::size_t bytes : kCuts) {
    EXPECT_EQ(polled(records, bytes), "poll orders | 3" + told) << bytes;
    EXPECT_EQ(told_of(fetch(13), answered_by_id(records), bytes), "poll " + told) << bytes;
  }
}

TEST(KafkaRecords, TheOtherFormatsOfContextsAreToldOfEachRecord) {
  EXPECT_EQ(sent(batch({record({{"b3", "1-2-1"}, {"uber-trace-id", "1:2:0:1"}}),
                        record({{"b3", "3-4-1"}})})),
            "send orders | 3 | 2 messages | b3:1-2-1\nuber-trace-id:1:2:0:1 | b3:3-4-1\n");
  EXPECT_EQ(sent(batch({record(
                {{"b3", std::string(kContextBytesMax + 1, 's')}, {"traceparent", "a\nb"}})})),
            "send orders | 3 | 1 messages\n");
}

TEST(KafkaRecords, TheOnlyRecordOfAnAnswerIsToldWithItsOffset) {
  EXPECT_EQ(polled(batch({record()}, {.base = 5})), "poll orders | 3 | 1 messages | at 5\n");
  EXPECT_EQ(polled(batch({record()}, {.base = 5}) + batch({record()}, {.base = 6})),
            "poll orders | 3 | 2 messages\n");
  EXPECT_EQ(sent(batch({record()}, {.base = 5})), "send orders | 3 | 1 messages\n");
}

TEST(KafkaRecords, WhereTheyAreOfOneTopicOrPartitionThatIsNamed) {
  const std::string one = batch({record()});
  const auto f = [](const std::vector<std::string>& topics) {
    return told_of(fetch(), answered(topics));
  };
  EXPECT_EQ(f({topic_of("a", {fetched(0, ""), fetched(1, one)}), topic_of("b", {fetched(0, "")})}),
            "poll a | 1 | 1 messages | at 0\n");
  EXPECT_EQ(f({topic_of("a", {fetched(0, one), fetched(1, one)})}), "poll a | 2 messages\n");
  EXPECT_EQ(f({topic_of("a", {fetched(0, one)}), topic_of("b", {fetched(0, one)})}),
            "poll  | 2 messages\n");
  EXPECT_EQ(f({}), "poll \n");
  EXPECT_EQ(told_of(produce(std::vector{topic_of("a", {partition_of(0, one), partition_of(1, one)}),
                                        topic_of("b", {partition_of(0, one)})}),
                    answer(2)),
            "send  | 3 messages\n");
  EXPECT_EQ(
      told_of(produce(std::vector{topic_of("a", {partition_of(0, one), partition_of(1, one)})}),
              answer(2)),
      "send a | 2 messages\n");
}

std::int64_t count_of(const std::string& asked, const std::string& what) {
  Conversation talk(Protocol::kKafka);
  talk.client(asked);
  talk.server(what);
  EXPECT_FALSE(talk.given_up());
  return talk.messaging_calls().size() == 1 ? talk.messaging_calls()[0].messages : -2;
}

TEST(KafkaRecords, HowManyThereAreIsToldOnlyWhereAllWereCounted) {
  EXPECT_EQ(count_of(fetch(), answered(batch({record()}))), 1);
  EXPECT_EQ(count_of(fetch(), answered("")), 0);
  EXPECT_EQ(count_of(fetch(), answered(std::vector<std::string>())), 0);
  EXPECT_EQ(count_of(fetch(), answered(batch({record()}) + batch({record()}, {.magic = 1}))), -1);
  EXPECT_EQ(count_of(fetch(), answered(std::vector{topic_of(
                                  "a", {fetched(0, batch({record()})), fetched(1, "", {}, 6)})})),
            -1);
  EXPECT_EQ(count_of(produce(batch({record()})), answer(2)), 1);
  EXPECT_EQ(count_of(produce(std::vector<std::string>()), answer(2)), -1);
}

TEST(KafkaRecords, AnErrorBehindRecordsIsTold) {
  Conversation talk(Protocol::kKafka);
  talk.client(fetch());
  talk.server(answered(std::vector{
      topic_of("a", {fetched(0, batch({with(1)})), fetched(1, "", {}, 6), fetched(2, "")})}));
  ASSERT_EQ(talk.messaging_calls().size(), 1u);
  EXPECT_EQ(talk.messaging_calls()[0].error, 6);
  EXPECT_EQ(talk.messaging_calls()[0].contexts.size(), 1u);
}

TEST(KafkaRecords, CompressedOnesAreCountedAndNotLookedAt) {
  EXPECT_EQ(
      polled(batch({"secret"}, {.attributes = 3, .count = 20}) + batch({with(1)}, {.base = 20})),
      "poll orders | 3 | 21 messages | traceparent:" + traceparent(1) + "\n");
}

TEST(KafkaRecords, ABatchThatTheBrokerCutsOffIsNone) {
  const std::string last = batch({with(2), with(3)});
  for (std::size_t size = 0; size < last.size(); ++size) {
    EXPECT_EQ(polled(batch({with(1)}, {.base = 4}) + last.substr(0, size)),
              "poll orders | 3 | 1 messages | at 4 | traceparent:" + traceparent(1) + "\n");
  }
}

constexpr int kOfTransaction = static_cast<int>(kIsTransactional);
constexpr int kMarker = static_cast<int>(kIsTransactional | kIsControl);

TEST(KafkaRecords, MarkersOfTransactionsAreNoRecords) {
  EXPECT_EQ(polled(batch({with(1)}, {.attributes = kOfTransaction, .producer = 7}) +
                   batch({record()}, {.base = 1, .attributes = kMarker, .producer = 7})),
            "poll orders | 3 | 1 messages | at 0 | traceparent:" + traceparent(1) + "\n");
}

TEST(KafkaRecords, RecordsOfAbortedTransactionsAreNone) {
  const auto of = [](int n, std::uint64_t base, std::uint64_t producer) {
    return batch({with(n)}, {.base = base, .attributes = kOfTransaction, .producer = producer});
  };
  const auto end = [](std::uint64_t base, std::uint64_t producer) {
    return batch({record()}, {.base = base, .attributes = kMarker, .producer = producer});
  };
  // Of two producers; one aborts, goes on, and commits.
  const std::string records = of(1, 10, 7) + of(2, 11, 8) + of(3, 12, 7) + end(13, 7) +
                              of(4, 14, 7) + end(15, 8) + end(16, 7) +
                              batch({with(5)}, {.base = 17, .producer = 7});
  const std::string all = answered(
      std::vector{topic_of("orders", {fetched(3, records, {{7, 10}}), fetched(4, of(6, 10, 7))})});
  for (const std::size_t bytes : kCuts) {
    EXPECT_EQ(told_of(fetch(), all, bytes),
              "poll orders | 4 messages | traceparent:" + traceparent(2) +
                  " | traceparent:" + traceparent(4) + " | traceparent:" + traceparent(5) +
                  " | traceparent:" + traceparent(6) + "\n");
  }
}

// Lengths and counts, one after another: what is in between is as it should be.
TEST(KafkaRecords, ARecordThatIsNotAsItShouldBeIsPassedOver) {
  const std::string good = with(1);
  const std::string begin = std::string(1, '\0') + zigzag(1) + zigzag(0);
  const std::string key = zigzagged("secret") + zigzagged("secret");
  const std::string kEndless(11, '\xff');
  for (const std::string& body :
       {std::string(1, '\0'), begin, begin + zigzag(1000), begin + kEndless,
        std::string("\0", 1) + kEndless, begin + zigzagged("secret") + zigzag(1000), begin + key,
        begin + key + zigzag(-5), begin + key + zigzag(1000),
        begin + key + zigzag(1) + zigzag(1000), begin + key + zigzag(1) + zigzag(-1),
        begin + key + zigzag(1) + zigzagged("traceparent"),
        begin + key + zigzag(1) + zigzagged("traceparent") + zigzag(-1),
        begin + key + zigzag(1) + zigzagged("traceparent") + zigzag(56) + "00-",
        begin + key + zigzag(1) + zigzagged("b3") + zigzag(INT32_MIN),
        begin + key + zigzag(0) + "secret"}) {
    for (const std::size_t bytes : kCuts) {
      EXPECT_EQ(polled(batch({record_of(body), good}), bytes),
                "poll orders | 3 | 2 messages | traceparent:" + traceparent(1) + "\n")
          << body.size() << " " << bytes;
    }
  }
  // Nobody knows where the next one begins.
  for (const std::string& size : {zigzag(-1), zigzag(0), zigzag(1 << 20), kEndless}) {
    EXPECT_EQ(polled(batch({size, good}) + batch({with(2)})),
              "poll orders | 3 | 3 messages | traceparent:" + traceparent(2) + " | and 2 more\n");
  }
  // There are fewer than it says; or more.
  EXPECT_EQ(polled(batch({good}, {.count = 3}) + batch({with(2)})),
            "poll orders | 3 | 4 messages | traceparent:" + traceparent(1) +
                " | traceparent:" + traceparent(2) + " | and 2 more\n");
  EXPECT_EQ(polled(batch({good, with(2)}, {.count = 1})),
            "poll orders | 3 | 1 messages | at 0 | traceparent:" + traceparent(1) + "\n");
}

TEST(KafkaRecords, LengthsOfRecordsThatTheMessageHasNoRoomFor) {
  const std::string head = text("app") + kNull + number(1, 2) + number(1000, 4) + number(1, 4) +
                           text("orders") + number(1, 4) + number(3, 4);
  for (const std::string& size : {number(1000, 4), number(0x7fffffff, 4), number(0xffffffff, 4),
                                  number(0x80000000, 4), number(3, 2)}) {
    EXPECT_EQ(told_of(request(kProduce, 7, 2, head + size + "secret"), answer(2)),
              "send orders | 3\n");
  }
  std::string bad = batch({with(1)});
  for (const std::uint32_t length : {0U, 1U, 4U, 48U, 0x7fffffffU, 0xffffffffU}) {
    bad.replace(8, 4, number(length, 4));
    EXPECT_EQ(polled(bad), "poll \n");
  }
}

TEST(KafkaRecords, OfManyContextsSoManyAreToldAndTheOthersCounted) {
  std::vector<std::string> records;
  for (int i = 0; i < 100; ++i) records.push_back(with(i));
  const std::string told = polled(batch(records));
  EXPECT_TRUE(told.ends_with(traceparent(kContextsMax - 1) + " | and 68 more\n")) << told;
  // Those that are not looked at have one too, if the others do.
  for (int i = 100; i < 2000; ++i) records.push_back(with(i));
  EXPECT_TRUE(polled(batch(records)).ends_with(" | and 1968 more\n"));
  EXPECT_TRUE(polled(batch(records)).starts_with("poll orders | 3 | 2000 messages"));
  EXPECT_EQ(polled(batch(std::vector<std::string>(2000, record()))),
            "poll orders | 3 | 2000 messages\n");
}

// What a call may tell of is limited, whatever the message is made of.
TEST(KafkaRecords, WhatIsShownOfAMessageIsBounded) {
  constexpr std::size_t kShownMax = 96U << 10U;
  const std::string header = zigzagged("b3") + zigzag(0);
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += header;
  const std::string one = record_of(std::string(1, '\0') + zigzag(1) + zigzag(0) + zigzag(-1) +
                                    zigzag(-1) + zigzag(50'000) + many);
  std::string batches, partitions;
  for (int i = 0; i < 5000; ++i) batches += batch({with(i)});
  for (int i = 0; i < 5000; ++i) partitions += fetched(0, "", {{1, 1}, {2, 2}});
  for (const std::string& what :
       {answered(batch({one, with(1)})), answered(batches),
        answered(std::vector{text("a") + number(5000, 4) + partitions})}) {
    Conversation talk(Protocol::kKafka);
    talk.client(fetch());
    const std::size_t before = talk.shown().size();
    talk.server(what);
    EXPECT_FALSE(talk.given_up());
    EXPECT_LT(talk.shown().size() - before, kShownMax);
    ASSERT_EQ(talk.messaging_calls().size(), 1u);
    EXPECT_LE(talk.messaging_calls()[0].contexts.size(), kContextsMax);
  }
}

TEST(KafkaRecords, WhatIsHeldOfThoseThatWaitIsBounded) {
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(with(i));
  const std::string sends = produce(batch(records));
  Conversation talk(Protocol::kKafka);
  for (int i = 0; i < 1000; ++i) talk.client(sends);
  EXPECT_FALSE(talk.given_up());
  EXPECT_LT(talk.bytes(), 3U << 20U);
  for (int i = 0; i < 1000; ++i) talk.server(answer(2));
  ASSERT_EQ(talk.messaging_calls().size(), 1000u);
  EXPECT_EQ(talk.messaging_calls().front().contexts.size(), kContextsMax);
  EXPECT_TRUE(talk.messaging_calls().back().contexts.empty());
  EXPECT_EQ(talk.messaging_calls().back().contexts_dropped, 40u);
  // There is room again.
  talk.client(sends);
  talk.server(answer(2));
  EXPECT_EQ(talk.messaging_calls().back().contexts.size(), kContextsMax);
}

}  // namespace
}  // namespace kolben::agent::kafka
