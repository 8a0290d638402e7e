#include "net/address.h"

#include <charconv>

namespace kolben::net {

namespace {

Status bad_address(std::string_view text, std::string_view problem) {
  return invalid_argument("address \"" + std::string(text) + "\": " + std::string(problem));
}

bool is_host_character(char c) {
  return c > ' ' && c != '/' && c != '[' && c != ']' && c != '@' && c != '?' && c != '#' &&
         c != 127;
}

}  // namespace

std::string Address::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') {
      return bad_address(text, "an IPv6 address is written [::1]:4317");
    }
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad_address(text, "an IPv6 address is written [::1]:4317");
  }
  for (const char c : host) {
    if (!is_host_character(c)) return bad_address(text, "the host has a character that none has");
  }
  std::uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  const auto parsed = std::from_chars(port_text.data(), end, port);
  if (port_text.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
    return bad_address(text, "the port is no number from 0 to 65535");
  }
  return Address{std::string(host), port};
}

}  // namespace kolben::net
