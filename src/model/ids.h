// Trace and span ids: fixed bytes, all zero meaning "none" (W3C Trace Context, section 3.2.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kolben {

template <std::size_t N>
struct Id {
  std::array<std::uint8_t, N> bytes{};

  bool is_zero() const { return *this == Id{}; }
  // Lower-case hexadecimal, always 2 * N characters.
  std::string to_hex() const;
  // Exactly 2 * N hexadecimal characters, either case.
  static std::optional<Id> from_hex(std::string_view text);
  // Exactly N bytes, or none at all (which is the zero id).
  static std::optional<Id> from_bytes(std::string_view bytes);
  std::string_view as_bytes() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }

  friend auto operator<=>(const Id&, const Id&) = default;
};

using TraceId = Id<16>;
using SpanId = Id<8>;

// For tables in memory. Ids are random in practice, but not against an adversary: mixes all bytes.
struct IdHash {
  std::size_t operator()(const TraceId& id) const;
  std::size_t operator()(const SpanId& id) const;
};

}  // namespace kolben
