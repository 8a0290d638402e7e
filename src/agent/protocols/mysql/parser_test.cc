#include "agent/protocols/mysql/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::mysql {
namespace {

using testing::Conversation;

std::string number(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
std::string packet(std::uint8_t sequence, const std::string& content) {
  return number(content.size(), 3) + static_cast<char>(sequence) + content;
}

constexpr std::uint32_t kMysqlServer = 0xffff'ffff & ~(kOptionalMetadata | kZstd | kCompress);
constexpr std::uint32_t kClient =
    1 | kProtocol41 | kConnectWithDatabase | kAuthLengthByte | kAuthLengthEncoded;

std::string greeting(const std::string& version = "8.0.36", std::uint32_t flags = kMysqlServer,
                     std::uint8_t mariadb = 0) {
  return packet(0, "\x0a" + version + '\0' + number(7, 4) + "saltsalt" + '\0' +
                       number(flags & 0xffff, 2) + '\x2d' + number(2, 2) + number(flags >> 16, 2) +
                       '\x15' + std::string(6, '\0') + number(mariadb, 4) + "moresaltmore" + '\0' +
                       "mysql_native_password" + '\0');
}
std::string response(std::uint32_t flags = kClient, std::uint8_t mariadb = 0) {
  return packet(1, number(flags, 4) + number(1 << 24, 4) + '\x2d' + std::string(19, '\0') +
                       number(mariadb, 4) + "ada" + '\0' + '\x06' + "secret" +
                       ((flags & kConnectWithDatabase) != 0 ? std::string("shop") + '\0' : "") +
                       "mysql_native_password" + '\0');
}
std::string ok(std::uint16_t status = 2, std::uint8_t sequence = 1) {
  return packet(sequence, std::string("\0\0\0", 3) + number(status, 2) + number(0, 2));
}
std::string end(std::uint16_t status = 2) {  // an EOF packet
  return packet(5, "\xfe" + number(0, 2) + number(status, 2));
}
std::string end_as_ok(std::uint16_t status = 2) {
  return packet(5, std::string("\xfe\0\0", 3) + number(status, 2) + number(0, 2));
}
std::string error(std::uint16_t code) {
  return packet(1, "\xff" + number(code, 2) + "#42S02No such table");
}
std::string command(std::uint8_t code, const std::string& content = "") {
  return packet(0, static_cast<char>(code) + content);
}
std::string query(const std::string& text) {
  return command(kQuery, text);
}
std::string column(const std::string& name = "a") {
  return packet(2, "\3def" + name);
}
std::string row(const std::string& value) {
  return packet(3, static_cast<char>(value.size()) + value);
}
std::string prepared(std::uint32_t id, std::uint16_t columns, std::uint16_t parameters) {
  return packet(
      1, '\0' + number(id, 4) + number(columns, 2) + number(parameters, 2) + std::string(3, '\0'));
}

void begin(Conversation& talk, std::uint32_t flags = kClient) {
  talk.server(greeting());
  talk.client(response(flags));
  talk.server(packet(2,
                     "\xfe"
                     "caching_sha2_password" +
                         std::string(1, '\0') + "salt"));
  talk.client(packet(3, "secret"));
  talk.server(packet(4, "\1\3") + ok(2, 5));
}

TEST(Mysql, AGreetingIsKnown) {
  const auto f = [](const std::string& bytes) {
    return greets(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(greeting()));
  EXPECT_TRUE(f(greeting("5.5.5-10.11.6-MariaDB-0+deb12u1")));
  EXPECT_TRUE(f(greeting().substr(0, 40)));  // in two pieces
  EXPECT_FALSE(f(greeting().substr(0, 5)));
  EXPECT_FALSE(f(greeting() + "more"));
  EXPECT_FALSE(f(packet(0,
                        "\xff"
                        "too many connections")));
  EXPECT_FALSE(f("220 ready\r\n"));
  EXPECT_FALSE(f(""));
}

TEST(Mysql, AQueryIsACallUntilItsRowsHaveEnded) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("SELECT name FROM users WHERE id = 7 AND mail = \"a@b\""));
  talk.server(packet(1, "\1") + column() + end() + row("Ada"));
  EXPECT_EQ(talk.told(), "");
  talk.server(row("Grace") + end());
  EXPECT_EQ(talk.told(), "SELECT users | SELECT name FROM users WHERE id = ? AND mail = ?\n");
  const DatabaseCall& call = talk.calls()[0];
  EXPECT_EQ(call.system, "mysql");
  EXPECT_EQ(call.database, "shop");
  EXPECT_EQ(call.user, "ada");
  EXPECT_EQ(call.start_time, 6u);
  EXPECT_EQ(call.end_time, 8u);
  EXPECT_EQ(call.origin.span_id[0], 6u);
}

TEST(Mysql, ATextIsToldAsItIsWrittenWhereThatIsAskedFor) {
  Conversation talk(Protocol::kMysql, ~std::size_t{0}, QueryTexts::kAsWritten);
  begin(talk);
  talk.client(query("SELECT name FROM users WHERE id = 7"));
  talk.server(ok());
  EXPECT_EQ(talk.told(), "SELECT users | SELECT name FROM users WHERE id = 7\n");
}

TEST(Mysql, WhereverTheBytesAreCut) {
  for (const std::uint32_t flags : {kClient, kClient | kDeprecateEof}) {
    const std::string last = (flags & kDeprecateEof) != 0 ? end_as_ok() : end();
    const std::string middle = (flags & kDeprecateEof) != 0 ? "" : end();
    for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 7UL, 64UL}) {
      Conversation talk(Protocol::kMysql, bytes);
      begin(talk, flags);
      talk.client(query("SELECT a, b FROM c"));
      talk.server(packet(1, "\2") + column() + column("b") + middle + row("x") +
                  row(std::string(250, 'y')) + last);
      talk.client(query("UPDATE a SET b = 'c'"));
      talk.server(ok());
      talk.client(command(kPrepare, "SELECT a FROM b WHERE c = ?"));
      talk.server(prepared(9, 1, 1) + column("?") + middle + column() + middle);
      talk.client(command(kExecute, number(9, 4) + "parameters: secret"));
      talk.server(packet(1, "\1") + column() + middle + packet(4, std::string("\0\0\1x", 4)) +
                  last);
      talk.client(query("SELECT 1 FROM nowhere"));
      talk.server(error(1146));
      EXPECT_EQ(talk.told(),
                "SELECT c | SELECT a, b FROM c\nUPDATE a | UPDATE a SET b = ?\n"
                "SELECT b | SELECT a FROM b WHERE c = ?\n"
                "SELECT nowhere | SELECT ? FROM nowhere | 1146\n")
          << bytes << " of " << flags;
    }
  }
}

TEST(Mysql, RowsParametersAndPasswordsStayInTheProgram) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(command(kPrepare, "INSERT INTO a VALUES (?)"));
  talk.server(prepared(1, 0, 1) + column("?") + end());
  talk.client(command(kSendLongData, number(1, 4) + number(0, 2) + "secret"));
  talk.client(command(kExecute, number(1, 4) + "secret"));
  talk.server(ok());
  talk.client(query("SELECT a FROM b"));
  talk.server(packet(1, "\1") + column("secret") + end() + row("secret") + end());
  EXPECT_EQ(talk.told(), "INSERT a | INSERT INTO a VALUES (?)\nSELECT b | SELECT a FROM b\n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  EXPECT_EQ(talk.shown().find("salt"), std::string::npos);
}

TEST(Mysql, SeveralAnswersToAQueryAreOneCall) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("UPDATE a SET b = 1; SELECT c FROM d"));
  talk.server(ok(2 | kMoreResults));
  talk.server(packet(2, "\1") + column() + end() + row("1") + end(2 | kMoreResults));
  EXPECT_EQ(talk.told(), "");
  talk.server(ok());
  EXPECT_EQ(talk.told(), "UPDATE a SELECT d | UPDATE a SET b = ?; SELECT c FROM d\n");
}

TEST(Mysql, ARowMayBeginLikeAnEnd) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("SELECT a FROM b"));
  // A text of more than 16 MiB has its length in eight bytes behind 0xfe.
  talk.server(packet(1, "\1") + column() + end());
  talk.server(number(kPacketBytesMax, 3) + '\4' + "\xfe" + number(1 << 24, 8) +
              std::string(kPacketBytesMax - 9, 'x'));
  talk.server(packet(5, "\xff" + std::string(9, 'x')) + row("1"));
  talk.server(end());
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\n");
}

TEST(Mysql, ALongQueryGoesOnInTheNextPacket) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  const std::string text = "SELECT '" + std::string(kPacketBytesMax, 's') + "' FROM a";
  const std::string whole = static_cast<char>(kQuery) + text;
  talk.client(packet(0, whole.substr(0, kPacketBytesMax)) +
              packet(1, whole.substr(kPacketBytesMax)));
  talk.server(ok());
  talk.client(query("SELECT b FROM c"));
  talk.server(ok());
  EXPECT_EQ(talk.told(), "SELECT | SELECT ?\nSELECT c | SELECT b FROM c\n");
  EXPECT_LT(talk.shown().size(), 9'000u);
}

TEST(Mysql, AFileThatTheClientSends) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("LOAD DATA LOCAL INFILE 'secret' INTO TABLE a"));
  talk.server(packet(1,
                     "\xfb"
                     "secret"));
  talk.client(packet(2, "secret line") + packet(3, ""));
  talk.server(ok(2, 4));
  talk.client(query("SELECT b FROM c"));
  talk.server(ok());
  EXPECT_EQ(talk.calls().size(), 2u);
  EXPECT_EQ(talk.calls()[0].text, "LOAD DATA LOCAL INFILE ? INTO TABLE a");
  EXPECT_EQ(talk.shown().find("secret line"), std::string::npos);
}

TEST(Mysql, ACursorIsFetchedLater) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(command(kPrepare, "SELECT a FROM b"));
  talk.server(prepared(3, 1, 0) + column() + end());
  talk.client(command(kExecute, number(3, 4) + '\1'));
  talk.server(packet(1, "\1") + column() + end(2 | kCursorExists));
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\n");
  talk.client(command(kFetch, number(3, 4) + number(1, 4)));
  talk.server(packet(1, std::string("\0\0\1x", 4)) + end());
  talk.client(command(kCloseStatement, number(3, 4)));
  talk.client(command(kExecute, number(3, 4)));
  talk.server(error(1243));
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\n |  | 1243\n");
  EXPECT_FALSE(talk.given_up());
}

TEST(Mysql, TheDatabaseThatIsUsed) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  const auto database = [&] {
    talk.client(query("SELECT 1"));
    talk.server(ok());
    return talk.calls().back().database;
  };
  talk.client(query("use `other`;"));
  talk.server(ok());
  EXPECT_EQ(database(), "other");
  talk.client(command(kInitDatabase, "third"));
  talk.server(ok());
  EXPECT_EQ(database(), "third");
  talk.client(command(kInitDatabase, "none"));
  talk.server(error(1049));
  EXPECT_EQ(database(), "third");
  EXPECT_EQ(talk.calls().size(), 4u);  // of which one is USE
}

TEST(Mysql, MariadbTellsColumnsOnceAndOfProgress) {
  Conversation talk(Protocol::kMysql);
  const std::uint32_t flags = kClient & ~1U;
  constexpr std::uint8_t kCaches = 1U << 4;
  talk.server(greeting("5.5.5-10.11.6-MariaDB", kMysqlServer & ~1U, kCaches));
  talk.client(response(flags, kCaches));
  talk.server(ok(2, 2));
  talk.client(command(kPrepare, "SELECT a FROM b"));
  talk.server(prepared(1, 1, 0) + column() + end());
  talk.client(command(kExecute, number(0xffff'ffff, 4)));
  talk.server(packet(1, "\1\1") + column() + end() + packet(2, std::string("\0\0\1x", 4)) + end());
  talk.client(command(kExecute, number(1, 4)));
  talk.server(packet(1, std::string("\1\0", 2)) + end() + packet(2, std::string("\0\0\1x", 4)) +
              end());
  talk.client(query("ALTER TABLE a ENGINE = x"));
  talk.server(packet(1, "\xff\xff\xff\1\1\2" + number(50000, 3) + "copy"));
  talk.server(ok());
  EXPECT_EQ(talk.told(),
            "SELECT b | SELECT a FROM b\nSELECT b | SELECT a FROM b\n"
            "ALTER TABLE a | ALTER TABLE a ENGINE = x\n");
  EXPECT_EQ(talk.calls()[0].system, "mariadb");
}

TEST(Mysql, TheTextBehindNoAttributes) {
  Conversation talk(Protocol::kMysql);
  begin(talk, kClient | kQueryAttributes);
  talk.client(query(std::string("\0\1", 2) + "SELECT a FROM b"));
  talk.server(ok());
  talk.client(query(std::string("\1\1\0\1", 4) + "secret SELECT a FROM b"));
  talk.server(ok());
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\n | \n");
}

TEST(Mysql, AttributesOfAQueryStayInTheProgram) {
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 5UL}) {
    Conversation talk(Protocol::kMysql, bytes);
    begin(talk, kClient | kQueryAttributes);
    talk.client(query(std::string("\1\1\0\1\3\0\4name\6", 12) + "secret SELECT 1"));
    talk.server(ok());
    talk.client(query(std::string("\0\1", 2) + "SELECT a FROM b"));
    talk.server(ok());
    EXPECT_EQ(talk.told(), " | \nSELECT b | SELECT a FROM b\n");
    EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
    EXPECT_EQ(talk.shown().find("name"), std::string::npos);
  }
}

TEST(Mysql, WhatTheServerSaysOfBackslashesHoldsForTheNextText) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'"));
  talk.server(ok(2 | kNoBackslashes));
  talk.client(query("SELECT 'a\\', 'secret'"));
  talk.server(ok(2 | kNoBackslashes));
  EXPECT_EQ(talk.calls()[1].text, "SELECT ?, ?");
}

TEST(Mysql, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  talk.client(query("SELECT sleep(10)"));
  talk.close(CallEnd::kProcessEnded);
  EXPECT_EQ(talk.told(), "SELECT | SELECT sleep(?) | process ended\n");
}

TEST(Mysql, InTlsTheClientsFirstPacketComesAgain) {
  for (const std::size_t bytes : {~std::size_t{0}, std::size_t{1}}) {
    Conversation talk(Protocol::kMysql, bytes);
    talk.server(greeting());
    const std::string whole = response(kClient | kTls);
    talk.client(packet(1, whole.substr(4, kFixedBytesOfResponse)));
    EXPECT_TRUE(talk.awaits_tls());
    talk.client(whole);
    talk.server(ok(2, 3));
    talk.client(query("SELECT 1"));
    talk.server(error(1146));
    EXPECT_EQ(talk.told(), "SELECT | SELECT ? | 1146\n") << bytes;
    EXPECT_EQ(talk.calls().at(0).user, "ada");
    EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
  }
}

TEST(Mysql, WhatIsNotFollowed) {
  const auto of_client = [](std::uint32_t flags) {
    Conversation talk(Protocol::kMysql);
    talk.server(greeting("8.0.36", 0xffff'ffff));
    talk.client(response(flags));
    return talk.given_up();
  };
  EXPECT_FALSE(of_client(kClient));
  EXPECT_TRUE(of_client(kClient | kTls));
  EXPECT_TRUE(of_client(kClient | kCompress));
  EXPECT_TRUE(of_client(kClient | kZstd));
  EXPECT_TRUE(of_client(kClient | kOptionalMetadata));
  EXPECT_TRUE(of_client(kClient & ~kProtocol41));

  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kMysql);
    begin(talk);
    talk.client(client);
    talk.server(server);
    return talk.given_up();
  };
  EXPECT_FALSE(f(query("SELECT 1"), ok()));
  EXPECT_TRUE(f("", ok()));                                   // an answer to nothing
  EXPECT_TRUE(f(query("SELECT 1") + query("SELECT 1"), ""));  // asks before it is answered
  EXPECT_TRUE(f(command(0x12), ""));                          // replication
  EXPECT_TRUE(f(command(0x77), ""));
  EXPECT_TRUE(f(packet(0, ""), ""));
  EXPECT_TRUE(f(query("SELECT 1"), packet(1,
                                          "\xff"
                                          "ab")));  // shorter than an error
  EXPECT_TRUE(f(query("SELECT 1"), packet(1, std::string(3, '\0'))));
  EXPECT_TRUE(f(query("SELECT 1"), packet(1, "\xfd\xff\xff\xff")));  // columns
}

TEST(Mysql, MemoryIsBounded) {
  Conversation talk(Protocol::kMysql);
  begin(talk);
  const auto prepare = [&](std::uint32_t id, const std::string& text) {
    talk.client(command(kPrepare, text));
    talk.server(prepared(id, 0, 0));
  };
  const auto told_of = [&](std::uint32_t id) {
    talk.client(command(kExecute, number(id, 4)));
    talk.server(ok());
    return talk.calls().back().text;
  };
  for (std::uint32_t i = 1; i <= kStatementsMax + 1; ++i) prepare(i, "DELETE FROM a");
  EXPECT_EQ(told_of(1), "");  // it made room
  EXPECT_EQ(told_of(kStatementsMax + 1), "DELETE FROM a");
  const std::string text = "SELECT " + std::string(8000, 'a');
  for (std::uint32_t i = 1; i <= 40; ++i) prepare(1000 + i, text);
  EXPECT_EQ(told_of(1001), "");
  EXPECT_EQ(told_of(1040), text);

  Conversation version(Protocol::kMysql);
  version.server(packet(0, "\x0a" + std::string(300, '8')));
  EXPECT_TRUE(version.given_up());
}

}  // namespace
}  // namespace kolben::agent::mysql
