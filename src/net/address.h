// Where to listen or to connect: "host:port", "[::1]:4317", ":4317", "localhost:4317".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kolben::net {

struct Address {
  std::string host;  // without brackets; empty: all interfaces
  std::uint16_t port = 0;

  std::string to_string() const;
};

Result<Address> parse_address(std::string_view text);

// "address already in use" and who holds the port, found through /proc: "port 4317 is in use by
// otelcol (pid 812)". The name is left out where it may not be read.
std::string describe_port_holder(std::uint16_t port);

}  // namespace kolben::net
