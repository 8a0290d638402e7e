// Texts that are numbers in disguise: UUIDs, hexadecimal ids, IPv4 addresses, decimal integers.
// Each pair of functions is exact: what parses is what formatting gives back, byte for byte. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kolben::storage::part {

inline constexpr std::size_t kUuidCharacters = 36;
inline constexpr std::size_t kUuidBytes = 16;
inline constexpr std::size_t kIpv4CharactersMax = 15;
inline constexpr std::size_t kIntegerCharactersMax = 20;

// Lower-case hexadecimal of an even number of characters into half as many bytes.
bool parse_hex(std::string_view text, char* out);
void format_hex(std::string_view bytes, char* out);

// 8-4-4-4-12 lower-case hexadecimal characters.
bool parse_uuid(std::string_view text, char* out);
void format_uuid(const char* bytes, char* out);

// Four decimal numbers without leading zeros; the first is the highest byte.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);
// Returns the number of characters.
std::size_t format_ipv4(std::uint32_t address, char* out);

// As printf writes an int64_t: no plus, no leading zeros, no "-0".
std::optional<std::int64_t> parse_integer(std::string_view text);
std::size_t format_integer(std::int64_t value, char* out);

}  // namespace kolben::storage::part
