// Single messages of OTLP that are kept outside of requests: what stores write of resources, scopes
// and values. Fields in the order of their numbers, defaults left out. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "model/attributes.h"
#include "model/resource.h"

namespace kolben::otlp {

// Appends the fields of the message.
void encode_fragment(const Resource& resource, std::string& out);
void encode_fragment(const Scope& scope, std::string& out);
void encode_fragment(const Value& value, std::string& out);  // AnyValue
void encode_fragment(const KeyValue& attribute, std::string& out);

// Fills a fresh struct, whose strings are views into the message; false where it is malformed.
bool decode_fragment(std::string_view message, Resource& resource, Arena& arena);
bool decode_fragment(std::string_view message, Scope& scope, Arena& arena);
bool decode_fragment(std::string_view message, Value& value, Arena& arena);
bool decode_fragment(std::string_view message, KeyValue& attribute, Arena& arena);

}  // namespace kolben::otlp
