// The first byte picks the signal. What decodes is encoded to bytes that decode to the same bytes
// again, and a clone says the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "otlp/decode.h"
#include "otlp/encode.h"

namespace {

kolben::Batch batch_of(kolben::Signal signal, std::string message) {
  std::vector<kolben::WirePiece> pieces;
  pieces.push_back(
      {kolben::Bytes::from_string(std::move(message)), {}, kolben::wire::Compression::kNone});
  return kolben::Batch::from_wire(signal, std::move(pieces), 0);
}

std::string encoded(const kolben::Batch& batch) {
  std::string out;
  kolben::otlp::encode(batch, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben;
  if (size == 0) return 0;
  const Signal signal = kAllSignals[data[0] % 3];
  Batch batch = batch_of(signal, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  if (!otlp::decode(batch).is_ok()) return 0;
  const std::string first = encoded(batch);
  KOLBEN_CHECK(encoded(batch.clone()) == first);
  Batch again = batch_of(signal, first);
  KOLBEN_CHECK(otlp::decode(again).is_ok());
  KOLBEN_CHECK(encoded(again) == first);
  KOLBEN_CHECK(again.items() == batch.items());
  return 0;
}
