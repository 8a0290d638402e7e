// What is found out about the program and its machine, where OTEL_EXPERIMENTAL_RESOURCE_DETECTORS
// asks for it: `process`, `os`, `host`, `service_instance`, or `*` for all. (`otel`, the variables'
// own attributes, is always there and stronger.)
// Source: semantic conventions, resource; opentelemetry-python's detectors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kolben::agent {

struct DetectedResource {
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::pair<std::string, std::int64_t>> numbers;
};

// False: there is no detector of this name.
bool is_resource_detector(std::string_view name);

// In the order of the names. `pid`: the program. What cannot be read is left out; of the command
// only its first word is told, since arguments may hold secrets.
DetectedResource detect_resource(const std::vector<std::string>& names, std::uint32_t pid);

}  // namespace kolben::agent
