// What retention removes, and in which order. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/engine/manifest.h"
#include "storage/engine/retention_classes.h"

namespace kolben::storage::engine {

// All parts, those first that expire first.
std::vector<ManifestPart> in_order_of_expiry(std::vector<ManifestPart> parts,
                                             const RetentionClasses& classes);

// Whether everything in the part arrived longer ago than its class is kept.
bool is_expired(const ManifestPart& part, const RetentionClasses& classes,
                std::uint64_t now_unix_nano);

// Numbers of parts to be removed: what is expired, and then what expires first until the rest,
// with `other_bytes` that are no parts, is at most `bytes_max`.
std::vector<std::uint64_t> choose_removed(const std::vector<ManifestPart>& parts,
                                          const RetentionClasses& classes,
                                          std::uint64_t now_unix_nano, std::uint64_t other_bytes,
                                          std::uint64_t bytes_max);

}  // namespace kolben::storage::engine
