// JsonWriter: appends JSON text to a string, commas included. It does not check that calls make
// sense together (a key in an array writes nonsense): that is the caller's, and tests see it.
//
// Strings may hold any bytes: what is no UTF-8 becomes U+FFFD, as one per maximal subpart (Unicode
// 15, 3.9). Doubles are the shortest text that reads back the same; NaN and the infinities, which
// JSON lacks, become the strings "NaN", "Infinity" and "-Infinity" (protobuf's JSON mapping).
// One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kolben::wire {

class JsonWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  // The next value's name.
  void key(std::string_view name);

  void string(std::string_view text);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  void boolean(bool value);
  void null();

  // 64-bit integers in quotes: JavaScript's numbers end at 2^53.
  void quoted_integer(std::int64_t value);
  void quoted_unsigned_integer(std::uint64_t value);
  // Bytes as text.
  void base64(std::string_view bytes);
  void hex(std::string_view bytes);
  // A value that is JSON already.
  void raw(std::string_view json);

 private:
  void begin(char bracket);
  void end(char bracket);
  void comma();
  template <typename T>
  void append_number(T value);

  std::string& out_;
  bool needs_comma_ = false;
};

// Appends `text` in quotes, escaped.
void append_json_string(std::string_view text, std::string& out);

}  // namespace kolben::wire
