// What the decoders of all signals share. Each reads one message into a struct that is fresh or,
// where the message came in several parts, holds the earlier ones, and returns false where the
// bytes are malformed. Internal to this folder.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "model/batch.h"
#include "wire/protobuf_reader.h"

namespace kolben::otlp {

using wire::bytes_field;
using wire::fixed32_field;
using wire::fixed64_field;
using wire::known_fields;
using wire::known_fields_up_to;
using wire::ProtobufReader;
using wire::varint_field;

bool decode_request(std::string_view message, DecodedTraces& traces, Arena& arena);
bool decode_request(std::string_view message, DecodedMetrics& metrics, Arena& arena);
bool decode_request(std::string_view message, DecodedLogs& logs, Arena& arena);

bool decode_resource(std::string_view message, Resource& resource, Arena& arena);
bool decode_scope(std::string_view message, Scope& scope, Arena& arena);
// The last of several values counts, as with every oneof. `depth` is how many arrays and maps this
// one is in.
bool decode_value(std::string_view message, Value& value, Arena& arena, int depth);
bool decode_attribute(std::string_view message, KeyValue& attribute, Arena& arena, int depth = 0);

// The next element of a repeated field, whose tag `in` has just read. Reserves room for all that
// follow in a row: mostly there is one row, and nothing moves.
template <typename T>
T& add_element(List<T>& list, const ProtobufReader& in, Arena& arena) {
  if (list.size() == list.capacity()) {
    // At least half as much again, or rows of one would make this quadratic.
    const std::size_t in_row = std::size_t{list.size()} + in.count_run();
    list.reserve(arena, std::max(in_row, std::size_t{list.size()} + list.size() / 2));
  }
  return list.add(arena);
}

inline void read_attribute(ProtobufReader& in, Attributes& attributes, Arena& arena) {
  KeyValue& attribute = add_element(attributes, in, arena);
  in.require(decode_attribute(in.bytes(), attribute, arena));
}

template <std::size_t N>
void read_id(ProtobufReader& in, Id<N>& id) {
  const std::string_view bytes = in.bytes();
  if (bytes.size() == N) [[likely]] {
    std::memcpy(id.bytes.data(), bytes.data(), N);
  } else {
    id = {};
    in.require(bytes.empty());
  }
}

// One element of a repeated number that came unpacked, and all of one that came packed.
template <typename T>
void read_packed_fixed64(ProtobufReader& in, List<T>& list, Arena& arena) {
  static_assert(sizeof(T) == 8);
  const std::string_view bytes = in.bytes();
  in.require(bytes.size() % sizeof(T) == 0);
  const std::size_t count = bytes.size() / sizeof(T);
  list.reserve(arena, std::max(list.size() + count, std::size_t{list.size()} + list.size() / 2));
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(&list.add(arena), bytes.data() + i * sizeof(T), sizeof(T));
  }
}

}  // namespace kolben::otlp
