#include "agent/protocols/postgresql/framing.h"

namespace kolben::agent::postgresql {
namespace {

constexpr std::uint8_t kTypedHeaderBytes = 5;
constexpr std::uint8_t kUntypedHeaderBytes = 8;

// Rows, their descriptions and copied data: not even their headers are shown.
bool is_hidden(Direction direction, std::uint8_t type) {
  if (type == 'd') return true;
  return direction == Direction::kReplies && (type == 'D' || type == 'T' || type == 't');
}

// How much of a message's content is shown. Passwords, parameters, notices: nothing.
std::uint32_t shown_bytes(Direction direction, std::uint8_t type) {
  const bool is_request = direction == Direction::kRequests;
  switch (type) {
    case 'Q':
    case 'P':
      return is_request ? kQueryBytesMax : 0;
    case 'B':
    case 'D':
      return is_request ? kNameBytesMax : 0;
    case 'C':  // Close, CommandComplete
      return kNameBytesMax;
    case 'E':  // Execute, ErrorResponse
      return is_request ? kNameBytesMax : kErrorBytesMax;
    case 'Z':
      return is_request ? 0 : 1;
    default:
      return 0;
  }
}

void expect(SkimSide& side, std::uint32_t content, std::uint32_t shown) {
  side.header_size = 0;
  side.texts_left = 0;
  side.seen_left = content < shown ? content : shown;
  side.unseen_left = content - side.seen_left;
}

void untyped_message(SkimState& state, SkimSide& side) {
  const std::uint32_t length = big_endian32(side.header);
  const std::uint32_t code = big_endian32(side.header + 4);
  if (length < kUntypedHeaderBytes || length > kStartupBytesMax) {
    state.lost = true;
    return;
  }
  if (code == kSslCode || code == kGssCode) {
    state.expects_byte = true;
    expect(side, length - kUntypedHeaderBytes, 0);
  } else if (code == kCancelCode) {
    expect(side, length - kUntypedHeaderBytes, 0);  // a secret
  } else {
    if (code != kStartupCode) state.lost = true;
    state.is_started = true;
    expect(side, length - kUntypedHeaderBytes, kStartupBytesMax);
  }
}

void typed_message(SkimState& state, Direction direction, SkimSide& side) {
  const std::uint32_t length = big_endian32(side.header + 1);
  if (length < 4 || length > kMessageBytesMax) {
    state.lost = true;
    return;
  }
  const std::uint8_t type = side.header[0];
  expect(side, length - 4, shown_bytes(direction, type));
  // Bind: the names of portal and statement; the parameters are nobody's business.
  if (direction == Direction::kRequests && type == 'B') side.texts_left = 2;
  // ErrorResponse: severity, again not translated, and the code; what follows quotes values.
  if (direction == Direction::kReplies && type == 'E') side.texts_left = 3;
}

}  // namespace

bool begins(const std::uint8_t* bytes, std::size_t size) {
  if (size < kUntypedHeaderBytes) return false;
  const std::uint32_t length = big_endian32(bytes);
  const std::uint32_t code = big_endian32(bytes + 4);
  if (code == kSslCode || code == kGssCode) return length == 8 && size == 8;
  if (code == kCancelCode) return length == 16 && size == 16;
  // Its parameters are texts that end in zeros, and there is one more zero.
  return code == kStartupCode && length > 8 && length <= kStartupBytesMax && size == length &&
         bytes[size - 1] == 0;
}

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& side = state.side(direction);
  if (direction == Direction::kReplies && state.expects_byte) {
    state.expects_byte = false;
    // 'N': in the clear; 'S': TLS follows. Else GSSAPI.
    if (bytes[0] == 'S') state.awaits_tls = true;
    if (bytes[0] != 'N' && bytes[0] != 'S') state.lost = true;
    return {1, true};
  }
  const bool is_typed = direction == Direction::kReplies || state.is_started;
  const std::uint8_t wanted = is_typed ? kTypedHeaderBytes : kUntypedHeaderBytes;
  std::size_t taken = 0;
  while (taken < size && side.header_size < wanted)
    side.header[side.header_size++] = bytes[taken++];
  const bool is_seen = !is_typed || !is_hidden(direction, side.header[0]);
  if (side.header_size == wanted) {
    if (is_typed) {
      typed_message(state, direction, side);
    } else {
      untyped_message(state, side);
    }
  }
  return {taken, is_seen};
}

}  // namespace kolben::agent::postgresql
