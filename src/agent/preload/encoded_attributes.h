// What the application hands over with an event, a link, a measurement or a log record: texts and
// attributes, as far as there is room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/ring/attribute_codec.h"
#include "agent/ring/ring.h"
#include "kolben/abi.h"

namespace kolben::agent {

// Copies what fits.
inline std::uint32_t copy_text(kolben_text text, char* to, std::size_t capacity) {
  const std::size_t size = text.size < capacity ? text.size : capacity;
  if (size != 0) std::memcpy(to, text.data, size);
  return static_cast<std::uint32_t>(size);
}

struct Encoded {
  std::uint32_t size = 0;
  std::uint32_t dropped_count = 0;  // did not fit
};

inline Encoded encode(const kolben_attribute* attributes, std::size_t count, std::uint8_t* buffer,
                      std::uint32_t capacity) {
  AttributeEncoder encoder(buffer, capacity);
  Encoded encoded;
  for (std::size_t i = 0; i < count; ++i) {
    if (!encoder.add(attributes[i])) ++encoded.dropped_count;
  }
  encoded.size = encoder.size();
  return encoded;
}

// Where nothing but the count of losses tells of them.
inline std::uint32_t encode_or_count(const kolben_attribute* attributes, std::size_t count,
                                     std::uint8_t* buffer, std::uint32_t capacity,
                                     RingHeader* ring) {
  const Encoded encoded = encode(attributes, count, buffer, capacity);
  for (std::uint32_t i = 0; i < encoded.dropped_count; ++i) count_untraced(ring);
  return encoded.size;
}

}  // namespace kolben::agent
