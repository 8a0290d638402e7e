#include "model/ids.h"

#include <cstring>

#include "base/hash.h"
#include "wire/hex.h"

namespace kolben {

template <std::size_t N>
std::string Id<N>::to_hex() const {
  return wire::to_hex(as_bytes());
}

template <std::size_t N>
std::optional<Id<N>> Id<N>::from_hex(std::string_view text) {
  Id id;
  if (text.size() != 2 * N) return std::nullopt;
  if (!wire::read_hex(text, reinterpret_cast<char*>(id.bytes.data()))) return std::nullopt;
  return id;
}

template <std::size_t N>
std::optional<Id<N>> Id<N>::from_bytes(std::string_view bytes) {
  Id id;
  if (bytes.empty()) return id;
  if (bytes.size() != N) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes.data(), N);
  return id;
}

template struct Id<16>;
template struct Id<8>;

std::size_t IdHash::operator()(const TraceId& id) const {
  return hash64(id.as_bytes());
}

std::size_t IdHash::operator()(const SpanId& id) const {
  return hash64(id.as_bytes());
}

}  // namespace kolben
