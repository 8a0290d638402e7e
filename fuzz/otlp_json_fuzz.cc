// The first byte picks the signal. JSON that is read makes bytes that check() takes; their JSON is
// read again, to the same text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "otlp/check.h"
#include "otlp/encode.h"
#include "otlp/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben;
  if (size == 0) return 0;
  const Signal signal = kAllSignals[data[0] % 3];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto batch = otlp::decode_json(signal, text);
  if (!batch) return 0;
  std::string message;
  otlp::encode(*batch, message);
  const auto items = otlp::check(signal, message);
  KOLBEN_CHECK(items.has_value() && *items == batch->items());
  std::string once;
  otlp::encode_json(*batch, once);
  const auto again = otlp::decode_json(signal, once);
  KOLBEN_CHECK(again.has_value());
  std::string twice;
  otlp::encode_json(*again, twice);
  KOLBEN_CHECK(once == twice);
  return 0;
}
