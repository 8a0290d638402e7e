#include "receivers/otlp/wire_request.h"

#include <utility>
#include <vector>

#include "otlp/check.h"

namespace kolben::receivers::otlp {

Result<Batch> batch_of(Signal signal, WirePiece piece) {
  KOLBEN_TRY(const std::uint64_t items, kolben::otlp::check(signal, piece.message.view()));
  std::vector<WirePiece> pieces;
  pieces.push_back(std::move(piece));
  return Batch::from_wire(signal, std::move(pieces), items);
}

}  // namespace kolben::receivers::otlp
