// Entities: what OTEL_ENTITIES says the telemetry is of, for example
//   service{service.name=shop}[service.version=2]@https://example.com/schema;host{host.id=h1}
// Pure.
// Source: OpenTelemetry specification, "Entity Propagation" (development). Where that leaves it
// open: a resource has one entity of a type, the last one that is named.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/variables.h"

namespace kolben::agent {

struct Entity {
  std::string type;
  std::string schema_url;  // may be empty
  NamedTexts ids;          // at least one
  NamedTexts descriptions;
};

// More than a process is part of; what comes beyond is left out.
inline constexpr std::size_t kEntitiesMax = 32;
// Of an entity, identifying or describing it.
inline constexpr std::size_t kEntityAttributesMax = 64;
// Of one value.
inline constexpr int kMistakesSaidMax = 16;

// Called for each mistake with the part that is meant, and what is done about it.
using SayMistake = std::function<void(std::string_view part, std::string_view what)>;

// No two of them have one type, or different values of one attribute.
std::vector<Entity> parse_entities(std::string_view text, const SayMistake& say);

}  // namespace kolben::agent
