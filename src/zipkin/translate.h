// Model -> Zipkin v2, as JSON or as protobuf. Source: zipkin2-api.yaml and zipkin.proto
// (ListOfSpans), and "Zipkin" in OpenTelemetry's trace SDK specification. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/batch.h"

namespace kolben::zipkin {

// The decoded batch as a list of spans; `default_service` where a resource names none.
std::string translate(const DecodedTraces& traces, std::string_view default_service);
std::string translate_to_protobuf(const DecodedTraces& traces, std::string_view default_service);

}  // namespace kolben::zipkin
