// What both gRPC clients read in their settings. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/grpc/client.h"

namespace kolben::net::grpc {

struct ClientTarget {
  Address address;
  bool uses_tls = false;
};

// INVALID_ARGUMENT names the endpoint.
Result<ClientTarget> read_endpoint(const ClientSettings& settings);
std::string authority_of(const ClientSettings& settings, const ClientTarget& target);
// UNIMPLEMENTED where gRPC does not know it.
Status check_compression(wire::Compression compression);
// Names in lower case. INVALID_ARGUMENT names the header that gRPC does not allow.
Result<http::Headers> read_metadata(http::Headers metadata);

}  // namespace kolben::net::grpc
