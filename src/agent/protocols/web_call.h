// WebCall: a request of HTTP/2 and its response, as a connection shows them, the client's or the
// server's; gRPC's calls are such.
#pragma once

#include <cstdint>
#include <string>

#include "agent/protocols/origin.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent {

struct WebCall {
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  Origin origin;
  std::uint32_t number = 0;  // of the calls that began in the same bytes
  CallEnd end = CallEnd::kAnswered;
  std::uint32_t stream = 0;  // of the connection

  TraceHeaders trace_headers;  // of the request
  std::string tracestate;
  std::string method, scheme, authority, path, user_agent;
  std::string forwarded, x_forwarded_for;
  std::string content_type;   // of the request
  std::uint64_t timeout = 0;  // gRPC's, which the client gives its call, in nanoseconds; 0: none
  std::uint16_t status = 0;   // 0: no response
  int grpc_status = -1;       // -1: none was told
  std::uint32_t reset = 0;    // why the stream was given up (RFC 9113, 7); with kReset
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;

  bool is_grpc() const { return content_type.starts_with("application/grpc"); }
};

}  // namespace kolben::agent
