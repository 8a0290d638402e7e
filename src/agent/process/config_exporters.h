// The exporters of a configuration file.
// Source: opentelemetry-configuration 1.1, common.yaml, tracer_provider.yaml, meter_provider.yaml;
// the names of 0.3 and 0.4 are understood as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/process/exporter_settings.h"
#include "config/reader.h"

namespace kolben::agent {

// The key `exporter` of a processor or of a periodic metric reader. Nothing where there is a
// mistake, or where the agent has no such exporter; both are reported.
std::optional<ExporterSettings> read_exporter(Signal signal, config::Reader& owner,
                                              config::Errors& errors);

// A day, as for variables: longer waits are mistakes.
inline constexpr std::uint64_t kConfigNanosMax = 86'400'000'000'000;
// Milliseconds; what is missing leaves `nanos` as it was.
void read_millis(config::Reader& reader, std::string_view key, std::uint64_t& nanos);

}  // namespace kolben::agent
