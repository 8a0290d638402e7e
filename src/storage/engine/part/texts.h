// Texts: sequences of byte strings (docs/formats/part.md, "Texts"), packed where they are UUIDs,
// hexadecimal ids, IPv4 addresses or integers. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "storage/engine/part/ints.h"

namespace kolben::storage::part {

// Of one sequence, uncompressed: a row group of the longest values that receivers take.
inline constexpr std::uint64_t kTextsBytesMax = std::uint64_t{1} << 30;

void encode_texts(std::span<const std::string_view> values, std::string& out);

// A decoded sequence; the views live as long as `memory`.
struct DecodedTexts {
  std::vector<std::string_view> values;
  std::shared_ptr<const void> memory;
};

// Exactly `count` values; false where the bytes are malformed or hold another number. `bytes` are
// kept alive by the result where it points into them.
bool decode_texts(const Bytes& bytes, std::size_t count, DecodedTexts& out);

// The bytes of all values, one behind the other; none where they are packed in another form or
// malformed.
std::optional<Bytes> joined_texts(const Bytes& bytes);

}  // namespace kolben::storage::part
