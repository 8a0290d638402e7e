#include "storage/engine/part/ints.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "storage/engine/part/bit_plane.h"
#include "storage/engine/part/cursor.h"
#include "wire/block_compression.h"

namespace kolben::storage::part {
namespace {

constexpr std::size_t kPlanesMax = 8;
constexpr std::uint8_t kFlagDifferences = 1;
// Loops over values go in steps of so many: a fixed number is what the compiler vectorises.
constexpr std::size_t kStep = 64;
// Smaller planes stay as they are: zstd's frame alone takes a dozen bytes.
constexpr std::size_t kPackedBytesMin = 32;
// A plane is compressed where that saves at least this part of it: 1/4. Unpacking takes most of the
// time of a scan, and less than that is hardly seen in a part's size.
constexpr std::size_t kZstdSavedPart = 4;
// Packed bits are read several times as fast, and may take so much more: 13/10.
constexpr std::size_t kPackedMoreThan = 10;
constexpr std::size_t kPackedMore = 13;

// On disk: never renumber.
enum class PlaneForm : std::uint8_t { kRaw = 0, kZstd = 1, kConstant = 2, kPacked = 3 };

// --- writing ---

template <typename T>
struct Range {
  T least = 0;
  T greatest = 0;
};

template <typename T>
Range<T> range_of(std::span<const T> values) {
  if (values.empty()) return {};
  Range<T> range{values[0], values[0]};
  for (const T value : values) {
    range.least = std::min(range.least, value);
    range.greatest = std::max(range.greatest, value);
  }
  return range;
}

// The greatest number that divides the distance of each value to `base`; at least 1.
template <typename T>
T common_divisor(std::span<const T> values, T base) {
  T divisor = 0;
  for (const T value : values) {
    const T distance = value - base;
    if (divisor != 0 && distance % divisor == 0) continue;
    divisor = std::gcd(divisor, distance);
    if (divisor == 1) break;
  }
  return std::max<T>(divisor, 1);
}

void put_plane(PlaneForm form, std::string_view bytes, std::string& out) {
  out.push_back(static_cast<char>(form));
  put_text(out, bytes);
}

void put_plane(std::string_view plane, std::string& out) {
  if (std::memcmp(plane.data(), plane.data() + 1, plane.size() - 1) == 0) {
    return put_plane(PlaneForm::kConstant, plane.substr(0, 1), out);
  }
  if (plane.size() < kPackedBytesMin) return put_plane(PlaneForm::kRaw, plane, out);
  const std::span<const std::uint8_t> values(reinterpret_cast<const std::uint8_t*>(plane.data()),
                                             plane.size());
  const auto bits = static_cast<unsigned>(std::bit_width(unsigned{greatest_of(values)}));
  std::size_t most = plane.size() - plane.size() / kZstdSavedPart;
  const std::size_t with_bits = 1 + packed_bytes(values.size(), bits);
  const bool may_pack = bits <= kPackedBitsMax && with_bits <= most;
  if (may_pack) most = with_bits * kPackedMoreThan / kPackedMore;
  std::string packed;
  if (wire::compress_block(plane, most, kZstdLevel, packed)) {
    return put_plane(PlaneForm::kZstd, packed, out);
  }
  if (!may_pack) return put_plane(PlaneForm::kRaw, plane, out);
  packed.assign(1, static_cast<char>(bits));
  pack_bits(values, bits, packed);
  put_plane(PlaneForm::kPacked, packed, out);
}

// One byte of each value.
template <typename T>
void slice(std::span<const T> values, unsigned shift, char* __restrict out) {
  std::size_t i = 0;
  for (; i + kStep <= values.size(); i += kStep) {
    const T* step = values.data() + i;
    for (std::size_t j = 0; j < kStep; ++j) out[i + j] = static_cast<char>(step[j] >> shift);
  }
  for (; i < values.size(); ++i) out[i] = static_cast<char>(values[i] >> shift);
}

template <typename T>
void put_planes(std::span<const T> values, std::string& out) {
  const Range<T> range = range_of(values);
  const T divisor = common_divisor(values, range.least);
  const T greatest = (range.greatest - range.least) / divisor;
  const auto planes = static_cast<unsigned>(std::bit_width(greatest) + 7) / 8;
  put_varint(out, range.least);
  put_varint(out, divisor);
  out.push_back(static_cast<char>(planes));
  if (planes == 0) return;
  std::vector<T> left;  // after base and divisor
  if (range.least != 0 || divisor != 1) {
    left.assign(values.begin(), values.end());
    for (T& value : left) value -= range.least;
    if (divisor != 1) {
      for (T& value : left) value /= divisor;
    }
    values = left;
  }
  std::string plane(values.size(), '\0');
  for (unsigned i = 0; i < planes; ++i) {
    slice(values, 8 * i, plane.data());
    put_plane(plane, out);
  }
}

template <typename T>
void put_values(std::span<const T> values, std::string& out) {
  KOLBEN_CHECK(values.size() <= kIntsMax);
  out.push_back(0);
  put_planes(values, out);
}

// --- reading ---

// The planes that are not constant, and what the constant ones come to.
struct Planes {
  struct Plane {
    const unsigned char* bytes = nullptr;
    unsigned shift = 0;
  };
  std::uint64_t base = 0;
  std::uint64_t divisor = 1;
  std::array<Plane, kPlanesMax> planes;
  std::size_t size = 0;
  std::array<std::unique_ptr<char[]>, kPlanesMax> unpacked;
};

const char* read_plane(PlaneForm form, std::string_view bytes, std::size_t count,
                       std::unique_ptr<char[]>& unpacked) {
  if (form == PlaneForm::kRaw) return bytes.size() == count ? bytes.data() : nullptr;
  if (form != PlaneForm::kZstd && form != PlaneForm::kPacked) return nullptr;
  unpacked = std::make_unique_for_overwrite<char[]>(count);
  if (form == PlaneForm::kPacked) {
    if (bytes.empty()) return nullptr;
    const std::span values(reinterpret_cast<std::uint8_t*>(unpacked.get()), count);
    const auto bits = static_cast<unsigned char>(bytes.front());
    return unpack_bits(bytes.substr(1), bits, values) ? unpacked.get() : nullptr;
  }
  return wire::decompress_block(bytes, {unpacked.get(), count}) ? unpacked.get() : nullptr;
}

bool read_planes(Cursor& cursor, std::size_t count, Planes& out) {
  out.base = cursor.varint();
  out.divisor = cursor.varint();
  const std::size_t planes = cursor.byte();
  if (cursor.failed() || out.divisor == 0 || planes > kPlanesMax) return false;
  if (count == 0 && planes > 0) return false;
  for (unsigned i = 0; i < planes; ++i) {
    const auto form = static_cast<PlaneForm>(cursor.byte());
    const std::string_view bytes = cursor.text();
    if (cursor.failed()) return false;
    if (form == PlaneForm::kConstant) {
      if (bytes.size() != 1) return false;
      const std::uint64_t byte = static_cast<unsigned char>(bytes[0]);
      out.base += (byte << (8 * i)) * out.divisor;
      continue;
    }
    const char* plane = read_plane(form, bytes, count, out.unpacked[i]);
    if (plane == nullptr) return false;
    out.planes[out.size++] = {reinterpret_cast<const unsigned char*>(plane), 8 * i};
  }
  return cursor.is_done();
}

// Puts values together again, each of sizeof...(kPlane) bytes.
template <typename T, std::size_t... kPlane>
void combine_planes(const Planes& from, std::size_t count, T* __restrict out,
                    std::index_sequence<kPlane...>) {
  const T base = static_cast<T>(from.base);
  const T divisor = static_cast<T>(from.divisor);
  const std::array bytes = {from.planes[kPlane].bytes...};
  const std::array shifts = {from.planes[kPlane].shift...};
  const auto value_at = [&bytes, &shifts](std::size_t i) {
    return static_cast<T>(((T{bytes[kPlane][i]} << shifts[kPlane]) | ...));
  };
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    T step[kStep];
    for (std::size_t j = 0; j < kStep; ++j) step[j] = value_at(i + j);
    if (divisor != 1) {
      for (T& value : step) value = static_cast<T>(value * divisor);
    }
    for (std::size_t j = 0; j < kStep; ++j) out[i + j] = static_cast<T>(base + step[j]);
  }
  for (; i < count; ++i) out[i] = static_cast<T>(base + value_at(i) * divisor);
}

template <typename T>
void combine(const Planes& from, std::size_t count, T* out) {
  switch (from.size) {
    case 0:
      std::fill_n(out, count, static_cast<T>(from.base));
      return;
    case 1:
      return combine_planes(from, count, out, std::make_index_sequence<1>());
    case 2:
      return combine_planes(from, count, out, std::make_index_sequence<2>());
    case 3:
      return combine_planes(from, count, out, std::make_index_sequence<3>());
    case 4:
      return combine_planes(from, count, out, std::make_index_sequence<4>());
    case 5:
      return combine_planes(from, count, out, std::make_index_sequence<5>());
    case 6:
      return combine_planes(from, count, out, std::make_index_sequence<6>());
    case 7:
      return combine_planes(from, count, out, std::make_index_sequence<7>());
    default:
      return combine_planes(from, count, out, std::make_index_sequence<8>());
  }
}

void add_up(std::uint64_t first, std::span<std::uint64_t> values) {
  std::uint64_t value = first;
  for (std::uint64_t& difference : values) {
    const std::uint64_t next = value + unzigzag(difference);
    difference = value;
    value = next;
  }
}

// Whether 32 bits are enough for each value that the planes can make: the greatest bytes of all
// may stand in one.
bool fits_32_bits(const Planes& planes, std::size_t count) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t highest = 0;
  for (std::size_t p = 0; p < planes.size; ++p) {
    if (planes.planes[p].shift > 24) return false;
    highest += std::uint64_t{greatest_of({planes.planes[p].bytes, count})}
               << planes.planes[p].shift;
  }
  if (planes.base > kMax || planes.divisor > kMax) return false;
  return planes.base + highest * planes.divisor <= kMax;  // below 2^64: three numbers below 2^32
}

}  // namespace

std::uint8_t greatest_of(std::span<const std::uint8_t> bytes) {
  // Said by type what the loop's optimiser does not see by itself: sixteen at a time.
  constexpr std::size_t kSixteen = 16;
  using Sixteen = std::uint8_t __attribute__((vector_size(kSixteen)));
  Sixteen greatest{};
  std::size_t i = 0;
  for (; i + kSixteen <= bytes.size(); i += kSixteen) {
    Sixteen step;
    std::memcpy(&step, bytes.data() + i, kSixteen);
    greatest = greatest > step ? greatest : step;
  }
  std::uint8_t result = 0;
  for (std::size_t j = 0; j < kSixteen; ++j) result = std::max<std::uint8_t>(result, greatest[j]);
  for (; i < bytes.size(); ++i) result = std::max(result, bytes[i]);
  return result;
}

void encode_ints(std::span<const std::uint64_t> values, Order order, std::string& out) {
  if (order == Order::kAsTheyAre || values.empty()) return put_values(values, out);
  KOLBEN_CHECK(values.size() <= kIntsMax);
  std::vector<std::uint64_t> differences(values.size() - 1);
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    differences[i] = zigzag(values[i + 1] - values[i]);
  }
  out.push_back(kFlagDifferences);
  put_varint(out, values[0]);
  put_planes(std::span<const std::uint64_t>(differences), out);
}

void encode_ints(std::span<const std::uint32_t> values, std::string& out) {
  put_values(values, out);
}

template <typename Allocator>
bool decode_ints(std::string_view bytes, std::size_t count,
                 std::vector<std::uint64_t, Allocator>& out) {
  if (count > kIntsMax) return false;
  Cursor cursor(bytes);
  Planes planes;
  const std::uint8_t flags = cursor.byte();
  if (flags > kFlagDifferences) return false;
  if (flags == 0) {
    if (!read_planes(cursor, count, planes)) return false;
    out.resize(count);
    combine(planes, count, out.data());
    return true;
  }
  const std::uint64_t first = cursor.varint();
  if (count == 0 || !read_planes(cursor, count - 1, planes)) return false;
  out.resize(count);
  combine(planes, count - 1, out.data());
  out[count - 1] = 0;
  add_up(first, out);
  return true;
}

bool decode_ints(std::string_view bytes, std::size_t count, FilledVector<std::uint8_t>& out) {
  if (count > kIntsMax) return false;
  Cursor cursor(bytes);
  Planes planes;
  if (cursor.byte() != 0 || !read_planes(cursor, count, planes)) return false;
  if (planes.size > 1 || planes.base > UINT8_MAX || planes.divisor > UINT8_MAX) return false;
  if (planes.size == 1 && planes.planes[0].shift != 0) return false;
  if (planes.size == 0) {
    out.assign(count, static_cast<std::uint8_t>(planes.base));
    return true;
  }
  out.resize(count);
  combine_planes(planes, count, out.data(), std::make_index_sequence<1>());
  const std::uint64_t highest = greatest_of({planes.planes[0].bytes, count});
  return planes.base + highest * planes.divisor <= UINT8_MAX;
}

template <typename Allocator>
bool decode_ints(std::string_view bytes, std::size_t count,
                 std::vector<std::uint32_t, Allocator>& out) {
  if (count > kIntsMax) return false;
  Cursor cursor(bytes);
  Planes planes;
  if (cursor.byte() == 0 && read_planes(cursor, count, planes) && fits_32_bits(planes, count)) {
    out.resize(count);
    combine(planes, count, out.data());
    return true;
  }
  FilledVector<std::uint64_t> wide;
  if (!decode_ints(bytes, count, wide)) return false;
  std::uint64_t any = 0;
  for (const std::uint64_t value : wide) any |= value;
  if (any > std::numeric_limits<std::uint32_t>::max()) return false;
  out.resize(count);
  std::transform(wide.begin(), wide.end(), out.begin(),
                 [](std::uint64_t value) { return static_cast<std::uint32_t>(value); });
  return true;
}

template bool decode_ints(std::string_view, std::size_t, std::vector<std::uint64_t>&);
template bool decode_ints(std::string_view, std::size_t, FilledVector<std::uint64_t>&);
template bool decode_ints(std::string_view, std::size_t, std::vector<std::uint32_t>&);
template bool decode_ints(std::string_view, std::size_t, FilledVector<std::uint32_t>&);

}  // namespace kolben::storage::part
