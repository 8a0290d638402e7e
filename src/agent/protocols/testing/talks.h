// Real conversations (tests/data/agent/protocols/*.talk, which record.py there has recorded): what
// the clients and servers said, `>` and `<`, and the calls in it, `=`; `-` begins the next
// connection.
#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/protocols/protocol.h"

namespace kolben::agent::testing {

struct Talk {
  std::vector<std::pair<char, std::string>> said;
  std::string calls;
};

struct TalkName {
  const char* name;
  Protocol protocol;
};

// All of them but HTTP/1.x, which is no stream of calls to the library.
inline constexpr TalkName kTalks[] = {
    {"postgresql_psycopg2", Protocol::kPostgresql},
    {"postgresql_pgbench_extended", Protocol::kPostgresql},
    {"postgresql_pgbench_prepared", Protocol::kPostgresql},
    {"mariadb_pymysql", Protocol::kMysql},
    {"mariadb_prepared", Protocol::kMysql},
    {"pymemcache", Protocol::kMemcached},
    {"pymongo", Protocol::kMongodb},
    {"redis_py", Protocol::kRedis},
    {"grpc_python", Protocol::kHttp2},
    {"http2_node", Protocol::kHttp2},
    {"librdkafka", Protocol::kKafka},
    {"kafka_python", Protocol::kKafka},
};

inline std::string unescaped(std::string_view text) {
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

inline Talk read_talk(const std::string& name) {
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

}  // namespace kolben::agent::testing
