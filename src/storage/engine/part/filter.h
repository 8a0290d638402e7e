// Split-block Bloom filter over texts: says "surely not here" of a value at about ten bits a value,
// with one cache line looked at. The hash is part of the format (docs/formats/part.md) and never
// changes. Pure functions; any thread.
// Source of the scheme: Parquet's BloomFilter.md (split block Bloom filter).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kolben::storage::part {

// The format's hash of a value: the same on every machine.
std::uint64_t filter_hash(std::string_view value);

void encode_filter(std::span<const std::string_view> values, std::string& out);
// False only where the value is surely not among them; true where the filter is malformed.
bool filter_may_contain(std::string_view filter, std::uint64_t hash);

}  // namespace kolben::storage::part
