// The text forms of attribute values that every format here shares: tags, labels, filters, pages.
// Source: OpenTelemetry specification, "Mapping to non-OTLP formats" (AnyValue as string or JSON).
// Pure functions; any thread.
//
// What is nested deeper than kValueDepthMax becomes null; nothing that otlp::check() let in is.
#pragma once

#include <string>

#include "model/attributes.h"
#include "wire/json_writer.h"

namespace kolben {

// The value as JSON: arrays and maps as such, integers as numbers, bytes in base64, empty as null.
void append_json(wire::JsonWriter& json, const Value& value);

// Strings as they are, nothing for an empty value, bytes in base64, everything else as its JSON
// (numbers that JSON lacks without the quotes: NaN, Infinity, -Infinity).
std::string value_text(const Value& value);

}  // namespace kolben
