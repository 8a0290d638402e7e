#include "otlp/encode.h"

#include <utility>
#include <vector>

#include "otlp/encode_common.h"

namespace kolben::otlp {

void encode(const Batch& batch, std::string& out) {
  if (batch.is_wire()) {
    for (const WirePiece& piece : batch.pieces()) out.append(piece.message.view());
    return;
  }
  ProtobufWriter writer(out);
  switch (batch.signal()) {
    case Signal::kTraces:
      encode_request(batch.traces(), writer);
      return;
    case Signal::kMetrics:
      encode_request(batch.metrics(), writer);
      return;
    case Signal::kLogs:
      encode_request(batch.logs(), writer);
      return;
  }
}

void to_wire(Batch& batch) {
  if (batch.is_wire()) return;
  std::string message;
  encode(batch, message);
  batch.recount();
  std::vector<WirePiece> pieces;
  pieces.push_back({Bytes::from_string(std::move(message)), {}, wire::Compression::kNone});
  batch.become_wire(std::move(pieces), batch.items());
}

}  // namespace kolben::otlp
