#include "model/resource.h"

namespace kolben {

std::string_view service_name(const Resource& resource) {
  const Value* name = find(resource.attributes, "service.name");
  if (name == nullptr || name->type() != ValueType::kString) return "unknown_service";
  return name->as_string();
}

}  // namespace kolben
