// Zipkin v2, as JSON or as protobuf -> model. Source: Zipkin's API (zipkin2-api.yaml and
// zipkin.proto, ListOfSpans), and "Zipkin" in OpenTelemetry's trace SDK specification for what its
// exporters write. Pure; bounded by the text.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace kolben::receivers::zipkin {

struct TranslateOptions {
  bool parse_string_tags = false;
};

// A list of spans. Errors (INVALID_ARGUMENT) name the place: "[3].traceId: want 16 or 32 hex
// digits". One resource for each local service, in the order of their first span.
Result<Batch> translate(std::string_view text, const TranslateOptions& options);
Result<Batch> translate_protobuf(std::string_view message, const TranslateOptions& options);

}  // namespace kolben::receivers::zipkin
