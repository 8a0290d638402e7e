// JsonWriter: JSON exactly as Python's json.dumps(indent=4) prints it, because the console
// exporters must be byte for byte what the OpenTelemetry SDK for Python prints: members on lines of
// their own, empty containers as {} and [], everything beyond ASCII as \u escapes, floats by
// repr().
//
// No threads, no errors: invalid UTF-8 becomes U+FFFD.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kolben::agent {

class JsonWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  void string(std::string_view text);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  // Of any size, its bytes from the most significant one.
  void big_integer(std::span<const std::uint8_t> big_endian);
  void real(double value);
  void boolean(bool value);
  void null();

 private:
  void open(char bracket);
  void close(char bracket);
  void before_value();
  void new_line();

  std::string& out_;
  int depth_ = 0;
  bool is_empty_ = true;    // nothing in the innermost container yet
  bool after_key_ = false;  // the value follows on the same line
};

// repr(float): the shortest digits that read back, "5.0", "1e-05", "1e+16"; as json.dumps spells
// the others: "NaN", "Infinity", "-Infinity".
void append_python_float(std::string& out, double value);
// "text" with quotes and escapes, ensure_ascii.
void append_python_string(std::string& out, std::string_view text);

}  // namespace kolben::agent
