#include "storage/engine/part/texts.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/ints.h"
#include "storage/engine/part/text_forms.h"
#include "wire/block_compression.h"

namespace kolben::storage::part {
namespace {

// On disk: never renumber.
enum class TextForm : std::uint8_t { kPlain = 0, kUuid = 1, kHex = 2, kIpv4 = 3, kInteger = 4 };
enum class BytesForm : std::uint8_t { kRaw = 0, kZstd = 1 };

// Bytes are compressed where that saves at least this part of them: 1/16. Less is not worth
// unpacking them.
constexpr std::size_t kZstdSavedPart = 16;

using Values = std::span<const std::string_view>;

// --- writing ---

void put_form(TextForm form, std::string& out) {
  out.push_back(static_cast<char>(form));
}

void put_ints(std::span<const std::uint64_t> values, std::string& out) {
  std::string ints;
  encode_ints(values, Order::kAsTheyAre, ints);
  put_text(out, ints);
}

// The last thing in a sequence: its end needs no length.
void put_bytes(std::string_view bytes, std::string& out) {
  const std::size_t start = out.size();
  out.push_back(static_cast<char>(BytesForm::kZstd));
  const std::size_t packed_max = bytes.size() - bytes.size() / kZstdSavedPart;
  if (wire::compress_block(bytes, packed_max, kZstdLevel, out)) return;
  out[start] = static_cast<char>(BytesForm::kRaw);
  out.append(bytes);
}

void encode_plain(Values values, std::string& out) {
  std::vector<std::uint64_t> lengths;
  lengths.reserve(values.size());
  std::uint64_t total = 0;
  for (const std::string_view value : values) {
    lengths.push_back(value.size());
    total += value.size();
  }
  KOLBEN_CHECK(total <= kTextsBytesMax);
  put_form(TextForm::kPlain, out);
  put_ints(lengths, out);
  put_varint(out, total);
  std::string bytes;
  bytes.reserve(total);
  for (const std::string_view value : values) bytes.append(value);
  put_bytes(bytes, out);
}

// The functions below return false, and leave `out` alone, where a value is not of their form.

bool encode_uuids(Values values, std::string& out) {
  if (char first[kUuidBytes]; !parse_uuid(values[0], first)) return false;
  std::string bytes(values.size() * kUuidBytes, '\0');
  char* cursor = bytes.data();
  for (const std::string_view value : values) {
    if (!parse_uuid(value, cursor)) return false;
    cursor += kUuidBytes;
  }
  put_form(TextForm::kUuid, out);
  put_bytes(bytes, out);
  return true;
}

bool encode_hex(Values values, std::string& out) {
  const std::size_t characters = values[0].size();
  if (characters == 0 || characters > kTextsBytesMax / values.size()) return false;
  if (std::string first(characters / 2, '\0'); !parse_hex(values[0], first.data())) return false;
  std::string bytes(values.size() * (characters / 2), '\0');
  char* cursor = bytes.data();
  for (const std::string_view value : values) {
    if (value.size() != characters || !parse_hex(value, cursor)) return false;
    cursor += characters / 2;
  }
  put_form(TextForm::kHex, out);
  put_varint(out, characters);
  put_bytes(bytes, out);
  return true;
}

bool encode_numbers(Values values, TextForm form,
                    std::optional<std::uint64_t> (*number_of)(std::string_view), std::string& out) {
  std::vector<std::uint64_t> numbers;
  for (const std::string_view value : values) {
    const auto number = number_of(value);
    if (!number) return false;
    numbers.push_back(*number);
  }
  put_form(form, out);
  put_ints(numbers, out);
  return true;
}

std::optional<std::uint64_t> number_of_ipv4(std::string_view text) {
  const auto address = parse_ipv4(text);
  return address ? std::optional<std::uint64_t>(*address) : std::nullopt;
}

std::optional<std::uint64_t> number_of_integer(std::string_view text) {
  const auto value = parse_integer(text);
  if (!value) return std::nullopt;
  return zigzag(static_cast<std::uint64_t>(*value));
}

// --- reading ---

// Memory of up to `size` bytes that a sequence's views will point into.
struct Memory {
  explicit Memory(std::size_t size) : owner(std::make_shared_for_overwrite<char[]>(size)) {}
  std::shared_ptr<char[]> owner;
  char* data() const { return owner.get(); }
};

// What is left of the sequence, unpacked to `size` bytes. Raw bytes stay where they are.
bool take_bytes(Cursor& cursor, const Bytes& whole, std::uint64_t size, Bytes& out) {
  const auto form = static_cast<BytesForm>(cursor.byte());
  const std::string_view bytes = cursor.bytes(cursor.left());
  if (cursor.failed()) return false;
  if (form == BytesForm::kRaw) {
    out = Bytes(whole.owner(), bytes);
    return bytes.size() == size;
  }
  if (form != BytesForm::kZstd || size > wire::decompressed_bytes_max(bytes.size())) return false;
  const Memory memory(size);
  out = Bytes(memory.owner, {memory.data(), size});
  return wire::decompress_block(bytes, {memory.data(), size});
}

bool decode_plain(Cursor& cursor, const Bytes& whole, std::size_t count, DecodedTexts& out) {
  FilledVector<std::uint32_t> lengths;
  if (!decode_ints(cursor.text(), count, lengths)) return false;
  const std::uint64_t total = cursor.varint();
  std::uint64_t sum = 0;
  for (const std::uint32_t length : lengths) sum += length;
  if (cursor.failed() || total > kTextsBytesMax || sum != total) return false;
  Bytes bytes;
  if (!take_bytes(cursor, whole, total, bytes)) return false;
  out.values.resize(count);
  const char* at = bytes.data();
  for (std::size_t i = 0; i < count; ++i) {
    out.values[i] = {at, lengths[i]};
    at += lengths[i];
  }
  out.memory = bytes.owner();
  return true;
}

// Values of `characters` each out of `packed` bytes each.
template <typename Format>
bool decode_fixed(Cursor& cursor, const Bytes& whole, std::size_t count, std::size_t characters,
                  std::size_t packed, Format format, DecodedTexts& out) {
  if (characters > kTextsBytesMax / std::max<std::size_t>(count, 1)) return false;
  Bytes bytes;
  if (!take_bytes(cursor, whole, std::uint64_t{packed} * count, bytes)) return false;
  const Memory memory(characters * count);
  out.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    char* target = memory.data() + i * characters;
    format(bytes.data() + i * packed, target);
    out.values[i] = {target, characters};
  }
  out.memory = memory.owner;
  return true;
}

bool decode_hex(Cursor& cursor, const Bytes& whole, std::size_t count, DecodedTexts& out) {
  const std::uint64_t characters = cursor.varint();
  if (cursor.failed() || characters == 0 || characters % 2 != 0 || characters > kTextsBytesMax) {
    return false;
  }
  const std::size_t packed = characters / 2;
  return decode_fixed(
      cursor, whole, count, characters, packed,
      [packed](const char* from, char* to) { format_hex({from, packed}, to); }, out);
}

// Values of up to `characters_max` each, out of numbers.
template <typename Number, typename Format>
bool decode_numbers(Cursor& cursor, std::size_t count, std::size_t characters_max, Format format,
                    DecodedTexts& out) {
  FilledVector<Number> numbers;
  if (!decode_ints(cursor.text(), count, numbers) || !cursor.is_done()) return false;
  const Memory memory(characters_max * count);
  out.values.resize(count);
  char* target = memory.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = format(numbers[i], target);
    out.values[i] = {target, size};
    target += size;
  }
  out.memory = memory.owner;
  return true;
}

}  // namespace

void encode_texts(Values values, std::string& out) {
  KOLBEN_CHECK(values.size() <= kIntsMax);
  if (!values.empty()) {
    if (encode_uuids(values, out)) return;
    if (encode_numbers(values, TextForm::kInteger, number_of_integer, out)) return;
    if (encode_numbers(values, TextForm::kIpv4, number_of_ipv4, out)) return;
    if (encode_hex(values, out)) return;
  }
  encode_plain(values, out);
}

bool decode_texts(const Bytes& bytes, std::size_t count, DecodedTexts& out) {
  if (count > kIntsMax) return false;
  Cursor cursor(bytes.view());
  const auto form = static_cast<TextForm>(cursor.byte());
  if (cursor.failed()) return false;
  switch (form) {
    case TextForm::kPlain:
      return decode_plain(cursor, bytes, count, out);
    case TextForm::kUuid:
      return decode_fixed(cursor, bytes, count, kUuidCharacters, kUuidBytes, format_uuid, out);
    case TextForm::kHex:
      return decode_hex(cursor, bytes, count, out);
    case TextForm::kIpv4:
      return decode_numbers<std::uint32_t>(cursor, count, kIpv4CharactersMax, format_ipv4, out);
    case TextForm::kInteger:
      return decode_numbers<std::uint64_t>(
          cursor, count, kIntegerCharactersMax,
          [](std::uint64_t coded, char* to) {
            return format_integer(static_cast<std::int64_t>(unzigzag(coded)), to);
          },
          out);
  }
  return false;
}

std::optional<Bytes> joined_texts(const Bytes& bytes) {
  Cursor cursor(bytes.view());
  if (static_cast<TextForm>(cursor.byte()) != TextForm::kPlain) return std::nullopt;
  static_cast<void>(cursor.text());  // the lengths
  const std::uint64_t total = cursor.varint();
  Bytes joined;
  if (cursor.failed() || total > kTextsBytesMax || !take_bytes(cursor, bytes, total, joined)) {
    return std::nullopt;
  }
  return joined;
}

}  // namespace kolben::storage::part
