// A protobuf request as it came, made a batch without decoding it.
#pragma once

#include "base/result.h"
#include "model/batch.h"

namespace kolben::receivers::otlp {

// `piece.message` is plain protobuf; `piece.compressed` travels along where the request was
// compressed. Errors are those of otlp::check(). Pure; any thread.
Result<Batch> batch_of(Signal signal, WirePiece piece);

}  // namespace kolben::receivers::otlp
