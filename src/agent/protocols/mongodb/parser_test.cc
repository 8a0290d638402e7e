#include "agent/protocols/mongodb/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::mongodb {
namespace {

using testing::Conversation;

std::string int32(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
std::string sized(const std::string& bytes, std::size_t more = 4) {
  return int32(static_cast<std::uint32_t>(bytes.size() + more)) + bytes;
}

// Elements of documents.
std::string element(char type, const std::string& name, const std::string& value) {
  return type + name + '\0' + value;
}
std::string text(const std::string& name, const std::string& value) {
  return element(2, name, sized(value + '\0', 0));
}
std::string number(const std::string& name, std::uint32_t value) {
  return element(0x10, name, int32(value));
}
std::string ok(bool value) {
  return element(1, "ok", std::string(6, '\0') + (value ? "\xf0\x3f" : std::string(2, '\0')));
}
std::string document(const std::string& elements) {
  return sized(elements + '\0');
}
std::string nested(const std::string& name, const std::string& elements) {
  return element(3, name, document(elements));
}
std::string database(const std::string& name = "shop") {
  return text("$db", name);
}

std::string message(std::uint32_t id, std::uint32_t answers, const std::string& elements,
                    std::uint32_t flags = 0, const std::string& more = "") {
  return sized(int32(id) + int32(answers) + int32(kOpMessage) + int32(flags) + '\0' +
               document(elements) + more);
}
std::string legacy(std::uint32_t id, std::uint32_t answers, std::uint32_t operation,
                   const std::string& body) {
  return sized(int32(id) + int32(answers) + int32(operation) + body);
}
const std::string kHello = legacy(1, 0, kOpQuery,
                                  int32(0) + "admin.$cmd" + '\0' + int32(0) + int32(0xffffffff) +
                                      document(number("isMaster", 1)));

TEST(Mongodb, FirstMessagesAreKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(kHello));
  EXPECT_TRUE(f(message(1, 0, text("find", "users") + database())));
  EXPECT_TRUE(f(message(1, 0, number("hello", 1), 0x10000)));
  EXPECT_FALSE(f(message(1, 0, text("find", "users")).substr(0, 20)));
  EXPECT_FALSE(f(message(1, 7, ok(true))));                    // an answer
  EXPECT_FALSE(f(message(1, 0, number("hello", 1), 0x40)));    // flags that nobody has
  EXPECT_FALSE(f(legacy(1, 0, 2012, std::string(20, '\0'))));  // compressed
  EXPECT_FALSE(f("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(f(""));
}

TEST(Mongodb, ACommandIsACallOfWhichNoValueIsTold) {
  Conversation talk(Protocol::kMongodb);
  talk.client(kHello);
  talk.server(legacy(2, 1, kOpReply, std::string(20, '\0') + document(ok(true))));
  talk.client(message(2, 0,
                      text("find", "users") + nested("filter", text("name", "secret")) +
                          element(5, "key", int32(6) + '\0' + "secret") +
                          element(7, "id", "secret_secre") + database()));
  talk.server(message(3, 2, nested("cursor", text("name", "secret")) + ok(true)));
  talk.client(message(3, 0, text("createUser", "secret") + text("pwd", "secret") + database()));
  talk.server(message(4, 3,
                      ok(false) + text("errmsg", "User secret exists") + number("code", 51003) +
                          text("codeName", "Location51003")));
  talk.client(message(
      4, 0, element(0x12, "getMore", "12345678") + text("collection", "users") + database()));
  talk.server(message(5, 4, ok(true)));
  EXPECT_EQ(talk.told(), "find | shop.users\ncreateUser |  | 51003\ngetMore | shop.users\n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  const DatabaseCall& call = talk.calls()[0];
  EXPECT_EQ(call.system, "mongodb");
  EXPECT_EQ(call.start_time, 3u);
  EXPECT_EQ(call.end_time, 4u);
  EXPECT_EQ(call.origin.span_id[0], 3u);
}

TEST(Mongodb, WhereverTheBytesAreCut) {
  const std::string documents =
      std::string(1, '\1') + sized("documents" + std::string(1, '\0') +
                                   document(text("name", "secret")) + document(ok(true)));
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 7UL, 64UL}) {
    Conversation talk(Protocol::kMongodb, bytes);
    talk.client(kHello);
    talk.server(legacy(2, 1, kOpReply, std::string(20, '\0') + document(ok(true))));
    talk.client(message(2, 0,
                        text("insert", "users") + element(8, "ordered", "\1") +
                            element(0x0a, "comment", "") + database(),
                        kChecksumPresent, documents + "sum4"));
    talk.server(message(3, 2, number("n", 2) + ok(true), kChecksumPresent, "sum4"));
    talk.client(message(3, 0, element(4, "aggregate", document(ok(true))) + database()));
    talk.server(message(4, 3, ok(true)));
    EXPECT_EQ(talk.told(), "insert | shop.users\naggregate | \n") << bytes;
    EXPECT_FALSE(talk.given_up()) << bytes;
    EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  }
}

TEST(Mongodb, ACommandThatWantsNoAnswerEndsWhereItBegins) {
  Conversation talk(Protocol::kMongodb);
  talk.client(message(1, 0, text("insert", "log") + database(), kMoreToCome) +
              message(2, 0, text("find", "log") + database()));
  talk.server(message(9, 2, ok(true)));
  EXPECT_EQ(talk.told(), "insert | shop.log\nfind | shop.log\n");
  EXPECT_EQ(talk.calls()[0].end_time, 1u);
  EXPECT_EQ(talk.calls()[1].number, 1u);
}

// As a driver's monitor is told of changes.
TEST(Mongodb, AnAnswerMayGoOnInOthers) {
  Conversation talk(Protocol::kMongodb);
  talk.client(message(1, 0, number("hello", 1) + database("admin"), 0x10000));
  talk.server(message(7, 1, ok(true), kMoreToCome));
  talk.server(message(8, 7, ok(true), kMoreToCome));
  EXPECT_TRUE(talk.awaits_reply());
  talk.server(message(9, 8, ok(true)));
  EXPECT_FALSE(talk.awaits_reply());
  EXPECT_EQ(talk.told(), "");
  EXPECT_FALSE(talk.given_up());
}

TEST(Mongodb, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kMongodb);
  talk.client(message(1, 0, number("ping", 1) + database("admin")));
  talk.close();
  EXPECT_EQ(talk.told(), "ping |  | closed\n");
}

TEST(Mongodb, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kMongodb);
    talk.client(client);
    talk.server(server);
    return talk.given_up();
  };
  const std::string find = message(1, 0, text("find", "users") + database());
  EXPECT_FALSE(f(find, message(2, 1, ok(true))));
  EXPECT_TRUE(f(find, message(2, 5, ok(true))));  // answers nothing that was asked
  EXPECT_TRUE(f(find + find, ""));                // one number for two
  EXPECT_TRUE(f(legacy(1, 0, 2012, std::string(20, '\0')), ""));
  EXPECT_TRUE(f(int32(15) + find.substr(4), ""));
  EXPECT_TRUE(f(int32(kMessageBytesMax + 1) + find.substr(4), ""));
  EXPECT_TRUE(f(message(1, 0, element(0x0b, "find", std::string("a\0i\0", 4))), ""));
  EXPECT_TRUE(f(message(1, 0, element(0x55, "find", "")), ""));
  EXPECT_TRUE(f(message(1, 0, element(2, "find", int32(1000) + "users")), ""));
  EXPECT_TRUE(f(message(1, 0, ""), ""));  // no command
  EXPECT_TRUE(f(message(1, 0, text("find", "a"), 0, std::string(1, '\2')), ""));
  EXPECT_TRUE(f(message(1, 0, text("find", "a"), 0, '\0' + document(ok(true))), ""));
  EXPECT_TRUE(f(message(1, 0, text("find", "a"), 0, '\1' + int32(3)), ""));
}

TEST(Mongodb, MemoryIsBounded) {
  Conversation talk(Protocol::kMongodb);
  const auto ping = [&](std::size_t id) {
    talk.client(message(static_cast<std::uint32_t>(id), 0, number("ping", 1)));
  };
  for (std::size_t i = 0; i < kPendingMax; ++i) ping(i);
  EXPECT_FALSE(talk.given_up());
  ping(kPendingMax);
  EXPECT_TRUE(talk.given_up());
}

}  // namespace
}  // namespace kolben::agent::mongodb
