// Tags of Jaeger's legacy JSON, {"key":...,"type":...,"value":...}, and attributes as such. Pure.
#pragma once

#include <string_view>

#include "model/attributes.h"
#include "query/json.h"

namespace kolben::query::jaeger {

// Whether Jaeger's query-time adjusters run, see trace_json.h.
enum class Adjust : bool { kNo, kYes };

void write_text_tag(JsonWriter& json, std::string_view key, std::string_view value);
void write_bool_tag(JsonWriter& json, std::string_view key, bool value);

// All attributes but `hidden_key`, which the mapping has taken out of them; sorted where the trace
// is adjusted.
void write_attributes(JsonWriter& json, const Attributes& attributes, std::string_view hidden_key,
                      Adjust adjust);

}  // namespace kolben::query::jaeger
