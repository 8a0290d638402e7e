#include "agent/protocols/http2/framing.h"

namespace kolben::agent::http2 {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static_assert(sizeof(kPreface) == kPrefaceBytes + 1);

bool is_preface(std::size_t from, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_preface_byte(from + i, bytes[i])) return false;
  }
  return true;
}

std::uint32_t length_of(const std::uint8_t* header) {
  return std::uint32_t{header[0]} << 16 | std::uint32_t{header[1]} << 8 | header[2];
}

}  // namespace

bool is_preface_byte(std::size_t index, std::uint8_t byte) {
  return byte == static_cast<std::uint8_t>(kPreface[index]);
}

bool begins(const std::uint8_t* bytes, std::size_t size) {
  return size >= kPrefaceBytes && is_preface(0, bytes, kPrefaceBytes);
}

bool greets(const std::uint8_t* bytes, std::size_t size) {
  if (size < kFrameHeaderBytes || bytes[3] != kSettings) return false;
  for (std::size_t i = 4; i < kFrameHeaderBytes; ++i) {  // flags and stream
    if (bytes[i] != 0) return false;
  }
  const std::uint32_t length = length_of(bytes);
  return length % kSettingBytes == 0 && length <= kSettingBytes * kSettingsOfGreetingMax;
}

std::uint32_t setting_of(const std::uint8_t* bytes, std::size_t size, std::uint16_t setting,
                         std::uint32_t otherwise) {
  if (!greets(bytes, size)) return otherwise;
  const std::size_t whole = kFrameHeaderBytes + length_of(bytes);
  const std::size_t end = whole < size ? whole : size;
  for (std::size_t i = kFrameHeaderBytes; i + kSettingBytes <= end; i += kSettingBytes) {
    const std::uint8_t* one = bytes + i;
    if ((std::uint32_t{one[0]} << 8 | one[1]) != setting) continue;
    otherwise = std::uint32_t{one[2]} << 24 | std::uint32_t{one[3]} << 16 |
                std::uint32_t{one[4]} << 8 | one[5];
  }
  return otherwise;
}

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& side = state.side(direction);
  if (direction == Direction::kRequests && !state.is_started) {
    const std::size_t left = kPrefaceBytes - side.header_size;
    const std::size_t taken = size < left ? size : left;
    if (!is_preface(side.header_size, bytes, taken)) state.lost = true;
    state.is_started = taken == left;
    side.header_size = static_cast<std::uint8_t>(state.is_started ? 0 : side.header_size + taken);
    return {taken, true};
  }
  std::size_t taken = 0;
  while (taken < size && side.header_size < kFrameHeaderBytes) {
    side.header[side.header_size++] = bytes[taken++];
  }
  if (side.header_size < kFrameHeaderBytes) return {taken, true};
  side.header_size = 0;
  const std::uint32_t length = length_of(side.header);
  const bool shows = is_shown(side.header[3]);
  side.seen_left = shows ? length : 0;
  side.unseen_left = shows ? 0 : length;
  if (shows && length > kPayloadBytesMax) state.lost = true;
  return {taken, true};
}

}  // namespace kolben::agent::http2
