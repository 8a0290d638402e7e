#include "agent/protocols/postgresql/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::postgresql {
namespace {

using testing::Conversation;

std::string int32(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string text(std::string_view value) {
  return std::string(value) + '\0';
}

// The documentation's message formats.
std::string message(char type, std::string_view content) {
  return type + int32(static_cast<std::uint32_t>(content.size()) + 4) + std::string(content);
}
std::string startup(std::string_view user, std::string_view database) {
  std::string content = int32(196608) + text("user") + text(user);
  if (!database.empty()) content += text("database") + text(database);
  content += '\0';
  return int32(static_cast<std::uint32_t>(content.size()) + 4) + content;
}
const std::string kSslRequest = int32(8) + int32(80877103);
const std::string kCancelRequest = int32(16) + int32(80877102) + int32(4711) + int32(815);

std::string query(std::string_view sql) {
  return message('Q', text(sql));
}
std::string parse(std::string_view name, std::string_view sql) {
  return message('P', text(name) + text(sql) + std::string(2, '\0'));
}
std::string bind_to(std::string_view portal, std::string_view statement) {
  return message('B', text(portal) + text(statement) + std::string(6, '\0'));
}
std::string run_portal(std::string_view portal = "") {
  return message('E', text(portal) + int32(0));
}
const std::string kSync = message('S', "");

const std::string kReady = message('Z', "I");
const std::string kWelcome = message('R', int32(0)) +
                             message('S', text("server_version") + text("15")) +
                             message('K', int32(1) + int32(2)) + kReady;
std::string complete(std::string_view tag) {
  return message('C', text(tag));
}
std::string row(std::string_view value) {
  return message('D', std::string("\0\1", 2) + int32(static_cast<std::uint32_t>(value.size())) +
                          std::string(value));
}
std::string error(std::string_view code, std::string_view said = "no") {
  return message(
      'E', "S" + text("ERROR") + "V" + text("ERROR") + "C" + text(code) + "M" + text(said) + '\0');
}

// Ready for queries of `user`.
void begin(Conversation& talk) {
  talk.client(startup("ada", "shop"));
  talk.server(kWelcome);
}

TEST(Postgresql, FirstMessagesAreKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(startup("ada", "shop")));
  EXPECT_TRUE(f(kSslRequest));
  EXPECT_TRUE(f(int32(8) + int32(80877104)));  // GSSENCRequest
  EXPECT_TRUE(f(kCancelRequest));
  EXPECT_FALSE(f(query("SELECT 1")));
  EXPECT_FALSE(f(startup("ada", "shop").substr(0, 12)));
  EXPECT_FALSE(f("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(f(std::string(8, '\0')));
  EXPECT_FALSE(f(""));
}

TEST(Postgresql, ASimpleQueryIsACallUntilTheServerIsReady) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("SELECT name FROM users WHERE id = 42"));
  talk.server(message('T', "x") + row("Ada Lovelace") + complete("SELECT 1"));
  EXPECT_TRUE(talk.calls().empty());
  talk.server(kReady);
  ASSERT_EQ(talk.calls().size(), 1u);
  const DatabaseCall& call = talk.calls()[0];
  EXPECT_EQ(call.system, "postgresql");
  EXPECT_EQ(call.text, "SELECT name FROM users WHERE id = ?");
  EXPECT_EQ(call.summary, "SELECT users");
  EXPECT_EQ(call.database, "shop");
  EXPECT_EQ(call.user, "ada");
  EXPECT_EQ(call.end, CallEnd::kAnswered);
  EXPECT_EQ(call.error_code, "");
  EXPECT_EQ(call.start_time, 3u);
  EXPECT_EQ(call.end_time, 5u);
  EXPECT_EQ(call.origin.span_id[0], 3u);
}

TEST(Postgresql, TheDatabaseIsTheUsersIfNoneIsNamed) {
  Conversation talk(Protocol::kPostgresql);
  talk.client(startup("ada", ""));
  talk.server(kWelcome);
  talk.client(query("BEGIN"));
  talk.server(complete("BEGIN") + kReady);
  ASSERT_EQ(talk.calls().size(), 1u);
  EXPECT_EQ(talk.calls()[0].database, "ada");
}

TEST(Postgresql, WhereverTheBytesAreCut) {
  for (const std::size_t bytes : {1UL, 2UL, 3UL, 4UL, 5UL, 7UL, 11UL, 64UL}) {
    Conversation talk(Protocol::kPostgresql, bytes);
    talk.client(kSslRequest);
    talk.server("N");
    begin(talk);
    talk.client(query("SELECT a FROM b"));
    talk.server(message('T', "columns") + row("1") + row(std::string(9000, 'x')) +
                complete("SELECT 2") + kReady);
    talk.client(parse("", "SELECT $1") + bind_to("", "") + run_portal() + kSync);
    talk.server(message('1', "") + message('2', "") + error("22P02") + kReady);
    EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\nSELECT | SELECT $1 | 22P02\n") << bytes;
  }
}

TEST(Postgresql, RowsPasswordsParametersAndCopiedDataStayInTheProgram) {
  Conversation talk(Protocol::kPostgresql);
  talk.client(startup("ada", "shop"));
  talk.client(message('p', text("secret password")));
  talk.server(kWelcome);
  talk.client(query("COPY users FROM STDIN"));
  talk.server(message('G', std::string(3, '\0')));
  talk.client(message('d', "secret copy") + message('c', ""));
  talk.server(complete("COPY 1") + kReady);
  talk.client(query("SELECT 1"));
  talk.server(message('T', "secret column") + row("secret row") + message('N', "secret notice") +
              complete("SELECT 1") + kReady);
  talk.client(parse("", "SELECT $1") +
              message('B', text("") + text("") + "\0\0\0\1" + int32(6) + "secret") + run_portal() +
              kSync);
  talk.server(message('1', "") + message('2', "") + complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(),
            "COPY users | COPY users FROM STDIN\nSELECT | SELECT ?\nSELECT | SELECT $1\n");
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
}

TEST(Postgresql, WhatIsNotShownOfSeveralMessagesComesAsOneNumber) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("COPY users TO STDOUT"));
  talk.server(message('H', std::string(5, '\0')) + message('d', "a") + message('d', "b") +
              message('c', "") + complete("COPY 2") + kReady);
  talk.client(query("SELECT 1"));
  talk.server(message('N', "notice") + message('T', "column") + row("1") + row("2"));
  talk.server(row("3") + complete("SELECT 3") + kReady);
  EXPECT_EQ(talk.told(), "COPY users | COPY users TO STDOUT\nSELECT | SELECT ?\n");
}

TEST(Postgresql, AnErrorHasItsSqlstate) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("SELECT 1 FROM nowhere"));
  talk.server(error("42P01", "relation \"nowhere\" does not exist") + kReady);
  talk.client(query("SELECT 1"));
  talk.server(complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(), "SELECT nowhere | SELECT ? FROM nowhere | 42P01\nSELECT | SELECT ?\n");
}

TEST(Postgresql, SeveralStatementsInAQueryAreOneCall) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("BEGIN; UPDATE a SET b = 1; COMMIT"));
  talk.server(complete("BEGIN") + complete("UPDATE 1") + complete("COMMIT") + kReady);
  EXPECT_EQ(talk.told(), "BEGIN UPDATE a COMMIT | BEGIN; UPDATE a SET b = ?; COMMIT\n");
}

TEST(Postgresql, AnExecuteIsACallThatItsPrepareBegins) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(parse("", "INSERT INTO a VALUES ($1)") + bind_to("", ""));
  talk.client(run_portal() + kSync);
  talk.server(message('1', "") + message('2', "") + complete("INSERT 0 1") + kReady);
  ASSERT_EQ(talk.calls().size(), 1u);
  EXPECT_EQ(talk.calls()[0].text, "INSERT INTO a VALUES ($1)");
  EXPECT_EQ(talk.calls()[0].start_time, 3u);
}

TEST(Postgresql, APreparedStatementIsKnownByItsName) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(parse("s1", "SELECT a FROM b WHERE c = $1") + message('D', 'S' + text("s1")) + kSync);
  talk.server(message('1', "") + message('t', "x") + message('T', "x") + kReady);
  EXPECT_EQ(talk.told(), "");  // only prepared
  for (int i = 0; i < 2; ++i) {
    talk.client(bind_to("", "s1") + run_portal() + kSync);
    talk.server(message('2', "") + row("1") + complete("SELECT 1") + kReady);
  }
  talk.client(message('C', 'S' + text("s1")) + kSync);
  talk.server(message('3', "") + kReady);
  talk.client(bind_to("", "s1") + run_portal() + kSync);
  talk.server(error("26000") + kReady);
  EXPECT_EQ(talk.told(),
            "SELECT b | SELECT a FROM b WHERE c = $1\n"
            "SELECT b | SELECT a FROM b WHERE c = $1\n"
            " |  | 26000\n");
}

TEST(Postgresql, AStatementThatFailsToPrepareIsTold) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(parse("s1", "SELEC 1") + kSync);
  talk.server(error("42601") + kReady);
  EXPECT_EQ(talk.told(), "SELEC | SELEC ? | 42601\n");
}

TEST(Postgresql, WhatFollowsAnErrorUntilTheSyncIsSkipped) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  std::string pipeline;
  for (const char* sql : {"SELECT $1", "SELECT a FROM b", "DELETE FROM c"}) {
    pipeline += parse("", sql) + bind_to("", "") + run_portal();
  }
  talk.client(pipeline + kSync);
  talk.server(message('1', "") + message('2', "") + complete("SELECT 1") + error("42P01") + kReady);
  EXPECT_EQ(talk.told(),
            "SELECT | SELECT $1\n"
            "SELECT b | SELECT a FROM b | 42P01\n"
            "DELETE c | DELETE FROM c | skipped\n");
  EXPECT_EQ(talk.calls()[1].number, 1u);
  EXPECT_EQ(talk.calls()[2].number, 2u);
}

TEST(Postgresql, AnUnknownStatementIsNamedByTheServersTag) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(bind_to("", "from-before") + run_portal() + kSync);
  talk.server(message('2', "") + complete("INSERT 0 5") + kReady);
  EXPECT_EQ(talk.told(), "INSERT | \n");
}

TEST(Postgresql, APortalThatIsSuspendedGoesOnInTheNextCall) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(parse("", "SELECT a FROM b") + bind_to("c", "") + run_portal("c") + kSync);
  talk.server(message('1', "") + message('2', "") + row("1") + message('s', "") +
              message('Z', "T"));
  talk.client(run_portal("c") + kSync);
  talk.server(row("2") + complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\nSELECT b | SELECT a FROM b\n");
}

TEST(Postgresql, ALongQueryIsCutAndStillUnderstood) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("SELECT '" + std::string(100'000, 's') + "' FROM a"));
  talk.server(complete("SELECT 1") + kReady);
  talk.client(query("SELECT b FROM c"));
  talk.server(complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(), "SELECT | SELECT ?\nSELECT c | SELECT b FROM c\n");
  EXPECT_LT(talk.shown().size(), 9'000u);
}

TEST(Postgresql, NoticesAndNotificationsAreNoAnswers) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.server(message('A', int32(1) + text("channel") + text("")) +
              message('S', text("a") + text("b")));
  talk.client(query("SELECT 1"));
  talk.server(message('N', "x") + message('A', "x") + complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(), "SELECT | SELECT ?\n");
  EXPECT_FALSE(talk.given_up());
}

TEST(Postgresql, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  talk.client(query("SELECT pg_sleep(10)"));
  talk.close(CallEnd::kProcessEnded);
  EXPECT_EQ(talk.told(), "SELECT | SELECT pg_sleep(?) | process ended\n");
}

TEST(Postgresql, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kPostgresql);
    begin(talk);
    talk.client(client);
    talk.server(server);
    EXPECT_EQ(talk.told(), "");
    return talk.given_up();
  };
  EXPECT_TRUE(f("", kReady));  // an answer to nothing
  EXPECT_TRUE(f("", complete("SELECT 1")));
  EXPECT_TRUE(f("Q" + int32(3), ""));  // shorter than its length
  EXPECT_TRUE(f("Q" + int32(0xffffffff), ""));
  EXPECT_TRUE(f(message('F', "x"), ""));  // a function call
  EXPECT_TRUE(f(query("START_REPLICATION"), message('W', "x")));
  EXPECT_TRUE(f(run_portal() + kSync, kReady));  // an Execute without answer
  EXPECT_FALSE(f(query("SELECT 1"), ""));
}

TEST(Postgresql, WithinTlsTheConversationGoesOn) {
  Conversation talk(Protocol::kPostgresql);
  talk.client(kSslRequest);
  EXPECT_FALSE(talk.awaits_tls());
  talk.server("S");
  EXPECT_TRUE(talk.awaits_tls());
  begin(talk);
  talk.client(query("SELECT a FROM b"));
  talk.server(complete("SELECT 2") + kReady);
  EXPECT_EQ(talk.told(), "SELECT b | SELECT a FROM b\n");
}

TEST(Postgresql, WhatIsEncryptedByGssapiIsNotUnderstood) {
  Conversation talk(Protocol::kPostgresql);
  talk.client(int32(8) + int32(80877104));
  talk.server("G");
  EXPECT_TRUE(talk.given_up());
}

TEST(Postgresql, ACancellationIsNoCall) {
  Conversation talk(Protocol::kPostgresql);
  talk.client(kCancelRequest);
  talk.close();
  EXPECT_FALSE(talk.given_up());
  EXPECT_EQ(talk.told(), "");
  EXPECT_EQ(talk.shown().find(int32(815)), std::string::npos);
}

TEST(Postgresql, MemoryIsBounded) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  for (std::size_t i = 0; i < kStatementsMax + 1; ++i) {
    talk.client(parse("s" + std::to_string(i), "SELECT $1") + kSync);
    talk.server(message('1', "") + kReady);
  }
  talk.client(bind_to("", "s" + std::to_string(kStatementsMax)) + run_portal() + kSync);
  talk.server(message('2', "") + complete("SELECT 1") + kReady);
  EXPECT_EQ(talk.told(), "SELECT | \n");  // the one too many is unknown
  for (std::size_t i = 0; i < kPendingMax; ++i) talk.client(query("SELECT 1"));
  EXPECT_FALSE(talk.given_up());
  talk.client(query("SELECT 1"));
  EXPECT_TRUE(talk.given_up());

  Conversation long_ones(Protocol::kPostgresql);
  begin(long_ones);
  const std::size_t bytes = 8000;
  const std::string text = "SELECT " + std::string(bytes, 'a');
  for (std::size_t i = 0; i < kPendingBytesMax / bytes - 20; ++i) long_ones.client(query(text));
  EXPECT_FALSE(long_ones.given_up());
  for (std::size_t i = 0; i < 21; ++i) long_ones.client(query(text));
  EXPECT_TRUE(long_ones.given_up());
}

// Cursors with names of their own: they end with the transaction.
TEST(Postgresql, PortalsAreForgottenWithTheirTransaction) {
  Conversation talk(Protocol::kPostgresql);
  begin(talk);
  for (std::size_t i = 0; i < kPortalsMax + 1; ++i) {
    const std::string name = "c" + std::to_string(i);
    talk.client(parse("", "SELECT a FROM b") + bind_to(name, "") + run_portal(name) + kSync);
    talk.server(message('1', "") + message('2', "") + complete("SELECT 1") + kReady);
  }
  EXPECT_EQ(talk.calls().back().text, "SELECT a FROM b");
}

}  // namespace
}  // namespace kolben::agent::postgresql
