#include "agent/protocols/trace_headers.h"

#include <cstring>

namespace kolben::agent {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals_ignoring_case(const char* text, const char* lower_case, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

struct Text {
  const char* bytes = nullptr;
  std::size_t size = 0;
};

// The value of the header line where it is of this name.
template <std::size_t N>
bool value_of(const char* line, std::size_t size, const char (&name)[N], Text* value) {
  if (size < N || line[N - 1] != ':' || !equals_ignoring_case(line, name, N - 1)) return false;
  *value = {line + N, size - N};
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (value->size != 0 && is_blank(value->bytes[0])) {
    ++value->bytes;
    --value->size;
  }
  while (value->size != 0 && is_blank(value->bytes[value->size - 1])) --value->size;
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// 1 to 2 * `bytes` digits, as a number of that size; false: something else, or zero.
bool parse_padded_hex(Text text, std::size_t bytes, std::uint8_t* result) {
  if (text.size == 0 || text.size > 2 * bytes) return false;
  std::uint8_t parsed[16] = {};
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < text.size; ++i) {
    const int digit = hex_digit(text.bytes[text.size - 1 - i]);
    if (digit < 0) return false;
    std::uint8_t& byte = parsed[bytes - 1 - i / 2];
    byte = static_cast<std::uint8_t>(byte | (i % 2 == 0 ? digit : digit << 4));
    any = static_cast<std::uint8_t>(any | byte);
  }
  if (any == 0) return false;
  std::memcpy(result, parsed, bytes);
  return true;
}

// Takes what is before the separator off the front.
Text next_part(Text* text, char separator) {
  Text part = *text;
  const void* found = text->size == 0 ? nullptr : std::memchr(text->bytes, separator, text->size);
  if (found == nullptr) {
    *text = {};
    return part;
  }
  part.size = static_cast<std::size_t>(static_cast<const char*>(found) - text->bytes);
  text->bytes += part.size + 1;
  text->size -= part.size + 1;
  return part;
}

bool is_text(Text text, const char* lower_case) {
  return text.size == std::strlen(lower_case) &&
         equals_ignoring_case(text.bytes, lower_case, text.size);
}

// "1", "d" (debug), "true"; nothing said leaves it to us, and we follow who asks.
bool is_sampled(Text text) {
  return text.size == 0 || is_text(text, "1") || is_text(text, "d") || is_text(text, "true");
}

char* put(const char* text, char* to) {
  const std::size_t size = std::strlen(text);
  std::memcpy(to, text, size);
  return to + size;
}

char* put_hex(const std::uint8_t* bytes, std::size_t count, char* to) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < count; ++i) {
    *to++ = kDigits[bytes[i] >> 4];
    *to++ = kDigits[bytes[i] & 15];
  }
  return to;
}

}  // namespace

std::uint8_t parse_trace_formats(const char* list) {
  constexpr std::uint8_t kDefault = kTraceContext | kBaggage;
  if (list == nullptr || *list == '\0') return kDefault;
  std::uint8_t formats = 0;
  bool is_known = false;
  Text rest = {list, std::strlen(list)};
  while (rest.size != 0) {
    Text name = next_part(&rest, ',');
    while (name.size != 0 && name.bytes[0] == ' ') {
      ++name.bytes;
      --name.size;
    }
    while (name.size != 0 && name.bytes[name.size - 1] == ' ') --name.size;
    for (const TraceFormatName& known : kTraceFormatNames) {
      if (!is_text(name, known.text)) continue;
      formats = static_cast<std::uint8_t>(formats | known.formats);
      is_known = true;
    }
  }
  return is_known ? formats : kDefault;
}

bool TraceHeaders::take(const char* line, std::size_t size) {
  Text value;
  if (value_of(line, size, "traceparent", &value)) {
    // RFC 9110: twice the same header is a list, which is no valid traceparent.
    if (has_traceparent_ || !parse_traceparent(value.bytes, value.size, &traceparent_)) {
      traceparent_ = Traceparent{};
    }
    has_traceparent_ = true;
    seen_ |= kTraceContext;
    return true;
  }
  if (value_of(line, size, "b3", &value)) {
    parse_b3(value.bytes, value.size, &b3_);
    b3_parts_ = 3;
    seen_ |= kB3;
    return true;
  }
  if (value_of(line, size, "uber-trace-id", &value)) {
    parse_uber_trace_id(value.bytes, value.size, &jaeger_);
    seen_ |= kJaeger;
    return true;
  }
  return take_b3_multi(line, size);
}

bool TraceHeaders::take_b3_multi(const char* line, std::size_t size) {
  Text value;
  if (value_of(line, size, "x-b3-traceid", &value)) {
    if (parse_padded_hex(value, sizeof(b3_.trace_id), b3_.trace_id)) b3_parts_ |= 1;
    if ((seen_ & kB3Multi) == 0) b3_.flags = 1;  // unless another line says otherwise
  } else if (value_of(line, size, "x-b3-spanid", &value)) {
    if (parse_padded_hex(value, sizeof(b3_.span_id), b3_.span_id)) b3_parts_ |= 2;
    if ((seen_ & kB3Multi) == 0) b3_.flags = 1;
  } else if (value_of(line, size, "x-b3-sampled", &value)) {
    b3_.flags = is_sampled(value) ? 1 : 0;
  } else {
    return false;
  }
  seen_ |= kB3Multi;
  return true;
}

bool TraceHeaders::first_valid(std::uint8_t formats, Traceparent* context) const {
  const auto is_valid = [](const Traceparent& one) {
    std::uint8_t any = 0;
    for (const std::uint8_t byte : one.trace_id) any = static_cast<std::uint8_t>(any | byte);
    return any != 0;
  };
  if ((formats & kTraceContext) != 0 && is_valid(traceparent_)) {
    *context = traceparent_;
    return true;
  }
  if ((formats & (kB3 | kB3Multi)) != 0 && b3_parts_ == 3 && is_valid(b3_)) {
    *context = b3_;
    return true;
  }
  if ((formats & kJaeger) != 0 && is_valid(jaeger_)) {
    *context = jaeger_;
    return true;
  }
  return false;
}

bool parse_b3(const char* text, std::size_t size, Traceparent* result) {
  Text rest = {text, size};
  Traceparent parsed;
  if (!parse_padded_hex(next_part(&rest, '-'), sizeof(parsed.trace_id), parsed.trace_id) ||
      !parse_padded_hex(next_part(&rest, '-'), sizeof(parsed.span_id), parsed.span_id)) {
    return false;
  }
  parsed.flags = is_sampled(next_part(&rest, '-')) ? 1 : 0;
  *result = parsed;
  return true;
}

bool parse_uber_trace_id(const char* text, std::size_t size, Traceparent* result) {
  constexpr std::size_t kBytesMax = 128;
  char decoded[kBytesMax];
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (count == kBytesMax) return false;
    const bool escape =
        size - i >= 3 && text[i] == '%' && text[i + 1] == '3' && lower(text[i + 2]) == 'a';
    decoded[count++] = escape ? ':' : text[i];
    if (escape) i += 2;
  }
  Text rest = {decoded, count};
  Traceparent parsed;
  if (!parse_padded_hex(next_part(&rest, ':'), sizeof(parsed.trace_id), parsed.trace_id) ||
      !parse_padded_hex(next_part(&rest, ':'), sizeof(parsed.span_id), parsed.span_id)) {
    return false;
  }
  next_part(&rest, ':');  // the parent's id, which nobody uses
  std::uint8_t flags = 0;
  if (!parse_padded_hex(next_part(&rest, ':'), 1, &flags)) flags = 0;  // zero is no valid id
  parsed.flags = flags & 1;
  *result = parsed;
  return true;
}

std::size_t format_trace_headers(std::uint8_t formats, const Traceparent& context,
                                 char (&text)[kTraceHeadersBytesMax]) {
  const bool sampled = (context.flags & 1) != 0;
  char* to = text;
  if ((formats & kTraceContext) != 0) {
    to = put("traceparent: ", to);
    format_traceparent(context.trace_id, context.span_id, context.flags, to);
    to = put("\r\n", to + kTraceparentSize);
  }
  if ((formats & kB3) != 0) {
    to = put_hex(context.trace_id, sizeof(context.trace_id), put("b3: ", to));
    to = put_hex(context.span_id, sizeof(context.span_id), put("-", to));
    to = put(sampled ? "-1\r\n" : "-0\r\n", to);
  }
  if ((formats & kB3Multi) != 0) {
    to = put_hex(context.trace_id, sizeof(context.trace_id), put("X-B3-TraceId: ", to));
    to = put_hex(context.span_id, sizeof(context.span_id), put("\r\nX-B3-SpanId: ", to));
    to = put(sampled ? "\r\nX-B3-Sampled: 1\r\n" : "\r\nX-B3-Sampled: 0\r\n", to);
  }
  if ((formats & kJaeger) != 0) {
    to = put_hex(context.trace_id, sizeof(context.trace_id), put("uber-trace-id: ", to));
    to = put_hex(context.span_id, sizeof(context.span_id), put(":", to));
    to = put(sampled ? ":0:1\r\n" : ":0:0\r\n", to);
  }
  return static_cast<std::size_t>(to - text);
}

}  // namespace kolben::agent
