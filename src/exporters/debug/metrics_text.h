// The texts of metrics; see text.h.
#pragma once

#include <string>

#include "exporters/debug/format.h"
#include "model/batch.h"

namespace kolben::exporters::debug {

std::string metrics_text(const DecodedMetrics& metrics, Layout layout);

}  // namespace kolben::exporters::debug
