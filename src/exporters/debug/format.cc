#include "exporters/debug/format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "model/value_text.h"
#include "wire/utf8.h"

namespace kolben::exporters::debug {
namespace {

// Whether a terminal would act on it: C0 but tab and newline, DEL, and C1 (U+0080 to U+009F, where
// U+009B begins a command as ESC [ does).
bool is_control(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) return byte(0) == 0xc2 && byte(1) < 0xa0;
  const bool is_c0 = byte(0) < 0x20 && byte(0) != '\t' && byte(0) != '\n';
  return is_c0 || byte(0) == 0x7f;
}

std::string_view type_name(ValueType type) {
  switch (type) {
    case ValueType::kEmpty:
      return "Empty";
    case ValueType::kString:
      return "Str";
    case ValueType::kBool:
      return "Bool";
    case ValueType::kInt:
      return "Int";
    case ValueType::kDouble:
      return "Double";
    case ValueType::kArray:
      return "Slice";
    case ValueType::kKvlist:
      return "Map";
    case ValueType::kBytes:
      return "Bytes";
  }
  return "Empty";
}

// " name@1.0 key=value"
void append_scope_line(std::string& out, const Scope& scope) {
  out += ' ';
  append_printable(out, scope.name);
  if (!scope.version.empty()) {
    out += '@';
    append_printable(out, scope.version);
  }
  append_pairs(out, scope.attributes);
  out += '\n';
}

}  // namespace

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const wire::Utf8Step step = wire::utf8_step(text);
    const std::string_view sequence = text.substr(0, step.size);
    out += step.is_valid && !is_control(sequence) ? sequence : wire::kReplacementCharacter;
    text.remove_prefix(step.size);
  }
}

void append_plain(std::string& out, const Value& value) {
  append_printable(out, value_text(value));
}

void append_typed(std::string& out, const Value& value) {
  out += type_name(value.type());
  out += '(';
  append_plain(out, value);
  out += ')';
}

void append_attributes(std::string& out, std::string_view title, const Attributes& attributes) {
  if (attributes.empty()) return;
  out += title;
  out += '\n';
  for (const KeyValue& attribute : attributes) {
    out += "     -> ";
    append_printable(out, attribute.key);
    out += ": ";
    append_typed(out, attribute.value);
    out += '\n';
  }
}

void append_pairs(std::string& out, const Attributes& attributes) {
  for (const KeyValue& attribute : attributes) {
    out += ' ';
    append_printable(out, attribute.key);
    out += '=';
    append_plain(out, attribute.value);
  }
}

std::string format_time(std::uint64_t unix_nanos) {
  const auto seconds = static_cast<std::time_t>(unix_nanos / 1'000'000'000);
  std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(seconds));
  const std::uint64_t nanos = unix_nanos % 1'000'000'000;
  if (nanos != 0) {
    std::string fraction = fmt::format(".{:09}", nanos);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  return text + " +0000 UTC";
}

void append_resource(std::string& out, Layout layout, std::string_view title, std::size_t index,
                     const Resource& resource, std::string_view schema_url) {
  fmt::format_to(std::back_inserter(out), "{} #{}", title, index);
  if (layout == Layout::kNormal) {
    append_pairs(out, resource.attributes);
    out += '\n';
    return;
  }
  out += "\nResource SchemaURL: ";
  append_printable(out, schema_url);
  out += '\n';
  append_attributes(out, "Resource attributes:", resource.attributes);
}

void append_scope(std::string& out, Layout layout, std::string_view title, std::size_t index,
                  const Scope& scope, std::string_view schema_url) {
  fmt::format_to(std::back_inserter(out), "{} #{}", title, index);
  if (layout == Layout::kNormal) return append_scope_line(out, scope);
  fmt::format_to(std::back_inserter(out), "\n{} SchemaURL: ", title);
  append_printable(out, schema_url);
  out += "\nInstrumentationScope ";
  append_printable(out, scope.name);
  out += ' ';
  append_printable(out, scope.version);
  out += '\n';
  append_attributes(out, "InstrumentationScope attributes:", scope.attributes);
}

}  // namespace kolben::exporters::debug
