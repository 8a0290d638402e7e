#include "agent/protocols/http1.h"

#include <cstring>

#include "agent/protocols/header_name.h"
#include "agent/protocols/line_feeds.h"

namespace kolben::agent::http1 {
namespace {

// RFC 9110 has no method longer than OPTIONS, WebDAV none than BASELINE-CONTROL.
constexpr std::size_t kMethodBytesMax = 20;

constexpr LowerName kContentLength("content-length");
constexpr LowerName kTransferEncoding("transfer-encoding");
constexpr LowerName kHost("host");
constexpr LowerName kUserAgent("user-agent");
constexpr LowerName kTracestateName("tracestate");
constexpr LowerName kBaggageName("baggage");
constexpr LowerName kForwarded("forwarded");
constexpr LowerName kXForwardedFor("x-forwarded-for");
constexpr LowerName kChunked("chunked");

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool parse_decimal(const char* text, std::size_t size, std::uint64_t* value) {
  if (size == 0 || size > 18) return false;
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_digit(text[i])) return false;
    result = result * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  *value = result;
  return true;
}

// Whether somebody wants this header besides.
bool is_named(const TextPatterns& names, const char* line, std::size_t size) {
  const void* colon = std::memchr(line, ':', size);
  if (colon == nullptr) return false;
  return names.match(line, static_cast<std::size_t>(static_cast<const char*>(colon) - line));
}

struct Text {
  const char* bytes;
  std::size_t size;
};

std::size_t size_without_blanks(const char* text, std::size_t size) {
  while (size != 0 && is_blank(text[size - 1])) --size;
  return size;
}

// What is behind the colon, without the blanks around it.
Text value_of(const char* line, std::size_t size, std::size_t name_size) {
  Text value = {line + name_size + 1, size - name_size - 1};
  while (value.size != 0 && is_blank(value.bytes[0])) {
    ++value.bytes;
    --value.size;
  }
  value.size = size_without_blanks(value.bytes, value.size);
  return value;
}

// A set of bytes, as a test of few instructions has it: also in it is what differs from one of them
// in the two highest bits.
using FirstBytes = std::uint64_t;
constexpr FirstBytes bit_of(char byte) {
  return FirstBytes{1} << (static_cast<unsigned char>(byte) % 64);
}
constexpr FirstBytes either_case(char letter) {
  return bit_of(letter) | bit_of(static_cast<char>(letter - ('a' - 'A')));
}
constexpr FirstBytes kEveryByte = ~FirstBytes{0};
// What the names begin with of headers that are kept, or decide something; and the empty line.
constexpr FirstBytes kFirstOfResponse =
    either_case('c') | either_case('t') | bit_of('\r') | bit_of('\n');
constexpr FirstBytes kFirstOfRequest = kFirstOfResponse | either_case('b') | either_case('f') |
                                       either_case('h') | either_case('u') | either_case('x');

bool may_be_in(FirstBytes set, std::uint8_t byte) {
  return (set >> (byte % 64) & 1) != 0;
}

// Of a line with its line feed.
std::size_t size_without_end(const char* line, std::size_t size) {
  --size;
  return size != 0 && line[size - 1] == '\r' ? size - 1 : size;
}

bool ends_with_version(const char* line, std::size_t size) {
  constexpr char kVersion[] = " HTTP/1.";
  return size > 9 && std::memcmp(line + size - 9, kVersion, 8) == 0 &&
         (line[size - 1] == '0' || line[size - 1] == '1');
}

}  // namespace

Looks looks_like_request(const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size && i <= kMethodBytesMax; ++i) {
    const std::uint8_t c = bytes[i];
    if (c == ' ') return i >= 3 ? Looks::kYes : Looks::kNo;
    const bool letter = (c >= 'A' && c <= 'Z') || (c == '-' && i > 0);
    if (!letter) return Looks::kNo;
  }
  return size <= kMethodBytesMax && size > 0 ? Looks::kMaybe : Looks::kNo;
}

void Message::begin(Kind kind, HeadBuffer head, Method request_method) {
  progress_ = {};
  progress_.kind = kind;
  progress_.method = request_method;
  head_ = head;
  trace_headers_.clear();
}

std::size_t Message::feed(const std::uint8_t* bytes, std::size_t size) {
  std::size_t used = 0;
  // Each turn takes a byte at least, or ends.
  while (used < size) {
    switch (progress_.state) {
      case State::kStartLine:
      case State::kHeaders:
      case State::kAllHeaders:
        used += feed_head(bytes + used, size - used);
        break;
      case State::kChunkSize:
      case State::kChunkEnd:
      case State::kTrailer:
        used += feed_line(bytes + used, size - used);
        break;
      case State::kBodyLength:
      case State::kChunkData:
      case State::kUntilClose:
        used += feed_counted(size - used);
        break;
      case State::kFailed:
      case State::kComplete:
        return used;
    }
  }
  return used;
}

std::size_t Message::feed_unseen(std::size_t size) {
  const bool in_body = progress_.state == State::kBodyLength ||
                       progress_.state == State::kChunkData ||
                       progress_.state == State::kUntilClose;
  if (in_body) return feed_counted(size);
  if (progress_.state != State::kComplete && size != 0) progress_.state = State::kFailed;
  return 0;
}

void Message::lose_head() {
  progress_.length = Length::kBad;
  progress_.state = State::kUntilClose;
}

void Message::end_of_stream() {
  if (progress_.state == State::kUntilClose) progress_.state = State::kComplete;
}

std::size_t Message::feed_counted(std::size_t size) {
  if (progress_.state == State::kUntilClose) {
    progress_.body_bytes += size;
    return size;
  }
  const std::size_t piece = size < progress_.left ? size : static_cast<std::size_t>(progress_.left);
  progress_.left -= piece;
  progress_.body_bytes += piece;
  if (progress_.left == 0)
    progress_.state = progress_.state == State::kChunkData ? State::kChunkEnd : State::kComplete;
  return piece;
}

void Message::keep_head(const std::uint8_t* bytes, std::size_t size) {
  const std::size_t room = head_.capacity - head_.size;
  const std::size_t piece = size < room ? size : room;
  if (piece == 0) return;
  std::memcpy(head_.bytes + head_.size, bytes, piece);
  head_.size += static_cast<std::uint32_t>(piece);
}

// Of a head what there is, up to where it ends.
std::size_t Message::feed_head(const std::uint8_t* bytes, std::size_t size) {
  if (progress_.line_size == 0 && progress_.state != State::kAllHeaders) {
    const std::size_t used = feed_whole_lines(bytes, size);
    if (used != 0) return used;
  }
  return feed_part(bytes, size);
}

// The usual way: most heads come at once. Most of their lines begin with a letter of none of the
// headers that matter, and those that are kept stand side by side.
std::size_t Message::feed_whole_lines(const std::uint8_t* bytes, std::size_t size) {
  const bool keeps = head_.capacity != 0;
  const auto that_matter = [this] {
    if (progress_.state == State::kStartLine) return kEveryByte;
    return progress_.kind == Kind::kRequest ? kFirstOfRequest : kFirstOfResponse;
  };
  FirstBytes first = that_matter();
  std::size_t used = 0;
  std::size_t kept_from = 0;  // from here on they are, and were not copied yet
  each_line(bytes, size, [&](std::size_t end) {
    const std::size_t begin = used;
    used = end;
    const bool matters = may_be_in(first, bytes[begin]);
    const bool is_kept = matters && whole_line(bytes + begin, end - begin);
    if (!is_kept) {
      if (keeps) keep_head(bytes + kept_from, begin - kept_from);
      kept_from = end;
    }
    if (!matters) return true;
    first = that_matter();
    return progress_.state <= State::kHeaders;
  });
  if (keeps) keep_head(bytes + kept_from, used - kept_from);
  progress_.line_start = head_.size;
  return used;
}

// Whether it is one that is kept.
bool Message::whole_line(const std::uint8_t* bytes, std::size_t size) {
  const auto* line = reinterpret_cast<const char*>(bytes);
  const std::size_t text = size_without_end(line, size);
  if (progress_.state == State::kStartLine) {
    // RFC 9112, 2.2: empty lines before a request are ignored.
    if (text != 0) start_line(line, text, true);
    return true;
  }
  if (text == 0) {
    end_of_head();
    return true;
  }
  // A long one is judged by its begin, as if it had come in parts.
  return header_line(line, size <= kLineBytesMax ? text : kLineBytesMax);
}

// A line of the head, or a piece of one. Which line it is may only be known at its end, so that
// what was kept of it is taken back then.
std::size_t Message::feed_part(const std::uint8_t* bytes, std::size_t size) {
  const std::size_t piece = feed_line(bytes, size);
  const bool ended = bytes[piece - 1] == '\n';
  if (!ended || progress_.line_is_kept) keep_head(bytes, piece);
  if (!ended) return piece;
  if (!progress_.line_is_kept) head_.size = progress_.line_start;
  progress_.line_start = head_.size;
  return piece;
}

// Up to the next line's end, or all there is.
std::size_t Message::feed_line(const std::uint8_t* bytes, std::size_t size) {
  const void* end = std::memchr(bytes, '\n', size);
  const std::size_t piece =
      end == nullptr ? size
                     : static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - bytes) + 1;
  const char* line = reinterpret_cast<const char*>(bytes);
  std::size_t line_size = piece;
  bool whole = progress_.state == State::kStartLine || line_size <= kLineBytesMax;
  if (!whole) line_size = kLineBytesMax;
  if (progress_.line_size != 0 || end == nullptr) {
    const std::size_t room = kLineBytesMax - progress_.line_size;
    const std::size_t kept = piece < room ? piece : room;
    std::memcpy(line_ + progress_.line_size, bytes, kept);
    progress_.line_size = static_cast<std::uint16_t>(progress_.line_size + kept);
    progress_.line_is_cut = progress_.line_is_cut || kept < piece;
    if (end == nullptr) return piece;
    line = line_;
    line_size = progress_.line_size;
    whole = !progress_.line_is_cut;
    progress_.line_size = 0;
    progress_.line_is_cut = false;
  }
  line_complete(line, whole ? size_without_end(line, line_size) : line_size, whole);
  return piece;
}

// Of one that came in parts, or is no header line that the usual way knows.
void Message::line_complete(const char* line, std::size_t size, bool whole) {
  switch (progress_.state) {
    case State::kStartLine:
      if (size != 0) start_line(line, size, whole);
      break;
    case State::kHeaders:
    case State::kAllHeaders:
      progress_.line_is_kept = size == 0 || header_line(line, size) ||
                               (progress_.also != nullptr && is_named(*progress_.also, line, size));
      if (size == 0) end_of_head();
      break;
    case State::kChunkSize:
      chunk_size_line(line, size);
      break;
    case State::kChunkEnd:
      progress_.state = size == 0 ? State::kChunkSize : State::kFailed;
      break;
    case State::kTrailer:
      if (size == 0) progress_.state = State::kComplete;
      break;
    default:
      break;
  }
}

void Message::start_line(const char* line, std::size_t size, bool whole) {
  progress_.state = State::kFailed;
  if (progress_.kind == Kind::kRequest) {
    if (whole && !ends_with_version(line, size)) return;
    if (size > 5 && std::memcmp(line, "HEAD ", 5) == 0) progress_.method = Method::kHead;
    if (size > 8 && std::memcmp(line, "CONNECT ", 8) == 0) progress_.method = Method::kConnect;
    progress_.state = progress_.also == nullptr ? State::kHeaders : State::kAllHeaders;
    return;
  }
  constexpr std::size_t kStatusAt = 9;
  const bool is_status_line = size >= kStatusAt + 3 && std::memcmp(line, "HTTP/1.", 7) == 0 &&
                              line[8] == ' ' && is_digit(line[kStatusAt]) &&
                              is_digit(line[kStatusAt + 1]) && is_digit(line[kStatusAt + 2]) &&
                              (size == kStatusAt + 3 || line[kStatusAt + 3] == ' ');
  if (!is_status_line) return;
  progress_.status =
      static_cast<std::uint16_t>((line[kStatusAt] - '0') * 100 + (line[kStatusAt + 1] - '0') * 10 +
                                 (line[kStatusAt + 2] - '0'));
  progress_.minor_version = line[7] == '0' ? 0 : 1;
  if (progress_.status >= 100)
    progress_.state = progress_.also == nullptr ? State::kHeaders : State::kAllHeaders;
}

// What a span is made of, and what goes on into the requests that are made for this one.
bool Message::is_kept_header(const char* line, std::size_t size) {
  if (has_name(line, size, kTracestateName)) {
    progress_.carried |= kTraceContext;
    return true;
  }
  if (has_name(line, size, kBaggageName)) {
    progress_.carried |= kBaggage;
    return true;
  }
  return has_name(line, size, kHost) || has_name(line, size, kUserAgent) ||
         has_name(line, size, kForwarded) || has_name(line, size, kXForwardedFor);
}

// Whether it is one that is kept, whoever else may want it.
bool Message::header_line(const char* line, std::size_t size) {
  if (has_name(line, size, kContentLength)) {
    const Text value = value_of(line, size, kContentLength.kSize);
    // What is behind the begin of a cut line would decide.
    size == kLineBytesMax ? length_line("", 0) : length_line(value.bytes, value.size);
    return false;
  }
  if (has_name(line, size, kTransferEncoding)) {
    take_coding(line, size);
    return false;
  }
  if (progress_.kind != Kind::kRequest) return false;
  if (is_kept_header(line, size)) return true;
  trace_headers_.take(line, size);
  return false;
}

void Message::length_line(const char* value, std::size_t size) {
  if (progress_.length != Length::kNone || !parse_decimal(value, size, &progress_.left)) {
    return another_length(value, size);
  }
  progress_.length = Length::kKnown;
}

// RFC 9110, 8.6: what is no number, or several, is an error, after which the message lasts until
// the connection ends. Several that are the same are one: "5, 5" is made of two headers.
void Message::another_length(const char* value, std::size_t size) {
  constexpr std::size_t kNumbersMax = kLineBytesMax;
  for (std::size_t i = 0; i < kNumbersMax && progress_.length != Length::kBad; ++i) {
    const void* comma = std::memchr(value, ',', size);
    const std::size_t piece =
        comma == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(comma) - value);
    std::uint64_t length = 0;
    const bool is_one = parse_decimal(value, size_without_blanks(value, piece), &length) &&
                        (progress_.length == Length::kNone || length == progress_.left);
    progress_.length = is_one ? Length::kKnown : Length::kBad;
    progress_.left = length;
    if (comma == nullptr) return;
    value += piece + 1;
    size -= piece + 1;
    while (size != 0 && is_blank(*value)) {
      ++value;
      --size;
    }
  }
}

void Message::take_coding(const char* line, std::size_t size) {
  // What is behind the begin of a cut line would decide.
  if (size == kLineBytesMax) {
    progress_.state = State::kFailed;
    return;
  }
  const Text value = value_of(line, size, kTransferEncoding.kSize);
  progress_.is_chunked =
      value.size >= kChunked.kSize && kChunked.equals(value.bytes + value.size - kChunked.kSize);
}

void Message::end_of_head() {
  const bool response = progress_.kind == Kind::kResponse;
  if (response) {
    progress_.switches_protocol =
        progress_.status == 101 ||
        (progress_.method == Method::kConnect && progress_.status / 100 == 2);
    const bool no_body = progress_.status < 200 || progress_.status == 204 ||
                         progress_.status == 304 || progress_.method == Method::kHead ||
                         progress_.switches_protocol;
    if (no_body) {
      progress_.state = State::kComplete;
      return;
    }
  }
  if (progress_.is_chunked) {
    progress_.length = Length::kNone;  // which does not count (RFC 9112, 6.3)
    progress_.left = 0;
    progress_.state = State::kChunkSize;
  } else if (progress_.length == Length::kKnown) {
    progress_.state = progress_.left == 0 ? State::kComplete : State::kBodyLength;
  } else {
    progress_.state =
        response || progress_.length == Length::kBad ? State::kUntilClose : State::kComplete;
  }
}

void Message::chunk_size_line(const char* line, std::size_t size) {
  // 15 digits: no overflow, and more than any chunk.
  constexpr std::size_t kDigitsMax = 15;
  std::uint64_t value = 0;
  std::size_t digits = 0;
  for (; digits < size && digits <= kDigitsMax; ++digits) {
    const char c = lower(line[digits]);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) break;
    value = value * 16 + static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  const bool ended = digits == size || line[digits] == ';' || is_blank(line[digits]);
  if (digits == 0 || digits > kDigitsMax || !ended) {
    progress_.state = State::kFailed;
    return;
  }
  progress_.left = value;
  progress_.state = value == 0 ? State::kTrailer : State::kChunkData;
}

}  // namespace kolben::agent::http1
