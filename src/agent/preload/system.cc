#include "agent/preload/system.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace kolben::agent {
namespace {

// Without printf: this runs once a connection inside other programs.
std::uint8_t format_ipv4(const std::uint8_t* bytes, char* text) {
  char* to = text;
  for (int i = 0; i < 4; ++i) {
    if (i != 0) *to++ = '.';
    const unsigned value = bytes[i];
    if (value >= 100) *to++ = static_cast<char>('0' + value / 100);
    if (value >= 10) *to++ = static_cast<char>('0' + value / 10 % 10);
    *to++ = static_cast<char>('0' + value % 10);
  }
  return static_cast<std::uint8_t>(to - text);
}

}  // namespace

void format_address(const sockaddr* address, socklen_t size, char* text, std::uint8_t* text_size,
                    std::uint16_t* port) {
  if (size < sizeof(sa_family_t)) return;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof(in));
    *text_size = format_ipv4(reinterpret_cast<const std::uint8_t*>(&in.sin_addr), text);
    *port = ntohs(in.sin_port);
  } else if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof(in));
    *port = ntohs(in.sin6_port);
    const std::uint8_t* bytes = in.sin6_addr.s6_addr;
    constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::memcmp(bytes, kMapped, sizeof(kMapped)) == 0) {
      *text_size = format_ipv4(bytes + 12, text);
    } else if (inet_ntop(AF_INET6, bytes, text, SocketNames::kAddressBytesMax) != nullptr) {
      *text_size = static_cast<std::uint8_t>(std::strlen(text));
    }
  }
}

}  // namespace kolben::agent
