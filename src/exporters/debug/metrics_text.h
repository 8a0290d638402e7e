// The texts of metrics; see text.h.
#pragma once

#include <string>

#include "model/batch.h"

namespace kolben::exporters::debug {

std::string metrics_text(const DecodedMetrics& metrics, bool is_detailed);

}  // namespace kolben::exporters::debug
