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

// A line for each thing, or every field.
enum class Layout : std::uint8_t { kNormal, kDetailed };

// "ResourceSpans" and "ScopeSpans".
struct Titles {
  std::string_view resource;
  std::string_view scope;
};

// Detailed: "ResourceSpans #0\nResource SchemaURL: ...\nResource attributes:\n...".
// Normal: "ResourceSpans #0 service.name=todo\n".
void append_resource(std::string& out, Layout layout, std::string_view title, std::size_t index,
                     const Resource& resource, std::string_view schema_url);
// Normal: "ScopeSpans #0 name@1.0 key=value\n".
void append_scope(std::string& out, Layout layout, std::string_view title, std::size_t index,
                  const Scope& scope, std::string_view schema_url);

// The tree that all signals are; kItems is where a scope holds its items (&ScopeSpans::spans).
template <auto kItems, typename ResourceNode, typename AppendItem>
void append_tree(std::string& out, Layout layout, const Titles& titles,
                 const List<ResourceNode>& resources, AppendItem append_item) {
  for (std::size_t r = 0; r < resources.size(); ++r) {
    const ResourceNode& resource = resources[r];
    append_resource(out, layout, titles.resource, r, resource.resource, resource.schema_url);
    for (std::size_t s = 0; s < resource.scopes.size(); ++s) {
      const auto& scope = resource.scopes[s];
      append_scope(out, layout, titles.scope, s, scope.scope, scope.schema_url);
      const auto& items = scope.*kItems;
      for (std::size_t i = 0; i < items.size(); ++i) append_item(out, layout, i, items[i]);
    }
  }
}

}  // namespace kolben::exporters::debug
