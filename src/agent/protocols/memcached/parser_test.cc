#include "agent/protocols/memcached/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::memcached {
namespace {

using testing::Conversation;

TEST(Memcached, FirstCommandsAreKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f("get key\r\n"));
  EXPECT_TRUE(f("prepend key 0 0 1\r\n"));
  EXPECT_TRUE(f("version\r\n"));
  EXPECT_TRUE(f("set "));
  EXPECT_FALSE(f("set"));
  EXPECT_FALSE(f("version 2\r\n"));
  EXPECT_FALSE(f("get\r\n"));
  EXPECT_FALSE(f("GET / HTTP/1.1\r\n"));
  EXPECT_FALSE(f("delete 5\r\n"));  // beanstalkd's, too
  EXPECT_FALSE(f("\x80\x0b"));      // the binary protocol
  EXPECT_FALSE(f(""));
}

TEST(Memcached, ACommandIsACallOfWhichNoKeyIsTold) {
  Conversation talk(Protocol::kMemcached);
  talk.client("set secret_key 0 60 12\r\nsecret value\r\n");
  talk.server("STORED\r\n");
  talk.client("get secret_key other\r\n");
  talk.server("VALUE secret_key 0 12\r\nsecret value\r\nEND\r\n");
  talk.client("incr secret_key 1\r\n");
  talk.server("CLIENT_ERROR cannot increment a secret\r\n");
  EXPECT_EQ(talk.told(), "set | set ?\nget | get ?\nincr | incr ? | CLIENT_ERROR\n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  const DatabaseCall& call = talk.calls()[1];
  EXPECT_EQ(call.system, "memcached");
  EXPECT_EQ(call.start_time, 3u);
  EXPECT_EQ(call.end_time, 4u);
  EXPECT_EQ(call.origin.span_id[0], 3u);
}

TEST(Memcached, WhereverTheBytesAreCut) {
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 7UL, 64UL}) {
    Conversation talk(Protocol::kMemcached, bytes);
    talk.client("version\r\n");
    talk.server("VERSION 1.6.18\r\n");
    talk.client("cas key 0 0 5000 17\r\n" + std::string(5000, '\n') + "\r\n");
    talk.server("EXISTS\r\n");
    talk.client("gets a b\r\n");
    talk.server("VALUE a 0 5 17\r\nEND\r\n\r\nVALUE b 0 0 18\r\n\r\nEND\r\n");
    talk.client("stats\r\n");
    talk.server("STAT pid 1\r\nSTAT version 2\r\nEND\r\n");
    talk.client("incr n 1\r\n");
    talk.server("12345678901234567890\r\n");
    talk.client("quit\r\n");
    EXPECT_EQ(talk.told(),
              "version | version\ncas | cas ?\ngets | gets ?\nstats | stats\nincr | incr ?\n")
        << bytes;
    EXPECT_FALSE(talk.given_up()) << bytes;
  }
}

TEST(Memcached, CommandsThatAreWrittenAtOnce) {
  Conversation talk(Protocol::kMemcached);
  talk.client("set a 0 0 1\r\n1\r\nset b 0 0 1\r\n2\r\nget a\r\n");
  talk.server("STORED\r\nSERVER_ERROR out of memory\r\n");
  talk.server("END\r\n");
  EXPECT_EQ(talk.told(), "set | set ?\nset | set ? | SERVER_ERROR\nget | get ?\n");
  EXPECT_EQ(talk.calls()[0].number, 0u);
  EXPECT_EQ(talk.calls()[2].number, 2u);
}

TEST(Memcached, ACommandThatWantsNoAnswerEndsWhereItBegins) {
  Conversation talk(Protocol::kMemcached);
  talk.client("set a 0 0 1 noreply\r\n1\r\ndelete b noreply\r\n");
  talk.client("get noreply\r\n");
  talk.server("END\r\n");
  talk.client("touch noreply 0\r\n");
  talk.server("NOT_FOUND\r\n");
  talk.client("flush_all noreply\r\n");
  talk.close();
  EXPECT_EQ(
      talk.told(),
      "set | set ?\ndelete | delete ?\nget | get ?\ntouch | touch ?\nflush_all | flush_all\n");
}

TEST(Memcached, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kMemcached);
  talk.client("get a\r\n");
  talk.close();
  EXPECT_EQ(talk.told(), "get | get ? | closed\n");
}

TEST(Memcached, AHalfLineIsNotTakenForOneThatWantsNoAnswer) {
  Conversation talk(Protocol::kMemcached);
  talk.client("get a b c");
  talk.close();
  EXPECT_EQ(talk.told(), "get | get ? | closed\n");
}

TEST(Memcached, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kMemcached);
    talk.client(client);
    talk.server(server);
    return talk.given_up();
  };
  EXPECT_FALSE(f("get a\r\n", "END\r\n"));
  EXPECT_TRUE(f("", "END\r\n"));        // an answer to nothing
  EXPECT_TRUE(f("mg a v\r\n", ""));     // a meta command
  EXPECT_TRUE(f("set a 0 0\r\n", ""));  // no length
  EXPECT_TRUE(f("set a 0 0 1x\r\n", ""));
  EXPECT_TRUE(f("set a 0 0 99999999999\r\n", ""));
  EXPECT_TRUE(f("\r\n", ""));
  EXPECT_TRUE(f("get " + std::string(kLineBytesMax, 'k'), ""));
}

TEST(Memcached, MemoryIsBounded) {
  Conversation talk(Protocol::kMemcached);
  for (std::size_t i = 0; i < kPendingMax; ++i) talk.client("get a\r\n");
  EXPECT_FALSE(talk.given_up());
  talk.client("get a\r\n");
  EXPECT_TRUE(talk.given_up());
}

}  // namespace
}  // namespace kolben::agent::memcached
