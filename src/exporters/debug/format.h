// Pieces that the texts of all signals share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/attributes.h"
#include "model/metrics.h"
#include "model/resource.h"

namespace kolben::exporters::debug {

// Control characters but tab and newline, and bytes that are not UTF-8, as U+FFFD.
void append_printable(std::string& out, std::string_view text);

// "Str(todo)", "Int(3)", "Map({...})", as detailed texts show values.
void append_typed(std::string& out, const Value& value);
// "todo", as normal texts do.
void append_plain(std::string& out, const Value& value);

// "     -> key: Str(value)" lines under a title; nothing for no attributes.
void append_attributes(std::string& out, std::string_view title, const Attributes& attributes);
// " key=value key=value"
void append_pairs(std::string& out, const Attributes& attributes);

// "2024-10-28 14:20:33.123456789 +0000 UTC"
std::string format_time(std::uint64_t unix_nanos);

// "ResourceSpans #0\nResource SchemaURL: ...\nResource attributes:\n..."
void append_resource(std::string& out, std::string_view title, std::size_t index,
                     const Resource& resource, std::string_view schema_url);
void append_scope(std::string& out, std::string_view title, std::size_t index, const Scope& scope,
                  std::string_view schema_url);

}  // namespace kolben::exporters::debug
