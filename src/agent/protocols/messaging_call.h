// MessagingCall: what a client asked of a broker of messages, as a parser finds it in a
// connection's bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  std::uint16_t error = 0;     // the broker's code; 0: none
  std::int64_t messages = -1;  // how many were sent or received; -1: not known
  std::int64_t offset = -1;    // of the only one; -1: several, or not known
  // Of the messages' headers those that carry a trace's context, as lines that TraceHeaders takes:
  // one text for all messages that have the same.
  std::vector<std::string> contexts;
  std::uint32_t contexts_dropped = 0;  // about so many more
};

}  // namespace kolben::agent
