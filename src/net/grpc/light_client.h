// A gRPC client without grpc++: as Client, over net/http2. For programs that shall be small.
//
// Source: gRPC over HTTP2 (PROTOCOL-HTTP2.md). Answers are taken uncompressed, which is what a
// server sends to who asks for nothing else. No proxies; `min_version` of TLS up to 1.3.
#pragma once

#include <memory>

#include "net/grpc/client.h"

namespace kolben::net::grpc {

Result<std::unique_ptr<Client>> create_light_client(ClientSettings settings);

}  // namespace kolben::net::grpc
