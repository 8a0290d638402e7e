// outgoing(): a batch as one message to send, with as little work as possible: what came in
// compressed as the peer wants it goes out as it came.
#pragma once

#include "base/bytes.h"
#include "model/batch.h"
#include "wire/compression.h"

namespace kolben::otlp {

// The batch as one Export*ServiceRequest, compressed with `compression`.
Bytes outgoing(const Batch& batch, wire::Compression compression);

}  // namespace kolben::otlp
