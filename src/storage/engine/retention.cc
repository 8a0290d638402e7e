#include "storage/engine/retention.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::engine {
namespace {

std::uint64_t expiry_of(const ManifestPart& part, const RetentionClasses& classes) {
  const std::uint64_t age = classes.age_max_nanos(part.retention_class);
  return part.last_received > UINT64_MAX - age ? UINT64_MAX : part.last_received + age;
}

}  // namespace

std::vector<ManifestPart> in_order_of_expiry(std::vector<ManifestPart> parts,
                                             const RetentionClasses& classes) {
  std::sort(parts.begin(), parts.end(), [&classes](const ManifestPart& a, const ManifestPart& b) {
    return std::pair(expiry_of(a, classes), a.number) < std::pair(expiry_of(b, classes), b.number);
  });
  return parts;
}

bool is_expired(const ManifestPart& part, const RetentionClasses& classes,
                std::uint64_t now_unix_nano) {
  return expiry_of(part, classes) < now_unix_nano;
}

std::vector<std::uint64_t> choose_removed(const std::vector<ManifestPart>& parts,
                                          const RetentionClasses& classes,
                                          std::uint64_t now_unix_nano, std::uint64_t other_bytes,
                                          std::uint64_t bytes_max) {
  std::uint64_t total = other_bytes;
  for (const ManifestPart& part : parts) total += part.bytes;
  std::vector<std::uint64_t> removed;
  for (const ManifestPart& part : in_order_of_expiry(parts, classes)) {
    if (total <= bytes_max && !is_expired(part, classes, now_unix_nano)) break;
    removed.push_back(part.number);
    total -= part.bytes;
  }
  return removed;
}

}  // namespace kolben::storage::engine
