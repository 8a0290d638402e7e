// Ends a connection that grpc++ has: it neither tells its descriptor nor closes it on demand.
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben::net::grpc {

// Shuts the connections of `peer` ("127.0.0.1:51234", "[::1]:51234") to our `port`; grpc++ sees
// their end and lets go of what it holds for them. Looks at all descriptors of the process: for
// peers that misbehave, not for each call. Returns how many there were. Any thread.
int end_connection(std::string_view peer, std::uint16_t port);

}  // namespace kolben::net::grpc
