#include "otlp/outgoing.h"

#include <string>
#include <utility>

#include "otlp/encode.h"

namespace kolben::otlp {

Bytes outgoing(const Batch& batch, wire::Compression compression) {
  if (batch.is_wire() && batch.pieces().size() == 1) {
    const WirePiece& piece = batch.pieces().front();
    if (compression == wire::Compression::kNone) return piece.message;
    if (compression == piece.compression) return piece.compressed;
    return Bytes::from_string(wire::compress(compression, piece.message.view()));
  }
  std::string message;
  encode(batch, message);
  if (compression == wire::Compression::kNone) return Bytes::from_string(std::move(message));
  return Bytes::from_string(wire::compress(compression, message));
}

}  // namespace kolben::otlp
