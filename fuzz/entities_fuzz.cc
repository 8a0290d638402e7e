#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/process/entities.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entities =
      kolben::agent::parse_entities(text, [](std::string_view, std::string_view) {});
  if (entities.size() > kolben::agent::kEntitiesMax) std::abort();
  for (const kolben::agent::Entity& entity : entities) {
    if (entity.ids.empty() || entity.type.empty()) std::abort();
  }
  return 0;
}
