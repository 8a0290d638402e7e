#include "agent/protocols/http2/parser.h"
#include "agent/protocols/kafka/parser.h"
#include "agent/protocols/memcached/parser.h"
#include "agent/protocols/mongodb/parser.h"
#include "agent/protocols/mysql/parser.h"
#include "agent/protocols/postgresql/parser.h"
#include "agent/protocols/redis/parser.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent {

std::unique_ptr<StreamParser> make_parser(Protocol protocol, CallSink& sink, QueryTexts texts) {
  switch (protocol) {
    case Protocol::kPostgresql:
      return std::make_unique<postgresql::Parser>(sink, texts);
    case Protocol::kRedis:
      return std::make_unique<redis::Parser>(sink);
    case Protocol::kHttp2:
      return std::make_unique<http2::Parser>(sink);
    case Protocol::kMysql:
      return std::make_unique<mysql::Parser>(sink, texts);
    case Protocol::kMemcached:
      return std::make_unique<memcached::Parser>(sink);
    case Protocol::kMongodb:
      return std::make_unique<mongodb::Parser>(sink);
    case Protocol::kKafka:
      return std::make_unique<kafka::Parser>(sink);
    case Protocol::kNone:
      break;
  }
  return nullptr;
}

}  // namespace kolben::agent
