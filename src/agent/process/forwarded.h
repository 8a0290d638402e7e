// Who asked at first, where proxies stand between: the headers Forwarded (RFC 7239) and
// X-Forwarded-For. Any client may have written them. Pure functions; views into the headers.
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben::agent {

struct ForwardedClient {
  std::string_view address;  // of IPv4 or IPv6, without brackets; empty: nobody says one
  std::uint16_t port = 0;    // 0: not said
};

// The first address that is one, of Forwarded before X-Forwarded-For; what is none ("unknown",
// "_hidden", a name) is passed over. Of each header kForwardedElementsMax elements are looked at.
ForwardedClient forwarded_client(std::string_view forwarded, std::string_view x_forwarded_for);

// Chains of proxies are short.
inline constexpr int kForwardedElementsMax = 16;

}  // namespace kolben::agent
