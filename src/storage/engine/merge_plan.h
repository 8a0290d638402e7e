// Which parts are merged next. Parts of one table, retention class and day of arrival become larger
// parts in steps of sixteen, so that a row is rewritten twice or three times in its life; of days
// that are over, whatever is left is merged too. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/engine/manifest.h"
#include "storage/engine/options.h"

namespace kolben::storage::engine {

// Parts straight from the log, the newest of each table, that are left alone: merges drop the
// fingerprints by which a start recognises the copies that retries make.
inline constexpr std::size_t kFreshPartsKept = 8;

// Numbers of the parts that shall become one, oldest first; none: there is nothing to do.
std::vector<std::uint64_t> choose_merge(const std::vector<ManifestPart>& parts,
                                        const Options& options, std::uint64_t now_unix_nano);

}  // namespace kolben::storage::engine
