#include "agent/protocols/http2/parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kolben::agent::http2 {
namespace {

// Flags (RFC 9113, 6). ACK is SETTINGS' own.
constexpr std::uint8_t kEndStream = 0x1;
constexpr std::uint8_t kAck = 0x1;
constexpr std::uint8_t kEndHeaders = 0x4;
constexpr std::uint8_t kPadded = 0x8;
constexpr std::uint8_t kPriority = 0x20;

constexpr std::size_t kPriorityBytes = 5;
constexpr std::size_t kPromiseBytes = 4;
constexpr std::uint32_t kHeaderTableSize = 1;

std::uint32_t number_of(std::string_view bytes, std::size_t size) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, size))
    value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

// What a frame carries without its padding and what stands before the fragment; false: it does not
// add up.
bool strip(std::string_view& payload, std::uint8_t flags, std::size_t before) {
  std::size_t padding = 0;
  if ((flags & kPadded) != 0) {
    if (payload.empty()) return false;
    padding = static_cast<std::uint8_t>(payload[0]);
    payload.remove_prefix(1);
  }
  if (before + padding > payload.size()) return false;
  payload.remove_prefix(before);
  payload.remove_suffix(padding);
  return true;
}

std::size_t text_bytes(const WebCall& call) {
  return call.method.size() + call.scheme.size() + call.authority.size() + call.path.size() +
         call.user_agent.size() + call.forwarded.size() + call.x_forwarded_for.size() +
         call.content_type.size() + call.tracestate.size();
}

// Longer values are no context of anybody.
constexpr std::size_t kTraceValueBytesMax = 256;

void take_trace_header(const Field& field, TraceHeaders& headers) {
  const std::string_view name = field.name;
  const bool is_one =
      name == "traceparent" || name == "b3" || name == "uber-trace-id" || name.starts_with("x-b3-");
  if (!is_one || field.value.size() > kTraceValueBytesMax) return;
  const std::string line = field.name + ":" + field.value;
  headers.take(line.data(), line.size());
}

template <typename Number>
Number to_number(std::string_view text, Number otherwise) {
  Number value{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? value : otherwise;
}

// gRPC's `grpc-timeout`: up to eight digits and their unit; 0: it is none.
std::uint64_t to_nanoseconds(std::string_view text) {
  constexpr std::size_t kDigitsMax = 8;
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  constexpr std::pair<char, std::uint64_t> kUnits[] = {
      {'H', 3'600'000'000'000}, {'M', 60'000'000'000}, {'S', 1'000'000'000},
      {'m', 1'000'000},         {'u', 1'000},          {'n', 1}};
  if (text.size() < 2 || text.size() > kDigitsMax + 1) return 0;
  const auto count = to_number<std::uint64_t>(text.substr(0, text.size() - 1), 0);
  for (const auto& [letter, unit] : kUnits) {
    if (text.back() == letter) return count > kMost / unit ? kMost : count * unit;
  }
  return 0;
}

}  // namespace

bool Parser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  Side& from = side(direction);
  if (direction == Direction::kRequests && preface_left_ != 0) {
    const std::size_t taken = std::min<std::size_t>(preface_left_, bytes.size());
    preface_left_ -= static_cast<std::uint32_t>(taken);
    bytes.remove_prefix(taken);
  }
  while (!bytes.empty()) {
    if (!from.in_payload) {
      const std::size_t taken = std::min(kFrameHeaderBytes - from.header.size(), bytes.size());
      from.header.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (from.header.size() < kFrameHeaderBytes) return true;
      if (!frame_begun(from)) return false;
    }
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(from.left, bytes.size()));
    if (is_shown(from.frame.type)) from.payload.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    from.left -= taken;
    if (from.left == 0 && !frame_complete(direction, moment)) return false;
  }
  return true;
}

bool Parser::pass(Direction direction, std::uint64_t bytes, const Moment& moment) {
  Side& from = side(direction);
  if (!from.in_payload || bytes > from.left || is_shown(from.frame.type)) return false;
  from.left -= bytes;
  return from.left != 0 || frame_complete(direction, moment);
}

std::size_t Parser::bytes() const {
  constexpr std::size_t kNode = sizeof(std::pair<const std::uint32_t, Call>) + 32;
  std::size_t bytes = sizeof(*this) + calls_.size() * kNode + text_bytes_;
  for (const Side& side : sides_) {
    bytes += side.payload.capacity() + side.block.capacity() + side.decoder.table_bytes() +
             side.decoder.table_fields() * sizeof(Field);
  }
  return bytes;
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  while (!calls_.empty()) {
    auto node = calls_.extract(calls_.begin());
    Call& call = node.mapped();
    if (!call.is_asked) continue;
    call.told.end_time = time;
    call.told.end = end;
    sink_.take(call.told);
  }
}

bool Parser::frame_begun(Side& from) {
  const std::string_view header = from.header;
  from.frame.length = number_of(header, 3);
  from.frame.type = static_cast<std::uint8_t>(header[3]);
  from.frame.flags = static_cast<std::uint8_t>(header[4]);
  from.frame.stream = number_of(header.substr(5), 4) & 0x7fff'ffff;
  from.header.clear();
  from.payload.clear();
  from.in_payload = true;
  from.left = from.frame.length;
  return !is_shown(from.frame.type) || from.frame.length <= kPayloadBytesMax;
}

bool Parser::frame_complete(Direction direction, const Moment& moment) {
  Side& from = side(direction);
  from.in_payload = false;
  // 6.10: nothing may come between the parts of a block.
  if (from.in_block != (from.frame.type == kContinuation)) return false;
  switch (from.frame.type) {
    case kData:
      return data(direction, moment);
    case kHeaders:
      return headers(direction, moment);
    case kContinuation:
      return continuation(direction, moment);
    case kPushPromise:
      return promise(direction, moment);
    case kResetStream:
      return reset(moment.time, from);
    case kSettings:
      return settings(direction);
    default:
      return true;
  }
}

bool Parser::headers(Direction direction, const Moment& moment) {
  Side& from = side(direction);
  std::string_view fragment = from.payload;
  const std::size_t before = (from.frame.flags & kPriority) != 0 ? kPriorityBytes : 0;
  if (!strip(fragment, from.frame.flags, before) || from.frame.stream == 0) return false;
  from.block = fragment;
  from.block_begun = moment;
  from.block_stream = from.frame.stream;
  from.block_is_promise = false;
  from.block_ends_stream = (from.frame.flags & kEndStream) != 0;
  from.in_block = (from.frame.flags & kEndHeaders) == 0;
  return from.in_block || block_complete(direction, moment);
}

bool Parser::promise(Direction direction, const Moment& moment) {
  Side& from = side(direction);
  std::string_view fragment = from.payload;
  if (!strip(fragment, from.frame.flags, kPromiseBytes)) return false;
  from.block = fragment;
  from.block_stream = from.frame.stream;
  from.block_is_promise = true;
  from.block_ends_stream = false;
  from.in_block = (from.frame.flags & kEndHeaders) == 0;
  return from.in_block || block_complete(direction, moment);
}

bool Parser::continuation(Direction direction, const Moment& moment) {
  Side& from = side(direction);
  const bool fits = from.frame.stream == from.block_stream &&
                    from.block.size() + from.payload.size() <= kBlockBytesMax;
  if (!fits) return false;
  from.block += from.payload;
  from.in_block = (from.frame.flags & kEndHeaders) == 0;
  return from.in_block || block_complete(direction, moment);
}

bool Parser::block_complete(Direction direction, const Moment& moment) {
  Side& from = side(direction);
  std::vector<Field> fields;
  if (!from.decoder.decode(from.block, fields)) return false;
  from.block.clear();
  if (from.block_is_promise) return true;
  const bool understood = direction == Direction::kRequests
                              ? request(from.block_stream, fields, from.block_begun)
                              : response(from.block_stream, fields);
  if (!understood) return false;
  if (from.block_ends_stream && direction == Direction::kReplies) {
    stream_ended(from.block_stream, moment.time, CallEnd::kAnswered);
  }
  return true;
}

// What a side announces holds for what it is sent, from the acknowledgement on (6.5.3).
bool Parser::settings(Direction direction) {
  Side& from = side(direction);
  const Direction other =
      direction == Direction::kRequests ? Direction::kReplies : Direction::kRequests;
  if ((from.frame.flags & kAck) != 0) {
    Side& announcer = side(other);
    if (announcer.announced.empty()) {
      // What it acknowledges is told in a moment.
      return direction == Direction::kReplies && ++announcer.acknowledged_early <= kSettingsMax;
    }
    const std::size_t bytes = announcer.announced.front();
    announcer.announced.pop_front();
    if (bytes != 0) from.decoder.set_table_bytes_max(bytes - 1);
    return true;
  }
  std::string_view payload = from.payload;
  if (payload.size() % kSettingBytes != 0 || from.announced.size() >= kSettingsMax) return false;
  std::size_t announced = 0;
  for (; !payload.empty(); payload.remove_prefix(kSettingBytes)) {
    if (number_of(payload, 2) != kHeaderTableSize) continue;
    announced = std::size_t{number_of(payload.substr(2), 4)} + 1;
  }
  if (from.acknowledged_early == 0) {
    from.announced.push_back(announced);
    return true;
  }
  --from.acknowledged_early;
  if (announced != 0) side(other).decoder.set_table_bytes_max(announced - 1);
  return true;
}

bool Parser::data(Direction direction, const Moment& moment) {
  const Frame& frame = side(direction).frame;
  const bool is_answer = direction == Direction::kReplies;
  Call* call = find_or_begin(frame.stream, is_answer);
  if (call != nullptr) {
    (is_answer ? call->told.response_bytes : call->told.request_bytes) += frame.length;
  }
  if (is_answer && (frame.flags & kEndStream) != 0) {
    stream_ended(frame.stream, moment.time, CallEnd::kAnswered);
  }
  return true;
}

bool Parser::reset(std::uint64_t time, const Side& from) {
  if (from.payload.size() != 4) return false;
  Call* call = find_or_begin(from.frame.stream, &from == &side(Direction::kReplies));
  if (call == nullptr) return true;
  call->told.reset = number_of(from.payload, 4);
  stream_ended(from.frame.stream, time, CallEnd::kReset);
  return true;
}

// Null: the stream has ended, is pushed, or is one too many.
Parser::Call* Parser::find_or_begin(std::uint32_t stream, bool is_answer) {
  const auto found = calls_.find(stream);
  if (found != calls_.end()) return &found->second;
  const bool is_early = is_answer && stream > last_stream_ && stream % 2 == 1;
  return is_early && calls_.size() < kStreamsMax ? &calls_[stream] : nullptr;
}

// The client opens a stream, or ends one with trailers.
bool Parser::request(std::uint32_t stream, const std::vector<Field>& fields, const Moment& moment) {
  if (stream <= last_stream_) return true;
  last_stream_ = stream;
  if (calls_.size() >= kStreamsMax && !calls_.contains(stream)) return false;
  Call& call = calls_[stream];
  call.is_asked = true;
  if (moment.time != bytes_time_) calls_of_bytes_ = 0;
  bytes_time_ = moment.time;
  WebCall& told = call.told;
  told.start_time = moment.time;
  told.origin = moment.origin;
  told.number = calls_of_bytes_++;
  told.stream = stream;
  for (const Field& field : fields) {
    // Of several of one name the first, as of HTTP/1.x.
    const auto keep = [&](std::string_view name, std::string& to) {
      if (field.name == name && to.empty()) to = field.value.substr(0, kValueBytesMax);
    };
    keep(":method", told.method);
    keep(":scheme", told.scheme);
    keep(":authority", told.authority);
    keep(":path", told.path);
    keep("user-agent", told.user_agent);
    keep("forwarded", told.forwarded);
    keep("x-forwarded-for", told.x_forwarded_for);
    keep("content-type", told.content_type);
    keep("tracestate", told.tracestate);
    if (field.name == "grpc-timeout") told.timeout = to_nanoseconds(field.value);
    take_trace_header(field, told.trace_headers);
  }
  text_bytes_ += text_bytes(told);
  sink_.begins(told);
  if (call.is_ended) stream_ended(stream, told.end_time, told.end);
  return true;
}

bool Parser::response(std::uint32_t stream, const std::vector<Field>& fields) {
  Call* call = find_or_begin(stream, true);
  if (call == nullptr) return stream <= last_stream_ || stream % 2 == 0;
  for (const Field& field : fields) {
    if (field.name == ":status") {
      const auto status = to_number<std::uint16_t>(field.value, 0);
      if (status < 100 || status >= 200) call->told.status = status;
    } else if (field.name == "grpc-status") {
      call->told.grpc_status = to_number<int>(field.value, 2);  // unknown
    }
  }
  return true;
}

void Parser::stream_ended(std::uint32_t stream, std::uint64_t time, CallEnd end) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.told.end_time = time;
  call.told.end = end;
  call.is_ended = true;
  if (!call.is_asked) return;
  sink_.take(call.told);
  text_bytes_ -= text_bytes(call.told);
  calls_.erase(found);
}

}  // namespace kolben::agent::http2
