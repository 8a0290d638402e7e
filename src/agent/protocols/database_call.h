// DatabaseCall: what a client asked of a database and what came of it, as a parser finds it in a
// connection's bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/protocols/origin.h"

namespace kolben::agent {

struct DatabaseCall {
  std::string_view system;  // "postgresql": a constant
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  Origin origin;
  // Which of the calls that began in the same bytes.
  std::uint32_t number = 0;
  CallEnd end = CallEnd::kAnswered;

  std::string database;  // of PostgreSQL its name, of Redis its number; empty: unknown
  std::string user;
  std::string text;              // without literals
  std::string summary;           // "SELECT users"
  std::string collection;        // of MongoDB
  std::string operation;         // where it is known without parsing a text: "GET", "PIPELINE"
  std::string error_code;        // SQLSTATE, a number of MySQL, MongoDB, a word of Redis, Memcached
  std::uint32_t batch_size = 0;  // two or more: so many commands at once
};

}  // namespace kolben::agent
