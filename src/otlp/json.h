// OTLP JSON <-> model. Source: OTLP specification, "JSON Protobuf Encoding": lowerCamelCase keys,
// ids in hex, other bytes in base64, 64-bit integers as strings (numbers are read too), enums as
// integers (names are read too), unknown keys ignored.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace kolben::otlp {

// Parses an Export*ServiceRequest into a batch in wire form, whose one piece would pass check().
// Keys may also be the snake_case names of the .proto. Errors (INVALID_ARGUMENT) name the path of
// the value in the text: "resourceSpans[0].scopeSpans[0].spans[3].traceId: 31 hex digits, want 32".
Result<Batch> decode_json(Signal signal, std::string_view text);

// Appends the batch, in whichever form, as an Export*ServiceRequest; defaults are left out. Invalid
// UTF-8 becomes U+FFFD.
void encode_json(const Batch& batch, std::string& out);

}  // namespace kolben::otlp
