// Model -> Zipkin v2 JSON. Source: zipkin2-api.yaml (ListOfSpans), and "Zipkin" in OpenTelemetry's
// trace SDK specification. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/batch.h"

namespace kolben::zipkin {

// The decoded batch as a list of spans; `default_service` where a resource names none.
std::string translate(const DecodedTraces& traces, std::string_view default_service);

}  // namespace kolben::zipkin
