#include <cstddef>
#include <cstdint>

#include "receivers/zipkin/translate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool parse : {false, true}) {
    static_cast<void>(
        kolben::receivers::zipkin::translate_protobuf(text, {.parse_string_tags = parse})
            .has_value());
  }
  return 0;
}
