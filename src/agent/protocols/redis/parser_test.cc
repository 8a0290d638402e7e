#include "agent/protocols/redis/parser.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "agent/protocols/redis/framing.h"
#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::redis {
namespace {

using testing::Conversation;

std::string bulk(std::string_view value) {
  return "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
}

std::string command(std::initializer_list<std::string_view> arguments) {
  std::string bytes = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string_view argument : arguments) bytes += bulk(argument);
  return bytes;
}

TEST(Redis, FirstCommandsAreKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(command({"PING"})));
  EXPECT_TRUE(f("*12\r\n"));  // what a vector's first piece may be
  EXPECT_FALSE(f("PING\r\n"));
  EXPECT_FALSE(f("*0\r\n"));
  EXPECT_FALSE(f("*1\r\n+"));
  EXPECT_FALSE(f("*123456789\r\n"));
  EXPECT_FALSE(f("* OK IMAP4 ready\r\n"));
  EXPECT_FALSE(f("*1"));
  EXPECT_FALSE(f(""));
}

TEST(Redis, ACommandIsACallOfWhichNoArgumentIsTold) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"SET", "session:1", "secret value", "EX", "60"}));
  talk.server("+OK\r\n");
  talk.client(command({"get", "session:1"}));
  talk.server(bulk("secret value"));
  EXPECT_EQ(talk.told(), "SET | SET ? ? ? ?\nget | get ?\n");
  ASSERT_EQ(talk.calls().size(), 2u);
  EXPECT_EQ(talk.calls()[0].system, "redis");
  EXPECT_EQ(talk.calls()[0].database, "0");
  EXPECT_EQ(talk.calls()[0].start_time, 1u);
  EXPECT_EQ(talk.calls()[0].end_time, 2u);
  EXPECT_EQ(talk.calls()[0].origin.span_id[0], 1u);
}

// What others ask a server comes as lines, keys and values in them; what they tell one another as
// pushes.
TEST(Redis, NothingIsShownOfAMonitorOrASubscription) {
  for (const char* leaving :
       {"MONITOR", "monitor", "SYNC", "PSYNC", "SUBSCRIBE", "psubscribe", "SSUBSCRIBE"}) {
    Skimmer skimmer;
    skimmer.begin(Protocol::kRedis);
    const std::string bytes = command({leaving});
    const auto* left = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t size = bytes.size();
    while (size != 0 && !skimmer.lost()) {
      const kolben::agent::Run run = skimmer.next(Direction::kRequests, left, size);
      left += run.size;
      size -= run.size;
    }
    EXPECT_TRUE(skimmer.lost()) << leaving;
  }
}

TEST(Redis, WhereverTheBytesAreCut) {
  for (const std::size_t bytes : {1UL, 2UL, 3UL, 5UL, 7UL, 11UL, 64UL}) {
    Conversation talk(Protocol::kRedis, bytes);
    talk.client(command({"SET", std::string(200, 'k'), std::string(5000, 'v')}));
    talk.server("+OK\r\n");
    talk.client(command({"LRANGE", "list", "0", "-1"}));
    talk.server("*3\r\n" + bulk("a") + "$-1\r\n" + bulk(std::string(5000, 'x')));
    talk.client(command({"INCR", "list"}));
    talk.server("-WRONGTYPE Operation against a key\r\n");
    EXPECT_EQ(talk.told(), "SET | SET ? ?\nLRANGE | LRANGE ? ? ?\nINCR | INCR ? | WRONGTYPE\n")
        << bytes;
  }
}

TEST(Redis, LongValuesStayInTheProgram) {
  Conversation talk(Protocol::kRedis);
  const std::string value = "secret" + std::string(100, 'x');
  talk.client(command({"SET", "key", value}));
  talk.server("+OK\r\n");
  talk.client(command({"GET", "key"}));
  talk.server(bulk(value));
  talk.client(command({"APPEND", "key", "secret"}));
  talk.server(":3\r\n");
  EXPECT_EQ(talk.calls().size(), 3u);
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
}

TEST(Redis, OfAnswersNoValueLeavesTheProgram) {
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL}) {
    const auto f = [bytes](const std::string& answer, const std::string& told) {
      Conversation talk(Protocol::kRedis, bytes);
      talk.client(command({"GET", "a"}));
      talk.server(answer);
      talk.client(command({"GET", "b"}));
      talk.server(answer);
      EXPECT_EQ(talk.told(), told + told) << answer;
      EXPECT_EQ(talk.shown().find("secret"), std::string::npos) << answer;
      EXPECT_EQ(talk.shown().find("4711"), std::string::npos) << answer;
    };
    const std::string answered = "GET | GET ?\n";
    f("+secret\r\n", answered);
    f("+\r\n", answered);
    f(":4711\r\n", answered);
    f(",4711.5\r\n", answered);
    f("(4711\r\n", answered);
    f("#t\r\n", answered);
    f("_\r\n", answered);
    f(bulk("secret"), answered);
    f(bulk(""), answered);
    f("=10\r\ntxt:secret\r\n", answered);
    f(">2\r\n+invalidate\r\n*1\r\n" + bulk("secret") + "*2\r\n:4711\r\n" + bulk("secret"),
      answered);
    f("%1\r\n+secret\r\n" + bulk("secret"), answered);
    f("-ERR unknown command 'secret'\r\n", "GET | GET ? | ERR\n");
    f("-WRONGTYPE\r\n", "GET | GET ? | WRONGTYPE\n");
    f("-\r\n", "GET | GET ? | ERR\n");
    f("!21\r\nSYNTAX invalid secret\r\n", "GET | GET ? | SYNTAX\n");
    f("!3\r\nBAD\r\n", "GET | GET ? | BAD\n");
    f("-" + std::string(kCodeBytesMax, 'A') + "secret no\r\n",
      "GET | GET ? | " + std::string(kCodeBytesMax, 'A') + "\n");
  }
}

TEST(Redis, PasswordsAndKeysStayInTheProgram) {
  for (const std::size_t bytes : {~0UL, 1UL, 3UL}) {
    Conversation talk(Protocol::kRedis, bytes);
    talk.client(command({"AUTH", "secret"}));
    talk.server("+OK\r\n");
    talk.client(command({"HELLO", "3", "AUTH", "ada", "secret"}));
    talk.server("+OK\r\n");
    talk.client(command({"GET", "secret"}));
    talk.server("$-1\r\n");
    talk.client(command({"XXCONFIG", "secret"}));  // only as long as one of two words
    talk.server("-ERR\r\n");
    talk.client(command({"config", "get", "secret"}));
    talk.server("*0\r\n");
    talk.client(command({"Select", "7"}));
    talk.server("+OK\r\n");
    talk.client(command({"GET", "secret"}));
    talk.server("$-1\r\n");
    EXPECT_EQ(
        talk.told(),
        "AUTH | AUTH ?\nHELLO | HELLO ? ? ? ?\nGET | GET ?\n"
        "XXCONFIG | XXCONFIG ? | ERR\nconfig | config get ?\nSelect | Select ?\nGET | GET ?\n");
    EXPECT_EQ(talk.calls().back().database, "7");
    EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  }
}

TEST(Redis, AnErrorHasItsPrefix) {
  const auto f = [](std::string_view reply, std::string_view want) {
    Conversation talk(Protocol::kRedis);
    talk.client(command({"GET", "a"}));
    talk.server(reply);
    ASSERT_EQ(talk.calls().size(), 1u);
    EXPECT_EQ(talk.calls()[0].error_code, want);
  };
  f("-WRONGTYPE Operation against a key\r\n", "WRONGTYPE");
  f("-ERR unknown command\r\n", "ERR");
  f("!21\r\nSYNTAX invalid syntax\r\n", "SYNTAX");
  f("-'odd' one\r\n", "ERR");
  f("$4\r\n-ERR\r\n", "");  // a value
}

TEST(Redis, CommandsThatAreWrittenAtOnceAreOneCall) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"SET", "a", "1"}) + command({"INCR", "b"}) + command({"GET", "c"}));
  talk.server("+OK\r\n");
  talk.server("-WRONGTYPE no\r\n");
  EXPECT_TRUE(talk.calls().empty());
  talk.server("$-1\r\n");
  talk.client(command({"DEL", "a"}) + command({"DEL", "b"}));
  talk.server(":1\r\n:0\r\n");
  EXPECT_EQ(talk.told(),
            "PIPELINE | SET ? ?; INCR ?; GET ? | WRONGTYPE | 3\n"
            "BATCH DEL | DEL ?; DEL ? | 2\n");
}

TEST(Redis, CommandsThatAreWrittenOneByOneAreCallsOfTheirOwn) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"SET", "a", "1"}));
  talk.client(command({"GET", "a"}));
  talk.server("+OK\r\n" + bulk("1"));
  EXPECT_EQ(talk.told(), "SET | SET ? ?\nGET | GET ?\n");
}

TEST(Redis, ATransaction) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"MULTI"}) + command({"SET", "a", "1"}) + command({"LPUSH", "a", "2"}) +
              command({"EXEC"}));
  talk.server("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-WRONGTYPE no\r\n");
  EXPECT_EQ(talk.told(), "MULTI | MULTI; SET ? ?; LPUSH ? ?; EXEC | WRONGTYPE | 2\n");
}

TEST(Redis, TheDatabaseIsTheOneThatWasSelected) {
  Conversation talk(Protocol::kRedis);
  for (const char* number : {"3", "99"}) {
    talk.client(command({"SELECT", number}));
    talk.server(number == std::string("3") ? "+OK\r\n" : "-ERR DB index is out of range\r\n");
    talk.client(command({"GET", "a"}));
    talk.server("$-1\r\n");
  }
  ASSERT_EQ(talk.calls().size(), 4u);
  EXPECT_EQ(talk.calls()[0].database, "0");
  EXPECT_EQ(talk.calls()[1].database, "3");
  EXPECT_EQ(talk.calls()[3].database, "3");
}

TEST(Redis, Resp3) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"HELLO", "3"}));
  talk.server("%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n");
  talk.client(command({"SMEMBERS", "a"}));
  talk.server(">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n");  // a push: no answer
  EXPECT_EQ(talk.calls().size(), 1u);
  talk.server("|1\r\n+ttl\r\n:3600\r\n~2\r\n+a\r\n,1.5\r\n");  // attributes, then a set
  talk.client(command({"X.Y", "a"}));
  talk.server("*6\r\n_\r\n#t\r\n(123456789012345678901234567890\r\n=7\r\ntxt:abc\r\n*-1\r\n:1\r\n");
  EXPECT_EQ(talk.told(), "HELLO | HELLO ?\nSMEMBERS | SMEMBERS ?\nX.Y | X.Y ?\n");
}

TEST(Redis, ManyArguments) {
  Conversation talk(Protocol::kRedis);
  std::string bytes = "*1001\r\n" + bulk("MGET");
  for (int i = 0; i < 1000; ++i) bytes += bulk("key");
  talk.client(bytes);
  talk.server("*0\r\n");
  talk.client(command({"CONFIG", "GET", "maxmemory"}));
  talk.server("*0\r\n");
  EXPECT_EQ(talk.told(), "MGET | MGET ? ? ? ? ? ? ? ? ? ? ...\nCONFIG | CONFIG GET ?\n");
}

TEST(Redis, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kRedis);
  talk.client(command({"BLPOP", "a", "0"}));
  talk.close();
  EXPECT_EQ(talk.told(), "BLPOP | BLPOP ? ? | closed\n");
}

TEST(Redis, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kRedis);
    talk.client(client);
    talk.server(server);
    EXPECT_EQ(talk.told(), "");
    return talk.given_up();
  };
  EXPECT_TRUE(f("PING\r\n", ""));                   // an inline command
  EXPECT_TRUE(f(command({"SUBSCRIBE", "a"}), ""));  // its answers are no answers
  EXPECT_TRUE(f(command({"monitor"}), ""));
  EXPECT_TRUE(f(command({"CLIENT", "REPLY", "OFF"}), ""));
  EXPECT_TRUE(f("*1\r\n$x\r\n", ""));
  EXPECT_TRUE(f("*1\r\n$99999999999999999999\r\n", ""));
  EXPECT_TRUE(f("*1\r\n$3\r\na b\r\n", ""));  // no name
  EXPECT_TRUE(f("", "+OK\r\n"));              // an answer to nothing
  EXPECT_TRUE(f(command({"GET", "a"}), "HTTP/1.1 400\r\n"));
  EXPECT_TRUE(f(command({"GET", "a"}), "$?\r\n"));  // a stream of unknown length
  EXPECT_TRUE(f(command({"GET", "a"}), "*1\r\n\r\n"));
  EXPECT_FALSE(f(command({"GET", "a"}), "*2\r\n:1\r\n"));
}

TEST(Redis, ItGivesUpAtTheSamePlaceWhereverTheBytesAreCut) {
  for (const char* wrong : {"$--7", "$0-", "$00-1\r\n", "*1\r\n$--"}) {
    Conversation whole(Protocol::kRedis);
    Conversation cut(Protocol::kRedis, 1);
    whole.client(wrong);
    cut.client(wrong);
    EXPECT_TRUE(whole.given_up()) << wrong;
    EXPECT_TRUE(cut.given_up()) << wrong;
  }
}

TEST(Redis, MemoryIsBounded) {
  Conversation talk(Protocol::kRedis);
  std::string bytes;
  for (std::size_t i = 0; i < kPendingMax; ++i) bytes += command({"PING"});
  talk.client(bytes);
  EXPECT_FALSE(talk.given_up());
  talk.client(command({"PING"}));
  EXPECT_TRUE(talk.given_up());
}

TEST(Redis, ABatchsTextIsCut) {
  Conversation talk(Protocol::kRedis);
  std::string bytes;
  std::string replies;
  for (int i = 0; i < 1000; ++i) {
    bytes += command({"SET", "a", "b"});
    replies += "+OK\r\n";
  }
  talk.client(bytes);
  talk.server(replies);
  ASSERT_EQ(talk.calls().size(), 1u);
  EXPECT_LE(talk.calls()[0].text.size(), kBatchTextBytesMax + 5);
  EXPECT_TRUE(talk.calls()[0].text.ends_with("SET ? ?; ..."));
  EXPECT_EQ(talk.calls()[0].batch_size, 1000u);
}

}  // namespace
}  // namespace kolben::agent::redis
