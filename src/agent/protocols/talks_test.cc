// Real conversations (tests/data/agent/protocols/*.talk, which record.py there has recorded): what
// the clients and servers said, `>` and `<`, and the calls in it, `=`.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/protocols/testing/conversation.h"

namespace kolben::agent {
namespace {

using testing::Conversation;

struct Talk {
  std::vector<std::pair<char, std::string>> said;
  std::string calls;
};

std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
    i += 3;
  }
  return bytes;
}

Talk read_talk(const std::string& name) {
  std::ifstream file(std::string(KOLBEN_TEST_DATA) + "/agent/protocols/" + name + ".talk");
  Talk talk;
  std::string line;
  while (std::getline(file, line)) {
    const std::string_view text = std::string_view(line).substr(2);
    if (line[0] == '=') {
      talk.calls.append(text).append("\n");
    } else {
      talk.said.emplace_back(line[0], unescaped(text));
    }
  }
  return talk;
}

bool begins_with(char who, const std::string& bytes, Protocol protocol) {
  const Direction direction = who == '>' ? Direction::kRequests : Direction::kReplies;
  return detect_protocol(direction, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                         bytes.size()) == protocol;
}

void check(const std::string& name, Protocol protocol) {
  const Talk talk = read_talk(name);
  ASSERT_GT(talk.said.size(), 4u) << name;
  EXPECT_TRUE(begins_with(talk.said[0].first, talk.said[0].second, protocol));
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 8UL, 13UL, 100UL, 1000UL}) {
    std::string told;
    auto conversation = std::make_unique<Conversation>(protocol, bytes);
    for (const auto& [who, what] : talk.said) {
      if (who == '>') conversation->client(what);
      if (who == '<') conversation->server(what);
      EXPECT_FALSE(conversation->given_up()) << name << " in pieces of " << bytes;
      if (who != '-') continue;
      told += conversation->told();
      conversation = std::make_unique<Conversation>(protocol, bytes);
    }
    EXPECT_EQ(told + conversation->told(), talk.calls) << name << " in pieces of " << bytes;
  }
}

TEST(Talks, PostgresqlBySimpleQueries) {
  check("postgresql_psycopg2", Protocol::kPostgresql);
}
TEST(Talks, PostgresqlByTheExtendedProtocol) {
  check("postgresql_pgbench_extended", Protocol::kPostgresql);
}
TEST(Talks, PostgresqlByPreparedStatements) {
  check("postgresql_pgbench_prepared", Protocol::kPostgresql);
}
TEST(Talks, MariadbByQueries) {
  check("mariadb_pymysql", Protocol::kMysql);
}
TEST(Talks, MariadbByPreparedStatements) {
  check("mariadb_prepared", Protocol::kMysql);
}
TEST(Talks, Memcached) {
  check("pymemcache", Protocol::kMemcached);
}
TEST(Talks, MongodbByPymongo) {
  check("pymongo", Protocol::kMongodb);
}
TEST(Talks, Redis) {
  check("redis_py", Protocol::kRedis);
}
TEST(Talks, GrpcForPython) {
  check("grpc_python", Protocol::kHttp2);
}

}  // namespace
}  // namespace kolben::agent
