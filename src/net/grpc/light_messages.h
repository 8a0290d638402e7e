// gRPC's messages, statuses and times in terms of HTTP/2 (gRPC over HTTP2, PROTOCOL-HTTP2.md). Pure
// functions; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http2/session.h"

namespace kolben::net::grpc {

// Reads google.rpc.Status (otlp::decode_rpc_status); may be null.
using DecodeDetails = Status (*)(std::string_view);

// The five bytes before a message. Messages of more than 4 GiB - 1 do not exist.
std::string message_prefix(bool is_compressed, std::size_t size);
// "1500m": at most eight digits and a unit.
std::string format_timeout(std::chrono::nanoseconds timeout);
// The message of the answer, or its status, with retry_after where the details name one.
Result<std::string> read_answer(http2::Response response, DecodeDetails decode_details);

}  // namespace kolben::net::grpc
