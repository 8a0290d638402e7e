// The first byte picks the signal. check() and decode() are of one opinion about what is well
// formed and how many items it holds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "otlp/check.h"
#include "otlp/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben;
  if (size == 0) return 0;
  const Signal signal = kAllSignals[data[0] % 3];
  const Bytes message =
      Bytes::from_string(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto items = otlp::check(signal, message.view());
  std::vector<WirePiece> pieces;
  pieces.push_back({message, {}, wire::Compression::kNone});
  Batch batch = Batch::from_wire(signal, std::move(pieces), 0);
  const Status status = otlp::decode(batch);
  KOLBEN_CHECK(status.is_ok() == items.has_value());
  KOLBEN_CHECK(!items || batch.items() == *items);
  return 0;
}
