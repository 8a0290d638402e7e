// Whether a header line is one of a name that is known when this is compiled: a few words are
// compared, not bytes. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kolben::agent {

// `N` - 1 characters, small letters and what has no case.
template <std::size_t N>
class LowerName {
 public:
  static constexpr std::size_t kSize = N - 1;

  consteval LowerName(const char (&name)[N]) {
    for (std::size_t i = 0; i < kSize; ++i) {
      const bool is_letter = name[i] >= 'a' && name[i] <= 'z';
      name_[i] = name[i];
      case_bits_[i] = is_letter ? kCaseBit : '\0';
    }
  }

  // `text` has kSize bytes.
  bool equals(const char* text) const {
    if constexpr (kSize >= sizeof(std::uint64_t)) {
      return equals_in_words<std::uint64_t>(text);
    } else if constexpr (kSize >= sizeof(std::uint32_t)) {
      return equals_in_words<std::uint32_t>(text);
    } else {
      return equals_in_words<std::uint8_t>(text);
    }
  }

 private:
  static constexpr char kCaseBit = 0x20;

  // The last word overlaps the one before.
  template <typename Word>
  bool equals_in_words(const char* text) const {
    Word differences = 0;
    for (std::size_t i = 0; i + sizeof(Word) <= kSize; i += sizeof(Word)) {
      differences = static_cast<Word>(differences | difference<Word>(text, i));
    }
    if constexpr (kSize % sizeof(Word) != 0) {
      differences = static_cast<Word>(differences | difference<Word>(text, kSize - sizeof(Word)));
    }
    return differences == 0;
  }
  template <typename Word>
  Word difference(const char* text, std::size_t from) const {
    return static_cast<Word>((word<Word>(text + from) | word<Word>(case_bits_ + from)) ^
                             word<Word>(name_ + from));
  }
  template <typename Word>
  static Word word(const char* bytes) {
    Word result;
    std::memcpy(&result, bytes, sizeof(result));
    return result;
  }

  char name_[N] = {};
  char case_bits_[N] = {};
};

// The name has a colon behind it.
template <std::size_t N>
bool has_name(const char* line, std::size_t size, const LowerName<N>& name) {
  return size >= N && line[N - 1] == ':' && name.equals(line);
}

}  // namespace kolben::agent
