// Small words over wire::JsonWriter that every API here needs. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/json_writer.h"

namespace kolben::query {

using wire::JsonWriter;

inline void text_field(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.string(text);
}
inline void number_field(JsonWriter& json, std::string_view key, std::uint64_t number) {
  json.key(key);
  json.unsigned_integer(number);
}
// A 64-bit number as a string: browsers round numbers beyond 2^53.
inline void decimal_field(JsonWriter& json, std::string_view key, std::uint64_t number) {
  json.key(key);
  json.quoted_unsigned_integer(number);
}

// {"key": [...]}; `write(json, item)` writes one element, or nothing.
template <typename Items, typename Write>
std::string list_object(std::string_view key, const Items& items, Write write) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key(key);
  json.begin_array();
  for (const auto& item : items) write(json, item);
  json.end_array();
  json.end_object();
  return text;
}

// Nanoseconds as microseconds, exactly: 1500 becomes 1.5.
void write_micros(JsonWriter& json, std::uint64_t nanos);

// The same JSON over several lines, as Jaeger's prettyPrint has it.
std::string pretty_print(std::string_view json, std::size_t indent);

}  // namespace kolben::query
