// Model -> OTLP protobuf.
#pragma once

#include <string>

#include "model/batch.h"

namespace kolben::otlp {

// The batch as one Export*ServiceRequest, appended to `out`. Wire batches are concatenated, decoded
// ones encoded; fields in the order of their numbers, defaults left out, as libprotobuf does.
void encode(const Batch& batch, std::string& out);

// Brings a decoded batch into wire form (one piece), in place. A wire batch stays as it is.
void to_wire(Batch& batch);

}  // namespace kolben::otlp
