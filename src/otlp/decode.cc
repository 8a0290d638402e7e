#include "otlp/decode.h"

#include <utility>

#include "otlp/check.h"
#include "otlp/decode_common.h"

namespace kolben::otlp {
namespace {

bool decode_piece(Batch& batch, std::string_view message) {
  switch (batch.signal()) {
    case Signal::kTraces:
      return decode_request(message, batch.traces(), batch.arena());
    case Signal::kMetrics:
      return decode_request(message, batch.metrics(), batch.arena());
    case Signal::kLogs:
      return decode_request(message, batch.logs(), batch.arena());
  }
  return false;
}

}  // namespace

Status decode(Batch& batch) {
  if (!batch.is_wire()) return Status::ok();
  const std::uint64_t items = batch.items();
  batch.begin_decoded();
  for (const WirePiece& piece : batch.pieces()) {
    if (decode_piece(batch, piece.message.view())) [[likely]]
      continue;
    // check() knows what is wrong, where, and says so; the two agree on what is well formed.
    const Result<std::uint64_t> checked = check(batch.signal(), piece.message.view());
    batch.become_wire(batch.pieces(), items);
    if (!checked) return checked.error();
    return internal_error("decoding " + std::string(to_string(batch.signal())) +
                          ": refused what check() accepts");
  }
  batch.recount();
  return Status::ok();
}

}  // namespace kolben::otlp
