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

// Reads a KeyValue as every SDK writes it: a key and a value that is a string, bool, int or double,
// with lengths of one byte. False says nothing: the long way decides.
inline bool decode_plain_attribute(std::string_view message, KeyValue& attribute) {
  const auto byte = [](const char* at) { return static_cast<unsigned char>(*at); };
  const char* cursor = message.data();
  const char* const end = cursor + message.size();
  if (end - cursor < 6 || byte(cursor) != bytes_field(1) || byte(cursor + 1) > 127) return false;
  const std::size_t key_size = byte(cursor + 1);
  const char* const key = cursor + 2;
  if (static_cast<std::size_t>(end - key) < key_size + 4) return false;
  cursor = key + key_size;
  // A length of more than one byte is negative here, and never equal.
  if (byte(cursor) != bytes_field(2) || end - cursor != 2 + cursor[1]) return false;
  cursor += 2;
  switch (byte(cursor)) {
    case bytes_field(1):
      if (end - cursor != 2 + cursor[1]) return false;
      attribute.value = Value::string({cursor + 2, static_cast<std::size_t>(end - cursor - 2)});
      break;
    case varint_field(3): {
      std::uint64_t value = 0;
      if (wire::read_varint(cursor + 1, end, value) != end) return false;
      attribute.value = Value::integer(static_cast<std::int64_t>(value));
      break;
    }
    case varint_field(2):
      if (end - cursor != 2 || byte(cursor + 1) > 127) return false;
      attribute.value = Value::boolean(cursor[1] != 0);
      break;
    case fixed64_field(4): {
      double value = 0;
      if (end - cursor != 1 + static_cast<std::ptrdiff_t>(sizeof(value))) return false;
      std::memcpy(&value, cursor + 1, sizeof(value));
      attribute.value = Value::real(value);
      break;
    }
    default:
      return false;
  }
  attribute.key = {key, key_size};
  return true;
}

inline void read_attribute(ProtobufReader& in, Attributes& attributes, Arena& arena) {
  KeyValue& attribute = add_element(attributes, in, arena);
  const std::string_view message = in.bytes();
  if (decode_plain_attribute(message, attribute)) [[likely]]
    return;
  in.require(decode_attribute(message, attribute, arena));
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
