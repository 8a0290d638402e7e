// Texts and attributes on their way from the ring into a batch: valid UTF-8 (OTLP's strings are
// protobuf's), within the limits of the settings, owned by the batch's arena.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "model/attributes.h"
#include "model/traces.h"

namespace kolben::agent {

// A copy in the arena, ill-formed UTF-8 replaced, cut to `bytes_max` at a code point.
std::string_view owned_text(std::string_view text, std::uint32_t bytes_max, Arena& arena);

struct AttributeLimits {
  std::uint32_t count_max = 0xffffffff;
  std::uint32_t value_bytes_max = 0xffffffff;
};

// Decodes the attributes of a record (agent/ring/attribute_codec.h) and sets them; the last of two
// with one key counts. Returns how many the limit kept out.
std::uint32_t add_encoded_attributes(std::string_view encoded, AttributeLimits limits,
                                     Attributes& attributes, Arena& arena);

// Applies the limits to attributes that are there already. Returns how many it removed.
std::uint32_t limit_attributes(AttributeLimits limits, Attributes& attributes, Arena& arena);
// The same for the links of a span, of which `links_max` stay.
void limit_links(std::uint32_t links_max, AttributeLimits limits, Span& span, Arena& arena);

}  // namespace kolben::agent
