// MessagingCall: what a client asked of a broker of messages, as a parser finds it in a
// connection's bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/protocols/origin.h"

namespace kolben::agent {

struct MessagingCall {
  std::string_view system;  // "kafka": a constant
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  Origin origin;
  std::uint32_t number = 0;  // of the calls that began in the same bytes
  CallEnd end = CallEnd::kAnswered;

  bool sends = false;       // or receives
  std::string destination;  // the topic; empty: several, or it has no name here
  std::int64_t partition = -1;
  std::string client_id;
  std::uint16_t error = 0;  // the broker's code; 0: none
};

}  // namespace kolben::agent
