// The URL of a request by the head that is kept of it (http1.h): "http://host/target", the target
// alone where it is one. Pure, freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

// Room for every head that is kept (kHeadBytesMax, agent/ring/record.h), and the scheme.
inline constexpr std::size_t kUrlBytesMax = 2048 + 16;

// The size of the URL in `url`; 0: the head has none.
std::size_t request_url(const char* head, std::size_t size, char (&url)[kUrlBytesMax]);

}  // namespace kolben::agent
