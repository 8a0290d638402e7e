// The tree that requests of all signals are: resources, their scopes, and the items of these. The
// signals number the fields of the three levels alike (opentelemetry-proto, *_service.proto and
// ResourceSpans, ScopeSpans and their siblings). Internal to this folder.
//
// kItems is where a scope holds its items (&ScopeSpans::spans), kDecodeItem reads one of them.
#pragma once

#include <string_view>

#include "otlp/decode_common.h"

namespace kolben::otlp {

template <auto kItems, auto kDecodeItem, typename ScopeNode>
bool decode_scope_node(std::string_view message, ScopeNode& node, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        in.require(decode_scope(in.bytes(), node.scope, arena));
        break;
      case bytes_field(2): {
        auto& item = add_element(node.*kItems, in, arena);
        in.require(kDecodeItem(in.bytes(), item, arena));
        break;
      }
      case bytes_field(3):
        node.schema_url = in.bytes();
        break;
      default:
        in.skip_unknown(known_fields_up_to(3));
    }
  }
  return !in.failed();
}

template <auto kItems, auto kDecodeItem, typename ResourceNode>
bool decode_resource_node(std::string_view message, ResourceNode& node, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        in.require(decode_resource(in.bytes(), node.resource, arena));
        break;
      case bytes_field(2): {
        auto& scope = add_element(node.scopes, in, arena);
        in.require(decode_scope_node<kItems, kDecodeItem>(in.bytes(), scope, arena));
        break;
      }
      case bytes_field(3):
        node.schema_url = in.bytes();
        break;
      default:
        in.skip_unknown(known_fields_up_to(3));
    }
  }
  return !in.failed();
}

template <auto kItems, auto kDecodeItem, typename ResourceNode>
bool decode_tree(std::string_view message, List<ResourceNode>& resources, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      ResourceNode& resource = add_element(resources, in, arena);
      in.require(decode_resource_node<kItems, kDecodeItem>(in.bytes(), resource, arena));
    } else {
      in.skip_unknown(known_fields(1));
    }
  }
  return !in.failed();
}

}  // namespace kolben::otlp
