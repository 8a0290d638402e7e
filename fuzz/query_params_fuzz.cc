// The parameters of every API, from any bytes: nothing may crash, hang or read outside.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "query/conditions.h"
#include "query/jaeger/legacy_search.h"
#include "query/jaeger/v3_search.h"
#include "query/page/page_filter.h"
#include "query/string_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kNow = 1'700'000'000'000'000'000;
  static_cast<void>(parse_string_map(text));
  static_cast<void>(parse_expression(text));
  static_cast<void>(parse_trace_id(text));
  static_cast<void>(parse_rfc3339(text));
  if (const auto parameters = Parameters::parse(text)) {
    static_cast<void>(jaeger::parse_legacy_search(*parameters, kNow));
    static_cast<void>(jaeger::parse_v3_search(*parameters));
    static_cast<void>(page::parse_page_filter(*parameters, kNow));
  }
  return 0;
}
