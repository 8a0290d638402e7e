// The connector `forward`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::connectors::forward {

inline constexpr pipeline::Conversion kConversions[] = {{Signal::kTraces, Signal::kTraces},
                                                        {Signal::kMetrics, Signal::kMetrics},
                                                        {Signal::kLogs, Signal::kLogs}};

std::unique_ptr<pipeline::Connector> create(pipeline::CreateContext& context);

}  // namespace kolben::connectors::forward
