// OTLP protobuf -> model.
#pragma once

#include "base/status.h"
#include "model/batch.h"

namespace kolben::otlp {

// Brings a wire batch into decoded form, in place; strings become views into the batch's pieces. A
// decoded batch stays as it is. On error (only possible for bytes that did not pass check()) the
// batch keeps its wire form.
Status decode(Batch& batch);

}  // namespace kolben::otlp
