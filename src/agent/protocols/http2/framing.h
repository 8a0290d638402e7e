// Where frames of HTTP/2 begin and end (RFC 9113, 3.4 and 4.1). Freestanding, see skimmer.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::http2 {

inline constexpr std::uint8_t kPrefaceBytes = 24;
inline constexpr std::uint8_t kFrameHeaderBytes = 9;
inline constexpr std::uint32_t kSettingBytes = 6;
inline constexpr std::uint32_t kSettingsOfGreetingMax = 32;
// Of a frame that is shown. Longer ones than 16 KiB have to be asked for.
inline constexpr std::uint32_t kPayloadBytesMax = 64 * 1024;

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kContinuation = 9,
};

// Of others only the header is shown.
constexpr bool is_shown(std::uint8_t type) {
  return type == kHeaders || type == kResetStream || type == kSettings || type == kPushPromise ||
         type == kContinuation;
}

// Whether this is the preface's byte `index`.
bool is_preface_byte(std::size_t index, std::uint8_t byte);
bool begins(const std::uint8_t* bytes, std::size_t size);
// A server's first frame, its settings: it may send them before it has read anything (3.4).
bool greets(const std::uint8_t* bytes, std::size_t size);
// What a first SETTINGS frame says of this setting; `otherwise` where it says nothing, or is none.
inline constexpr std::uint16_t kMaxHeaderListSize = 6;
std::uint32_t setting_of(const std::uint8_t* bytes, std::size_t size, std::uint16_t setting,
                         std::uint32_t otherwise);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::http2
