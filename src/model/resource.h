// Resource and scope: who sent, and which library made it (resource.proto, common.proto).
#pragma once

#include <cstdint>
#include <string_view>

#include "model/attributes.h"

namespace kolben {

// common.proto EntityRef (development): which attributes name an entity.
struct EntityRef {
  std::string_view schema_url;
  std::string_view type;
  List<std::string_view> id_keys;
  List<std::string_view> description_keys;
};

struct Resource {
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  List<EntityRef> entity_refs;
};

struct Scope {
  std::string_view name;
  std::string_view version;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
};

// The value of service.name; "unknown_service" where it is absent or no string
// (semantic conventions, resource/service).
std::string_view service_name(const Resource& resource);

}  // namespace kolben
