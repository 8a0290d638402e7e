// The first byte picks the format; the output never passes its bound.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/compression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizeMax = 1 << 20;
  if (size == 0) return 0;
  const auto compression = static_cast<kolben::wire::Compression>(data[0] % 6);
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto out = kolben::wire::decompress(compression, input, kSizeMax);
  KOLBEN_CHECK(!out || out->size() <= kSizeMax);
  return 0;
}
