// Addresses, URLs, targets and escapes from strangers.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/address.h"
#include "net/http/client.h"
#include "net/http/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  KOLBEN_CHECK(http::percent_decode(http::percent_encode(text)) == text);
  static_cast<void>(http::query_parameters(text));
  static_cast<void>(http::parse_url(text).has_value());
  const auto address = parse_address(text);
  if (address.has_value()) KOLBEN_CHECK(parse_address(address->to_string()).has_value());
  return 0;
}
