// The way back of decode_tree.h: resources, their scopes, and the items of these. Internal to this
// folder.
//
// kItems is where a scope holds its items (&ScopeSpans::spans), kEncodeItem writes one of them.
#pragma once

#include "otlp/encode_common.h"

namespace kolben::otlp {

template <auto kItems, auto kEncodeItem, typename ResourceNode>
void encode_tree(const List<ResourceNode>& resources, ProtobufWriter& out) {
  for (const ResourceNode& resource : resources) {
    const auto resource_message = out.begin_message(1, kContainerLengthBytes);
    encode_resource(1, resource.resource, out);
    for (const auto& scope : resource.scopes) {
      const auto scope_message = out.begin_message(2, kContainerLengthBytes);
      encode_scope(1, scope.scope, out);
      for (const auto& item : scope.*kItems) kEncodeItem(item, out);
      out.bytes_unless_empty(3, scope.schema_url);
      out.end_message(scope_message);
    }
    out.bytes_unless_empty(3, resource.schema_url);
    out.end_message(resource_message);
  }
}

}  // namespace kolben::otlp
