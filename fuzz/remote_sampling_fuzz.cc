#include <cstddef>
#include <cstdint>
#include <string_view>

#include "extensions/remote_sampling/answer.h"
#include "extensions/remote_sampling/read_strategies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sampling = kolben::extensions::remote_sampling;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(sampling::service_of(text).has_value());
  kolben::config::Errors errors;
  const sampling::Strategies strategies = sampling::read_strategies(text, "x", 1, errors);
  for (const std::string_view service : {"shop", ""}) {
    const sampling::Answer answer = strategies.of(service);
    if (sampling::answer_json(answer).empty()) __builtin_trap();
    static_cast<void>(sampling::answer_protobuf(answer));
  }
  return 0;
}
