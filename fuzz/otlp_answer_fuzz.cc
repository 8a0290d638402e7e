// What peers answer to our exports: Export*ServiceResponse and google.rpc.Status. What was read is
// written and read again to the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "otlp/service.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::otlp;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto partial = decode_response(bytes); partial.has_value()) {
    const auto again = decode_response(encode_response(*partial));
    KOLBEN_CHECK(again.has_value() && again->rejected == partial->rejected);
    KOLBEN_CHECK(again->error_message == partial->error_message);
  }
  const kolben::Status status = decode_rpc_status(bytes);
  const kolben::Status again = decode_rpc_status(encode_rpc_status(status));
  KOLBEN_CHECK(again.code() == status.code() && again.message() == status.message());
  return 0;
}
