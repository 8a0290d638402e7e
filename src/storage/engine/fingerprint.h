// Fingerprint: 64 bits that stand for some bytes, the same for ever (they are stored in index
// files). Two different spans share one with a chance of 2^-64; among the spans of a window of two
// million that makes one wrong match in 10^13 spans.
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben::storage::engine {

std::uint64_t fingerprint(std::string_view bytes, std::uint64_t seed);

}  // namespace kolben::storage::engine
