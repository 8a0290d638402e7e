// Request: one that is durable and not yet in a part. Immutable once it is in the tail; its body is
// shared with whoever received it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/batch.h"

namespace kolben::storage::engine {

struct Request {
  std::uint64_t sequence = 0;
  std::uint64_t received_unix_nano = 0;
  Signal signal = Signal::kTraces;
  Bytes body;               // an Export*ServiceRequest, uncompressed
  std::uint64_t items = 0;  // that are not copies of earlier ones
  std::uint64_t copies = 0;
  // Of spans: one each, in their order, 0 for copies, which are left out. Of log records and
  // metrics: one of the whole body, 0 where requests cannot be told apart by it. A request that is
  // a copy as a whole has no items and is not decoded any more.
  std::vector<std::uint64_t> fingerprints;
};

}  // namespace kolben::storage::engine
